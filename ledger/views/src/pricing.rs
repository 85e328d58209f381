//! Where each billed amount goes, and what it contributes.

use crate::codes::LineCode;
use crate::credits::Resolved;
use crate::customers::GroupsOnDay;
use crate::fact::Line;
use crate::reasons::{LeverFit, NewCustomerFit};
use crate::state::{JudgedDay, PartnerState};
use chrono::NaiveDate;
use daybook_event::{EventRef, Exact, Month, Name, Overflow};
use daybook_rules::model::{Base, Lever, Match, RuleBook};
use std::collections::BTreeMap;

/// Where a billed amount goes: the first that holds, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bucket {
    /// No exchange rate.
    Unconverted,
    /// Dated before the first rule set.
    NoTerms,
    /// May not earn; the code says why.
    Ineligible(Name),
    /// No lever matches.
    Unmatched,
    /// Levers match, but caps leave every contribution zero.
    Capped,
    /// It earns.
    Earning,
}

/// What a line contributes under one lever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Index into the rule set's levers.
    pub lever: usize,
    /// What the rate applies to: the billed amount, or the growth that the line stands for.
    pub base: Exact,
    /// Base x rate, exact.
    pub before_cap: Exact,
    /// What the lever's cap leaves of it.
    pub amount: Exact,
    /// Where the lever has a cap: what it contributed before this line in the cap's window, before caps.
    pub sum_before: Option<Exact>,
    /// Where the base is growth: what it is the difference of.
    pub growth: Option<Growth>,
}

/// What a customer was billed on lines of a growth lever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// In the month.
    pub billed: Exact,
    /// In the same month a year before.
    pub year_before: Exact,
}

/// A revenue line with its bucket and contributions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// Index into the month's facts.
    pub fact: usize,
    /// In program currency; none without a rate.
    pub amount: Option<Exact>,
    /// For a credit: the line whose terms it took over.
    pub credit_of: Option<EventRef>,
    /// The rule set that priced it, by index into the book; none before the first.
    pub rule_set: Option<usize>,
    /// Where it went.
    pub bucket: Bucket,
    /// What it contributed, by lever. Empty unless it earns or is capped.
    pub contributions: Vec<Contribution>,
    /// Growth levers that apply. The customer's last such line of the month contributes for all of them.
    pub growth: Vec<usize>,
}

/// Prices the lines of a month. The day of the line that prices each must have been judged, and the month's lines must
/// all be in the state.
pub(crate) struct Pricer<'a> {
    book: &'a RuleBook,
    state: &'a PartnerState,
    /// The groups of a lever (rule set and lever by index) as a day sees them.
    groups: BTreeMap<(usize, usize, NaiveDate), GroupsOnDay>,
}

/// What levers look at: the line that prices, on its day.
pub(crate) struct PricedOn<'a> {
    pub(crate) rule_set: usize,
    pub(crate) day: &'a JudgedDay,
    pub(crate) line: &'a Line,
}

impl<'a> Pricer<'a> {
    pub(crate) fn new(book: &'a RuleBook, state: &'a PartnerState) -> Self {
        Self { book, state, groups: BTreeMap::new() }
    }

    /// Finds the line's bucket and what applies to it. Growth and caps come after, when all lines are priced.
    pub(crate) fn price(&mut self, resolved: &Resolved<'_>) -> Result<PricedLine, Overflow> {
        let fact = resolved.pricing_fact();
        let mut priced = PricedLine {
            fact: resolved.at,
            amount: resolved.amount,
            credit_of: resolved.root.as_ref().map(|root| root.id.clone()),
            rule_set: self.book.index_on(fact.effective_on),
            bucket: Bucket::Unmatched,
            contributions: Vec::new(),
            growth: Vec::new(),
        };
        let Some(amount) = resolved.amount else {
            priced.bucket = Bucket::Unconverted;
            return Ok(priced);
        };
        if resolved.of_reversed {
            return Ok(priced);
        }
        let Some(rule_set) = priced.rule_set else {
            priced.bucket = Bucket::NoTerms;
            return Ok(priced);
        };
        let Some(day) = self.state.judged(fact.effective_on) else {
            // Every line's day is judged before the line is priced, and a credit's first line was a line of its day.
            unreachable!("the day of {} was not judged", fact.id)
        };
        let line = resolved.pricing_line();
        if self.state.is_own_tenant(&line.customer_id, day.on) {
            priced.bucket = Bucket::Ineligible(Name::known(LineCode::OwnTenant.as_str()));
        } else if let Some(code) = &day.code {
            priced.bucket = Bucket::Ineligible(code.as_str().into());
        } else {
            self.apply_levers(&PricedOn { rule_set, day, line }, amount, &mut priced)?;
        }
        Ok(priced)
    }

    /// In each slot the first lever in file order whose match, base conditions and needs hold; slots add up.
    fn apply_levers(&mut self, on: &PricedOn<'_>, amount: Exact, priced: &mut PricedLine) -> Result<(), Overflow> {
        let set = &self.book.sets[on.rule_set];
        let family = self.book.catalogue.family_of(&on.line.product, on.day.on);
        let groups = set.groups_of(&on.line.product, family);
        let mut slots_taken: Vec<&str> = Vec::new();
        let mut first_unmet_need = None;
        for (at, lever) in set.levers.iter().enumerate() {
            let is_taken = slots_taken.contains(&lever.slot.as_str());
            if is_taken || !self.matches(lever, &groups, on) || !self.base_holds(at, lever, on)? {
                continue;
            }
            let needs = lever.needs.iter().map(|&need| &set.gates[need]);
            if let Some(gate) = needs.into_iter().find(|gate| on.day.unmet_needs.contains(&gate.name)) {
                first_unmet_need = first_unmet_need.or(Some(&gate.fail_code));
                continue;
            }
            slots_taken.push(&lever.slot);
            if lever.base == Base::Growth {
                priced.growth.push(at);
            } else {
                let before_cap = amount.times(lever.rate)?;
                priced.contributions.push(Contribution {
                    lever: at,
                    base: amount,
                    before_cap,
                    amount: before_cap,
                    sum_before: None,
                    growth: None,
                });
            }
        }
        priced.bucket = match (slots_taken.is_empty(), first_unmet_need) {
            (false, _) => Bucket::Earning,
            (true, Some(code)) => Bucket::Ineligible(code.into()),
            (true, None) => Bucket::Unmatched,
        };
        Ok(())
    }

    /// How each lever fits the line, in file order: what [`Self::apply_levers`] asks, one by one.
    pub(crate) fn fits(&mut self, on: &PricedOn<'_>) -> Result<Vec<LeverFit>, Overflow> {
        let set = &self.book.sets[on.rule_set];
        let groups = set.groups_of(&on.line.product, self.book.catalogue.family_of(&on.line.product, on.day.on));
        let mut fits = Vec::new();
        for (at, lever) in set.levers.iter().enumerate() {
            let wanted = &lever.matches;
            fits.push(LeverFit {
                lever: at,
                group: takes_group(wanted, &groups),
                segment: wanted.takes_segment(on.line.segment),
                charge_type: wanted.takes_charge_type(&on.line.charge_type),
                market: self.state.is_in_market(wanted, on.day.on),
                new_customer: self.new_customer(at, lever, on)?,
            });
        }
        Ok(fits)
    }

    fn matches(&self, lever: &Lever, groups: &[usize], on: &PricedOn<'_>) -> bool {
        let wanted = &lever.matches;
        takes_group(wanted, groups)
            && wanted.takes_segment(on.line.segment)
            && wanted.takes_charge_type(&on.line.charge_type)
            && self.state.is_in_market(wanted, on.day.on)
    }

    /// What the base asks beside the match: a customer new to the groups, with enough billed in the month.
    fn base_holds(&mut self, at: usize, lever: &Lever, on: &PricedOn<'_>) -> Result<bool, Overflow> {
        let fit = self.new_customer(at, lever, on)?;
        Ok(fit.is_none_or(|fit| fit.in_time && fit.total >= fit.at_least))
    }

    fn new_customer(
        &mut self,
        at: usize,
        lever: &Lever,
        on: &PricedOn<'_>,
    ) -> Result<Option<NewCustomerFit>, Overflow> {
        let Base::CustomerAdd { months, monthly_at_least } = lever.base else { return Ok(None) };
        let (book, state) = (self.book, self.state);
        let groups = self.groups.entry((on.rule_set, at, on.day.on)).or_insert_with(|| {
            let set = &book.sets[on.rule_set];
            GroupsOnDay::of(set, &book.catalogue, on.day.on, &state.products, &lever.matches.groups)
        });
        let month = Month::of(on.day.on);
        // What is known at the month's end: a later opening does not change what a credit takes over.
        let (customer_id, known) = (on.line.customer_id.as_str(), month.last_day());
        let new_on = state.customers.new_on(customer_id, groups, known);
        let in_time = new_on.is_some_and(|new_on| (0..months).contains(&month.since(Month::of(new_on))));
        let total = if in_time { state.customers.total(customer_id, month, groups, known)? } else { Exact::ZERO };
        Ok(Some(NewCustomerFit { new_on, in_time, total, at_least: monthly_at_least }))
    }
}

fn takes_group(wanted: &Match, groups: &[usize]) -> bool {
    wanted.groups.is_empty() || wanted.groups.iter().any(|group| groups.contains(group))
}
