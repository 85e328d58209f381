//! From TOML text to the tree. Numbers and broken dates are reported here, once, wherever they stand.

use super::{Entry, Node, Table, Value};
use crate::diagnostic::{Code, Findings, Place};
use chrono::{Datelike, NaiveDate};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// No terms of the program are older; an earlier year is a slip of the pen.
const YEAR_MIN: i32 = 2000;

/// Reads one file's text. What cannot be read is reported; none where the text is not TOML.
pub(crate) fn read(findings: &Findings<'_>, file: usize, text: &str) -> Option<Table> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut bad_dates = Vec::new();
    let mut is_toml = true;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let place = Place { file, start: span.start, end: span.end };
        if let Some(why) = error.message().strip_prefix("invalid date, ") {
            findings.report(Code::BadDate, place, format!("no such date: {why}"));
            bad_dates.push(span);
        } else {
            findings.report(Code::Unreadable, place, format!("not TOML: {}", error.message()));
            is_toml = false;
        }
    }
    // What the parser guesses behind a fault would only be reported as further faults.
    is_toml.then(|| Reader { findings, file, bad_dates }.table(root.get_ref()))
}

struct Reader<'f, 'a> {
    findings: &'f Findings<'a>,
    file: usize,
    bad_dates: Vec<Range<usize>>,
}

impl Reader<'_, '_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place { file: self.file, start: span.start, end: span.end }
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_place: self.place(key.span()),
                node: self.node(value.get_ref(), value.span()),
            })
            .collect();
        // The parser sorts by name; the order in the file decides which lever of a slot comes first.
        entries.sort_by_key(|entry| entry.key_place.start);
        Table { entries }
    }

    fn node(&self, value: &DeValue<'_>, span: Range<usize>) -> Node {
        let place = self.place(span.clone());
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.node(item.get_ref(), item.span())).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Datetime(at) => self.date(&at.to_string(), place, &span),
            DeValue::Integer(number) => self.number(number.as_str(), "a number without a unit", place),
            DeValue::Float(number) => self.number(number.as_str(), "a floating-point number", place),
        };
        Node { value, place, change: None }
    }

    fn number(&self, text: &str, what: &str, place: Place) -> Value {
        self.findings
            .report(Code::BareNumber, place, format!("{text} is {what}"))
            .hint("write numbers as text with their unit: \"25000.00 USD\", \"4.75%\", \"365d\", or \"none\"");
        Value::Bad
    }

    fn date(&self, text: &str, place: Place, span: &Range<usize>) -> Value {
        if self.bad_dates.contains(span) {
            return Value::Bad;
        }
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) if date.year() >= YEAR_MIN => Value::Date(date),
            Ok(date) => {
                self.findings
                    .report(Code::BadDate, place, format!("{date} is before {YEAR_MIN}"))
                    .hint("no terms are that old: check the year");
                Value::Bad
            }
            Err(_) => {
                self.findings
                    .report(Code::BadDate, place, format!("{text} is not a calendar date"))
                    .hint("write a date alone, without a time: 2021-10-01");
                Value::Bad
            }
        }
    }
}
