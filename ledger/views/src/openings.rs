//! Opening balances and hand-made corrections: money that enters beside the revenue lines.

use crate::customers::Told;
use crate::fact::Fact;
use crate::fold::finding;
use crate::fx::FxTable;
use crate::rows::{ProvisionalRow, TrueUpRow};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Amount, EventRef, Exact, ManualAdjustment, Month, Name, Opening, Overflow, PartnerId, Position};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::{RuleBook, RuleSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stood before the first event, where it settles with the months. Kept record by record: which of them count depends on
/// what is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OpeningBalances {
    /// Lots by the first month of their earning period.
    lots: Vec<(Month, OpeningLot, OpeningRecord)>,
    /// Carried-in payouts by month.
    carry: Vec<(Month, Exact, OpeningRecord)>,
}

/// Which record told it, and whether it was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OpeningRecord {
    event: EventRef,
    position: Position,
    reversed_from: Option<Position>,
}

impl OpeningRecord {
    /// A month that is closed knows the records up to its own position, and what happened to them later changes nothing.
    fn counts(&self, known_until: Option<Position>) -> bool {
        match known_until {
            Some(known) => self.position <= known && self.reversed_from.is_none_or(|from| from > known),
            None => self.reversed_from.is_none(),
        }
    }

    fn is_too_late(&self, known_until: Option<Position>) -> bool {
        self.reversed_from.is_none() && known_until.is_some_and(|known| self.position > known)
    }
}

impl OpeningBalances {
    /// The lots that count, by the first month of their period. `known_until` is the position up to which a closed month
    /// knows the records.
    pub(crate) fn lots(
        &self,
        calendar: &Calendar,
        known_until: impl Fn(Month) -> Option<Position>,
    ) -> Result<BTreeMap<Month, OpeningLot>, Overflow> {
        let mut lots: BTreeMap<Month, OpeningLot> = BTreeMap::new();
        for (first, told, record) in &self.lots {
            if record.counts(known_until(calendar.period_of(*first).last_month())) {
                lots.entry(*first).or_default().add(told)?;
            }
        }
        Ok(lots)
    }

    /// The carries that count, by month.
    pub(crate) fn carry(
        &self,
        known_until: impl Fn(Month) -> Option<Position>,
    ) -> Result<BTreeMap<Month, Exact>, Overflow> {
        let mut carry: BTreeMap<Month, Exact> = BTreeMap::new();
        for (month, amount, _) in self.carry.iter().filter(|(month, _, record)| record.counts(known_until(*month))) {
            let sum = carry.entry(*month).or_default();
            *sum = sum.plus(*amount)?;
        }
        Ok(carry)
    }

    /// The openings of closed months that were recorded too late to count.
    pub(crate) fn too_late(
        &self,
        calendar: &Calendar,
        known_until: impl Fn(Month) -> Option<Position>,
    ) -> Vec<&EventRef> {
        let last = |first: Month| calendar.period_of(first).last_month();
        let lots = self.lots.iter().map(|(first, _, record)| (last(*first), record));
        let all = lots.chain(self.carry.iter().map(|(month, _, record)| (*month, record)));
        all.filter(|(month, record)| record.is_too_late(known_until(*month))).map(|(_, record)| &record.event).collect()
    }
}

/// A lot as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OpeningLot {
    pub(crate) accrued: Exact,
    pub(crate) consumed: Exact,
    /// The part of `accrued` that was converted already: it was paid before the ledger began.
    pub(crate) converted: Exact,
    pub(crate) stood: Stood,
}

impl OpeningLot {
    fn add(&mut self, told: &Self) -> Result<(), Overflow> {
        self.accrued = self.accrued.plus(told.accrued)?;
        self.consumed = self.consumed.plus(told.consumed)?;
        self.converted = self.converted.plus(told.converted)?;
        self.stood = self.stood.max(told.stood);
        Ok(())
    }
}

/// The state that a lot stood in. What was decided before the ledger began is not decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) enum Stood {
    /// Nothing decided: its accrued co-op is added to the period's postings.
    #[default]
    Open,
    Converted,
    Usable,
}

impl Stood {
    /// The state by its wire name, which the border has checked.
    fn of(state: &str) -> Self {
        match state {
            "converted" => Self::Converted,
            "usable" => Self::Usable,
            _ => Self::Open,
        }
    }
}

/// A correction by hand: the true-up in the month of its own date, and which record it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Adjusted {
    pub(crate) row: TrueUpRow,
    pub(crate) position: Position,
}

/// Takes an opening balance into the state.
pub(crate) fn note_opening(
    book: &RuleBook,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    fact: &Fact,
    opening: &Opening,
) -> Result<(), Overflow> {
    match opening {
        Opening::CustomerSince { customer_id, product_group, since_on } => {
            let is_group = |set: &RuleSet| set.product_groups.iter().any(|group| group.name == *product_group);
            if !book.sets.iter().any(is_group) {
                state.findings.push(finding(partner_id, "OPENING_IGNORED", vec![fact.id.to_string()]));
                return Ok(());
            }
            let customer = state.customers.number_of(customer_id);
            state.customers.known_in_group(customer, product_group, told(fact, *since_on));
        }
        Opening::Revenue { customer_id, product, month, amount } => {
            let (product, customer) = (state.products.number_of(product), state.customers.number_of(customer_id));
            state.weigh(amount.exact());
            state.revenue.add(month.last_day(), product, amount.exact())?;
            state.customers.had_revenue_in(*month);
            state.customers.opened(customer, product, *month, amount.exact(), fact.effective_on);
            if amount.is_positive() {
                state.customers.bought(customer, product, told(fact, month.last_day()));
            }
        }
        Opening::Lot { .. } | Opening::Carry { .. } => note_balance(book, partner_id, state, fact, opening, None),
    }
    Ok(())
}

/// Takes an opening lot or carry into the state. One that was reversed counts on in months that were closed before.
pub(crate) fn note_balance(
    book: &RuleBook,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    fact: &Fact,
    opening: &Opening,
    reversed_from: Option<Position>,
) {
    let record = OpeningRecord { event: fact.id.clone(), position: fact.position, reversed_from };
    match opening {
        Opening::Lot { period, accrued, state: stood, consumed } => {
            let period = book.calendar().period_parse(period).filter(|_| !consumed.exact().is_negative());
            let Some(period) = period else {
                if reversed_from.is_none() {
                    state.findings.push(finding(partner_id, "OPENING_IGNORED", vec![fact.id.to_string()]));
                }
                return;
            };
            let (accrued, stood) = (accrued.exact(), Stood::of(stood));
            let converted = if stood == Stood::Converted { accrued } else { Exact::ZERO };
            let told = OpeningLot { accrued, consumed: consumed.exact(), converted, stood };
            state.openings.lots.push((period.first_month(), told, record));
        }
        Opening::Carry { amount } => state.openings.carry.push((fact.month(), amount.exact(), record)),
        Opening::CustomerSince { .. } | Opening::Revenue { .. } => {}
    }
}

/// What an opening tells of a date before its own.
fn told(fact: &Fact, on: NaiveDate) -> Told<'_> {
    Told { on, seq: fact.seq, event: &fact.id, known_from: fact.effective_on }
}

/// A correction by hand is a true-up in the month of its own date; one of nothing is none.
pub(crate) fn note_adjustment(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    fact: &Fact,
    adjustment: &ManualAdjustment,
) {
    let convert = |amount: Amount| {
        if adjustment.currency == book.sets[0].currency {
            return Some(amount.exact());
        }
        let (rate, _) = fx.rate(adjustment.currency, fact.month())?;
        amount.convert(rate).ok()
    };
    if adjustment.rebate.is_zero() && adjustment.coop.is_zero() {
        return;
    }
    let month = fact.month();
    let (Some(rebate), Some(coop)) = (convert(adjustment.rebate), convert(adjustment.coop)) else {
        state.findings.push(finding(partner_id, "ADJUSTMENT_NOFX", vec![fact.id.to_string()]));
        state.provisional.push(ProvisionalRow { partner_id: partner_id.clone(), month, why: Name::known("NOFX") });
        return;
    };
    let row = TrueUpRow {
        partner_id: partner_id.clone(),
        month,
        closed_month: adjustment.month,
        lever: adjustment.lever.as_str().into(),
        rebate,
        coop,
        cause: Name::known("manual"),
    };
    state.adjustments.push(Adjusted { row, position: fact.position });
}
