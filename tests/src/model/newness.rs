//! Section 6 and the competency of section 4: since when a customer is new, and what it is billed in a month.

use super::facts::{Line, Partner, billed, order};
use super::number::Num;
use super::terms::{is_in_group, number_on};
use super::time::Ym;
use chrono::NaiveDate;
use daybook_event::{Envelope, Opening, Payload, Product};
use daybook_rules::model::{Lever, RuleSet};
use std::collections::BTreeSet;

/// Which products are asked for: those of some groups of one rule set, as they are on one date; no group: every product.
pub(crate) struct Asked<'a> {
    set: &'a RuleSet,
    groups: Vec<usize>,
    on: NaiveDate,
    /// Openings dated later are not known yet.
    openings_until: NaiveDate,
}

impl<'a> Asked<'a> {
    /// What a test of a gate asks for on the day judged.
    pub(crate) fn by_gate(set: &'a RuleSet, group: &str, on: NaiveDate) -> Self {
        let is_named = |&at: &usize| set.product_groups[at].name == group;
        let groups: Vec<usize> = (0..set.product_groups.len()).filter(is_named).collect();
        assert!(!groups.is_empty(), "a competency names a group of its rule set");
        Self { set, groups, on, openings_until: on }
    }

    /// What a lever asks for when it prices a line of the date.
    pub(crate) fn by_lever(set: &'a RuleSet, lever: &Lever, on: NaiveDate) -> Self {
        Self { set, groups: lever.matches.groups.clone(), on, openings_until: Ym::of(on).last_day() }
    }

    /// The same at another month's end: what a growth lever asks of the year before.
    pub(crate) fn with_openings_until(self, openings_until: NaiveDate) -> Self {
        Self { openings_until, ..self }
    }

    pub(crate) fn is_product(&self, partner: &Partner<'_>, product: &Product) -> bool {
        let is_in = |&group: &usize| is_in_group(partner.world.book, self.set, group, product, self.on);
        self.groups.is_empty() || self.groups.iter().any(is_in)
    }

    fn is_group(&self, name: &str) -> bool {
        let is_named = |at: usize| self.set.product_groups[at].name == name;
        let wanted = |at: &usize| self.groups.is_empty() || self.groups.contains(at);
        (0..self.set.product_groups.len()).filter(wanted).any(is_named)
    }

    fn is_known(&self, opening: &Envelope) -> bool {
        opening.effective_on <= self.openings_until
    }
}

/// The customer whose line it is: a credit's is that of the line that prices it.
pub(crate) fn customer_of<'a>(line: &Line<'a>) -> &'a str {
    billed(line.priced_by).expect("a line is priced by a line").customer
}

impl<'a> Partner<'a> {
    /// Every customer that a line or an opening names.
    pub(crate) fn customers(&self) -> BTreeSet<&'a str> {
        let of_lines = self.lines.iter().map(customer_of);
        let of_openings = self.facts.iter().filter_map(|event| match &event.payload {
            Payload::Opening(Opening::CustomerSince { customer_id, .. } | Opening::Revenue { customer_id, .. }) => {
                Some(customer_id.as_str())
            }
            _ => None,
        });
        of_lines.chain(of_openings).collect()
    }

    /// The customer's new date and the event that gives it: the least of its positive lines and of what openings say.
    pub(crate) fn new_date(&self, customer: &str, asked: &Asked<'_>) -> Option<(NaiveDate, &'a Envelope)> {
        let mut found: Vec<(NaiveDate, &'a Envelope)> = Vec::new();
        for line in self.lines.iter().filter(|line| customer_of(line) == customer && line.own.amount.is_positive()) {
            let root = billed(line.priced_by).expect("a line is priced by a line");
            let is_own = self.holds(&format!("own_tenant:{customer}"), line.priced_by.effective_on);
            if !is_own && asked.is_product(self, root.product) {
                found.push((line.event.effective_on, line.event));
            }
        }
        for event in self.facts.iter().filter(|event| asked.is_known(event)) {
            match &event.payload {
                Payload::Opening(Opening::CustomerSince { customer_id, product_group, since_on })
                    if customer_id == customer && asked.is_group(product_group) =>
                {
                    found.push((*since_on, event));
                }
                Payload::Opening(Opening::Revenue { customer_id, product, month, amount })
                    if customer_id == customer
                        && Num::of_amount(amount).is_positive()
                        && asked.is_product(self, product) =>
                {
                    found.push((Ym::of_month(*month).last_day(), event));
                }
                _ => {}
            }
        }
        found.into_iter().min_by(|(a, one), (b, other)| {
            let rest = |event| {
                let (_, seq, source, event_id) = order(event);
                (seq, source.to_vec(), event_id.to_vec())
            };
            a.cmp(b).then_with(|| rest(one).cmp(&rest(other)))
        })
    }

    /// Whether some rule set of the book has a product group of that name.
    pub(crate) fn is_some_group(&self, name: &str) -> bool {
        self.world.book.sets.iter().any(|set| set.product_groups.iter().any(|group| group.name == name))
    }

    /// What openings say that the customer was billed in the month for the products asked for.
    pub(crate) fn opened_revenue(&self, customer: &str, of_month: Ym, asked: &Asked<'_>) -> Num {
        let known = self.facts.iter().filter(|event| asked.is_known(event));
        Num::sum(known.filter_map(|event| match &event.payload {
            Payload::Opening(Opening::Revenue { customer_id, product, month, amount })
                if customer_id == customer && Ym::of_month(*month) == of_month && asked.is_product(self, product) =>
            {
                Some(Num::of_amount(amount))
            }
            _ => None,
        }))
    }

    /// Whether the customer of the line that prices is new to the lever's groups, and bought enough in that month.
    pub(crate) fn is_added(&self, lever: &Lever, months: i32, at_least: Num, priced_by: &'a Envelope) -> bool {
        let on = priced_by.effective_on;
        let set = &self.world.book.sets[number_on(self.world.book, on).expect("terms that price a line")];
        let asked = Asked::by_lever(set, lever, on);
        let customer = billed(priced_by).expect("a line is priced by a line").customer;
        let Some((new_on, _)) = self.new_date(customer, &asked) else { return false };
        let (month, new_in) = (Ym::of(on), Ym::of(new_on));
        if month < new_in || month.0 >= new_in.0 + months {
            return false;
        }
        let booked = self.lines.iter().filter(|line| Ym::of(line.event.effective_on) == month);
        let of_customer = booked.filter(|line| {
            let root = billed(line.priced_by).expect("a line is priced by a line");
            root.customer == customer && asked.is_product(self, root.product)
        });
        let billed_in_month = Num::sum(of_customer.filter_map(|line| line.worth));
        billed_in_month.plus(self.opened_revenue(customer, month, &asked)) >= at_least
    }
}
