//! Which gates are unmet: what standing facts decide is kept until a fact changes, the rest is measured on the day.

use crate::facts::{HeldAs, StandingFacts};
use crate::gates::GateContext;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::Overflow;
use daybook_rules::compiled::{CompiledGate, FactTest, GateMask, SetGates};

/// What standing facts say of the gates of one rule set. It can be found again from the facts, so it is no part of what a
/// state is: it is not stored, and two states are equal whatever they remember.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdicts {
    /// What they hold for; none: nothing is known yet.
    of: Option<(usize, u64, Option<NaiveDate>)>,
    plain: ByFacts,
    /// For onboarding gates: facts count only if they were told anew after the last offboarding.
    renewed: ByFacts,
}

/// What facts alone decide.
#[derive(Debug, Clone, Default)]
struct ByFacts {
    unmet: GateMask,
    /// Not met by facts, but a measure of the day may meet them.
    open: GateMask,
}

impl PartialEq for Verdicts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Verdicts {}

impl Verdicts {
    /// Brings them up to the facts in the state, under the rule set of that number.
    fn refresh(&mut self, gates: &SetGates, at: usize, facts: &StandingFacts, offboarded_on: Option<NaiveDate>) {
        let of = Some((at, facts.noted(), offboarded_on));
        if self.of == of {
            return;
        }
        self.plain = ByFacts::of(gates, facts, None, |_| true);
        self.renewed = match offboarded_on {
            Some(_) => ByFacts::of(gates, facts, offboarded_on, |gate| gates.onboarding.contains(gate)),
            None => ByFacts::default(),
        };
        self.of = of;
    }

    /// Whether facts alone decide these gates, and onboarding after an offboarding: no measure of a day may change them.
    pub(crate) fn decide(&self, gates: &GateMask) -> bool {
        self.plain.open.first_in(gates).is_none() && self.renewed.open.is_empty()
    }
}

impl ByFacts {
    fn of(
        gates: &SetGates,
        facts: &StandingFacts,
        renewed_after: Option<NaiveDate>,
        wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let mut by_facts = Self::default();
        for (at, gate) in gates.gates.iter().enumerate().filter(|(at, _)| wanted(*at)) {
            let holds = |test: &FactTest| is_met(test, facts, renewed_after);
            if gate.always || gate.facts.iter().any(holds) {
                continue;
            }
            let may_be = !gate.revenue.is_empty() || may_be_computed(gate, facts, renewed_after);
            if may_be { by_facts.open.insert(at) } else { by_facts.unmet.insert(at) }
        }
        by_facts
    }
}

/// Whether a test of standing facts holds. Whatever is noted counts: nothing dated later than the day is.
fn is_met(test: &FactTest, facts: &StandingFacts, renewed_after: Option<NaiveDate>) -> bool {
    test.any_of.iter().filter_map(|fact| facts.get(fact)).any(|history| {
        let value = match test.held_on {
            Some(then) => history.value_on(then),
            None => history.values.last(),
        };
        let Some(value) = value.filter(|value| value.is_held()) else { return false };
        let is_enough =
            test.at_least.is_none_or(|at_least| matches!(value.held, HeldAs::Number(number) if number >= at_least));
        let is_renewed = renewed_after.is_none_or(|after| match test.held_on {
            Some(_) => history.was_renewed(after, NaiveDate::MAX),
            None => value.on > after,
        });
        is_enough && is_renewed
    })
}

/// Whether some way to compute a level is open: the fee is the one part of it that facts alone decide.
fn may_be_computed(gate: &CompiledGate, facts: &StandingFacts, renewed_after: Option<NaiveDate>) -> bool {
    let is_paid = |fee: &Option<String>| {
        let Some(fee) = fee else { return true };
        let value = facts.get(fee).and_then(|history| history.values.last()).filter(|value| value.is_held());
        value.is_some_and(|value| renewed_after.is_none_or(|after| value.on > after))
    };
    gate.computed.iter().flat_map(|test| &test.fees).any(is_paid)
}

impl PartnerState {
    /// Brings what facts decide up to date, for the rule set of that number.
    pub(crate) fn refresh_verdicts(&mut self, gates: &SetGates, at: usize) {
        self.verdicts.refresh(gates, at, &self.facts, self.standing.offboarded_on);
    }
}

impl GateContext<'_> {
    /// The gates among those wanted that are unmet on the day. The state's verdicts are up to date.
    pub(crate) fn unmet(&self, gates: &SetGates, wanted: &GateMask) -> Result<GateMask, Overflow> {
        self.unmet_by(gates, &self.state.verdicts.plain, wanted, None)
    }

    /// The same for onboarding gates, whose facts must have been told anew after the last offboarding.
    pub(crate) fn unmet_renewed(&self, gates: &SetGates, wanted: &GateMask) -> Result<GateMask, Overflow> {
        match self.state.standing.offboarded_on {
            None => self.unmet(gates, wanted),
            after => self.unmet_by(gates, &self.state.verdicts.renewed, &wanted.and(&gates.onboarding), after),
        }
    }

    fn unmet_by(
        &self,
        gates: &SetGates,
        by_facts: &ByFacts,
        wanted: &GateMask,
        renewed_after: Option<NaiveDate>,
    ) -> Result<GateMask, Overflow> {
        let mut unmet = by_facts.unmet.and(wanted);
        if by_facts.open.first_in(wanted).is_some() {
            for at in by_facts.open.and(wanted).iter() {
                if !self.measures(&gates.gates[at], renewed_after)? {
                    unmet.insert(at);
                }
            }
        }
        Ok(unmet)
    }

    /// Whether a measure of the day meets the gate.
    fn measures(&self, gate: &CompiledGate, renewed_after: Option<NaiveDate>) -> Result<bool, Overflow> {
        for test in &gate.revenue {
            if self.trailing_revenue(test.window_days, &test.groups)? >= test.at_least {
                return Ok(true);
            }
        }
        for test in &gate.computed {
            if self.computed_competency(test.level, &test.areas, renewed_after)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether onboarding may come to be met, or cease to be, on a day on which no fact changes.
    pub(crate) fn is_onboarding_open(&self, gates: &SetGates) -> bool {
        let Verdicts { plain, renewed, .. } = &self.state.verdicts;
        let by_facts = if self.state.standing.offboarded_on.is_some() { renewed } else { plain };
        by_facts.open.first_in(&gates.onboarding).is_some()
    }
}
