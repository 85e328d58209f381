//! The difference between two books as one page: no script, nothing fetched, fit for paper.

use super::diff::{Report, dates, sources, summary};
use daybook_console::escaped;
use daybook_rules::DiffLine;
use std::fmt::Write as _;

const STYLE: &str = "\
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
p { margin: .3rem 0; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 1.2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid #c8c8c8; overflow-wrap: anywhere; }
th { border-bottom: 2px solid #444; }
td small { color: #444; }
del { color: #8a1f11; }
ins { color: #14532d; text-decoration: none; font-weight: 600; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } tr { break-inside: avoid; } thead { display: table-header-group; } }
@page { size: A4 landscape; margin: 14mm; }
";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let title = format!("Rules: {} against {}", report.candidate, report.reference);
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = write!(
        html,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n",
        escaped(&title)
    );
    let _ = write!(html, "<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{}</h1>\n", escaped(&title));
    for (name, book, hash) in [
        ("Reference", &report.reference, &report.reference_rule_book),
        ("Candidate", &report.candidate, &report.candidate_rule_book),
    ] {
        let _ = writeln!(html, "<p>{name}: {} <code>{}</code></p>", escaped(book), escaped(hash));
    }
    if !report.lines.is_empty() {
        html.push_str("<table>\n<thead><tr><th scope=\"col\">Dates</th><th scope=\"col\">Parameter</th><th scope=\"col\">From</th>");
        html.push_str("<th scope=\"col\">To</th><th scope=\"col\">Why, and who says so</th></tr></thead>\n<tbody>\n");
        report.lines.iter().for_each(|line| row(&mut html, line));
        html.push_str("</tbody>\n</table>\n");
    }
    let _ = write!(html, "<p><strong>{}</strong></p>\n</body>\n</html>\n", escaped(&summary(report)));
    html
}

fn row(html: &mut String, line: &DiffLine) {
    let side = |value: &Option<String>, tag: &str| match value {
        Some(value) => format!("<{tag}>{}</{tag}>", escaped(value)),
        None => "<small>nothing</small>".to_owned(),
    };
    let change = if line.change.is_empty() { String::new() } else { format!(", change {}", line.change) };
    let _ = writeln!(
        html,
        "<tr><td>{}</td><td><code>{}</code><br><small>{}{}</small></td><td>{}</td><td>{}</td><td>{}<br><small>{}</small></td></tr>",
        escaped(&dates(line)),
        escaped(&line.path),
        escaped(&line.version),
        escaped(&change),
        side(&line.from, "del"),
        side(&line.to, "ins"),
        escaped(&line.why),
        escaped(&sources(line)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books;
    use crate::verbs::rules::diff::Touched;
    use daybook_event::{Month, Position};

    fn report() -> Report {
        let (one, other) = (books::book(None, "2020-10").unwrap(), books::book(None, "2021-10").unwrap());
        Report {
            reference: "2020-10".to_owned(),
            candidate: "2021-10".to_owned(),
            reference_rule_book: one.terms_hash.clone(),
            candidate_rule_book: other.terms_hash.clone(),
            lines: daybook_rules::diff(&one, &other),
            touched: None,
            not_counted: "no ledger in l".to_owned(),
        }
    }

    #[test]
    fn a_page_has_a_row_per_line_and_nothing_that_runs_or_is_fetched() {
        let page = page(&report());
        assert_eq!(page.matches("<tr><td>").count(), 3);
        assert!(page.contains("<del>4000.00 USD</del>") && page.contains("<ins>10000.00 USD</ins>"), "{page}");
        for bad in ["<script", "src=", "href=", "http", "@import", "url("] {
            assert!(!page.contains(bad), "{bad}");
        }
    }

    #[test]
    fn what_a_file_says_is_never_markup() {
        let mut report = report();
        report.candidate = "<b>.toml".to_owned();
        report.lines[0].why = "<script>alert('x')</script> & \"more\"".to_owned();
        let page = page(&report);
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>"));
    }

    #[test]
    fn the_last_line_says_whom_it_touches() {
        let last = |count: usize, partners, first: Option<&str>| {
            let mut report = report();
            report.lines.truncate(count);
            let (position, through) = (Position::new(9), "2022-12-31".to_owned());
            let first_month = first.and_then(Month::parse);
            report.touched = Some(Touched { partners, first_month, position, through });
            summary(&report)
        };
        assert_eq!(
            last(3, 2, Some("2021-10")),
            "3 differences; 2 partners touched, a figure first changes in 2021-10, in the records up to position 9, \
             through 2022-12-31"
        );
        assert_eq!(
            last(1, 0, None),
            "1 difference; no figure changes in the records up to position 9, through 2022-12-31"
        );
        assert_eq!(summary(&report()), "3 differences; partners touched not counted: no ledger in l");
    }
}
