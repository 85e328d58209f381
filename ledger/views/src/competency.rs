//! Competency levels that the ledger computes: new customers, revenue, certified people, the fee.

use crate::customers::GroupsOnDay;
use crate::fact::{Exam, Fact};
use crate::gates::GateContext;
use chrono::{Months, NaiveDate};
use daybook_event::{EventRef, Overflow};
use daybook_rules::model::{Competency, RuleBook};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A person's certification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Certification {
    person_id: String,
    area: String,
    earned_on: NaiveDate,
    /// The first day on which it no longer holds; none: it holds for good.
    expires_on: Option<NaiveDate>,
    event: EventRef,
}

impl Certification {
    /// A certification with the validity of the terms in force on the day it was earned, unless it says its own.
    pub(crate) fn of(book: &RuleBook, fact: &Fact, exam: &Exam) -> Self {
        let earned_on = fact.effective_on;
        let by_terms = || {
            let validity = &book.set_on_or_first(earned_on).certification_validity;
            let holds = validity.iter().rfind(|validity| validity.earned_from <= earned_on)?;
            earned_on.checked_add_months(Months::new(holds.months.unsigned_abs()))
        };
        Self {
            person_id: exam.person_id.clone(),
            area: exam.competency_area.clone(),
            earned_on,
            expires_on: exam.expires_on.or_else(by_terms),
            event: fact.id.clone(),
        }
    }

    fn is_valid_on(&self, on: NaiveDate) -> bool {
        self.earned_on <= on && self.expires_on.is_none_or(|expires| on < expires)
    }
}

impl GateContext<'_> {
    /// The events by which a level in one of the areas is reached, areas in order, levels from the lowest that passes;
    /// none where it is not reached.
    pub(crate) fn computed_competency(
        &self,
        level: usize,
        areas: &[String],
        renewed_after: Option<NaiveDate>,
    ) -> Result<Option<Vec<EventRef>>, Overflow> {
        for area in areas {
            for at in level..self.set.competency_levels.len() {
                let tests = self.set.competencies.iter().filter(|tests| tests.level == at && tests.area == *area);
                for tests in tests {
                    if let Some(events) = self.competency_tests(tests, renewed_after)? {
                        return Ok(Some(events));
                    }
                }
            }
        }
        Ok(None)
    }

    fn competency_tests(
        &self,
        tests: &Competency,
        renewed_after: Option<NaiveDate>,
    ) -> Result<Option<Vec<EventRef>>, Overflow> {
        let mut events = Vec::new();
        if tests.fee {
            let fact = format!("competency_fee:{}", self.set.competency_levels[tests.level]);
            let Some(fee) = self.held(&fact, renewed_after) else { return Ok(None) };
            events.push(fee.event.clone());
        }
        if let Some(at_least) = tests.people {
            let people = self.certified_people(&tests.area);
            if people.len() < at_least as usize {
                return Ok(None);
            }
            events.extend(people.into_values().cloned());
        }
        if let Some(wanted) = &tests.new_customers {
            let groups = self.groups_named(std::slice::from_ref(&wanted.group));
            let new = self.state.customers.new_within(&groups, self.on, wanted.window_days);
            if new.len() < wanted.at_least as usize {
                return Ok(None);
            }
            events.extend(new.into_iter().cloned());
        }
        if let Some(wanted) = &tests.revenue {
            let measured = self.trailing_revenue(wanted.window_days, std::slice::from_ref(&wanted.group))?;
            if measured < wanted.at_least {
                return Ok(None);
            }
        }
        Ok(Some(events))
    }

    /// Who has a certification of the area that is valid on the day, each with the first event that says so.
    pub(crate) fn certified_people(&self, area: &str) -> BTreeMap<&str, &EventRef> {
        let mut people = BTreeMap::new();
        let valid = |one: &&Certification| one.area == area && one.is_valid_on(self.on);
        for certification in self.state.certifications.iter().filter(valid) {
            people.entry(certification.person_id.as_str()).or_insert(&certification.event);
        }
        people
    }

    pub(crate) fn groups_named(&self, names: &[String]) -> GroupsOnDay {
        let groups = &self.set.product_groups;
        let at: Vec<usize> = (0..groups.len()).filter(|&at| names.contains(&groups[at].name)).collect();
        GroupsOnDay::of(self.set, self.catalogue, self.on, &self.state.products, &at)
    }
}
