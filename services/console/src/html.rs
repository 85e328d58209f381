//! Text that becomes markup: escaping, tables, figures.

use std::fmt::Write as _;

/// Text that cannot be read as markup, in an element or in an attribute.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A cell of a table. Its text is escaped when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A number: right-aligned, its digits of one width.
    Number(String),
    /// A name that a machine reads.
    Code(String),
}

impl Cell {
    pub(crate) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string())
    }

    pub(crate) fn code(name: impl ToString) -> Self {
        Self::Code(name.to_string())
    }
}

/// Tables of so many columns are as wide as they need to be.
const COLUMNS_NARROW_MAX: usize = 4;
/// Tables of so many rows are not cut by the end of a sheet.
const ROWS_SHORT_MAX: usize = 16;

/// A table: what it shows, its columns, its rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    caption: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(caption: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        Self { caption: caption.to_owned(), columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the column holds numbers: its heading then stands over them on the right.
    fn is_numeric(&self, column: usize) -> bool {
        self.rows.first().is_some_and(|row| matches!(row.get(column), Some(Cell::Number(_))))
    }

    pub(crate) fn write(&self, html: &mut String) {
        // Few columns stand together: a number at the far edge is not read as that of its row.
        let width = if self.columns.len() <= COLUMNS_NARROW_MAX { "narrow" } else { "wide" };
        let length = if self.rows.len() <= ROWS_SHORT_MAX { "short" } else { "long" };
        let caption = escaped(&self.caption);
        let _ = write!(
            html,
            "<div class=\"scroll\"><table class=\"{width} {length}\">\n<caption>{caption}</caption>\n<thead><tr>"
        );
        for (at, column) in self.columns.iter().enumerate() {
            let class = if self.is_numeric(at) { " class=\"n\"" } else { "" };
            let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(column));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for cell in row {
                let _ = match cell {
                    Cell::Text(text) => write!(html, "<td>{}</td>", escaped(text)),
                    Cell::Number(text) => write!(html, "<td class=\"n{}\">{}</td>", sign_class(text), escaped(text)),
                    Cell::Code(text) => write!(html, "<td><code>{}</code></td>", escaped(text)),
                };
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table></div>\n");
    }
}

/// Zeros are grey: they are read as nothing.
fn sign_class(number: &str) -> &'static str {
    let is_zero = number.chars().all(|c| matches!(c, '0' | '.' | ','));
    if is_zero { " zero" } else { "" }
}

/// A picture with what it says in words and its table: nothing is told by a picture alone.
pub(crate) fn figure(html: &mut String, name: &str, title: &str, svg: &str, note: &str, table: &Table) {
    let _ = write!(html, "<figure id=\"chart-{name}\">\n<figcaption>{}</figcaption>\n{svg}", escaped(title));
    if !note.is_empty() {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escaped(note));
    }
    let _ = writeln!(html, "<details open><summary>The same as a table</summary>");
    table.write(html);
    html.push_str("</details>\n</figure>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_says_is_never_markup() {
        let mut table = Table::new("<b>", &["a & b"]);
        table.row(vec![Cell::text("<script>alert('x')</script>")]);
        let mut html = String::new();
        table.write(&mut html);
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{html}");
        assert!(html.contains("a &amp; b") && html.contains("<caption>&lt;b&gt;</caption>"), "{html}");
    }

    #[test]
    fn numbers_stand_on_the_right_and_zeros_are_grey() {
        let mut table = Table::new("t", &["who", "what"]);
        table.row(vec![Cell::code("P-1"), Cell::number("0.00")]);
        table.row(vec![Cell::code("P-2"), Cell::number("+10.00")]);
        let mut html = String::new();
        table.write(&mut html);
        assert!(html.contains("<th scope=\"col\" class=\"n\">what</th>"), "{html}");
        assert!(html.contains("<td class=\"n zero\">0.00</td>") && html.contains("<td class=\"n\">+10.00</td>"));
    }
}
