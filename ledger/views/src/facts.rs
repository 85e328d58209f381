//! Standing facts of a partner, by name.

use chrono::NaiveDate;
use daybook_event::{EventRef, Exact, PartnerStanding, StandingValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Bound;

/// What is known of a partner's standing facts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct StandingFacts {
    by_name: BTreeMap<String, FactHistory>,
    /// How many values were noted: whoever remembers the number knows whether anything changed.
    noted: u64,
}

/// What is known of one standing fact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct FactHistory {
    /// Every value in order: what holds on a date is the last one up to it.
    pub(crate) values: Vec<FactValue>,
}

/// One value of a standing fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FactValue {
    pub(crate) on: NaiveDate,
    pub(crate) event: EventRef,
    pub(crate) held: HeldAs,
}

/// How a standing fact is held. Not nested options: a stored form that has one word for "nothing" would lose the
/// difference between lapsed and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HeldAs {
    Lapsed,
    Held,
    Number(Exact),
}

impl StandingFacts {
    /// Takes in what an event says. Events come in order.
    pub(crate) fn note(&mut self, standing: &PartnerStanding, on: NaiveDate, event: &EventRef) {
        let held = match &standing.value {
            StandingValue::Held => HeldAs::Held,
            StandingValue::Lapsed => HeldAs::Lapsed,
            StandingValue::Number(number) => HeldAs::Number(number.exact()),
        };
        let value = FactValue { on, event: event.clone(), held };
        match self.by_name.get_mut(&standing.fact) {
            Some(history) => history.values.push(value),
            None => {
                self.by_name.insert(standing.fact.clone(), FactHistory { values: vec![value] });
            }
        }
        self.noted += 1;
    }

    /// How many values were noted.
    pub(crate) fn noted(&self) -> u64 {
        self.noted
    }

    pub(crate) fn get(&self, fact: &str) -> Option<&FactHistory> {
        self.by_name.get(fact)
    }

    /// Facts that were told before.
    pub(crate) fn told(facts: impl IntoIterator<Item = (String, FactHistory)>) -> Self {
        let by_name: BTreeMap<String, FactHistory> = facts.into_iter().collect();
        let noted = by_name.values().map(|history| history.values.len() as u64).sum();
        Self { by_name, noted }
    }

    /// Whether the fact is held on a date up to which everything is noted.
    pub(crate) fn is_held(&self, fact: &str, on: NaiveDate) -> bool {
        self.get(fact).and_then(|history| history.value_on(on)).is_some_and(FactValue::is_held)
    }

    /// Whether some fact whose name begins so was ever told.
    pub(crate) fn any_begins_with(&self, prefix: &str) -> bool {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.by_name.range::<str, _>(from).next().is_some_and(|(fact, _)| fact.starts_with(prefix))
    }
}

impl FactHistory {
    /// The last value up to the end of a date.
    pub(crate) fn value_on(&self, on: NaiveDate) -> Option<&FactValue> {
        self.values[..self.values.partition_point(|value| value.on <= on)].last()
    }

    /// Whether some event dated later than `after`, up to `on`, says that the fact is held.
    pub(crate) fn was_renewed(&self, after: NaiveDate, on: NaiveDate) -> bool {
        self.values.iter().any(|value| after < value.on && value.on <= on && value.is_held())
    }
}

impl FactValue {
    pub(crate) fn is_held(&self) -> bool {
        self.held != HeldAs::Lapsed
    }
}
