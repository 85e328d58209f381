//! Pipe tables within a rule test: a heading line, then one row a line, cells between `|`.

use crate::diagnostic::{Code, Findings, Place, SourceText};
use crate::suggest::nearest;

/// A cell with its place in the file.
#[derive(Debug, Clone)]
pub(super) struct Cell<'t> {
    pub(super) text: &'t str,
    pub(super) place: Place,
}

/// One row: its cells by heading.
#[derive(Debug)]
pub(super) struct Row<'t> {
    pub(super) cells: Vec<(&'t str, Cell<'t>)>,
    pub(super) place: Place,
}

impl<'t> Row<'t> {
    /// The cell of a column; none where there is no such column or the cell is empty.
    pub(super) fn get(&self, column: &str) -> Option<&Cell<'t>> {
        self.cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| cell).filter(|cell| !cell.text.is_empty())
    }
}

/// The columns that a table may have.
pub(super) struct Columns<'c> {
    pub(super) needed: &'c [&'static str],
    pub(super) optional: &'c [&'static str],
}

/// Reads the table that a multi-line text holds. The raw bytes of the file are read, so that each cell has its place.
pub(super) fn read<'t>(
    findings: &Findings<'_>,
    source: &'t SourceText,
    place: Place,
    columns: &Columns<'_>,
) -> Vec<Row<'t>> {
    let raw = source.text.get(place.start..place.end).unwrap_or("");
    let Some(body) = raw.strip_prefix("\"\"\"").and_then(|body| body.strip_suffix("\"\"\"")) else {
        findings.report(Code::WrongKind, place, "a table is text between \"\"\" and \"\"\", one row a line");
        return Vec::new();
    };
    let mut at = place.start + 3;
    let mut lines = Vec::new();
    for line in body.split('\n') {
        if !line.trim().is_empty() && !line.chars().all(|c| matches!(c, '-' | '|' | ' ' | ':' | '+')) {
            lines.push((line, Place { file: place.file, start: at, end: at + line.len() }));
        }
        at += line.len() + 1;
    }
    let mut lines = lines.into_iter();
    let Some((heading_line, heading_place)) = lines.next() else {
        findings.report(Code::MissingKey, place, "the table is empty");
        return Vec::new();
    };
    let headings = cells(heading_line, heading_place);
    headings_check(findings, &headings, heading_place, columns);
    lines.filter_map(|(line, place)| row(findings, &headings, line, place)).collect()
}

fn row<'t>(findings: &Findings<'_>, headings: &[Cell<'t>], line: &'t str, place: Place) -> Option<Row<'t>> {
    let found = cells(line, place);
    if found.len() != headings.len() {
        let message = format!("the row has {} cells, the heading {}", found.len(), headings.len());
        findings.report(Code::WrongKind, place, message);
        return None;
    }
    Some(Row { cells: headings.iter().map(|heading| heading.text).zip(found).collect(), place })
}

fn cells(line: &str, place: Place) -> Vec<Cell<'_>> {
    let mut at = place.start;
    let mut found = Vec::new();
    for part in line.split('|') {
        let text = part.trim();
        let start = at + (part.len() - part.trim_start().len()).min(part.len());
        let start = if text.is_empty() { at } else { start };
        found.push(Cell { text, place: Place { file: place.file, start, end: start + text.len().max(1) } });
        at += part.len() + 1;
    }
    found
}

fn headings_check(findings: &Findings<'_>, headings: &[Cell<'_>], place: Place, columns: &Columns<'_>) {
    let known = || columns.needed.iter().chain(columns.optional).copied();
    for heading in headings.iter().filter(|heading| !known().any(|name| name == heading.text)) {
        let message = format!("this table has no column {:?}", heading.text);
        let report = findings.report(Code::UnknownKey, heading.place, message);
        match nearest(heading.text, known()) {
            Some(near) => report.hint(format!("did you mean {near:?}?")),
            None => report.hint(format!("one of: {}", known().collect::<Vec<_>>().join(", "))),
        };
    }
    for name in columns.needed.iter().filter(|name| !headings.iter().any(|heading| heading.text == **name)) {
        findings.report(Code::MissingKey, place, format!("the table has no column {name:?}"));
    }
}
