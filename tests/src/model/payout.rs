//! Section 8: what a partner is paid for each past month; and the corrections by hand that enter it.

use super::accrual::Posting;
use super::facts::Partner;
use super::lots::{Lot, Outcome};
use super::number::Num;
use super::terms::set_on;
use super::time::{Period, Ym};
use chrono::{Days, NaiveDate};
use daybook_event::{Envelope, Opening, Payload};
use daybook_rules::model::ProgramYearEnd;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A correction by hand, booked in the month of its date; or what a closed month lacks.
#[derive(Clone)]
pub(crate) struct TrueUp {
    pub(crate) month: Ym,
    pub(crate) coop: Num,
    pub(crate) rebate: Num,
    pub(crate) concerns: Ym,
    pub(crate) lever: String,
    pub(crate) cause: String,
}

/// A correction by hand where its event stands; none: without a rate.
pub(crate) struct Adjustment<'a> {
    pub(crate) event: &'a Envelope,
    pub(crate) true_up: Option<TrueUp>,
}

impl<'a> Partner<'a> {
    /// Corrections in order of their rows; and those without a rate, by name and month.
    pub(crate) fn true_ups(&self) -> (Vec<TrueUp>, Vec<(String, Ym)>) {
        let (mut true_ups, mut unconverted) = (Vec::new(), Vec::new());
        for adjustment in self.adjustments() {
            let event = adjustment.event;
            match adjustment.true_up {
                Some(true_up) => true_ups.push(true_up),
                None => unconverted.push((event.id.to_string(), Ym::of(event.effective_on))),
            }
        }
        sort(&mut true_ups);
        (true_ups, unconverted)
    }

    /// Every correction by hand but those of nothing.
    pub(crate) fn adjustments(&self) -> Vec<Adjustment<'a>> {
        let mut found = Vec::new();
        for event in &self.facts {
            let Payload::ManualAdjustment(made) = &event.payload else { continue };
            let month = Ym::of(event.effective_on);
            let convert = |amount| self.world.converted(Num::of_amount(amount), made.currency, month);
            if made.rebate.is_zero() && made.coop.is_zero() {
                continue;
            }
            let parts = convert(&made.rebate).zip(convert(&made.coop));
            let true_up = parts.map(|(rebate, coop)| TrueUp {
                month,
                coop,
                rebate,
                concerns: Ym::of_month(made.month),
                lever: made.lever.clone(),
                cause: "manual".to_owned(),
            });
            found.push(Adjustment { event, true_up });
        }
        found
    }

    pub(crate) fn true_up_row(&self, true_up: &TrueUp) -> Value {
        json!({
            "partner_id": self.id, "month": true_up.month.to_string(), "closed_month": true_up.concerns.to_string(),
            "lever": true_up.lever, "rebate": true_up.rebate.to_string(), "coop": true_up.coop.to_string(),
            "cause": true_up.cause,
        })
    }

    /// What openings carry in, by month.
    fn carried_in(&self) -> BTreeMap<Ym, Num> {
        let mut carried: BTreeMap<Ym, Num> = BTreeMap::new();
        for event in &self.facts {
            if let Payload::Opening(Opening::Carry { amount }) = &event.payload {
                let sum = carried.entry(Ym::of(event.effective_on)).or_default();
                *sum = sum.plus(Num::of_amount(amount));
            }
        }
        carried
    }

    pub(crate) fn payouts(
        &self,
        postings: &[Posting],
        true_ups: &[TrueUp],
        lots: &BTreeMap<Period, Lot>,
    ) -> Vec<Value> {
        let opened = self.carried_in();
        let conversions = conversions(lots);
        let months = postings.iter().map(|posting| posting.month).chain(true_ups.iter().map(|true_up| true_up.month));
        let first = months.chain(opened.keys().copied()).chain(conversions.keys().copied()).min();
        first.map(|first| self.payouts_from(first, Num::ZERO, postings, true_ups, lots)).unwrap_or_default()
    }

    /// The payouts of a month and all after it, where so much was carried into the first.
    pub(crate) fn payouts_from(
        &self,
        first: Ym,
        mut carry: Num,
        postings: &[Posting],
        true_ups: &[TrueUp],
        lots: &BTreeMap<Period, Lot>,
    ) -> Vec<Value> {
        let opened = self.carried_in();
        let conversions = conversions(lots);
        let months = postings.iter().map(|posting| posting.month).chain(true_ups.iter().map(|true_up| true_up.month));
        let months: Vec<Ym> = months.chain(opened.keys().copied()).chain(conversions.keys().copied()).collect();
        let mut rows = Vec::new();
        for month in (first.0..).map(Ym).take_while(|month| month.last_day() <= self.world.through) {
            if !months.contains(&month) && carry.is_zero() {
                continue;
            }
            let rebate = Num::sum(postings.iter().filter(|posting| posting.month == month).map(|one| one.rebate));
            let true_up = Num::sum(true_ups.iter().filter(|true_up| true_up.month == month).map(|one| one.rebate));
            let converted = conversions.get(&month).copied().unwrap_or_default();
            let carried_in = carry.plus(opened.get(&month).copied().unwrap_or_default());
            let (row, rest) = self.payout(month, [rebate, converted, true_up, carried_in]);
            carry = rest;
            rows.push(row);
        }
        rows
    }

    /// At least the minimum is paid; below it, or negative, it is carried, unless the program year ends.
    fn payout(&self, month: Ym, [rebate, converted, true_up, carried_in]: [Num; 4]) -> (Value, Num) {
        let set = set_on(self.world.book, month.last_day());
        let payable = Num::sum([rebate, converted, true_up, carried_in]);
        let ends_year = month.0 % 12 + 1 == set.calendar.program_year_last_month;
        let is_lost = ends_year && set.payout.program_year_end == ProgramYearEnd::Forfeit && payable.is_positive();
        let is_paid = payable >= Num::of_term(set.payout.minimum) && !payable.is_negative();
        let zero = Num::ZERO;
        let (paid, forfeited, carried_out) = match (is_paid, is_lost) {
            (true, _) => (payable, zero, zero),
            (false, true) => (zero, payable, zero),
            (false, false) => (zero, zero, payable),
        };
        let due_on = month.last_day() + Days::new(u64::from(set.payout.due_days));
        let (paid, held, lost, due_on) = self.hold(paid, due_on, set.payout.hold_days);
        let forfeited = forfeited.plus(lost);
        let row = json!({
            "partner_id": self.id, "month": month.to_string(), "rebate": rebate.to_string(),
            "converted": converted.to_string(), "true_up": true_up.to_string(),
            "carried_in": carried_in.to_string(), "paid": paid.to_string(), "held": held.to_string(),
            "forfeited": forfeited.to_string(), "carried_out": carried_out.to_string(),
            "due_on": due_on,
        });
        (row, carried_out)
    }

    /// What of a sum to be paid is paid, held and lost, and when it is due: it waits for tax and bank data.
    pub(crate) fn hold(&self, sum: Num, due_on: NaiveDate, hold_days: Option<u32>) -> (Num, Num, Num, NaiveDate) {
        let zero = Num::ZERO;
        let is_complete = |day| self.holds("tax_profile", day) && self.holds("bank_profile", day);
        let waits = sum.is_positive() && due_on <= self.world.through && !is_complete(due_on);
        let Some(hold_days) = hold_days.filter(|_| waits) else { return (sum, zero, zero, due_on) };
        let last = due_on + Days::new(hold_days.into());
        let mut day = due_on;
        while day < last && day < self.world.through {
            day = day.succ_opt().expect("a next day");
            if is_complete(day) {
                return (sum, zero, zero, day);
            }
        }
        if last <= self.world.through { (zero, zero, sum, due_on) } else { (zero, sum, zero, due_on) }
    }
}

pub(crate) fn sort(true_ups: &mut [TrueUp]) {
    let key = |one: &TrueUp| (one.month, one.concerns, one.lever.clone(), one.rebate, one.coop, one.cause.clone());
    true_ups.sort_by_key(key);
}

/// Converted co-op by the month it is due with, less what was converted before the ledger began.
fn conversions(lots: &BTreeMap<Period, Lot>) -> BTreeMap<Ym, Num> {
    let converted = lots.iter().filter(|(_, lot)| lot.outcome == Outcome::Converted);
    let due = converted.map(|(period, lot)| (period.last, lot.accrued.minus(lot.converted_before)));
    due.filter(|(_, due)| !due.is_zero()).collect()
}
