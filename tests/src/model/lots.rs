//! Section 7, first half: what each earning period accrued and what became of it.

use super::accrual::Posting;
use super::facts::{Partner, World};
use super::number::Num;
use super::payout::TrueUp;
use super::terms::set_on;
use super::time::Period;
use daybook_event::{Opening, Payload};
use daybook_rules::model::ResolveAt;
use std::collections::BTreeMap;

/// A lot before any claim of the ledger's.
#[derive(Clone, Default)]
pub(crate) struct Lot {
    pub(crate) accrued: Num,
    pub(crate) outcome: Outcome,
    /// Consumed before the ledger began.
    pub(crate) consumed_before: Num,
    /// Converted, and paid, before the ledger began.
    pub(crate) converted_before: Num,
    /// What an opening says had been decided.
    decided: Option<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Nothing accrued.
    #[default]
    None,
    Open,
    Converted,
    Usable,
}

impl Outcome {
    /// The outcome of that name.
    pub(crate) fn named(name: &str) -> Self {
        let all = [Self::None, Self::Open, Self::Converted, Self::Usable];
        all.into_iter().find(|one| one.name() == name).expect("an outcome")
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Open => "open",
            Self::Converted => "converted",
            Self::Usable => "usable",
        }
    }
}

impl Lot {
    /// A lot of a closed period: never decided again, and nothing of it is due again.
    pub(crate) fn pinned(accrued: Num, outcome: Outcome, consumed_before: Num) -> Self {
        Self { accrued, outcome, consumed_before, converted_before: Num::ZERO, decided: None }
    }
}

impl Default for Num {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Partner<'_> {
    /// Every lot with something in it, on the through date.
    pub(crate) fn lots(&self, postings: &[Posting], true_ups: &[TrueUp]) -> BTreeMap<Period, Lot> {
        let book = self.world.book;
        let mut lots = self.opened_lots();
        let postings = postings.iter().map(|posting| (posting.month, posting.coop));
        for (month, coop) in postings.chain(true_ups.iter().map(|true_up| (true_up.month, true_up.coop))) {
            let lot = lots.entry(Period::holding(book, month)).or_default();
            lot.accrued = lot.accrued.plus(coop);
        }
        lots.retain(|_, lot| {
            !(lot.accrued.is_zero() && lot.consumed_before.is_zero() && lot.converted_before.is_zero())
        });
        for (period, lot) in &mut lots {
            lot.outcome = outcome(self.world, *period, lot);
        }
        lots
    }

    /// What had been consumed of each lot before the ledger began.
    pub(crate) fn consumed_before(&self) -> BTreeMap<Period, Num> {
        self.opened_lots().into_iter().map(|(period, lot)| (period, lot.consumed_before)).collect()
    }

    /// What openings say. One with an unknown period or a negative consumption says nothing: see `findings`.
    fn opened_lots(&self) -> BTreeMap<Period, Lot> {
        let mut lots: BTreeMap<Period, Lot> = BTreeMap::new();
        for event in &self.facts {
            let Payload::Opening(Opening::Lot { period, accrued, state, consumed }) = &event.payload else { continue };
            let (accrued, consumed) = (Num::of_amount(accrued), Num::of_amount(consumed));
            let Some(period) = Period::labelled(self.world.book, period).filter(|_| !consumed.is_negative()) else {
                continue;
            };
            let lot = lots.entry(period).or_default();
            lot.accrued = lot.accrued.plus(accrued);
            lot.consumed_before = lot.consumed_before.plus(consumed);
            let decided = match state.as_str() {
                "converted" => Some(Outcome::Converted),
                "usable" => Some(Outcome::Usable),
                _ => None,
            };
            if decided == Some(Outcome::Converted) {
                lot.converted_before = lot.converted_before.plus(accrued);
            }
            lot.decided = lot.decided.max(decided);
        }
        lots
    }
}

/// Open until the last day is past; then usable from the threshold on, else converted.
fn outcome(world: &World<'_>, period: Period, lot: &Lot) -> Outcome {
    if lot.accrued.is_zero() && lot.converted_before.is_zero() {
        return Outcome::None;
    }
    if period.last_day() > world.through {
        return Outcome::Open;
    }
    let at_end = &set_on(world.book, period.last_day()).coop;
    let threshold = match at_end.resolve_at {
        ResolveAt::PeriodEnd => at_end.threshold,
        ResolveAt::PeriodStart => set_on(world.book, period.first_day()).coop.threshold,
    };
    let by_threshold = if lot.accrued >= Num::of_term(threshold) { Outcome::Usable } else { Outcome::Converted };
    if lot.accrued.is_positive() { lot.decided.unwrap_or(by_threshold) } else { Outcome::Converted }
}
