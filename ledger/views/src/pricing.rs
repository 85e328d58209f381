//! Where each billed amount goes, and what it contributes.

use crate::codes::LineCode;
use crate::compiled::takes_group;
use crate::customers::GroupsOnDay;
use crate::fact::Line;
use crate::reasons::{LeverFit, NewCustomerFit};
use crate::state::{JudgedDay, PartnerState};
use chrono::NaiveDate;
use daybook_event::{EventRef, Exact, Month, Name, Overflow};
use daybook_rules::compiled::DayCode;
use daybook_rules::model::{Base, Lever, RuleBook};
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

/// What becomes of every line that the same levers look at, on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) bucket: Bucket,
    /// Levers whose rate applies to the billed amount, by index into the rule set's.
    pub(crate) levers: Vec<usize>,
    /// Growth levers that apply.
    pub(crate) growth: Vec<usize>,
}

/// Prices the lines of a month. The day of the line that prices each must have been judged, and the month's lines must
/// all be in the state.
pub(crate) struct Pricer<'a> {
    book: &'a RuleBook,
    state: &'a PartnerState,
    /// The groups of a lever (rule set and lever by index) as a day sees them.
    groups: BTreeMap<(usize, usize, NaiveDate), GroupsOnDay>,
}

/// What a lever is asked about: a customer's line on its day.
#[derive(Clone, Copy)]
pub(crate) struct PricedOn<'a> {
    pub(crate) rule_set: usize,
    pub(crate) day: &'a JudgedDay,
    /// The customer's number, where some lever may ask for it and it is known.
    pub(crate) customer: Option<usize>,
}

impl<'a> Pricer<'a> {
    pub(crate) fn new(book: &'a RuleBook, state: &'a PartnerState) -> Self {
        Self { book, state, groups: BTreeMap::new() }
    }

    /// In each slot the first lever in file order whose match, base conditions and needs hold; slots add up. `levers` are
    /// those that take the line's class.
    pub(crate) fn outcome(&mut self, on: &PricedOn<'_>, levers: &[usize]) -> Result<Outcome, Overflow> {
        if on.day.code != DayCode::MayEarn {
            let code = self.book.gates().of_set(on.rule_set).code(on.day.code).cloned();
            let code = code.unwrap_or(Name::known(LineCode::NotEnrolled.as_str()));
            return Ok(Outcome::nothing(Bucket::Ineligible(code)));
        }
        let set = &self.book.sets[on.rule_set];
        let mut outcome = Outcome::nothing(Bucket::Unmatched);
        let mut slots_taken: Vec<&str> = Vec::new();
        let mut first_unmet_need = None;
        for &at in levers {
            let lever = &set.levers[at];
            let is_taken = slots_taken.contains(&lever.slot.as_str());
            if is_taken || !self.state.is_in_market(&lever.matches, on.day.on) || !self.base_holds(at, lever, on)? {
                continue;
            }
            if let Some(need) = lever.needs.iter().find(|need| on.day.unmet_needs.contains(**need)) {
                first_unmet_need = first_unmet_need.or(Some(&set.gates[*need].fail_code));
                continue;
            }
            slots_taken.push(&lever.slot);
            if lever.base == Base::Growth { &mut outcome.growth } else { &mut outcome.levers }.push(at);
        }
        outcome.bucket = match (slots_taken.is_empty(), first_unmet_need) {
            (false, _) => Bucket::Earning,
            (true, Some(code)) => Bucket::Ineligible(code.into()),
            (true, None) => Bucket::Unmatched,
        };
        Ok(outcome)
    }

    /// How each lever fits the line, in file order: what [`Self::outcome`] asks, one by one.
    pub(crate) fn fits(&mut self, on: &PricedOn<'_>, line: &Line) -> Result<Vec<LeverFit>, Overflow> {
        let set = &self.book.sets[on.rule_set];
        let groups = set.groups_of(&line.product, self.book.catalogue.family_of(&line.product, on.day.on));
        let mut fits = Vec::new();
        for (at, lever) in set.levers.iter().enumerate() {
            let wanted = &lever.matches;
            fits.push(LeverFit {
                lever: at,
                group: takes_group(wanted, &groups),
                segment: wanted.takes_segment(line.segment),
                charge_type: wanted.takes_charge_type(&line.charge_type),
                market: self.state.is_in_market(wanted, on.day.on),
                new_customer: self.new_customer(at, lever, on)?,
            });
        }
        Ok(fits)
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
        let known = month.last_day();
        let new_on = on.customer.and_then(|customer| state.customers.new_on(customer, groups, known));
        let in_time = new_on.is_some_and(|new_on| (0..months).contains(&month.since(Month::of(new_on))));
        let total = match on.customer.filter(|_| in_time) {
            Some(customer) => state.customers.total(customer, month, groups, known)?,
            None => Exact::ZERO,
        };
        Ok(Some(NewCustomerFit { new_on, in_time, total, at_least: monthly_at_least }))
    }
}

impl Outcome {
    pub(crate) fn nothing(bucket: Bucket) -> Self {
        Self { bucket, levers: Vec::new(), growth: Vec::new() }
    }
}
