//! The gates of a book in the form in which they are asked every day: numbers and masks instead of names, and apart from
//! each other what standing facts alone decide and what has to be measured on the day.

mod mask;

pub use mask::GateMask;

use crate::model::{Cadence, Competency, CompetencySource, Gate, GateTest, RuleBook, RuleSet, Upkeep};
use chrono::{Datelike, NaiveDate};
use daybook_event::{Exact, Month, Name};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// The gates of every rule set of a book.
#[derive(Debug, PartialEq, Eq)]
pub struct BookGates {
    sets: Vec<SetGates>,
}

/// The gates of a rule set.
#[derive(Debug, PartialEq, Eq)]
pub struct SetGates {
    /// The version, as rows name it.
    pub version: Name,
    /// First day.
    pub valid_from: NaiveDate,
    /// Whether standing is assessed on the first day, whatever the cadence.
    pub assesses_first_day: bool,
    /// When standing is assessed.
    pub assessment: Cadence,
    /// In file order.
    pub gates: Vec<CompiledGate>,
    /// Needed to be invited.
    pub entry: GateMask,
    /// Needed to be enrolled.
    pub onboarding: GateMask,
    /// Needed on the day of the sale.
    pub upkeep: GateMask,
    /// Of any stage.
    pub staged: GateMask,
    /// Needed by some lever.
    pub needed: GateMask,
    /// Gates that offboard, with how, in file order.
    pub offboarding: Vec<(usize, Upkeep)>,
}

/// A gate: met when anything here holds.
#[derive(Debug, PartialEq, Eq)]
pub struct CompiledGate {
    /// The code of a day that it keeps from earning.
    pub fail_code: Name,
    /// A test without a threshold holds always.
    pub always: bool,
    /// What standing facts alone decide.
    pub facts: Vec<FactTest>,
    /// Trailing revenue.
    pub revenue: Vec<RevenueTest>,
    /// Levels that are computed.
    pub computed: Vec<ComputedTest>,
}

/// Whether one of some standing facts is held.
#[derive(Debug, PartialEq, Eq)]
pub struct FactTest {
    /// The facts: any of them.
    pub any_of: Vec<String>,
    /// The fixed date on which it was held; none: the day judged.
    pub held_on: Option<NaiveDate>,
    /// The least number, where the fact is one.
    pub at_least: Option<Exact>,
}

/// Whether trailing revenue is at least so much.
#[derive(Debug, PartialEq, Eq)]
pub struct RevenueTest {
    /// Days in the window that ends on the day judged.
    pub window_days: u32,
    /// Over these product groups; empty: over everything.
    pub groups: Vec<String>,
    /// The least that passes.
    pub at_least: Exact,
}

/// Whether a level is reached by its own tests.
#[derive(Debug, PartialEq, Eq)]
pub struct ComputedTest {
    /// The lowest level that passes.
    pub level: usize,
    /// The areas.
    pub areas: Vec<String>,
    /// The fee facts of which each way to reach it asks one; none where a way asks for no fee.
    pub fees: Vec<Option<String>>,
}

/// What a day may earn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DayCode {
    /// It may.
    MayEarn,
    /// Every gate is met, but the partner is not enrolled.
    NotEnrolled,
    /// The gate of this number in the day's rule set keeps it from earning.
    Gate(u32),
}

impl BookGates {
    fn of(book: &RuleBook) -> Self {
        let before = |at: usize| at.checked_sub(1).map(|before| &book.sets[before]);
        Self { sets: book.sets.iter().enumerate().map(|(at, set)| SetGates::of(set, before(at))).collect() }
    }

    /// Those of the rule set of that number.
    #[must_use]
    pub fn of_set(&self, at: usize) -> &SetGates {
        &self.sets[at]
    }
}

impl SetGates {
    fn of(set: &RuleSet, before: Option<&RuleSet>) -> Self {
        let gates = || set.gates.iter().enumerate();
        let those = |wanted: fn(&Gate) -> bool| gates().filter(|(_, gate)| wanted(gate)).map(|(at, _)| at).collect();
        Self {
            version: set.version.as_str().into(),
            valid_from: set.valid_from,
            assesses_first_day: before.is_none_or(|before| !same_gates(before, set)),
            assessment: set.assessment,
            gates: set.gates.iter().map(|gate| CompiledGate::of(set, gate)).collect(),
            entry: those(|gate| gate.entry),
            onboarding: those(|gate| gate.onboarding),
            upkeep: those(|gate| gate.upkeep),
            staged: those(|gate| gate.entry || gate.onboarding || gate.upkeep),
            needed: set.levers.iter().flat_map(|lever| lever.needs.iter().copied()).collect(),
            offboarding: gates().filter_map(|(at, gate)| gate.offboards.map(|upkeep| (at, upkeep))).collect(),
        }
    }

    /// The code of a day as rows name it; none where the day may earn, or where every gate is met.
    #[must_use]
    pub fn code(&self, code: DayCode) -> Option<&Name> {
        let DayCode::Gate(gate) = code else { return None };
        self.gates.get(gate as usize).map(|gate| &gate.fail_code)
    }

    /// Whether standing is assessed on a date that the set governs: by its cadence, on the first day of the first set, and on
    /// the first day of every set whose gates differ from those before.
    #[must_use]
    pub fn assesses_on(&self, on: NaiveDate) -> bool {
        if on == self.valid_from && self.assesses_first_day {
            return true;
        }
        match self.assessment {
            Cadence::Daily => true,
            Cadence::Weekly(weekday) => on.weekday() == weekday,
            Cadence::Monthly(day) => Month::of(on).day(day) == on,
        }
    }
}

/// Whether two sets test the same: sentences and citations apart.
fn same_gates(a: &RuleSet, b: &RuleSet) -> bool {
    let same = |(a, b): (&Gate, &Gate)| {
        (&a.name, a.entry, a.onboarding, a.upkeep, &a.any_of, a.offboards)
            == (&b.name, b.entry, b.onboarding, b.upkeep, &b.any_of, b.offboards)
    };
    a.gates.len() == b.gates.len() && a.gates.iter().zip(&b.gates).all(same)
}

impl CompiledGate {
    fn of(set: &RuleSet, gate: &Gate) -> Self {
        let mut compiled = Self {
            fail_code: gate.fail_code.as_str().into(),
            always: false,
            facts: Vec::new(),
            revenue: Vec::new(),
            computed: Vec::new(),
        };
        for test in &gate.any_of {
            compiled.take(set, test);
        }
        compiled
    }

    fn take(&mut self, set: &RuleSet, test: &GateTest) {
        let alone = |fact: &String, held_on, at_least| FactTest { any_of: vec![fact.clone()], held_on, at_least };
        match test {
            GateTest::Held { fact } => self.facts.push(alone(fact, None, None)),
            GateTest::HeldOn { fact, on } => self.facts.push(alone(fact, Some(*on), None)),
            GateTest::NumberAtLeast { fact, at_least } => self.facts.push(alone(fact, None, Some(*at_least))),
            GateTest::TrailingRevenue { at_least: None, .. } => self.always = true,
            GateTest::TrailingRevenue { window_days, groups, at_least: Some(at_least) } => {
                let (window_days, groups, at_least) = (*window_days, groups.clone(), *at_least);
                self.revenue.push(RevenueTest { window_days, groups, at_least });
            }
            GateTest::Competency { level, areas, source, held_on } => {
                if *source != CompetencySource::Computed {
                    let names = &set.competency_levels[*level..];
                    let facts = areas.iter().flat_map(|area| names.iter().map(move |name| declared_fact(name, area)));
                    self.facts.push(FactTest { any_of: facts.collect(), held_on: *held_on, at_least: None });
                }
                if *source != CompetencySource::Declared {
                    self.computed.push(ComputedTest::of(set, *level, areas));
                }
            }
        }
    }
}

/// The standing fact that declares a level in an area.
fn declared_fact(level: &str, area: &str) -> String {
    format!("competency:{level}:{area}")
}

impl ComputedTest {
    fn of(set: &RuleSet, level: usize, areas: &[String]) -> Self {
        let reaches = |tests: &&Competency| tests.level >= level && areas.contains(&tests.area);
        let fee = |tests: &Competency| {
            let level = set.competency_levels.get(tests.level).filter(|_| tests.fee)?;
            Some(format!("competency_fee:{level}"))
        };
        Self { level, areas: areas.to_vec(), fees: set.competencies.iter().filter(reaches).map(fee).collect() }
    }
}

/// What is compiled of a book once, when it is first asked for. A copy of the book, which may be changed, begins anew.
#[derive(Default)]
pub struct Compiled(OnceLock<BookGates>);

impl Clone for Compiled {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.get().is_some() { "Compiled(done)" } else { "Compiled(not yet)" })
    }
}

impl RuleBook {
    /// Its gates as they are asked every day. A book is not changed any more once they were asked for; a copy may be.
    #[must_use]
    pub fn gates(&self) -> &BookGates {
        let gates = self.compiled.0.get_or_init(|| BookGates::of(self));
        debug_assert_eq!(gates.sets.len(), self.sets.len(), "the book was changed after its gates were asked for");
        gates
    }
}
