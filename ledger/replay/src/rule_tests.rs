//! Runs the pipe tables that stand beside rule files.

use crate::histories::HistoriesBuilder;
use crate::measures::{Measure, measures_of};
use crate::replayed::replay;
use daybook_event::{Exact, Instant, Name, Overflow, PartnerId, Position};
use daybook_rules::calendar::Period;
use daybook_rules::model::RuleBook;
use daybook_rules::{ExpectColumn, RuleTest};
use daybook_views::PartnerRows;
use daybook_views::rows::PayoutRow;
use serde::Serialize;
use std::fmt;

/// What became of one rule test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleTestOutcome {
    /// What the test shows.
    pub name: String,
    /// Where it stands.
    pub file: String,
    /// The line it begins on.
    pub line: usize,
    /// Cells that were checked.
    pub cells: usize,
    /// What differs, a line each; empty: it passed.
    pub differences: Vec<String>,
}

impl RuleTestOutcome {
    /// Whether every cell is as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl fmt::Display for RuleTestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "ok  " } else { "FAIL" };
        write!(f, "{verdict} {}:{} {}", self.file, self.line, self.name)?;
        self.differences.iter().try_for_each(|difference| write!(f, "\n       {difference}"))
    }
}

/// Runs one rule test under its book.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn run_rule_test(test: &RuleTest, book: &RuleBook) -> Result<RuleTestOutcome, Overflow> {
    let mut differences = Vec::new();
    let mut cells = 0;
    if let (Some(period), Some(through)) = (test.period(book), test.through(book)) {
        let mut builder = HistoriesBuilder::default();
        for (position, envelope) in (1..).zip(test.envelopes(book)) {
            builder.add(Position::new(position), Instant::default(), envelope);
        }
        let replayed = replay(&builder.finish(), book, through, 1);
        let nothing = PartnerRows::default();
        for row in &test.expect {
            let of_partner = |(partner_id, _): &&(PartnerId, PartnerRows)| *partner_id == row.partner;
            let rows = replayed.partners.iter().find(of_partner).map_or(&nothing, |(_, rows)| rows);
            for (column, expected) in &row.cells {
                cells += 1;
                let actual = cell(book, rows, period, *column)?;
                if actual != *expected {
                    let (line, partner, heading) = (row.line, &row.partner, column.as_str());
                    differences
                        .push(format!("line {line}: {partner} {heading}: expected {expected:?}, came {actual:?}"));
                }
            }
        }
    } else {
        differences.push(format!("{:?} is no earning period of this book", test.period));
    }
    Ok(RuleTestOutcome { name: test.name.clone(), file: test.file.clone(), line: test.line, cells, differences })
}

fn cell(book: &RuleBook, rows: &PartnerRows, period: Period, column: ExpectColumn) -> Result<String, Overflow> {
    let calendar = book.calendar();
    let label = period.to_string();
    let inside = |month| period.first_month() <= month && month <= period.last_month();
    let measure = |measure: Measure| -> Result<String, Overflow> {
        Ok(measures_of(calendar, rows)?.get(&(period, measure)).copied().unwrap_or_default().to_string())
    };
    let lot = rows.lots.iter().find(|lot| lot.period == label);
    let last_payout = rows.payouts.iter().rev().find(|row| row.month == period.last_month());
    let sum = |part: fn(&PayoutRow) -> Exact| {
        let mut payouts = rows.payouts.iter().filter(|row| inside(row.month));
        payouts.try_fold(Exact::ZERO, |sum, row| sum.plus(part(row)))
    };
    Ok(match column {
        ExpectColumn::Earned => measure(Measure::Earned)?,
        ExpectColumn::Rebate => measure(Measure::Rebate)?,
        ExpectColumn::CoopAccrued => measure(Measure::CoopAccrued)?,
        ExpectColumn::Cash => measure(Measure::Cash)?,
        ExpectColumn::CoopUsable => measure(Measure::CoopUsable)?,
        ExpectColumn::CoopForfeited => measure(Measure::CoopForfeited)?,
        ExpectColumn::CoopConverted => lot.map_or(Exact::ZERO, |lot| lot.converted).to_string(),
        ExpectColumn::Held => sum(|row| row.held)?.to_string(),
        ExpectColumn::Forfeited => sum(|row| row.forfeited)?.to_string(),
        ExpectColumn::CarriedOut => last_payout.map_or(Exact::ZERO, |row| row.carried_out).to_string(),
        ExpectColumn::DueOn => {
            let paid = rows.payouts.iter().rev().find(|row| inside(row.month) && row.paid.is_positive());
            paid.map(|row| row.due_on.to_string()).unwrap_or_default()
        }
        ExpectColumn::Code => {
            let months = rows.conservation.iter().filter(|row| inside(row.month));
            let mut codes: Vec<&str> = months.flat_map(|row| row.ineligible.keys().map(Name::as_str)).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.join(", ")
        }
        ExpectColumn::Refused => {
            // Claims submitted in this period draw on the lot of the one before it, or on none.
            let refused = rows.claims.iter().filter(|claim| !claim.refused.is_empty());
            refused.map(|claim| format!("{} {}", claim.claim_id, claim.refused)).collect::<Vec<_>>().join(", ")
        }
    })
}
