//! A partner's rows where months are closed.

use super::Pinned;
use super::difference::differences;
use super::months::ClosedMonths;
use crate::fold::{Booked, FoldError, advance, finding, overflowed, settle_booked};
use crate::history::{FactSource, PartnerHistory};
use crate::rows::{FindingRow, PartnerRows, TrueUpRow};
use crate::state::PartnerState;
use daybook_event::{Month, PartnerId};

/// Folds a partner from its first fact to the through date, and keeps what is closed.
#[must_use]
pub fn fold_partner_closed(closed: &ClosedMonths<'_>, partner_id: &PartnerId, history: &PartnerHistory) -> PartnerRows {
    let last = Month::of(closed.through);
    let first = history.first_month().unwrap_or_else(|| last.next());
    let mut state = PartnerState::before(first);
    let again = closed.again_from(history);
    let mut start = None;
    let mut fold = || -> Result<PartnerRows, FoldError<std::convert::Infallible>> {
        while state.next_month <= last {
            if again == Some(state.next_month) {
                start = Some(state.clone());
            }
            advance(closed.book, &closed.fx, partner_id, history, &mut state, closed.through)?;
        }
        settle_closed(closed, partner_id, history, &state, start.take())
    };
    match fold() {
        Ok(rows) => rows,
        Err(FoldError::Overflow(_)) => match overflowed_closed(closed, partner_id, history) {
            Ok(rows) => rows,
            Err(never) => match never {},
        },
        Err(FoldError::Facts(never)) => match never {},
    }
}

/// The rows of a partner whose sums cannot be held: what is pinned of closed months, and no figure beside it.
///
/// # Errors
/// Whatever keeps the pinned statements from being read.
pub fn overflowed_closed<S: FactSource>(
    closed: &ClosedMonths<'_>,
    partner_id: &PartnerId,
    source: &S,
) -> Result<PartnerRows, S::Error> {
    let (pinned, odd) = Pinned::read(closed.closings(), partner_id, source)?;
    let mut rows = overflowed(partner_id, source.first_month().unwrap_or(Month::of(closed.through)));
    for statement in pinned.statements() {
        rows.postings.extend_from_slice(&statement.postings);
        rows.true_ups.extend_from_slice(&statement.true_ups);
        rows.lots.extend(statement.lot.clone());
        rows.payouts.extend(statement.payout.clone());
    }
    rows.postings.sort();
    rows.true_ups.sort();
    rows.findings.extend(odd);
    rows.findings.sort();
    Ok(rows)
}

/// Turns a state at the through date into every row of the partner: closed months show what was pinned, and what records and
/// terms make of them now is booked in the earliest open month.
///
/// `start` is a state under the current book before [`ClosedMonths::again_from`], where one was kept.
///
/// # Errors
/// [`FoldError`] when a sum leaves the range of exact money, or facts cannot be read.
pub fn settle_closed<S: FactSource>(
    closed: &ClosedMonths<'_>,
    partner_id: &PartnerId,
    source: &S,
    state: &PartnerState,
    start: Option<PartnerState>,
) -> Result<PartnerRows, FoldError<S::Error>> {
    let (booked, pinned, odd) = booked_closed(closed, partner_id, source, state, start)?;
    let (book, fx, through) = (closed.book, &closed.fx, closed.through);
    let mut rows = settle_booked(book, fx, partner_id, source.reversals(), state, booked, &pinned, through)?;
    let too_late = state.openings.too_late(book.calendar(), |month| pinned.known_until(month));
    let too_late = too_late.into_iter().map(|event| event.to_string());
    rows.findings.extend(too_late.map(|event| finding(partner_id, "OPENING_OF_CLOSED_MONTH", vec![event])));
    rows.findings.extend(odd);
    rows.findings.sort();
    Ok(rows)
}

/// What is booked in which month, what is pinned, and what is odd about that.
pub(crate) fn booked_closed<'c, S: FactSource>(
    closed: &'c ClosedMonths<'_>,
    partner_id: &PartnerId,
    source: &S,
    state: &PartnerState,
    start: Option<PartnerState>,
) -> Result<(Booked, Pinned<'c>, Vec<FindingRow>), FoldError<S::Error>> {
    let (pinned, odd) = Pinned::read(closed.closings(), partner_id, source).map_err(FoldError::Facts)?;
    let differences = differences(closed, partner_id, source, state, &pinned, start)?;
    Ok((booked(closed, state, &pinned, differences), pinned, odd))
}

/// What is booked in which month: what was pinned in closed ones; in open ones what was earned, corrected by hand, and found
/// of closed ones.
fn booked(closed: &ClosedMonths<'_>, state: &PartnerState, pinned: &Pinned<'_>, differences: Vec<TrueUpRow>) -> Booked {
    let first_open = closed.last().next();
    let mut booked = Booked { postings: Vec::new(), true_ups: differences };
    for statement in pinned.statements() {
        booked.postings.extend_from_slice(&statement.postings);
        booked.true_ups.extend_from_slice(&statement.true_ups);
    }
    booked.postings.extend(state.postings.iter().filter(|row| row.month >= first_open).cloned());
    let open = state.adjustments.iter().filter(|adjusted| !closed.has_pinned(adjusted.position, adjusted.row.month));
    let in_open_month = |row: &TrueUpRow| TrueUpRow { month: row.month.max(first_open), ..row.clone() };
    booked.true_ups.extend(open.map(|adjusted| in_open_month(&adjusted.row)));
    booked
}
