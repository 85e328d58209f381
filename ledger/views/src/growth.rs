//! Growth of a customer's month over the same month a year before.

use crate::apart::Apart;
use crate::codes::Flag;
use crate::customers::{GroupsOnDay, GrowthAsks};
use crate::lines::BilledClass;
use crate::pricing::{Contribution, Growth};
use crate::rows::ProvisionalRow;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Name, Overflow, PartnerId, Segment};
use daybook_rules::model::{Lever, Match, RuleBook};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Months that a growth lever looks back.
const MONTHS_BACK: i32 = 12;

/// What customers, by number, were billed in the last months.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct GrowthBases(BTreeMap<Month, BTreeMap<usize, BTreeMap<BilledAs, Exact>>>);

/// Everything that the match of a growth lever may ask of a line; what none asks is left empty, so that sums stay few.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct BilledAs {
    product: usize,
    segment: Option<Segment>,
    charge_type: String,
    /// The date of the line that prices it: the partner's market is that of this date.
    priced_on: Option<NaiveDate>,
}

impl BilledAs {
    /// A line, by the line that prices it.
    pub(crate) fn of(asks: GrowthAsks, class: &BilledClass, product: usize, priced_on: NaiveDate) -> Self {
        Self {
            product,
            segment: class.segment.filter(|_| asks.segment),
            charge_type: if asks.charge_type { class.charge_type.clone() } else { String::new() },
            priced_on: asks.market.then_some(priced_on),
        }
    }

    fn is_match(&self, state: &PartnerState, matches: &Match, groups: &GroupsOnDay) -> bool {
        groups.products.takes(self.product)
            && matches.takes_segment(self.segment)
            && matches.takes_charge_type(&self.charge_type)
            && self.priced_on.is_none_or(|on| state.is_in_market(matches, on))
    }
}

impl GrowthBases {
    /// Takes in a line of the month.
    pub(crate) fn bill(
        &mut self,
        month: Month,
        customer: usize,
        billed_as: BilledAs,
        amount: Exact,
    ) -> Result<(), Overflow> {
        let sum = self.0.entry(month).or_default().entry(customer).or_default().entry(billed_as).or_default();
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// Forgets what no month from this one on looks back to.
    pub(crate) fn forget_before(&mut self, next_month: Month) {
        if !self.0.is_empty() {
            self.0 = self.0.split_off(&next_month.plus(-MONTHS_BACK));
        }
    }

    /// What the customer was billed in the month on lines that the lever matches; needs and slots are not asked.
    fn matching(
        &self,
        state: &PartnerState,
        customer: usize,
        month: Month,
        lever: &Lever,
        groups: &GroupsOnDay,
    ) -> Result<Exact, Overflow> {
        let of_customer = self.0.get(&month).and_then(|customers| customers.get(&customer));
        let matched = of_customer
            .into_iter()
            .flatten()
            .filter(|(billed_as, _)| billed_as.is_match(state, &lever.matches, groups));
        matched.map(|(_, sum)| *sum).try_fold(Exact::ZERO, Exact::plus)
    }
}

/// Lets the month's last line of each customer and growth lever contribute for all of them.
pub(crate) fn contribute(
    book: &RuleBook,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    month: Month,
    apart: &mut [Apart],
) -> Result<(), Overflow> {
    let mut sums: BTreeMap<(usize, &str), (Exact, usize)> = BTreeMap::new();
    for (at, line) in apart.iter().enumerate() {
        let (Some(amount), Some(rule_set)) = (line.priced.amount, line.priced.rule_set) else { continue };
        for &lever in &line.priced.growth {
            let key = (line.customer, book.sets[rule_set].levers[lever].name.as_str());
            let (sum, last) = sums.entry(key).or_default();
            (*sum, *last) = (sum.plus(amount)?, at);
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    let year_before = month.plus(-MONTHS_BACK);
    let is_known = state.customers.first_revenue_in.is_some_and(|first| first <= year_before);
    if !is_known {
        let partner_id = partner_id.clone();
        state.provisional.push(ProvisionalRow { partner_id, month, why: Name::known(Flag::NoBase.as_str()) });
    }
    for ((customer, name), (sum, last)) in sums {
        let Some(set) = apart[last].priced.rule_set.map(|at| &book.sets[at]) else { continue };
        let Some(at) = set.levers.iter().position(|lever| lever.name == name) else { continue };
        let lever = &set.levers[at];
        let on = apart[last].priced_on;
        let groups = GroupsOnDay::of(set, &book.catalogue, on, &state.products, &lever.matches.groups);
        let billed = state.growth.matching(state, customer, year_before, lever, &groups)?;
        let opened = state.customers.opened_in(customer, year_before, &groups, month.last_day())?;
        // Both are zero where nothing is known of the year before.
        let growth = Growth { billed: sum, year_before: billed.plus(opened)? };
        let base = growth.billed.minus(growth.year_before)?.max(Exact::ZERO);
        let raw = base.times(lever.rate)?;
        let contributions = &mut apart[last].priced.contributions;
        contributions.push(Contribution {
            lever: at,
            base,
            before_cap: raw,
            amount: raw,
            sum_before: None,
            growth: Some(growth),
        });
        contributions.sort_by_key(|contribution| contribution.lever);
    }
    Ok(())
}
