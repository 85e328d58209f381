//! The most that a lever contributes, per customer or partner, over an earning period, a program year or for ever.

use crate::apart::Apart;
use crate::compiled::CompiledBook;
use crate::pricing::Bucket;
use crate::state::PartnerState;
use daybook_event::{Exact, Month, Overflow};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::{Cap, CapPer, CapWindow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What levers that some rule set caps contributed so far, before caps: by lever, by customer's number and for all of them, by
/// the month of the line that prices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct CapSums(BTreeMap<String, OfLever>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct OfLever {
    of_partner: BTreeMap<Month, Exact>,
    of_customers: BTreeMap<usize, BTreeMap<Month, Exact>>,
}

impl OfLever {
    fn add(&mut self, customer: usize, month: Month, amount: Exact) -> Result<(), Overflow> {
        let of_customer = self.of_customers.entry(customer).or_default();
        for months in [&mut self.of_partner, of_customer] {
            let sum = months.entry(month).or_default();
            *sum = sum.plus(amount)?;
        }
        Ok(())
    }

    /// The sum over the cap's window that holds the month.
    fn sum(&self, calendar: &Calendar, cap: &Cap, customer: usize, month: Month) -> Result<Exact, Overflow> {
        let months = match cap.per {
            CapPer::Partner => Some(&self.of_partner),
            CapPer::Customer => self.of_customers.get(&customer),
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
    terms: &CompiledBook<'_>,
    state: &mut PartnerState,
    apart: &mut [Apart],
) -> Result<(), Overflow> {
    let (book, capped) = (terms.book, &terms.capped);
    if capped.is_empty() {
        return Ok(());
    }
    for Apart { priced, customer, priced_on, .. } in apart {
        let Some(set) = priced.rule_set.map(|at| &book.sets[at]) else { continue };
        let (customer, month) = (*customer, Month::of(*priced_on));
        for contribution in &mut priced.contributions {
            let lever = &set.levers[contribution.lever];
            if !capped.contains(lever.name.as_str()) {
                continue;
            }
            let sums = state.cap_sums.0.entry(lever.name.clone()).or_default();
            let sum = |sums: &OfLever, cap: &Cap| sums.sum(book.calendar(), cap, customer, month);
            let before = lever.cap.map(|cap| sum(sums, &cap)).transpose()?;
            contribution.sum_before = before;
            sums.add(customer, month, contribution.before_cap)?;
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
