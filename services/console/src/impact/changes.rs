//! What changes in the terms, line by line, with who says so.

use super::ImpactPage;
use crate::html::escaped;
use daybook_rules::DiffLine;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>What changes in the terms</h2>\n");
    if of.lines.is_empty() {
        html.push_str("<p>Nothing: both books say the same.</p>\n</section>\n");
        return;
    }
    html.push_str(
        "<div class=\"scroll\"><table class=\"wide\">\n<caption>Differences between the books</caption>\n<thead><tr>",
    );
    for column in ["Dates", "Parameter", "From", "To", "Why, and who says so"] {
        let _ = write!(html, "<th scope=\"col\">{column}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    of.lines.iter().for_each(|line| row(html, line, of.source_urls));
    html.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn row(html: &mut String, line: &DiffLine, urls: &BTreeMap<String, String>) {
    let dates = match line.ends {
        Some(ends) => format!("from {}<br>until {ends}", line.begins),
        None => format!("from {}", line.begins),
    };
    let side = |value: &Option<String>, tag: &str| match value {
        Some(value) => format!("<{tag}>{}</{tag}>", escaped(value)),
        None => "<small>nothing</small>".to_owned(),
    };
    let change = if line.change.is_empty() { String::new() } else { format!(", change {}", line.change) };
    let _ = writeln!(
        html,
        "<tr><td class=\"date\">{dates}</td><td><code>{}</code><br><small>{}{}</small></td><td>{}</td><td>{}</td><td>{}<br><small>{}</small></td></tr>",
        escaped(&line.path),
        escaped(&line.version),
        escaped(&change),
        side(&line.from, "del"),
        side(&line.to, "ins"),
        escaped(&line.why),
        sources(line, urls),
    );
}

/// The sources with links where a page is known. Only web addresses are linked: a file could name a script.
fn sources(line: &DiffLine, urls: &BTreeMap<String, String>) -> String {
    if line.cite.is_empty() {
        return String::new();
    }
    let linked = line.cite.split(", ").map(|key| match urls.get(key).filter(|url| is_web_address(url)) {
        Some(url) => format!("<a href=\"{}\">{}</a>", escaped(url), escaped(key)),
        None => escaped(key),
    });
    format!("{} [{}]", escaped(&line.source), linked.collect::<Vec<_>>().join(", "))
}

fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::NaiveDate;

    fn line() -> DiffLine {
        DiffLine {
            begins: NaiveDate::default(),
            ends: None,
            path: "coop.threshold".to_owned(),
            from: Some("4000.00 USD".to_owned()),
            to: None,
            change: "c".to_owned(),
            version: "2021-10".to_owned(),
            why: "<why>".to_owned(),
            cite: "a, b".to_owned(),
            source: "A; B".to_owned(),
        }
    }

    #[test]
    fn sources_are_linked_where_their_address_is_one_of_the_web() {
        let urls = BTreeMap::from([
            ("a".to_owned(), "https://example.org/?x=\"1\"".to_owned()),
            ("b".to_owned(), "javascript:alert(1)".to_owned()),
        ]);
        let text = sources(&line(), &urls);
        assert_eq!(text, "A; B [<a href=\"https://example.org/?x=&quot;1&quot;\">a</a>, b]");
    }

    #[test]
    fn what_a_rule_file_says_is_escaped() {
        let mut html = String::new();
        row(&mut html, &line(), &BTreeMap::new());
        assert!(html.contains("&lt;why&gt;") && html.contains("<small>nothing</small>"), "{html}");
    }
}
