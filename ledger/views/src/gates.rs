//! Whether a gate is met on a date.

use crate::facts::{FactValue, HeldAs};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{EventRef, Exact, Overflow};
use daybook_rules::model::{Catalogue, CompetencySource, Gate, GateTest, RuleSet};

/// Everything a gate may look at, on one date.
pub(crate) struct GateContext<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) state: &'a PartnerState,
    pub(crate) on: NaiveDate,
}

/// The outcome of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Verdict {
    pub(crate) met: bool,
    /// Trailing revenue and its threshold, where the gate has one.
    pub(crate) revenue: Option<(Exact, Exact)>,
    /// The facts that hold it.
    pub(crate) events: Vec<EventRef>,
}

impl GateContext<'_> {
    /// Whether the gate is met. With `renewed_after`, a standing fact counts only if it is held by an event dated later
    /// than that: what onboarding asks of a partner who was offboarded.
    pub(crate) fn judge(&self, gate: &Gate, renewed_after: Option<NaiveDate>) -> Result<Verdict, Overflow> {
        let mut verdict = Verdict::default();
        for test in &gate.any_of {
            let one = self.test(test, renewed_after)?;
            verdict.revenue = verdict.revenue.or(one.revenue);
            if one.met && !verdict.met {
                verdict.met = true;
                verdict.events = one.events;
            }
        }
        Ok(verdict)
    }

    fn test(&self, test: &GateTest, renewed_after: Option<NaiveDate>) -> Result<Verdict, Overflow> {
        Ok(match test {
            GateTest::Held { fact } => held(self.held(fact, renewed_after)),
            GateTest::HeldOn { fact, on } => held(self.held_then(fact, *on, renewed_after)),
            GateTest::NumberAtLeast { fact, at_least } => {
                let enough = |value: &&FactValue| matches!(value.held, HeldAs::Number(number) if number >= *at_least);
                held(self.held(fact, renewed_after).filter(enough))
            }
            GateTest::TrailingRevenue { window_days, groups, at_least } => {
                let Some(required) = at_least else { return Ok(Verdict { met: true, ..Verdict::default() }) };
                let measured = self.trailing_revenue(*window_days, groups)?;
                Verdict { met: measured >= *required, revenue: Some((measured, *required)), events: Vec::new() }
            }
            GateTest::Competency { level, areas, source, held_on } => {
                let declared = match source {
                    CompetencySource::Declared | CompetencySource::Either => {
                        held(self.declared_competency(*level, areas, *held_on, renewed_after))
                    }
                    CompetencySource::Computed => Verdict::default(),
                };
                if declared.met || *source == CompetencySource::Declared {
                    return Ok(declared);
                }
                let events = self.computed_competency(*level, areas, renewed_after)?;
                Verdict { met: events.is_some(), revenue: None, events: events.unwrap_or_default() }
            }
        })
    }

    /// The last value of a fact up to a date.
    fn value_on(&self, fact: &str, on: NaiveDate) -> Option<&FactValue> {
        self.state.facts.get(fact)?.value_on(on)
    }

    /// The value that holds a fact on this date.
    pub(crate) fn held(&self, fact: &str, renewed_after: Option<NaiveDate>) -> Option<&FactValue> {
        let value = self.value_on(fact, self.on).filter(|value| value.is_held())?;
        renewed_after.is_none_or(|after| value.on > after).then_some(value)
    }

    /// The value that held a fact on a fixed date.
    pub(crate) fn held_then(
        &self,
        fact: &str,
        then: NaiveDate,
        renewed_after: Option<NaiveDate>,
    ) -> Option<&FactValue> {
        let value = self.value_on(fact, then).filter(|value| value.is_held())?;
        let history = self.state.facts.get(fact)?;
        renewed_after.is_none_or(|after| history.was_renewed(after, self.on)).then_some(value)
    }

    pub(crate) fn declared_competency(
        &self,
        level: usize,
        areas: &[String],
        held_on: Option<NaiveDate>,
        renewed_after: Option<NaiveDate>,
    ) -> Option<&FactValue> {
        let levels = &self.set.competency_levels[level..];
        let facts = areas.iter().flat_map(|area| levels.iter().map(move |name| format!("competency:{name}:{area}")));
        facts.into_iter().find_map(|fact| match held_on {
            Some(then) => self.held_then(&fact, then, renewed_after),
            None => self.held(&fact, renewed_after),
        })
    }

    pub(crate) fn trailing_revenue(&self, window_days: u32, groups: &[String]) -> Result<Exact, Overflow> {
        if groups.is_empty() {
            return self.state.revenue.window(self.on, window_days);
        }
        self.state.revenue.window_of(self.on, window_days, &self.groups_named(groups).products)
    }
}

fn held(value: Option<&FactValue>) -> Verdict {
    Verdict {
        met: value.is_some(),
        revenue: None,
        events: value.map(|value| value.event.clone()).into_iter().collect(),
    }
}
