//! The most that a lever contributes, per customer or partner, over an earning period, a program year or for ever.

use crate::credits::Resolved;
use crate::pricing::{Bucket, PricedLine};
use crate::state::PartnerState;
use daybook_event::{Exact, Month, Overflow};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::{Cap, CapPer, CapWindow, RuleBook};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What levers that some rule set caps contributed so far, before caps: by lever, by customer and for all of them, by
/// the month of the line that prices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct CapSums(BTreeMap<String, OfLever>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct OfLever {
    of_partner: BTreeMap<Month, Exact>,
    of_customers: BTreeMap<String, BTreeMap<Month, Exact>>,
}

impl OfLever {
    fn add(&mut self, customer_id: &str, month: Month, amount: Exact) -> Result<(), Overflow> {
        let of_customer = self.of_customers.entry(customer_id.to_owned()).or_default();
        for months in [&mut self.of_partner, of_customer] {
            let sum = months.entry(month).or_default();
            *sum = sum.plus(amount)?;
        }
        Ok(())
    }

    /// The sum over the cap's window that holds the month.
    fn sum(&self, calendar: &Calendar, cap: &Cap, customer_id: &str, month: Month) -> Result<Exact, Overflow> {
        let months = match cap.per {
            CapPer::Partner => Some(&self.of_partner),
            CapPer::Customer => self.of_customers.get(customer_id),
        };
        let (first, last) = match cap.window {
            CapWindow::EarningPeriod => {
                let period = calendar.period_of(month);
                (period.first_month(), period.last_month())
            }
            CapWindow::ProgramYear => calendar.program_year_of(month),
            CapWindow::Life => (Month::from_index(i32::MIN), Month::from_index(i32::MAX)),
        };
        let within = months.into_iter().flat_map(|months| months.range(first..=last));
        within.map(|(_, sum)| *sum).try_fold(Exact::ZERO, Exact::plus)
    }
}

/// Cuts the contributions of the month's lines, in order, down to what the caps leave.
pub(crate) fn apply_caps(
    book: &RuleBook,
    state: &mut PartnerState,
    lines: &[Resolved<'_>],
    priced: &mut [PricedLine],
) -> Result<(), Overflow> {
    let levers = book.sets.iter().flat_map(|set| &set.levers);
    let capped: BTreeSet<&str> = levers.filter(|lever| lever.cap.is_some()).map(|lever| lever.name.as_str()).collect();
    if capped.is_empty() {
        return Ok(());
    }
    for (line, priced) in lines.iter().zip(priced) {
        let Some(set) = priced.rule_set.map(|at| &book.sets[at]) else { continue };
        let (customer_id, month) = (line.pricing_line().customer_id.as_str(), line.pricing_fact().month());
        for contribution in &mut priced.contributions {
            let lever = &set.levers[contribution.lever];
            if !capped.contains(lever.name.as_str()) {
                continue;
            }
            let sums = state.cap_sums.0.entry(lever.name.clone()).or_default();
            let sum = |sums: &OfLever, cap: &Cap| sums.sum(book.calendar(), cap, customer_id, month);
            let before = lever.cap.map(|cap| sum(sums, &cap)).transpose()?;
            contribution.sum_before = before;
            sums.add(customer_id, month, contribution.before_cap)?;
            if let (Some(cap), Some(before)) = (lever.cap, before) {
                let after = before.plus(contribution.before_cap)?;
                contribution.amount = after.min(cap.amount).minus(before.min(cap.amount))?;
            }
        }
        let nothing_left = priced.contributions.iter().all(|one| one.amount.is_zero());
        if nothing_left && priced.contributions.iter().any(|one| !one.before_cap.is_zero()) {
            priced.bucket = Bucket::Capped;
        }
    }
    Ok(())
}
