//! Section 7, second half: claims in order, each judged on the lots as they are on the through date.

use super::facts::Partner;
use super::lots::{Lot, Outcome};
use super::number::Num;
use super::terms::set_on;
use super::time::{Period, Ym};
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, CoopClaim, Currency, Envelope, Payload};
use daybook_rules::model::ActivityLimit;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A claim as its steps left it.
#[derive(Clone, Default)]
struct Claim {
    id: String,
    /// The last step that took effect; `refused` where our check refused the submission.
    stage: &'static str,
    activity: String,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    submitted: Option<(Amount, Option<Currency>)>,
    submitted_on: Option<NaiveDate>,
    period: Option<Period>,
    amount: Option<Num>,
    reserved: Num,
    consumed: Num,
    overdrawn: Num,
    refused: &'static str,
}

/// All claims of a partner beside its lots.
pub(crate) struct Desk<'a> {
    partner: &'a Partner<'a>,
    lots: BTreeMap<Period, Lot>,
    claims: Vec<Claim>,
    /// Code and event.
    pub(crate) findings: Vec<(&'static str, String)>,
}

/// The steps that a claim may take. One not seen before may only be submitted.
fn next_stages(stage: &str) -> &'static [&'static str] {
    match stage {
        "" | "withdrawn" => &["submitted"],
        "submitted" => &["action_required", "approved", "rejected", "withdrawn", "paid"],
        "action_required" => &["submitted", "approved", "rejected", "withdrawn", "paid"],
        "rejected" => &["disputed", "submitted"],
        "disputed" => &["approved", "rejected", "action_required", "paid"],
        "approved" => &["paid", "rejected", "withdrawn"],
        "refused" => &["submitted", "approved", "paid"],
        _ => &[],
    }
}

impl<'a> Desk<'a> {
    pub(crate) fn new(partner: &'a Partner<'a>, lots: BTreeMap<Period, Lot>) -> Self {
        let mut desk = Self { partner, lots, claims: Vec::new(), findings: Vec::new() };
        for event in &partner.facts {
            if let Payload::CoopClaim(step) = &event.payload {
                desk.take(event, step);
            }
        }
        desk
    }

    fn take(&mut self, event: &Envelope, step: &CoopClaim) {
        let at = self.claims.iter().position(|claim| claim.id == step.claim_id);
        let mut claim = at.map(|at| self.claims[at].clone()).unwrap_or_default();
        claim.id.clone_from(&step.claim_id);
        let to = step.state.as_str();
        if !next_stages(claim.stage).contains(&to) {
            self.findings.push(("CLAIM_STEP_IGNORED", event.id.to_string()));
            return;
        }
        // The claim is weighed against all others: its own money is back in the lot meanwhile.
        let others: Vec<Claim> = self.claims.iter().filter(|other| other.id != step.claim_id).cloned().collect();
        match step.state {
            ClaimState::Submitted => self.submit(&mut claim, event.effective_on, step, &others),
            ClaimState::Approved => self.approve(&mut claim, event, step, &others),
            ClaimState::Paid if claim.stage == "approved" => claim.stage = "paid",
            ClaimState::Paid => self.approve(&mut claim, event, step, &others),
            ClaimState::ActionRequired => claim.stage = "action_required",
            ClaimState::Disputed => claim.stage = "disputed",
            ClaimState::Rejected | ClaimState::Withdrawn => {
                (claim.reserved, claim.consumed, claim.overdrawn) = (Num::ZERO, Num::ZERO, Num::ZERO);
                claim.stage = to;
            }
        }
        match at {
            Some(at) => self.claims[at] = claim,
            None => self.claims.push(claim),
        }
    }

    fn submit(&self, claim: &mut Claim, on: NaiveDate, step: &CoopClaim, others: &[Claim]) {
        if !step.activity.is_empty() {
            claim.activity.clone_from(&step.activity);
        }
        claim.start = step.activity_start.or(claim.start);
        claim.end = step.activity_end.or(claim.end);
        if let Some(amount) = step.amount {
            claim.submitted = Some((amount, step.currency));
        }
        claim.submitted_on = Some(on);
        let book = self.partner.world.book;
        claim.period = claim.start.map(|start| Period::holding(book, Ym::of(start)).previous(book));
        claim.amount = self.submitted_amount(claim);
        (claim.reserved, claim.consumed, claim.overdrawn) = (Num::ZERO, Num::ZERO, Num::ZERO);
        (claim.period, claim.refused) = self.choose(claim, on, others);
        claim.stage = if claim.refused.is_empty() { "submitted" } else { "refused" };
        if claim.refused.is_empty() {
            claim.reserved = claim.amount.expect("what passes the check has an amount");
        }
    }

    /// The oldest lot whose check passes; else the newest usable one with its code; else none, by the ordinary period.
    fn choose(&self, claim: &Claim, on: NaiveDate, others: &[Claim]) -> (Option<Period>, &'static str) {
        let mut chosen = (claim.period, "NO_LOT");
        let candidates = claim.start.map(|start| Period::usable_on(self.partner.world.book, start));
        for period in candidates.unwrap_or_default() {
            let of_lot = Claim { period: Some(period), ..claim.clone() };
            match self.check(&of_lot, on, others) {
                None => return (Some(period), ""),
                Some("NO_LOT") => {}
                Some(code) => chosen = (Some(period), code),
            }
        }
        chosen
    }

    /// The first code that fails, in the order of the page.
    fn check(&self, claim: &Claim, on: NaiveDate, others: &[Claim]) -> Option<&'static str> {
        let book = self.partner.world.book;
        let lot = claim.period.and_then(|period| self.lots.get(&period)).filter(|lot| lot.outcome == Outcome::Usable);
        let (Some(lot), Some(period), Some(start)) = (lot, claim.period, claim.start) else { return Some("NO_LOT") };
        let (opens, closes) = period.claims(book);
        let (usage_first, usage_last) = period.usage(book);
        let is_inside = claim.end.is_some_and(|end| usage_first <= start && start <= end && end <= usage_last);
        let activity = set_on(book, start).coop.activities.iter().find(|activity| activity.name == claim.activity);
        let is_positive = claim.submitted.is_some_and(|(amount, _)| Num::of_amount(&amount).is_positive());
        if on > closes {
            return Some("LATE");
        }
        if on < opens {
            return Some("EARLY");
        }
        if !is_inside {
            return Some("OUTSIDE_USAGE");
        }
        let Some(activity) = activity else { return Some("NOT_APPROVED_ACTIVITY") };
        if !is_positive {
            return Some("NOT_POSITIVE");
        }
        let Some(amount) = claim.amount else { return Some("NOFX") };
        let of_activity = in_lot(others, period).filter(|other| other.activity == claim.activity);
        let used = Num::sum(of_activity.map(|other| other.reserved.plus(other.consumed)));
        if activity.limit.is_some_and(|limit| used.plus(amount) > allowed(limit, lot.accrued)) {
            return Some("OVER_LIMIT");
        }
        (amount > self.balance(period, others)).then_some("OVER_BALANCE")
    }

    /// What is neither consumed nor reserved.
    fn balance(&self, period: Period, claims: &[Claim]) -> Num {
        let Some(lot) = self.lots.get(&period).filter(|lot| lot.outcome == Outcome::Usable) else { return Num::ZERO };
        let taken =
            Num::sum(in_lot(claims, period).map(|claim| claim.reserved.plus(claim.consumed).minus(claim.overdrawn)));
        lot.accrued.minus(lot.consumed_before.min(lot.accrued)).minus(taken)
    }

    /// Approved, or paid at once: consumes even where our check refused; what is not there is overdrawn.
    fn approve(&mut self, claim: &mut Claim, event: &Envelope, step: &CoopClaim, others: &[Claim]) {
        let named = step.amount.map(|amount| {
            let currency = step.currency.or(claim.submitted.and_then(|(_, currency)| currency));
            self.converted(claim, amount, currency)
        });
        let amount = named.unwrap_or_else(|| self.submitted_amount(claim));
        if amount.is_some_and(Num::is_negative) {
            self.findings.push(("CLAIM_STEP_IGNORED", event.id.to_string()));
            return;
        }
        claim.stage = step.state.as_str();
        claim.amount = amount;
        (claim.reserved, claim.consumed, claim.overdrawn) = (Num::ZERO, Num::ZERO, Num::ZERO);
        let Some(amount) = amount else {
            self.findings.push(("CLAIM_NOFX", event.id.to_string()));
            return;
        };
        let book = self.partner.world.book;
        let period = claim.period.unwrap_or_else(|| Period::holding(book, Ym::of(event.effective_on)).previous(book));
        claim.period = Some(period);
        claim.consumed = amount;
        claim.overdrawn = amount.minus(amount.min(self.balance(period, others)));
        if !claim.overdrawn.is_zero() {
            self.findings.push(("CLAIM_OVERDRAWN", event.id.to_string()));
        }
    }

    fn submitted_amount(&self, claim: &Claim) -> Option<Num> {
        claim.submitted.and_then(|(amount, currency)| self.converted(claim, amount, currency))
    }

    /// Another currency: the rate of the month of the last submission, rounded as a posting.
    fn converted(&self, claim: &Claim, amount: Amount, currency: Option<Currency>) -> Option<Num> {
        let world = self.partner.world;
        let submitted_in = Ym::of(claim.submitted_on?);
        let amount = Num::of_amount(&amount);
        let currency = currency.unwrap_or(world.program_currency());
        if currency == world.program_currency() {
            return Some(amount);
        }
        let set = set_on(world.book, claim.start.unwrap_or(submitted_in.first_day()));
        let rate = world.rate(currency, submitted_in)?;
        Some(amount.times(rate).rounded(Num::of_term(set.rounding.unit())))
    }

    pub(crate) fn claim_rows(&self) -> Vec<Value> {
        let mut claims: Vec<&Claim> = self.claims.iter().collect();
        claims.sort_by(|a, b| a.id.cmp(&b.id));
        let row = |claim: &&Claim| {
            let period = claim.period.map(|period| period.label(self.partner.world.book));
            json!({
                "partner_id": self.partner.id, "claim_id": claim.id, "period": period.unwrap_or_default(),
                "state": claim.stage, "amount": claim.amount.map(|amount| amount.to_string()).unwrap_or_default(),
                "refused": claim.refused,
            })
        };
        claims.iter().map(row).collect()
    }

    /// Every lot with something in it or taken from it; the identity of section 7 is checked on the way.
    pub(crate) fn lot_rows(&self) -> Vec<Value> {
        let mut lots = self.lots.clone();
        for claim in &self.claims {
            if let Some(period) = claim.period.filter(|_| !claim.consumed.is_zero() || !claim.reserved.is_zero()) {
                lots.entry(period).or_default();
            }
        }
        lots.iter().map(|(period, lot)| self.lot_row(*period, lot)).collect()
    }

    fn lot_row(&self, period: Period, lot: &Lot) -> Value {
        let world = self.partner.world;
        let sum = |of: fn(&Claim) -> Num| Num::sum(in_lot(&self.claims, period).map(of));
        let usable = if lot.outcome == Outcome::Usable { lot.accrued } else { Num::ZERO };
        let overdrawn_before = lot.consumed_before.minus(lot.consumed_before.min(usable));
        let consumed = sum(|claim| claim.consumed).plus(lot.consumed_before);
        let overdrawn = sum(|claim| claim.overdrawn).plus(overdrawn_before);
        let reserved = sum(|claim| claim.reserved);
        let rest = self.balance(period, &self.claims);
        let is_closed = period.claims(world.book).1 <= world.through;
        let (available, forfeited) = if is_closed { (Num::ZERO, rest) } else { (rest, Num::ZERO) };
        let converted = if lot.outcome == Outcome::Converted { lot.accrued } else { Num::ZERO };
        if lot.outcome != Outcome::Open {
            let went = Num::sum([converted, consumed, reserved, available, forfeited]);
            assert!(lot.accrued.plus(overdrawn) == went, "the model's lot {} does not close", period.label(world.book));
        }
        json!({
            "partner_id": self.partner.id, "period": period.label(world.book), "accrued": lot.accrued.to_string(),
            "state": lot.outcome.name(), "converted": converted.to_string(), "consumed": consumed.to_string(),
            "reserved": reserved.to_string(), "available": available.to_string(),
            "forfeited": forfeited.to_string(), "overdrawn": overdrawn.to_string(),
        })
    }
}

fn in_lot(claims: &[Claim], period: Period) -> impl Iterator<Item = &Claim> {
    claims.iter().filter(move |claim| claim.period == Some(period))
}

fn allowed(limit: ActivityLimit, accrued: Num) -> Num {
    let share_of = |share| accrued.times(Num::of_rate(share));
    match limit {
        ActivityLimit::Amount(amount) => Num::of_term(amount),
        ActivityLimit::Share(share) => share_of(share),
        ActivityLimit::GreaterOf(amount, share) => Num::of_term(amount).max(share_of(share)),
        ActivityLimit::LesserOf(amount, share) => Num::of_term(amount).min(share_of(share)),
    }
}
