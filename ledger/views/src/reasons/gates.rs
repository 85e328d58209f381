//! What a gate measured on a date, requirement by requirement.

use super::PartnerOn;
use crate::facts::{FactHistory, HeldAs};
use crate::gates::GateContext;
use chrono::NaiveDate;
use daybook_event::{EventRef, Exact, Overflow};
use daybook_rules::model::{Competency, CompetencySource, Gate, GateTest, RuleSet};

/// A gate on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateReason {
    /// Index into the rule set's gates.
    pub gate: usize,
    /// Whether it is met.
    pub met: bool,
    /// Its standing facts count only if held by an event dated later than this, after an offboarding.
    pub renewed_after: Option<NaiveDate>,
    /// Met when any of these is.
    pub any_of: Vec<Alternative>,
}

/// One way to meet a gate: all of these hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Everything that it asks.
    pub all_of: Vec<Requirement>,
}

/// One thing that is asked, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What is asked.
    pub wants: Wants,
    /// The parameter that asks it.
    pub path: String,
    /// Whether it holds.
    pub met: bool,
    /// What was measured.
    pub measured: String,
    /// What was required.
    pub required: String,
    /// Of a fact that is held: since when without a break.
    pub since: Option<NaiveDate>,
    /// The facts that hold it.
    pub events: Vec<EventRef>,
}

/// What is asked, and how much of it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wants {
    /// A standing fact; `then`: held on that date.
    Held {
        /// The fact. Of a level in several areas: the lowest level in the first area.
        fact: String,
        /// The fixed date, where the gate has one.
        then: Option<NaiveDate>,
    },
    /// A number fact.
    Number {
        /// The fact.
        fact: String,
        /// The least that passes.
        at_least: Exact,
    },
    /// Trailing revenue.
    Revenue {
        /// Over these groups; empty: over everything.
        groups: Vec<String>,
        /// First day of the window.
        from: NaiveDate,
        /// How much is missing.
        missing: Exact,
    },
    /// People with a certification.
    People {
        /// The area.
        area: String,
        /// How many are missing.
        missing: usize,
    },
    /// New customers.
    NewCustomers {
        /// The product group.
        group: String,
        /// First day of the window.
        from: NaiveDate,
        /// How many are missing.
        missing: usize,
    },
}

impl Alternative {
    /// Whether everything that it asks holds.
    #[must_use]
    pub fn met(&self) -> bool {
        self.all_of.iter().all(|one| one.met)
    }
}

impl PartnerOn<'_> {
    /// Every gate of the day's terms, in file order. With `renewed_after`, the standing facts of onboarding gates count only
    /// if held by an event dated later.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn gates(&self, renewed_after: Option<NaiveDate>) -> Result<Vec<GateReason>, Overflow> {
        let set = self.rule_set();
        let after = |gate: &Gate| renewed_after.filter(|_| gate.onboarding);
        set.gates.iter().enumerate().map(|(at, gate)| self.gate(at, gate, after(gate))).collect()
    }

    fn gate(&self, at: usize, gate: &Gate, renewed_after: Option<NaiveDate>) -> Result<GateReason, Overflow> {
        let (book, state, on) = (self.book, &self.state, self.on);
        let context = GateContext { set: self.rule_set(), catalogue: &book.catalogue, state, on };
        let mut any_of = Vec::new();
        for (number, test) in gate.any_of.iter().enumerate() {
            let asked = Asked { context: &context, renewed_after, path: test_path(gate, number) };
            any_of.extend(asked.alternatives(test)?);
        }
        let met = context.judge(gate, renewed_after)?.met;
        let agrees = any_of.iter().any(Alternative::met) == met;
        assert!(agrees, "the reasons of gate {} on {on} disagree with its verdict", gate.name);
        Ok(GateReason { gate: at, met, renewed_after, any_of })
    }
}

/// Where the parameters of a test stand.
fn test_path(gate: &Gate, number: usize) -> String {
    match gate.any_of.len() {
        1 => format!("gate.{}", gate.name),
        _ => format!("gate.{}.any_of.{number}", gate.name),
    }
}

struct Asked<'a> {
    context: &'a GateContext<'a>,
    renewed_after: Option<NaiveDate>,
    path: String,
}

impl Asked<'_> {
    fn alternatives(&self, test: &GateTest) -> Result<Vec<Alternative>, Overflow> {
        let alone = |one: Requirement| vec![Alternative { all_of: vec![one] }];
        Ok(match test {
            GateTest::Held { fact } => alone(self.held(fact, None)),
            GateTest::HeldOn { fact, on } => alone(self.held(fact, Some(*on))),
            GateTest::NumberAtLeast { fact, at_least } => alone(self.number(fact, *at_least)),
            GateTest::TrailingRevenue { window_days, groups, at_least } => {
                alone(self.revenue(&format!("{}.at_least", self.path), groups, *window_days, *at_least)?)
            }
            GateTest::Competency { level, areas, source, held_on } => {
                let mut found = Vec::new();
                if *source != CompetencySource::Computed {
                    found.extend(alone(self.declared(*level, areas, *held_on)));
                }
                if *source != CompetencySource::Declared {
                    found.extend(self.computed(*level, areas)?);
                }
                found
            }
        })
    }

    fn held(&self, fact: &str, then: Option<NaiveDate>) -> Requirement {
        let history = self.context.state.facts.get(fact);
        let value = match then {
            Some(then) => self.context.held_then(fact, then, self.renewed_after),
            None => self.context.held(fact, self.renewed_after),
        };
        let required = match (then, self.renewed_after) {
            (Some(then), _) => format!("held on {then}"),
            (None, Some(after)) => format!("held by an event dated after {after}"),
            (None, None) => "held".to_owned(),
        };
        let on = then.unwrap_or(self.context.on);
        Requirement {
            wants: Wants::Held { fact: fact.to_owned(), then },
            path: format!("{}.fact", self.path),
            met: value.is_some(),
            measured: stands(fact, history, on),
            required: format!("{fact} {required}"),
            since: history.and_then(|history| held_since(history, on)),
            events: value.map(|value| value.event.clone()).into_iter().collect(),
        }
    }

    fn number(&self, fact: &str, at_least: Exact) -> Requirement {
        let value = self.context.held(fact, self.renewed_after);
        let number = value.and_then(|value| if let HeldAs::Number(number) = value.held { Some(number) } else { None });
        Requirement {
            wants: Wants::Number { fact: fact.to_owned(), at_least },
            path: format!("{}.at_least", self.path),
            met: number.is_some_and(|number| number >= at_least),
            measured: number.map_or_else(|| format!("{fact} has no number"), |number| number.to_string()),
            required: at_least.to_string(),
            since: value.map(|value| value.on),
            events: value.map(|value| value.event.clone()).into_iter().collect(),
        }
    }

    fn revenue(
        &self,
        path: &str,
        groups: &[String],
        window_days: u32,
        at_least: Option<Exact>,
    ) -> Result<Requirement, Overflow> {
        let measured = self.context.trailing_revenue(window_days, groups)?;
        let missing = at_least.map_or(Ok(Exact::ZERO), |at_least| at_least.minus(measured))?.max(Exact::ZERO);
        Ok(Requirement {
            wants: Wants::Revenue { groups: groups.to_vec(), from: self.window_from(window_days), missing },
            path: path.to_owned(),
            met: missing.is_zero(),
            measured: measured.to_string(),
            required: at_least.map_or_else(|| "none".to_owned(), |at_least| at_least.to_string()),
            since: None,
            events: Vec::new(),
        })
    }

    fn window_from(&self, window_days: u32) -> NaiveDate {
        let before = u64::from(window_days.saturating_sub(1));
        self.context.on.checked_sub_days(chrono::Days::new(before)).unwrap_or(NaiveDate::MIN)
    }

    fn declared(&self, level: usize, areas: &[String], held_on: Option<NaiveDate>) -> Requirement {
        let value = self.context.declared_competency(level, areas, held_on, self.renewed_after);
        let name = self.context.set.competency_levels.get(level).map_or("", String::as_str);
        let area = areas.first().map_or("", String::as_str);
        let required = match areas {
            [only] => format!("level {name} or higher in {only}"),
            _ => format!("level {name} or higher in one of {}", areas.join(", ")),
        };
        Requirement {
            wants: Wants::Held { fact: format!("competency:{name}:{area}"), then: held_on },
            path: format!("{}.at_least", self.path),
            met: value.is_some(),
            measured: value.map_or_else(|| "none declared".to_owned(), |value| format!("declared on {}", value.on)),
            required,
            since: value.map(|value| value.on),
            events: value.map(|value| value.event.clone()).into_iter().collect(),
        }
    }

    fn computed(&self, level: usize, areas: &[String]) -> Result<Vec<Alternative>, Overflow> {
        let set = self.context.set;
        let wanted = |tests: &&Competency| tests.level >= level && areas.contains(&tests.area);
        set.competencies.iter().filter(wanted).map(|tests| self.level(set, tests)).collect()
    }

    fn level(&self, set: &RuleSet, tests: &Competency) -> Result<Alternative, Overflow> {
        let name = set.competency_levels.get(tests.level).map_or("", String::as_str);
        let path = |key: &str| format!("competency.{name}.{}.{key}", tests.area);
        let mut all_of = Vec::new();
        if tests.fee {
            let fee = self.held(&format!("competency_fee:{name}"), None);
            all_of.push(Requirement { path: path("fee"), ..fee });
        }
        if let Some(at_least) = tests.people {
            let people: Vec<EventRef> = self.context.certified_people(&tests.area).into_values().cloned().collect();
            let missing = (at_least as usize).saturating_sub(people.len());
            let wants = Wants::People { area: tests.area.clone(), missing };
            all_of.push(counted(wants, path("people"), people, at_least, missing));
        }
        if let Some(wanted) = &tests.new_customers {
            let groups = self.context.groups_named(std::slice::from_ref(&wanted.group));
            let new = self.context.state.customers.new_within(&groups, self.context.on, wanted.window_days);
            let missing = (wanted.at_least as usize).saturating_sub(new.len());
            let from = self.window_from(wanted.window_days);
            let wants = Wants::NewCustomers { group: wanted.group.clone(), from, missing };
            let new = new.into_iter().cloned().collect();
            all_of.push(counted(wants, path("new_customers.at_least"), new, wanted.at_least, missing));
        }
        if let Some(wanted) = &tests.revenue {
            let groups = std::slice::from_ref(&wanted.group);
            all_of.push(self.revenue(&path("revenue.at_least"), groups, wanted.window_days, Some(wanted.at_least))?);
        }
        Ok(Alternative { all_of })
    }
}

fn counted(wants: Wants, path: String, events: Vec<EventRef>, at_least: u32, missing: usize) -> Requirement {
    Requirement {
        wants,
        path,
        met: missing == 0,
        measured: events.len().to_string(),
        required: at_least.to_string(),
        since: None,
        events,
    }
}

/// How a standing fact stands on a date, in words.
fn stands(fact: &str, history: Option<&FactHistory>, on: NaiveDate) -> String {
    match history.and_then(|history| history.value_on(on)) {
        None => format!("{fact} was never told"),
        Some(value) => match value.held {
            HeldAs::Lapsed => format!("{fact} lapsed on {}", value.on),
            HeldAs::Held => format!("{fact} held, last told on {}", value.on),
            HeldAs::Number(number) => format!("{fact} is {number}, told on {}", value.on),
        },
    }
}

/// Since when the fact is held without a break; none where it is not.
fn held_since(history: &FactHistory, on: NaiveDate) -> Option<NaiveDate> {
    let known = &history.values[..history.values.partition_point(|value| value.on <= on)];
    known.iter().rev().take_while(|value| value.is_held()).last().map(|value| value.on)
}
