//! How far a partner is from the revenue gates on a day.

use crate::fold::{FoldError, advance};
use crate::fx::FxTable;
use crate::gates::GateContext;
use crate::history::PartnerHistory;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Overflow, PartnerId};
use daybook_rules::model::{GateTest, RuleBook};

/// A revenue gate on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueMargin {
    /// The gate.
    pub gate: String,
    /// The trailing revenue on that day.
    pub measured: Exact,
    /// The least that passes.
    pub required: Exact,
}

/// Every revenue test with a threshold, as it stands on the through date. The partner is folded for it.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn revenue_margins(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    history: &PartnerHistory,
    through: NaiveDate,
) -> Result<Vec<RevenueMargin>, Overflow> {
    let Some(first) = history.first_month() else { return Ok(Vec::new()) };
    let mut state = PartnerState::before(first);
    while state.next_month <= Month::of(through) {
        match advance(book, fx, partner_id, history, &mut state, through) {
            Ok(_) => {}
            Err(FoldError::Overflow(overflow)) => return Err(overflow),
            Err(FoldError::Facts(never)) => match never {},
        }
    }
    margins_of(book, &state, through)
}

/// The same of a state at the end of a fold under the book.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn margins_of(book: &RuleBook, state: &PartnerState, through: NaiveDate) -> Result<Vec<RevenueMargin>, Overflow> {
    let set = book.set_on_or_first(through);
    let context = GateContext { set, catalogue: &book.catalogue, state, on: through };
    let mut margins = Vec::new();
    for gate in &set.gates {
        for test in &gate.any_of {
            if let GateTest::TrailingRevenue { window_days, groups, at_least: Some(required) } = test {
                let measured = context.trailing_revenue(*window_days, groups)?;
                margins.push(RevenueMargin { gate: gate.name.clone(), measured, required: *required });
            }
        }
    }
    Ok(margins)
}
