//! Rule tests: pipe tables that finance writes, next to the rules that they hold still.
//!
//! A test says what was sold, by whom, and what must come of it in one earning period. This module reads the tables
//! and makes the events; evaluating them needs the fold, which lives elsewhere.

mod envelopes;
mod pipe_table;
mod read;

pub use read::load_tests;

use crate::calendar::Period;
use crate::library::BookArgument;
use crate::model::RuleBook;
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, EventId, PartnerId, Segment, SourceId, StandingValue};

/// One `[[test]]`.
#[derive(Debug, Clone)]
pub struct RuleTest {
    /// What it shows, in a sentence.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// The book that it runs under; `current` where the test names none.
    pub book: BookArgument,
    /// The label of the earning period that is looked at, such as `FY22H2`.
    pub period: String,
    /// The last date that has happened; none: the period's last day.
    pub through: Option<NaiveDate>,
    /// Revenue lines.
    pub given: Vec<GivenRow>,
    /// Standing facts that differ from the usual ones.
    pub standing: Vec<StandingRow>,
    /// Certifications that people of the partners earned.
    pub certifications: Vec<CertificationRow>,
    /// Steps of claims.
    pub claims: Vec<ClaimRow>,
    /// What must come of it.
    pub expect: Vec<ExpectRow>,
    source: SourceId,
}

/// A row of `given`: a license sale in program currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenRow {
    /// The line in the file.
    pub line: usize,
    /// When.
    pub date: NaiveDate,
    /// Who sold.
    pub partner: PartnerId,
    /// To whom.
    pub customer: String,
    /// The product family.
    pub product: String,
    /// The printed product name; the family where there is no such column.
    pub name: String,
    /// The customer's segment; none where the cell is empty.
    pub segment: Option<Segment>,
    /// The amount.
    pub amount: Amount,
    /// The charge type; `new` where there is no such column.
    pub charge_type: String,
    /// The event's id: the cell, or `given-N` with N the row's number.
    pub id: EventId,
    /// The id of the row that this one credits.
    pub credits: Option<EventId>,
}

/// A row of `standing`. Rows of a fact replace what the partner would hold by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingRow {
    /// The line in the file.
    pub line: usize,
    /// From when.
    pub date: NaiveDate,
    /// Whose.
    pub partner: PartnerId,
    /// Which fact.
    pub fact: String,
    /// `held`, `lapsed` or a number.
    pub value: StandingValue,
}

/// A row of `certifications`: a person of the partner's earned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationRow {
    /// The line in the file.
    pub line: usize,
    /// When it was earned.
    pub date: NaiveDate,
    /// Whose person it is.
    pub partner: PartnerId,
    /// Who earned it.
    pub person: String,
    /// The competency area that it counts for.
    pub area: String,
    /// The first day on which it no longer holds; none where the cell is empty: the validity of the terms applies.
    pub expires: Option<NaiveDate>,
}

/// A row of `claims`: one step of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRow {
    /// The line in the file.
    pub line: usize,
    /// When.
    pub date: NaiveDate,
    /// Whose.
    pub partner: PartnerId,
    /// The claim.
    pub claim: String,
    /// Where it stands after the step.
    pub state: ClaimState,
    /// The activity claimed for.
    pub activity: String,
    /// First day of the activity.
    pub start: Option<NaiveDate>,
    /// Last day of the activity.
    pub end: Option<NaiveDate>,
    /// The amount; none where the cell is empty.
    pub amount: Option<Amount>,
}

/// A row of `expect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectRow {
    /// The line in the file.
    pub line: usize,
    /// Whose.
    pub partner: PartnerId,
    /// Column and text, in the order of the table; an empty amount says nothing and is left out.
    pub cells: Vec<(ExpectColumn, String)>,
}

/// What a test can look at. Sums are over the months of the test's period, lots are the period's own, and the through
/// date is the test's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpectColumn {
    /// Earned, in sum.
    Earned,
    /// Rebate of the postings, without conversions, in sum.
    Rebate,
    /// Co-op of the postings and true-ups, in sum.
    CoopAccrued,
    /// Paid, in sum.
    Cash,
    /// The lot's accrued amount if it is usable, else zero.
    CoopUsable,
    /// What of the lot was converted.
    CoopConverted,
    /// What of the lot was forfeited.
    CoopForfeited,
    /// Waiting for tax or bank data, in sum.
    Held,
    /// Payouts lost, in sum.
    Forfeited,
    /// Carried out of the period's last month.
    CarriedOut,
    /// The due date of the last payout paid; empty: none was.
    DueOn,
    /// The codes of ineligible revenue, in order of the text, joined by `, `; empty: there is none.
    Code,
    /// Refused claims submitted in the period with the code, `CLAIM CODE`, in order, joined by `, `; empty: none.
    Refused,
}

impl ExpectColumn {
    /// Every column with its heading.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Earned, "earned"),
        (Self::Rebate, "rebate"),
        (Self::CoopAccrued, "coop_accrued"),
        (Self::Cash, "cash"),
        (Self::CoopUsable, "coop_usable"),
        (Self::CoopConverted, "coop_converted"),
        (Self::CoopForfeited, "coop_forfeited"),
        (Self::Held, "held"),
        (Self::Forfeited, "forfeited"),
        (Self::CarriedOut, "carried_out"),
        (Self::DueOn, "due_on"),
        (Self::Code, "code"),
        (Self::Refused, "refused"),
    ];

    /// The heading.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(column, _)| *column == self).map_or("", |(_, name)| name)
    }

    /// Whether its cells are amounts.
    #[must_use]
    pub fn is_amount(self) -> bool {
        !matches!(self, Self::DueOn | Self::Code | Self::Refused)
    }
}

impl RuleTest {
    /// The earning period that is looked at; none where the book's calendar has no such label.
    #[must_use]
    pub fn period(&self, book: &RuleBook) -> Option<Period> {
        book.calendar().period_parse(&self.period)
    }

    /// The last date that has happened: the test's own, or the period's last day.
    #[must_use]
    pub fn through(&self, book: &RuleBook) -> Option<NaiveDate> {
        self.through.or_else(|| self.period(book).map(Period::last_day))
    }
}
