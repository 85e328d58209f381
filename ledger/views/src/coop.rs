//! Claims on lots, as they stand on the through date.
//!
//! Claims are judged in order on each lot's outcome and accrued co-op as they are on the through date, whatever the
//! claim's own date: so the lots come first, whole, and the steps of all claims after them.

use crate::claims::{Against, Check, Claim, ClaimStep, Stage};
use crate::codes::Refusal;
use crate::fx::FxTable;
use crate::lots::{Lot, LotDays, Outcome, lot_row};
use crate::rows::{ClaimRow, FindingRow, LotRow};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, Currency, Exact, Month, Name, Overflow, PartnerId};
use daybook_rules::calendar::Period;
use daybook_rules::model::{ActivityLimit, RuleBook};
use std::collections::BTreeMap;

/// The co-op side of a partner's rows.
pub(crate) struct CoopRows {
    pub(crate) lots: Vec<LotRow>,
    pub(crate) claims: Vec<ClaimRow>,
    pub(crate) findings: Vec<FindingRow>,
    /// Converted to rebate, by the month it is due with.
    pub(crate) conversions: BTreeMap<Month, Exact>,
}

pub(crate) fn settle_coop(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    state: &PartnerState,
    lots: BTreeMap<Period, Lot>,
    through: NaiveDate,
) -> Result<CoopRows, Overflow> {
    let mut desk = Desk::open(book, fx, partner_id, lots);
    for step in &state.claims {
        desk.take(step)?;
    }
    desk.rows(through)
}

/// Where claims are judged, one step after the other.
pub(crate) struct Desk<'a> {
    book: &'a RuleBook,
    fx: &'a FxTable,
    partner_id: &'a PartnerId,
    pub(crate) lots: BTreeMap<Period, Lot>,
    pub(crate) claims: BTreeMap<String, Claim>,
    findings: Vec<FindingRow>,
    /// The checks of the last submission, for explanations.
    pub(crate) checked: Vec<Check>,
}

impl<'a> Desk<'a> {
    /// The desk before the first step, with every lot as it is on the through date.
    pub(crate) fn open(
        book: &'a RuleBook,
        fx: &'a FxTable,
        partner_id: &'a PartnerId,
        lots: BTreeMap<Period, Lot>,
    ) -> Self {
        Self { book, fx, partner_id, lots, claims: BTreeMap::new(), findings: Vec::new(), checked: Vec::new() }
    }

    pub(crate) fn take(&mut self, step: &ClaimStep) -> Result<(), Overflow> {
        let stage = self.claims.get(&step.claim_id).map(|claim| claim.stage);
        if !Stage::may_go(stage, step.state) {
            self.find("CLAIM_STEP_IGNORED", step);
            return Ok(());
        }
        let mut claim = self.claims.remove(&step.claim_id).unwrap_or_else(|| new_claim(step));
        match step.state {
            ClaimState::Submitted => self.submit(&mut claim, step)?,
            ClaimState::ActionRequired => claim.stage = Stage::ActionRequired,
            ClaimState::Disputed => claim.stage = Stage::Disputed,
            ClaimState::Approved => self.approve(&mut claim, step, Stage::Approved)?,
            ClaimState::Paid if claim.stage == Stage::Approved => claim.stage = Stage::Paid,
            ClaimState::Paid => self.approve(&mut claim, step, Stage::Paid)?,
            ClaimState::Rejected => self.end(&mut claim, Stage::Rejected)?,
            ClaimState::Withdrawn => self.end(&mut claim, Stage::Withdrawn)?,
        }
        self.claims.insert(step.claim_id.clone(), claim);
        Ok(())
    }

    /// A submission: what the claim held is released, then it is checked with its new fields.
    fn submit(&mut self, claim: &mut Claim, step: &ClaimStep) -> Result<(), Overflow> {
        if let Some(lot) = claim.period.and_then(|period| self.lots.get_mut(&period)) {
            lot.release(claim)?;
        }
        if !step.activity.is_empty() {
            claim.activity.clone_from(&step.activity);
        }
        claim.activity_start = step.activity_start.or(claim.activity_start);
        claim.activity_end = step.activity_end.or(claim.activity_end);
        if step.amount.is_some() {
            // A currency is that of an amount: without one, both stay as they were.
            (claim.submitted, claim.currency) = (step.amount, step.currency);
        }
        claim.submitted_in = Month::of(step.on);
        claim.amount = claim.submitted.and_then(|amount| self.convert(claim, amount, claim.currency));
        let (period, checks) = self.check(claim, step.on)?;
        claim.period = period;
        claim.refused = checks.iter().find(|check| !check.passed).map(|check| check.code);
        claim.stage = if claim.refused.is_some() { Stage::Refused } else { Stage::Submitted };
        self.checked = checks;
        match (claim.refused, period, claim.amount) {
            // The checks ask for a lot and for an amount in program currency.
            (None, Some(period), Some(amount)) => {
                self.lots.entry(period).or_insert_with(Lot::empty).reserve(claim, amount)
            }
            _ => Ok(()),
        }
    }

    /// The lot that takes the claim: of those that may be used on the activity's first day the oldest whose check
    /// passes. If none passes, the refusal of the newest usable one, or else of the ordinary one.
    fn check(&self, claim: &Claim, on: NaiveDate) -> Result<(Option<Period>, Vec<Check>), Overflow> {
        let no_lot = |start| vec![Check { code: Refusal::NoLot, passed: false, against: Against::Lot { start } }];
        let Some(start) = claim.activity_start else { return Ok((None, no_lot(None))) };
        let ordinary = self.book.calendar().period_of(Month::of(start)).previous();
        let mut answer = (Some(ordinary), no_lot(Some(start)));
        let usable = self.lots.iter().filter(|(_, lot)| lot.outcome == Outcome::Usable);
        for (&period, lot) in usable.filter(|(period, _)| LotDays::of(self.book, **period).may_use(start)) {
            answer = (Some(period), self.checks(claim, on, start, period, lot)?);
            if answer.1.iter().all(|check| check.passed) {
                break;
            }
        }
        Ok(answer)
    }

    /// The checks of a usable lot in the order of the program's meaning. What cannot be asked any more, such as the limit of
    /// an activity that does not exist, is left out.
    fn checks(
        &self,
        claim: &Claim,
        on: NaiveDate,
        start: NaiveDate,
        period: Period,
        lot: &Lot,
    ) -> Result<Vec<Check>, Overflow> {
        let days = LotDays::of(self.book, period);
        let check = |code, passed, against| Check { code, passed, against };
        let window = Against::Window { on, first: days.claimed.0, last: days.claimed.1 };
        let (end, (first, last)) = (claim.activity_end, days.used);
        let fits = end.is_some_and(|end| start <= end && days.may_use(end));
        let activities = &self.book.set_on_or_first(start).coop.activities;
        let activity = activities.iter().find(|activity| activity.name == claim.activity);
        let is_positive = claim.submitted.is_some_and(|amount| amount.is_positive());
        let mut checks = vec![
            check(Refusal::Late, on <= days.claimed.1, window.clone()),
            check(Refusal::Early, on >= days.claimed.0, window),
            check(Refusal::OutsideUsage, fits, Against::Usage { start, end, first, last }),
            check(Refusal::NotApprovedActivity, activity.is_some(), Against::Activity { name: claim.activity.clone() }),
            check(Refusal::NotPositive, is_positive, Against::Amount { amount: claim.submitted }),
            check(Refusal::NoRate, claim.amount.is_some(), Against::Rate { amount: claim.amount }),
        ];
        let Some(amount) = claim.amount else { return Ok(checks) };
        if let Some(limit) = activity.and_then(|activity| activity.limit) {
            let is_reached = checks.iter().all(|check| check.passed);
            match self.against_limit(claim, amount, period, limit_of(limit, lot.accrued)) {
                Ok((used, limit, passed)) => {
                    checks.push(check(Refusal::OverLimit, passed, Against::Limit { amount, used, limit }));
                }
                // A sum that nothing depends on does no harm where it cannot be held.
                Err(_) if !is_reached => {}
                Err(overflow) => return Err(overflow),
            }
        }
        let left = lot.pool;
        checks.push(check(Refusal::OverBalance, amount <= left, Against::Balance { amount, left }));
        Ok(checks)
    }

    /// What other claims of the activity hold, its limit, and whether the amount fits between them.
    fn against_limit(
        &self,
        claim: &Claim,
        amount: Exact,
        period: Period,
        limit: Result<Exact, Overflow>,
    ) -> Result<(Exact, Exact, bool), Overflow> {
        let (used, limit) = (self.used(period, &claim.activity)?, limit?);
        Ok((used, limit, used.plus(amount)? <= limit))
    }

    /// Reserved and consumed of an activity in a lot.
    fn used(&self, period: Period, activity: &str) -> Result<Exact, Overflow> {
        let of_activity =
            self.claims.values().filter(|claim| claim.period == Some(period) && claim.activity == activity);
        of_activity.into_iter().try_fold(Exact::ZERO, |sum, claim| sum.plus(claim.reserved)?.plus(claim.consumed))
    }

    /// Approved and paid are facts from outside: they consume even where we refused.
    fn approve(&mut self, claim: &mut Claim, step: &ClaimStep, to: Stage) -> Result<(), Overflow> {
        let amount = match step.amount {
            Some(amount) => self.convert(claim, amount, step.currency.or(claim.currency)),
            // Not `claim.amount`: that may be what an earlier, withdrawn approval granted.
            None => claim.submitted.and_then(|amount| self.convert(claim, amount, claim.currency)),
        };
        if amount.is_some_and(Exact::is_negative) {
            self.find("CLAIM_STEP_IGNORED", step);
            return Ok(());
        }
        claim.stage = to;
        claim.amount = amount;
        // Without an activity's first day no lot can be named: the period of the step's own date holds the overdraft.
        let of_step = || self.book.calendar().period_of(Month::of(step.on)).previous();
        let period = claim.period.unwrap_or_else(of_step);
        let lot = self.lots.entry(period).or_insert_with(Lot::empty);
        lot.release(claim)?;
        let Some(amount) = amount else {
            self.find("CLAIM_NOFX", step);
            return Ok(());
        };
        claim.period = Some(period);
        lot.consume(claim, amount)?;
        if !claim.overdrawn.is_zero() {
            self.find("CLAIM_OVERDRAWN", step);
        }
        Ok(())
    }

    fn end(&mut self, claim: &mut Claim, to: Stage) -> Result<(), Overflow> {
        claim.stage = to;
        match claim.period.and_then(|period| self.lots.get_mut(&period)) {
            Some(lot) => lot.release(claim),
            None => Ok(()),
        }
    }

    /// Program currency; another currency at the rate of the month of the last submission, rounded as a posting.
    fn convert(&self, claim: &Claim, amount: Amount, currency: Option<Currency>) -> Option<Exact> {
        let set = self.book.set_on_or_first(claim.activity_start.unwrap_or_else(|| claim.submitted_in.first_day()));
        let currency = currency.unwrap_or(set.currency);
        if currency == set.currency {
            return Some(amount.exact());
        }
        let (rate, _) = self.fx.rate(currency, claim.submitted_in)?;
        amount.convert(rate).ok().map(|exact| set.rounding.round(exact))
    }

    fn find(&mut self, code: &'static str, step: &ClaimStep) {
        self.findings.push(FindingRow {
            partner_id: self.partner_id.to_string(),
            code: Name::known(code),
            events: vec![step.event.to_string()],
        });
    }

    fn rows(self, through: NaiveDate) -> Result<CoopRows, Overflow> {
        let mut conversions = BTreeMap::new();
        let mut lots = Vec::new();
        for (period, lot) in &self.lots {
            let due = lot.conversion_due()?;
            if !due.is_zero() {
                conversions.insert(period.last_month(), due);
            }
            let untouched = lot.consumed.is_zero() && lot.reserved.is_zero();
            if lot.outcome == Outcome::None && untouched {
                continue;
            }
            let (_, closes) = LotDays::of(self.book, *period).claimed;
            lots.push(lot_row(self.partner_id, *period, lot, closes <= through)?);
        }
        let claim_row = |(claim_id, claim): (String, Claim)| ClaimRow {
            partner_id: self.partner_id.clone(),
            claim_id,
            period: claim.period.map(|period| period.to_string().into()).unwrap_or_default(),
            state: Name::known(claim.stage.as_str()),
            amount: claim.amount.map(|amount| amount.to_string()).unwrap_or_default(),
            refused: Name::known(claim.refused.map_or("", Refusal::as_str)),
        };
        let claims = self.claims.into_iter().map(claim_row).collect();
        Ok(CoopRows { lots, claims, findings: self.findings, conversions })
    }
}

fn new_claim(step: &ClaimStep) -> Claim {
    Claim {
        stage: Stage::Withdrawn,
        period: None,
        activity: String::new(),
        activity_start: None,
        activity_end: None,
        submitted: None,
        currency: None,
        submitted_in: Month::of(step.on),
        amount: None,
        reserved: Exact::ZERO,
        consumed: Exact::ZERO,
        overdrawn: Exact::ZERO,
        refused: None,
    }
}

fn limit_of(limit: ActivityLimit, accrued: Exact) -> Result<Exact, Overflow> {
    Ok(match limit {
        ActivityLimit::Amount(amount) => amount,
        ActivityLimit::Share(share) => accrued.times(share)?,
        ActivityLimit::GreaterOf(amount, share) => amount.max(accrued.times(share)?),
        ActivityLimit::LesserOf(amount, share) => amount.min(accrued.times(share)?),
    })
}
