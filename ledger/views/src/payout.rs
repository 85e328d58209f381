//! What a partner is paid for each past month.

use crate::closing::Pinned;
use crate::fold::Booked;
use crate::rows::PayoutRow;
use crate::state::PartnerState;
use chrono::{Days, NaiveDate};
use daybook_event::{Exact, Month, Overflow, PartnerId};
use daybook_rules::model::{ProgramYearEnd, RuleBook};
use std::collections::BTreeMap;

/// Everything payable with a month, before what is carried in.
#[derive(Debug, Clone, Copy, Default)]
struct Payable {
    rebate: Exact,
    converted: Exact,
    true_up: Exact,
    opening_carry: Exact,
}

/// A row per past month with a posting, conversion, true-up, manual adjustment or carry. Closed months show what was pinned.
pub(crate) fn settle_payouts(
    book: &RuleBook,
    partner_id: &PartnerId,
    state: &PartnerState,
    booked: &Booked,
    pinned: &Pinned<'_>,
    conversions: &BTreeMap<Month, Exact>,
    through: NaiveDate,
) -> Result<Vec<PayoutRow>, Overflow> {
    let mut rows = pinned_rows(book, state, pinned, through)?;
    let payable = payable(state, booked, pinned, conversions)?;
    let mut carry = pinned.carried_out();
    let first = if carry.is_zero() { payable.keys().next().copied() } else { pinned.first_open() };
    let Some(mut month) = first else { return Ok(rows) };
    // The month of the day after the through date is the first that is not past.
    let end = through.succ_opt().map_or(Month::of(through), Month::of);
    while month < end {
        let of_month = payable.get(&month).copied();
        if of_month.is_some() || !carry.is_zero() {
            let mut row = row(book, partner_id, month, of_month.unwrap_or_default(), carry)?;
            hold(book, state, &mut row, through);
            carry = row.carried_out;
            rows.push(row);
        } else if payable.range(month..).next().is_none() {
            break;
        }
        month = month.next();
    }
    Ok(rows)
}

/// The rows of closed months. One whose payout was held, or not due yet, is judged again: what becomes of the money is known
/// only later. How much it is stays.
fn pinned_rows(
    book: &RuleBook,
    state: &PartnerState,
    pinned: &Pinned<'_>,
    through: NaiveDate,
) -> Result<Vec<PayoutRow>, Overflow> {
    let mut rows = Vec::new();
    for (closing, row) in pinned.payouts() {
        let mut row = row.clone();
        if row.held.is_positive() || (row.paid.is_positive() && row.due_on > closing.through) {
            row.paid = row.paid.plus(row.held)?;
            row.held = Exact::ZERO;
            hold(book, state, &mut row, through);
        }
        rows.push(row);
    }
    Ok(rows)
}

/// What is payable with each open month.
fn payable(
    state: &PartnerState,
    booked: &Booked,
    pinned: &Pinned<'_>,
    conversions: &BTreeMap<Month, Exact>,
) -> Result<BTreeMap<Month, Payable>, Overflow> {
    let is_open = |month: &Month| pinned.first_open().is_none_or(|first| *month >= first);
    let mut months: BTreeMap<Month, Payable> = BTreeMap::new();
    for posting in booked.postings.iter().filter(|posting| is_open(&posting.month)) {
        let of_month = months.entry(posting.month).or_default();
        of_month.rebate = of_month.rebate.plus(posting.rebate)?;
    }
    for (month, converted) in conversions.iter().filter(|(month, _)| is_open(month)) {
        months.entry(*month).or_default().converted = *converted;
    }
    for true_up in booked.true_ups.iter().filter(|true_up| is_open(&true_up.month)) {
        let of_month = months.entry(true_up.month).or_default();
        of_month.true_up = of_month.true_up.plus(true_up.rebate)?;
    }
    let carry = state.openings.carry(|month| pinned.known_until(month))?;
    for (month, carry) in carry.into_iter().filter(|(month, _)| is_open(month)) {
        months.entry(month).or_default().opening_carry = carry;
    }
    Ok(months)
}

fn row(
    book: &RuleBook,
    partner_id: &PartnerId,
    month: Month,
    payable: Payable,
    carry: Exact,
) -> Result<PayoutRow, Overflow> {
    let last_day = month.last_day();
    let set = book.set_on_or_first(last_day);
    let carried_in = carry.plus(payable.opening_carry)?;
    let sum = payable.rebate.plus(payable.converted)?.plus(payable.true_up)?.plus(carried_in)?;
    let (mut paid, mut forfeited, mut carried_out) = (Exact::ZERO, Exact::ZERO, Exact::ZERO);
    let year_ends = set.calendar.ends_program_year(month) && set.payout.program_year_end == ProgramYearEnd::Forfeit;
    if sum >= set.payout.minimum && !sum.is_negative() {
        paid = sum;
    } else if year_ends && sum.is_positive() {
        forfeited = sum;
    } else {
        carried_out = sum;
    }
    let due = last_day.checked_add_days(Days::new(u64::from(set.payout.due_days)));
    Ok(PayoutRow {
        partner_id: partner_id.clone(),
        month,
        rebate: payable.rebate,
        converted: payable.converted,
        true_up: payable.true_up,
        carried_in,
        paid,
        held: Exact::ZERO,
        forfeited,
        carried_out,
        due_on: due.unwrap_or(NaiveDate::MAX),
    })
}

/// The standing facts without which nothing is paid.
pub(crate) const NEEDED_TO_PAY: [&str; 2] = ["tax_profile", "bank_profile"];

/// Where the terms have a hold and tax or bank data are missing on the due date: the payout waits until both are there,
/// at most the hold days, and is lost after them. Only the month's own row changes, never a carry.
fn hold(book: &RuleBook, state: &PartnerState, row: &mut PayoutRow, through: NaiveDate) {
    if !row.paid.is_positive() || row.due_on > through {
        return;
    }
    let Some(hold_days) = book.set_on_or_first(row.month.last_day()).payout.hold_days else { return };
    if may_be_paid(state, row.due_on) {
        return;
    }
    let sum = std::mem::take(&mut row.paid);
    let until = row.due_on.checked_add_days(Days::new(u64::from(hold_days))).unwrap_or(NaiveDate::MAX);
    let changes = NEEDED_TO_PAY.iter().filter_map(|fact| state.facts.get(fact)).flat_map(|history| &history.values);
    let within = changes.map(|value| value.on).filter(|on| row.due_on < *on && *on <= until.min(through));
    if let Some(released_on) = within.filter(|on| may_be_paid(state, *on)).min() {
        (row.paid, row.due_on) = (sum, released_on);
    } else if until <= through {
        row.forfeited = sum;
    } else {
        row.held = sum;
    }
}

fn may_be_paid(state: &PartnerState, on: NaiveDate) -> bool {
    NEEDED_TO_PAY.iter().all(|fact| state.is_held(fact, on))
}
