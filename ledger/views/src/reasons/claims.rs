//! What each step of a claim did, and what the check of a submission held against what.

use crate::claims::{Check, ClaimStep, Stage};
use crate::closing::{ClosedMonths, Pinned, booked_closed};
use crate::coop::Desk;
use crate::fold::Booked;
use crate::fx::FxTable;
use crate::history::PartnerHistory;
use crate::lots::{Lot, Outcome, lots};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, Currency, EventRef, Exact, Month, Overflow, PartnerId};
use daybook_rules::calendar::Period;
use daybook_rules::model::RuleBook;

/// A step of a claim, with what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReason {
    /// The event.
    pub event: EventRef,
    /// Its date.
    pub on: NaiveDate,
    /// The state that it names.
    pub to: ClaimState,
    /// The step's money, if it names any.
    pub amount: Option<(Amount, Option<Currency>)>,
    /// Where the claim stood before; none: it was not known.
    pub from: Option<&'static str>,
    /// Where it stands after; none where the step has no effect.
    pub stage: Option<&'static str>,
    /// The lot that it draws on after the step.
    pub period: Option<Period>,
    /// The claim's fields after the step.
    pub activity: String,
    /// The activity's days after the step.
    pub activity_days: (Option<NaiveDate>, Option<NaiveDate>),
    /// Program currency, after the step.
    pub program_amount: Option<Exact>,
    /// The month of the last submission up to the step: whose exchange rate holds.
    pub submitted_in: Month,
    /// Of a submission: every check, in order.
    pub checks: Vec<Check>,
    /// The lot before the step.
    pub before: LotSums,
    /// The lot after it.
    pub after: LotSums,
}

/// What a lot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotSums {
    /// `open`, `usable`, `converted` or `none`.
    pub state: &'static str,
    /// Its co-op.
    pub accrued: Exact,
    /// Neither consumed nor reserved.
    pub left: Exact,
    /// Held back for claims under way.
    pub reserved: Exact,
    /// Taken, overdrawn included.
    pub consumed: Exact,
    /// Approved beyond what was there.
    pub overdrawn: Exact,
}

impl LotSums {
    fn of(lot: Option<&Lot>) -> Self {
        let empty = Lot::empty();
        let lot = lot.unwrap_or(&empty);
        let state = match lot.outcome {
            Outcome::Open => "open",
            Outcome::Usable => "usable",
            Outcome::Converted => "converted",
            Outcome::None => "none",
        };
        let Lot { accrued, pool, reserved, consumed, overdrawn, .. } = *lot;
        Self { state, accrued, left: pool, reserved, consumed, overdrawn }
    }
}

/// Every step of every claim in order, with what it did, as if nothing were closed.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn claim_steps(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    state: &PartnerState,
    through: NaiveDate,
) -> Result<Vec<StepReason>, Overflow> {
    let lots = lots(book, state, &Booked::as_if_open(state), &Pinned::default(), through)?;
    let mut desk = Desk::open(book, fx, partner_id, lots);
    state.claims.iter().map(|step| taken(&mut desk, step)).collect()
}

/// The same, where lots of closed periods are as they were pinned.
///
/// # Errors
/// As for [`claim_steps`].
pub fn claim_steps_closed(
    closed: &ClosedMonths<'_>,
    partner_id: &PartnerId,
    history: &PartnerHistory,
    state: &PartnerState,
) -> Result<Vec<StepReason>, Overflow> {
    let booked = booked_closed(closed, partner_id, history, state, None);
    let (booked, pinned, _) = booked.map_err(super::overflow::<PartnerHistory>)?;
    let lots = lots(closed.book, state, &booked, &pinned, closed.through)?;
    let mut desk = Desk::open(closed.book, &closed.fx, partner_id, lots);
    state.claims.iter().map(|step| taken(&mut desk, step)).collect()
}

fn taken(desk: &mut Desk<'_>, step: &ClaimStep) -> Result<StepReason, Overflow> {
    let before = desk.lots.clone();
    let from = desk.claims.get(&step.claim_id).map(|claim| claim.stage);
    let has_effect = Stage::may_go(from, step.state);
    desk.checked.clear();
    desk.take(step)?;
    let claim = desk.claims.get(&step.claim_id);
    let period = claim.and_then(|claim| claim.period);
    let sums =
        |lots: &std::collections::BTreeMap<Period, Lot>| LotSums::of(period.and_then(|period| lots.get(&period)));
    Ok(StepReason {
        event: step.event.clone(),
        on: step.on,
        to: step.state,
        amount: step.amount.map(|amount| (amount, step.currency)),
        from: from.map(Stage::as_str),
        stage: claim.filter(|_| has_effect).map(|claim| claim.stage.as_str()),
        period,
        activity: claim.map(|claim| claim.activity.clone()).unwrap_or_default(),
        activity_days: claim.map_or((None, None), |claim| (claim.activity_start, claim.activity_end)),
        program_amount: claim.and_then(|claim| claim.amount),
        submitted_in: claim.map_or(Month::of(step.on), |claim| claim.submitted_in),
        checks: std::mem::take(&mut desk.checked),
        before: sums(&before),
        after: sums(&desk.lots),
    })
}
