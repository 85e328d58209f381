//! From a file of tests to typed tests, with a finding for every cell that cannot be read.

use super::pipe_table::{Cell, Columns, Row, read as table_read};
use super::{CertificationRow, ClaimRow, ExpectColumn, ExpectRow, GivenRow, RuleTest, StandingRow};
use crate::diagnostic::{Code, Diagnostic, Findings, Place, SourceText};
use crate::document::{Node, Table, Value, read};
use crate::header::{Format, format_of};
use crate::library::{BookArgument, BookChoice};
use crate::suggest::nearest;
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, EventId, PartnerId, RuleFile, Segment, SourceId, StandingValue, date_parse};

/// The publisher of a test's events.
const SOURCE: &str = "test";
const TEST_KEYS: [&str; 9] =
    ["name", "book", "period", "through", "given", "standing", "certifications", "claims", "expect"];
const GIVEN: Columns<'static> = Columns {
    needed: &["date", "partner", "customer", "product", "segment", "amount"],
    optional: &["name", "charge_type", "id", "credits"],
};
const STANDING: Columns<'static> = Columns { needed: &["date", "partner", "fact", "status"], optional: &[] };
const CERTIFICATIONS: Columns<'static> =
    Columns { needed: &["date", "partner", "person", "area"], optional: &["expires"] };
const CLAIMS: Columns<'static> =
    Columns { needed: &["date", "partner", "claim", "state"], optional: &["activity", "start", "end", "amount"] };

/// Reads files of tests; files of another format are passed over. Tests that can be read come back even where others
/// cannot.
#[must_use]
pub fn load_tests(files: &[RuleFile]) -> (Vec<RuleTest>, Vec<Diagnostic>) {
    let texts: Vec<SourceText> = files
        .iter()
        .map(|file| SourceText { name: file.name.clone(), text: String::from_utf8_lossy(&file.bytes).into_owned() })
        .collect();
    let findings = Findings::new(&texts);
    let mut tests = Vec::new();
    for (file, text) in texts.iter().enumerate() {
        let Some(root) = read(&findings, file, &text.text) else { continue };
        if format_of(&findings, &root, file) != Some(Format::Tests) {
            continue;
        }
        for entry in root.entries.iter().filter(|entry| !["format", "test"].contains(&entry.key.as_str())) {
            findings.report(Code::UnknownKey, entry.key_place, format!("a test file has no key {:?}", entry.key));
        }
        for item in root.get("test").map(Node::as_list).unwrap_or_default() {
            let Some(table) = item.as_table() else { continue };
            tests.extend(Reader { findings: &findings, source: text, table, place: item.place }.test());
        }
    }
    (tests, findings.into_sorted())
}

struct Reader<'r, 'f> {
    findings: &'r Findings<'f>,
    source: &'r SourceText,
    table: &'r Table,
    place: Place,
}

impl<'r> Reader<'r, '_> {
    fn test(&self) -> Option<RuleTest> {
        let mark = self.findings.mark();
        for entry in self.table.entries.iter().filter(|entry| !TEST_KEYS.contains(&entry.key.as_str())) {
            let message = format!("a test has no key {:?}", entry.key);
            let report = self.findings.report(Code::UnknownKey, entry.key_place, message);
            if let Some(near) = nearest(&entry.key, TEST_KEYS) {
                report.hint(format!("did you mean {near:?}?"));
            }
        }
        let (name, period) = (self.text("name"), self.text("period"));
        let (book, through) = (self.book(), self.through());
        let given = self.rows("given", &GIVEN, |row, number| self.given(row, number));
        let standing = self.rows("standing", &STANDING, |row, _| self.standing(row));
        let certifications = self.rows("certifications", &CERTIFICATIONS, |row, _| self.certification(row));
        let claims = self.rows("claims", &CLAIMS, |row, _| self.claim(row));
        let headings: Vec<&'static str> = ExpectColumn::ALL.iter().map(|(_, name)| *name).collect();
        let columns = Columns { needed: &["partner"], optional: &headings };
        let expect = self.rows("expect", &columns, |row, _| self.expect(row));
        if self.table.get("expect").is_none() || self.table.get("given").is_none() {
            self.findings.report(Code::MissingKey, self.place, "a test has a table given and a table expect");
        }
        if self.findings.has_errors_since(mark) {
            return None;
        }
        let (file, line) = (self.source.name.clone(), self.findings.line(self.place));
        let (name, period, book) = (name?.to_owned(), period?.to_owned(), book?);
        let source = SourceId::parse(SOURCE).ok()?;
        Some(RuleTest {
            name,
            file,
            line,
            book,
            period,
            through: through?,
            given,
            standing,
            certifications,
            claims,
            expect,
            source,
        })
    }

    fn text(&self, key: &str) -> Option<&'r str> {
        let found = self.table.text(key).filter(|text| !text.is_empty());
        if found.is_none() {
            self.findings.report(Code::MissingKey, self.place, format!("the test has no {key}"));
        }
        found
    }

    /// None within where the test does not say.
    fn through(&self) -> Option<Option<NaiveDate>> {
        match self.table.get("through").map(|node| (&node.value, node.place)) {
            None => Some(None),
            Some((Value::Date(date), _)) => Some(Some(*date)),
            Some((_, place)) => {
                self.findings.report(Code::WrongKind, place, "through takes a date such as 2021-10-01, without quotes");
                None
            }
        }
    }

    fn book(&self) -> Option<BookArgument> {
        let Some(node) = self.table.get("book") else {
            return Some(BookArgument { choice: BookChoice::Current, known_on: None });
        };
        match BookArgument::parse(node.as_text().unwrap_or("")) {
            Ok(book) => Some(book),
            Err(error) => {
                self.findings.report(Code::WrongKind, node.place, error.to_string());
                None
            }
        }
    }

    fn rows<T>(&self, key: &str, columns: &Columns<'_>, make: impl Fn(&Row<'r>, usize) -> Option<T>) -> Vec<T> {
        let Some(node) = self.table.get(key) else { return Vec::new() };
        let rows = table_read(self.findings, self.source, node.place, columns);
        rows.iter().enumerate().filter_map(|(at, row)| make(row, at + 1)).collect()
    }

    fn line(&self, row: &Row<'_>) -> usize {
        self.findings.line(row.place)
    }

    /// A cell that must not be empty, read by `parse`.
    fn need<T>(&self, row: &Row<'r>, column: &str, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        match row.get(column) {
            Some(cell) => self.parsed(cell, wanted, parse),
            None => {
                self.findings.report(Code::MissingKey, row.place, format!("the row has no {column}"));
                None
            }
        }
    }

    /// A cell that may be empty: none within where it is.
    fn may<T>(
        &self,
        row: &Row<'r>,
        column: &str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        row.get(column).map_or(Some(None), |cell| self.parsed(cell, wanted, parse).map(Some))
    }

    fn parsed<T>(&self, cell: &Cell<'_>, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = parse(cell.text);
        if value.is_none() {
            self.findings.report(Code::WrongKind, cell.place, format!("{:?} is no {wanted}", cell.text));
        }
        value
    }

    fn date(&self, row: &Row<'r>) -> Option<NaiveDate> {
        self.need(row, "date", DATE, date_parse)
    }

    fn partner(&self, row: &Row<'r>) -> Option<PartnerId> {
        self.need(row, "partner", "partner id", |text| PartnerId::parse(text).ok())
    }

    fn given(&self, row: &Row<'r>, number: usize) -> Option<GivenRow> {
        let event_id = |text: &str| EventId::parse(text).ok();
        let own = self.may(row, "id", "event id", event_id)?;
        let text = |column| self.need(row, column, "text", |text| Some(text.to_owned()));
        let product = text("product")?;
        Some(GivenRow {
            line: self.line(row),
            date: self.date(row)?,
            partner: self.partner(row)?,
            customer: text("customer")?,
            name: row.get("name").map_or(product.clone(), |cell| cell.text.to_owned()),
            product,
            segment: self.may(row, "segment", "segment", Segment::parse)?,
            amount: self.need(row, "amount", AMOUNT, |text| Amount::parse(text).ok())?,
            charge_type: row.get("charge_type").map_or("new", |cell| cell.text).to_owned(),
            id: own.or_else(|| event_id(&format!("given-{number}")))?,
            credits: self.may(row, "credits", "event id", event_id)?,
        })
    }

    fn standing(&self, row: &Row<'r>) -> Option<StandingRow> {
        let value = |text: &str| match text {
            "held" => Some(StandingValue::Held),
            "lapsed" => Some(StandingValue::Lapsed),
            number => Amount::parse(number).ok().map(StandingValue::Number),
        };
        Some(StandingRow {
            line: self.line(row),
            date: self.date(row)?,
            partner: self.partner(row)?,
            fact: self.need(row, "fact", "text", |text| Some(text.to_owned()))?,
            value: self.need(row, "status", "status: held, lapsed or a number", value)?,
        })
    }

    fn certification(&self, row: &Row<'r>) -> Option<CertificationRow> {
        let text = |column| self.need(row, column, "text", |text| Some(text.to_owned()));
        Some(CertificationRow {
            line: self.line(row),
            date: self.date(row)?,
            partner: self.partner(row)?,
            person: text("person")?,
            area: text("area")?,
            expires: self.may(row, "expires", DATE, date_parse)?,
        })
    }

    fn claim(&self, row: &Row<'r>) -> Option<ClaimRow> {
        Some(ClaimRow {
            line: self.line(row),
            date: self.date(row)?,
            partner: self.partner(row)?,
            claim: self.need(row, "claim", "text", |text| Some(text.to_owned()))?,
            state: self.need(row, "state", "state of a claim", ClaimState::parse)?,
            activity: row.get("activity").map_or(String::new(), |cell| cell.text.to_owned()),
            start: self.may(row, "start", DATE, date_parse)?,
            end: self.may(row, "end", DATE, date_parse)?,
            amount: self.may(row, "amount", AMOUNT, |text| Amount::parse(text).ok())?,
        })
    }

    fn expect(&self, row: &Row<'r>) -> Option<ExpectRow> {
        let mut cells = Vec::new();
        for (heading, cell) in &row.cells {
            let Some((column, _)) = ExpectColumn::ALL.iter().find(|(_, name)| name == heading) else { continue };
            if column.is_amount() {
                if cell.text.is_empty() {
                    continue;
                }
                self.parsed(cell, AMOUNT, |text| Amount::parse(text).ok())?;
            }
            cells.push((*column, cell.text.to_owned()));
        }
        Some(ExpectRow { line: self.line(row), partner: self.partner(row)?, cells })
    }
}

const DATE: &str = "date: YYYY-MM-DD";
const AMOUNT: &str = "amount: a number such as 25000.00, without unit or thousands mark";
