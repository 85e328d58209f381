//! Opening balances and hand-made corrections: money that enters beside the revenue lines.

use crate::customers::Told;
use crate::fact::Fact;
use crate::fold::finding;
use crate::fx::FxTable;
use crate::rows::{ProvisionalRow, TrueUpRow};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Amount, Exact, ManualAdjustment, Month, Opening, Overflow, PartnerId};
use daybook_rules::model::{RuleBook, RuleSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stood before the first event, where it settles with the months.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OpeningBalances {
    /// Lots by the first month of their earning period.
    pub(crate) lots: BTreeMap<Month, OpeningLot>,
    /// Carried-in payouts by month.
    pub(crate) carry: BTreeMap<Month, Exact>,
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
            state.customers.known_in_group(customer_id, product_group, told(fact, *since_on));
        }
        Opening::Revenue { customer_id, product, month, amount } => {
            let product = state.products.number_of(product);
            state.revenue.add(month.last_day(), product, amount.exact())?;
            state.customers.had_revenue_in(*month);
            state.customers.opened(customer_id, product, *month, amount.exact(), fact.effective_on);
            if amount.is_positive() {
                state.customers.bought(customer_id, product, told(fact, month.last_day()));
            }
        }
        Opening::Lot { period, accrued, state: stood, consumed } => {
            let period = book.calendar().period_parse(period).filter(|_| !consumed.exact().is_negative());
            let Some(period) = period else {
                state.findings.push(finding(partner_id, "OPENING_IGNORED", vec![fact.id.to_string()]));
                return Ok(());
            };
            let lot = state.openings.lots.entry(period.first_month()).or_default();
            let stood = Stood::of(stood);
            lot.accrued = lot.accrued.plus(accrued.exact())?;
            lot.consumed = lot.consumed.plus(consumed.exact())?;
            if stood == Stood::Converted {
                lot.converted = lot.converted.plus(accrued.exact())?;
            }
            lot.stood = lot.stood.max(stood);
        }
        Opening::Carry { amount } => {
            let carry = state.openings.carry.entry(fact.month()).or_default();
            *carry = carry.plus(amount.exact())?;
        }
    }
    Ok(())
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
        state.provisional.push(ProvisionalRow { partner_id: partner_id.clone(), month, why: "NOFX".to_owned() });
        return;
    };
    state.true_ups.push(TrueUpRow {
        partner_id: partner_id.clone(),
        month,
        closed_month: adjustment.month,
        lever: adjustment.lever.clone(),
        rebate,
        coop,
        cause: "manual".to_owned(),
    });
}
