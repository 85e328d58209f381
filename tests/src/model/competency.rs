//! Section 4: a competency level that people, customers and revenue prove.

use super::facts::Partner;
use super::gates::Held;
use super::newness::Asked;
use super::number::Num;
use super::terms::set_on;
use super::time::{Ym, in_window};
use chrono::{Datelike, NaiveDate};
use daybook_event::{CertificationEarned, Envelope, Payload};
use daybook_rules::model::{Competency, NewCustomers, RuleSet};
use std::collections::BTreeMap;

impl Partner<'_> {
    /// The events that prove some level from the asked one upwards in some area, in the order of both; none: none is.
    pub(crate) fn computed_competency(
        &self,
        set: &RuleSet,
        level: usize,
        areas: &[String],
        date: NaiveDate,
        held_now: &Held<'_>,
    ) -> Option<Vec<String>> {
        for area in areas {
            for at in level..set.competency_levels.len() {
                let of_both = set.competencies.iter().find(|one| one.level == at && one.area == *area);
                if let Some(events) = of_both.and_then(|one| self.proof(set, one, date, held_now)) {
                    return Some(events);
                }
            }
        }
        None
    }

    /// All tests that are given hold: the events that say so.
    fn proof(&self, set: &RuleSet, asked: &Competency, date: NaiveDate, held_now: &Held<'_>) -> Option<Vec<String>> {
        let mut events = Vec::new();
        if asked.fee {
            let (event, _) = held_now(&format!("competency_fee:{}", set.competency_levels[asked.level]))?;
            events.push(event.id.to_string());
        }
        if let Some(revenue) = &asked.revenue {
            let groups = [revenue.group.clone()];
            if self.trailing_revenue(set, revenue.window_days, &groups, date) < Num::of_term(revenue.at_least) {
                return None;
            }
        }
        if let Some(people) = asked.people {
            let certified = self.certified(&asked.area, date);
            if certified.len() < usize::try_from(people).expect("a few") {
                return None;
            }
            events.extend(certified.values().map(|event| event.id.to_string()));
        }
        if let Some(customers) = &asked.new_customers {
            let new = self.new_customers(set, customers, date);
            if new.len() < usize::try_from(customers.at_least).expect("a few") {
                return None;
            }
            events.extend(new);
        }
        Some(events)
    }

    /// People with a certification of the area that is valid on the date, each with the first such.
    fn certified(&self, area: &str, date: NaiveDate) -> BTreeMap<&str, &Envelope> {
        let mut people = BTreeMap::new();
        for event in self.facts.iter().filter(|event| event.effective_on <= date) {
            if let Payload::CertificationEarned(earned) = &event.payload
                && earned.competency_area == area
                && self.expires_on(event, earned).is_none_or(|expires_on| date < expires_on)
            {
                people.entry(earned.person_id.as_str()).or_insert(*event);
            }
        }
        people
    }

    /// The first day on which the certification no longer holds: its own, or by the terms of the date earned.
    fn expires_on(&self, event: &Envelope, earned: &CertificationEarned) -> Option<NaiveDate> {
        let set = set_on(self.world.book, event.effective_on);
        let governing = set.certification_validity.iter().rfind(|one| one.earned_from <= event.effective_on);
        let by_terms = governing.map(|one| {
            let month = Ym(Ym::of(event.effective_on).0 + one.months);
            month.day(event.effective_on.day())
        });
        earned.expires_on.or(by_terms)
    }

    /// The events that make customers new to the group within the window.
    fn new_customers(&self, set: &RuleSet, asked: &NewCustomers, date: NaiveDate) -> Vec<String> {
        let of_group = Asked::by_gate(set, &asked.group, date);
        let all = self.customers().into_iter();
        let new = all.filter_map(|customer| self.new_date(customer, &of_group));
        let within = new.filter(|(new_on, _)| in_window(*new_on, asked.window_days, date));
        within.map(|(_, event)| event.id.to_string()).collect()
    }
}
