//! A partner's customers: since when each is one, and what each was billed per month.

use crate::products::{Products, Wanted};
use chrono::{Days, NaiveDate};
use daybook_event::{EventRef, Exact, Month, Overflow};
use daybook_rules::asks::Asks;
use daybook_rules::model::{Base, Catalogue, RuleBook, RuleSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the terms of a book ask about customers in a month. What none asks is not kept: a partner may have many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Since when somebody is a customer.
    pub(crate) newness: Asks,
    /// What was billed of some products alone.
    pub(crate) revenue_of_groups: Asks,
    /// What a customer was billed in the month.
    pub(crate) totals: bool,
    /// What growth levers will ask of the month a year later, or in a later credit.
    pub(crate) growth: Option<GrowthAsks>,
}

/// What the match of some growth lever asks of a line beside its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct GrowthAsks {
    pub(crate) segment: bool,
    pub(crate) charge_type: bool,
    pub(crate) market: bool,
}

impl Asked {
    pub(crate) fn by(book: &RuleBook, month: Month) -> Self {
        let ends_before = |at: usize| book.sets.get(at + 1).is_some_and(|next| next.valid_from <= month.first_day());
        let not_over = (0..book.sets.len()).filter(|&at| !ends_before(at)).map(|at| &book.sets[at]);
        let (mut newness, mut revenue_of_groups, mut totals) = (Asks::Never, Asks::Never, false);
        for set in not_over {
            newness = newness.max(set.asks_newness());
            revenue_of_groups = revenue_of_groups.max(set.asks_revenue_of_groups());
            let adds = set.levers.iter().any(|lever| matches!(lever.base, Base::CustomerAdd { .. }));
            totals |= adds && set.valid_from <= month.last_day();
        }
        Self { newness, revenue_of_groups, totals, growth: GrowthAsks::by(book, month) }
    }
}

impl GrowthAsks {
    fn by(book: &RuleBook, month: Month) -> Option<Self> {
        let year_later = month.plus(12).last_day();
        let begun = book.sets.iter().filter(|set| set.valid_from <= year_later);
        let levers = begun.flat_map(|set| &set.levers).filter(|lever| lever.base == Base::Growth);
        levers.map(|lever| &lever.matches).fold(None, |asks: Option<Self>, matches| {
            let asks = asks.unwrap_or_default();
            Some(Self {
                segment: asks.segment || !matches.segments.is_empty(),
                charge_type: asks.charge_type || !matches.charge_types.is_empty(),
                market: asks.market || !matches.markets.is_empty(),
            })
        })
    }
}

/// What is known of a partner's customers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Customers {
    /// Each customer's number, by its id.
    numbers: BTreeMap<String, usize>,
    /// By number.
    all: Vec<Customer>,
    /// The first month with a revenue line or opening revenue.
    pub(crate) first_revenue_in: Option<Month>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Customer {
    /// What may have made it a customer.
    firsts: Vec<First>,
    /// Billed per month and product number, in program currency.
    billed: BTreeMap<Month, BTreeMap<usize, Exact>>,
    /// Billed before the ledger began.
    opened: Vec<OpeningRevenue>,
}

/// A date from which somebody is a customer. One of several is later only if it was known earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct First {
    of: FirstOf,
    on: NaiveDate,
    seq: u32,
    event: EventRef,
    /// The effective date of the event: an opening tells of an earlier date than its own.
    known_from: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum FirstOf {
    /// Positive revenue of the product of this number.
    Product(usize),
    /// An opening that names the product group.
    Group(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OpeningRevenue {
    product: usize,
    month: Month,
    amount: Exact,
    known_from: NaiveDate,
}

/// The event that a date is known by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) on: NaiveDate,
    pub(crate) seq: u32,
    pub(crate) event: &'a EventRef,
    pub(crate) known_from: NaiveDate,
}

impl First {
    fn is_before(&self, told: Told<'_>) -> bool {
        (self.on, self.seq, &self.event) <= (told.on, told.seq, told.event)
    }
}

/// Some product groups, as the terms of one day see them.
#[derive(Debug, Clone)]
pub(crate) struct GroupsOnDay {
    pub(crate) products: Wanted,
    /// Their names. Where everything is meant, those of all groups that the terms have: a group that only later terms
    /// have says nothing about earlier lines.
    names: Vec<String>,
}

impl GroupsOnDay {
    /// The groups of these indices under the set, by the catalogue of the day; without any, everything.
    pub(crate) fn of(
        set: &RuleSet,
        catalogue: &Catalogue,
        on: NaiveDate,
        products: &Products,
        groups: &[usize],
    ) -> Self {
        let is_meant = |at: &usize| groups.is_empty() || groups.contains(at);
        let meant = (0..set.product_groups.len()).filter(is_meant);
        let names = meant.map(|at| set.product_groups[at].name.clone()).collect();
        Self { products: products.in_groups(set, catalogue, on, groups), names }
    }

    fn takes(&self, first: &FirstOf) -> bool {
        match first {
            FirstOf::Product(number) => self.products.takes(*number),
            FirstOf::Group(name) => self.names.contains(name),
        }
    }
}

impl Customers {
    /// Notes positive revenue: whoever has it is a customer from then on.
    pub(crate) fn bought(&mut self, customer: usize, product: usize, told: Told<'_>) {
        self.first(customer, FirstOf::Product(product), told);
    }

    /// Whether positive revenue of the product on an earlier date or of a smaller `seq` is known, whatever its event.
    pub(crate) fn bought_before(&self, customer: usize, product: usize, on: NaiveDate, seq: u32) -> bool {
        let firsts = &self.all[customer].firsts;
        firsts.iter().any(|first| first.of == FirstOf::Product(product) && (first.on, first.seq) < (on, seq))
    }

    /// Notes that somebody was a customer in a group before.
    pub(crate) fn known_in_group(&mut self, customer: usize, group: &str, told: Told<'_>) {
        self.first(customer, FirstOf::Group(group.to_owned()), told);
    }

    fn first(&mut self, customer: usize, of: FirstOf, told: Told<'_>) {
        let firsts = &mut self.all[customer].firsts;
        if !firsts.iter().any(|first| first.of == of && first.is_before(told)) {
            let Told { on, seq, event, known_from } = told;
            firsts.push(First { of, on, seq, event: event.clone(), known_from });
        }
    }

    /// Notes the month of a revenue line or of opening revenue.
    pub(crate) fn had_revenue_in(&mut self, month: Month) {
        self.first_revenue_in = Some(self.first_revenue_in.map_or(month, |first| first.min(month)));
    }

    /// Adds to what the customer was billed in the month.
    pub(crate) fn bill(
        &mut self,
        customer: usize,
        month: Month,
        product: usize,
        amount: Exact,
    ) -> Result<(), Overflow> {
        let sum = self.all[customer].billed.entry(month).or_default().entry(product).or_default();
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// Takes in revenue of a month before the ledger began.
    pub(crate) fn opened(
        &mut self,
        customer: usize,
        product: usize,
        month: Month,
        amount: Exact,
        known_from: NaiveDate,
    ) {
        self.all[customer].opened.push(OpeningRevenue { product, month, amount, known_from });
    }

    /// The customer's number, a new one if it was not seen before.
    pub(crate) fn number_of(&mut self, customer_id: &str) -> usize {
        if let Some(&number) = self.numbers.get(customer_id) {
            return number;
        }
        self.all.push(Customer::default());
        self.numbers.insert(customer_id.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }

    /// Numbers so many customers that nothing names.
    pub(crate) fn number_all(&mut self, customers: usize) {
        self.all.resize_with(customers, Customer::default);
    }

    /// The number of a customer that was seen.
    pub(crate) fn number(&self, customer_id: &str) -> Option<usize> {
        self.numbers.get(customer_id).copied()
    }

    /// Since when somebody is a customer in the groups, as far as it was known on a date.
    pub(crate) fn new_on(&self, customer: usize, groups: &GroupsOnDay, known: NaiveDate) -> Option<NaiveDate> {
        self.all.get(customer)?.first_in(groups, known).map(|first| first.on)
    }

    /// The events that made customers of the groups new in the window of so many days that ends on the day.
    pub(crate) fn new_within(&self, groups: &GroupsOnDay, on: NaiveDate, window_days: u32) -> Vec<&EventRef> {
        let start = on.checked_sub_days(Days::new(u64::from(window_days))).unwrap_or(NaiveDate::MIN);
        let firsts = self.all.iter().filter_map(|customer| customer.first_in(groups, on));
        firsts.filter(|first| start < first.on && first.on <= on).map(|first| &first.event).collect()
    }

    /// What the customer was billed in the month over the groups: its lines, and openings known on the date.
    pub(crate) fn total(
        &self,
        customer: usize,
        month: Month,
        groups: &GroupsOnDay,
        known: NaiveDate,
    ) -> Result<Exact, Overflow> {
        let lines = self.all.get(customer).and_then(|customer| customer.billed.get(&month));
        let lines = lines.into_iter().flatten().filter(|(product, _)| groups.products.takes(**product));
        let sum = lines.map(|(_, amount)| *amount).try_fold(Exact::ZERO, Exact::plus)?;
        sum.plus(self.opened_in(customer, month, groups, known)?)
    }

    /// Opening revenue of the customer in the month over the groups, as far as it was known on a date.
    pub(crate) fn opened_in(
        &self,
        customer: usize,
        month: Month,
        groups: &GroupsOnDay,
        known: NaiveDate,
    ) -> Result<Exact, Overflow> {
        let opened = self.all.get(customer).map(|customer| customer.opened.as_slice()).unwrap_or_default();
        let counts =
            |of: &&OpeningRevenue| of.month == month && of.known_from <= known && groups.products.takes(of.product);
        opened.iter().filter(counts).map(|of| of.amount).try_fold(Exact::ZERO, Exact::plus)
    }
}

impl Customer {
    fn first_in(&self, groups: &GroupsOnDay, known: NaiveDate) -> Option<&First> {
        let of_groups = self.firsts.iter().filter(|first| first.known_from <= known && groups.takes(&first.of));
        of_groups.min_by_key(|first| (first.on, first.seq, &first.event))
    }
}
