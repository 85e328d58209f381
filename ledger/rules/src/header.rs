//! What a file says of itself: its format, and for a rule file its version, dates and parent.

use crate::diagnostic::{Code, Findings, Place};
use crate::document::{HEADER_KEYS, Node, Table, Value};
use crate::lower::Header;
use crate::suggest::nearest;
use chrono::NaiveDate;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Rules,
    Catalogue,
    Book,
    Lock,
    Tests,
}

const FORMATS: [(&str, Format); 5] = [
    ("incentive-rules/1", Format::Rules),
    ("incentive-catalogue/1", Format::Catalogue),
    ("incentive-book/1", Format::Book),
    ("incentive-lock/1", Format::Lock),
    ("incentive-tests/1", Format::Tests),
];

/// The format that a file names; reported where it names none.
pub(crate) fn format_of(findings: &Findings<'_>, root: &Table, file: usize) -> Option<Format> {
    let start = Place { file, start: 0, end: 0 };
    let place = root.get("format").map_or(start, |node| node.place);
    let named = root.text("format");
    let found = FORMATS.iter().find(|(name, _)| Some(*name) == named).map(|(_, format)| *format);
    if found.is_none() {
        let message = named.map_or("the file names no format".to_owned(), |name| format!("unknown format {name:?}"));
        let report = findings.report(Code::Unreadable, place, message);
        match named.and_then(|name| nearest(name, FORMATS.map(|(known, _)| known))) {
            Some(near) => report.hint(format!("did you mean {near:?}?")),
            None => report.hint("a rule file begins with format = \"incentive-rules/1\""),
        };
    }
    found
}

/// Reads a rule file's header.
pub(crate) fn header_read(findings: &Findings<'_>, root: &Table, file: usize) -> Option<Header> {
    let reader = HeaderReader { findings, root, start: Place { file, start: 0, end: 0 } };
    let (program, version) = (reader.text("program"), reader.text("version"));
    let title = reader.text("title");
    let extends = root.get("extends").and_then(|node| Some((node.as_text()?.to_owned(), node.place)));
    let hypothetical = matches!(root.get("hypothetical").map(|node| &node.value), Some(Value::Flag(true)));
    let validity = reader.validity();
    let (version, version_place) = version?;
    if !version_is_well_formed(&version) {
        findings
            .report(Code::WrongKind, version_place, format!("{version:?} is no version id"))
            .hint("letters, digits, '-' and '_', with \".r2\" for a second reading: \"2021-10\", \"2021-10.r2\"");
        return None;
    }
    let (valid_from, from_place, published) = validity?;
    let (program, title) = (program?.0, title?.0);
    Some(Header { program, version, version_place, extends, title, hypothetical, valid_from, from_place, published })
}

fn version_is_well_formed(version: &str) -> bool {
    let (base, revision) = revision_of(version);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let unrevised = revision == 1 && base == version;
    !base.is_empty() && base.chars().all(plain) && (unrevised || revision > 1)
}

/// The version without its revision, and the revision: `2021-10.r2` is the second reading of `2021-10`.
pub(crate) fn revision_of(version: &str) -> (&str, u32) {
    match version.rsplit_once(".r") {
        Some((base, number)) => number.parse().map_or((version, 1), |revision| (base, revision)),
        None => (version, 1),
    }
}

struct HeaderReader<'r, 'f> {
    findings: &'r Findings<'f>,
    root: &'r Table,
    start: Place,
}

impl HeaderReader<'_, '_> {
    fn text(&self, key: &str) -> Option<(String, Place)> {
        let found = self.root.get(key).and_then(|node| Some((node.as_text()?.to_owned(), node.place)));
        if found.is_none() {
            let report = self.findings.report(Code::MissingKey, self.start, format!("the rule file has no {key}"));
            let keys = self.root.entries.iter().map(|entry| entry.key.as_str());
            let strange = keys.filter(|key| !HEADER_KEYS.contains(key));
            if let Some(near) = nearest(key, strange) {
                report.hint(format!("is {near:?} meant?"));
            }
        }
        found
    }

    fn date(&self, table: &Table, key: &str) -> Option<(NaiveDate, Place)> {
        match table.get(key) {
            Some(Node { value: Value::Date(date), place, .. }) => Some((*date, *place)),
            Some(Node { value: Value::Bad, .. }) | None => None,
            Some(node) => {
                let message = format!("validity.{key} takes a date such as 2021-10-01, not {}", node.kind_name());
                self.findings.report(Code::WrongKind, node.place, message);
                None
            }
        }
    }

    fn validity(&self) -> Option<(NaiveDate, Place, Option<NaiveDate>)> {
        let Some(node) = self.root.get("validity") else {
            self.findings
                .report(Code::MissingKey, self.start, "the rule file has no [validity]")
                .hint("write [validity] with from = 2021-10-01, the first date that these terms govern");
            return None;
        };
        let table = node.as_table()?;
        for entry in table.entries.iter().filter(|entry| !["from", "published"].contains(&entry.key.as_str())) {
            let message = format!("validity has no key {:?}", entry.key);
            let report = self.findings.report(Code::UnknownKey, entry.key_place, message);
            if entry.key == "until" {
                report.hint("a version ends where the next begins");
            } else if let Some(near) = nearest(&entry.key, ["from", "published"]) {
                report.hint(format!("did you mean {near:?}?"));
            }
        }
        if table.get("from").is_none() {
            self.findings.report(Code::MissingKey, node.place, "validity has no from");
        }
        let published = self.date(table, "published").map(|(date, _)| date);
        self.date(table, "from").map(|(from, place)| (from, place, published))
    }
}
