//! Payouts that wait for tax and bank data, and co-op that may be used for longer.

use super::Maker;
use super::books::{Change, pick};
use super::dates::date;
use crate::dice::Dice;
use crate::model::time::{Period, Ym};
use chrono::Days;
use daybook_event::{Exact, PartnerId, date_parse};
use daybook_rules::model::{ResolveAt, RuleBook, RuleSet, UsageExtension};
use serde_json::Value;

pub(super) const CHANGES: [Change; 4] = [hold, hold, extension, extension];

fn hold(set: &mut RuleSet, dice: &mut Dice) -> String {
    set.payout.hold_days = pick(dice, &[Some(0), Some(10), Some(10), Some(60), Some(365), None]);
    set.payout.minimum = Exact::from_units(pick(dice, &[0, 10, 200]));
    format!("payout.hold_days {:?}, minimum {}", set.payout.hold_days, set.payout.minimum)
}

/// One period of those that the histories cover, for some months more.
fn extension(set: &mut RuleSet, dice: &mut Dice) -> String {
    let earned_in = pick(dice, &[date(2020, 3, 1), date(2020, 9, 1), date(2021, 3, 1), date(2021, 9, 1)]);
    let period = set.calendar.period_of(daybook_event::Month::of(earned_in));
    let usage_last = period.next().last_month();
    let closes = set.calendar.claim_window(period).1;
    let months = pick(dice, &[1, 6, 6, 13]);
    let more = UsageExtension {
        name: format!("longer_{}", set.coop.extensions.len()),
        period,
        usage_until: usage_last.plus(months).last_day(),
        claims_until: closes + Days::new(pick(dice, &[1, 31, 184])),
    };
    // Small, so that there is something to use.
    set.coop.threshold = Exact::from_units(16);
    let words = format!("{more:?}, threshold 16.00");
    set.coop.extensions.retain(|one| one.period != period);
    set.coop.extensions.push(more);
    words
}

/// Rule sets that disagree on the edge that decides, and on the threshold.
pub(super) fn resolve_apart(book: &mut RuleBook, dice: &mut Dice) -> String {
    let edges = [ResolveAt::PeriodStart, ResolveAt::PeriodEnd];
    let first = dice.place(2);
    for (at, set) in book.sets.iter_mut().enumerate() {
        set.coop.resolve_at = edges[(at + first) % 2];
        set.coop.threshold = Exact::from_units([16, 1_000][(at + first / 2) % 2]);
    }
    let words = book.sets.iter().map(|set| format!("{:?} {}", set.coop.resolve_at, set.coop.threshold));
    format!("coop by {}", words.collect::<Vec<_>>().join(", "))
}

impl Maker {
    /// Whether the lot is usable for longer than usual.
    pub(super) fn is_longer(&self, lot: &Value) -> bool {
        let period = lot["period"].as_str().and_then(|label| Period::labelled(&self.book, label)).expect("a period");
        lot["state"] == "usable" && period.usage(&self.book).1 > period.next(&self.book).last_day()
    }

    /// Tax or bank data that lapse around the day on which a payout is due, and come back in time, on the last day, late,
    /// or never.
    pub(super) fn lapse_around(&mut self, partner: &PartnerId, payout: &Value) {
        let due_on = payout["due_on"].as_str().and_then(date_parse).expect("a date");
        let month = payout["month"].as_str().map(|month| format!("{month}-01")).and_then(|day| date_parse(&day));
        let last_day = Ym::of(month.expect("a month")).last_day();
        let set = crate::model::terms::set_on(&self.book, last_day);
        let hold_days = u64::from(set.payout.hold_days.unwrap_or(10));
        let lapsed_on = self.one_of(&[due_on, due_on, due_on - Days::new(1), due_on + Days::new(1)]);
        let back_after = self.one_of(&[0, 1, hold_days, hold_days, hold_days + 1, hold_days + 40]);
        let both = self.chance(4);
        let fact = self.one_of(&["tax_profile", "bank_profile"]);
        for fact in ["tax_profile", "bank_profile"].into_iter().filter(|one| both || *one == fact) {
            self.standing_fact(partner, fact, false, lapsed_on);
            if !self.chance(6) {
                let back_on = due_on + Days::new(back_after);
                self.standing_fact(partner, fact, true, back_on);
            }
        }
    }
}
