//! Section 4, first half: whether a gate is met on a date.

use super::facts::Partner;
use super::number::Num;
use super::terms::is_in_named;
use super::time::{Ym, in_window};
use chrono::NaiveDate;
use daybook_event::{Envelope, Opening, PartnerStanding, Payload, StandingValue};
use daybook_rules::model::{CompetencySource, Gate, GateTest, RuleSet};

/// The outcome of a gate.
#[derive(Default, Clone)]
pub(crate) struct Verdict {
    pub(crate) met: bool,
    /// Trailing revenue and its threshold.
    pub(crate) revenue: Option<(Num, Num)>,
    /// The facts that hold it.
    pub(crate) events: Vec<String>,
}

/// Finds the event that holds a standing fact on the day judged.
pub(crate) type Held<'h> = dyn Fn(&str) -> HeldBy<'h> + 'h;

/// The event that holds a fact.
type HeldBy<'h> = Option<(&'h Envelope, &'h PartnerStanding)>;

/// A fact that is held is one whose last value is not `lapsed`.
pub(crate) fn is_held(standing: &PartnerStanding) -> bool {
    standing.value != StandingValue::Lapsed
}

impl<'a> Partner<'a> {
    /// Whether the standing fact is held on the date.
    pub(crate) fn holds(&self, fact: &str, date: NaiveDate) -> bool {
        self.fact_on(fact, date).is_some_and(|(_, standing)| is_held(standing))
    }

    /// Judges the gate on facts dated up to the date. With `after`, a standing fact is unmet until it is held by an
    /// event dated later than that.
    pub(crate) fn judge(&self, set: &RuleSet, gate: &Gate, date: NaiveDate, after: Option<NaiveDate>) -> Verdict {
        let mut all = Verdict::default();
        for test in &gate.any_of {
            let one = self.test(set, test, date, after);
            if all.revenue.is_none() {
                all.revenue = one.revenue;
            }
            if one.met && !all.met {
                (all.met, all.events) = (true, one.events);
            }
        }
        all
    }

    fn test(&self, set: &RuleSet, test: &GateTest, date: NaiveDate, after: Option<NaiveDate>) -> Verdict {
        let held_now = |fact: &str| self.held_now(fact, date, after);
        match test {
            GateTest::Held { fact } => of_fact(held_now(fact)),
            GateTest::HeldOn { fact, on } => of_fact(self.held_then(fact, *on, date, after)),
            GateTest::NumberAtLeast { fact, at_least } => {
                let enough = |standing: &PartnerStanding| match &standing.value {
                    StandingValue::Number(number) => Num::of_amount(number) >= Num::of_term(*at_least),
                    StandingValue::Held | StandingValue::Lapsed => false,
                };
                of_fact(held_now(fact).filter(|(_, standing)| enough(standing)))
            }
            GateTest::TrailingRevenue { at_least: None, .. } => Verdict { met: true, ..Verdict::default() },
            GateTest::TrailingRevenue { window_days, groups, at_least: Some(at_least) } => {
                let measured = self.trailing_revenue(set, *window_days, groups, date);
                let required = Num::of_term(*at_least);
                Verdict { met: measured >= required, revenue: Some((measured, required)), events: Vec::new() }
            }
            GateTest::Competency { level, areas, source, held_on } => {
                let mut declared = None;
                if *source != CompetencySource::Computed {
                    declared = self.declared(set, *level, areas, |fact| match held_on {
                        Some(on) => self.held_then(fact, *on, date, after),
                        None => held_now(fact),
                    });
                }
                if declared.is_some() || *source == CompetencySource::Declared {
                    return of_fact(declared);
                }
                let computed = self.computed_competency(set, *level, areas, date, &held_now);
                Verdict { met: computed.is_some(), revenue: None, events: computed.unwrap_or_default() }
            }
        }
    }

    /// The event that holds the fact on the date, if it is later than `after`.
    fn held_now(&self, fact: &str, date: NaiveDate, after: Option<NaiveDate>) -> HeldBy<'a> {
        let renewed = |event: &Envelope| after.is_none_or(|after| event.effective_on > after);
        self.fact_on(fact, date).filter(|(event, standing)| is_held(standing) && renewed(event))
    }

    /// The event that held the fact on the fixed date; after an offboarding the fact must have been held anew by any.
    fn held_then(&self, fact: &str, on: NaiveDate, date: NaiveDate, after: Option<NaiveDate>) -> HeldBy<'a> {
        let then = self.fact_on(fact, date.min(on)).filter(|(_, standing)| is_held(standing));
        let held_by_some = |(event, standing): &(&Envelope, &PartnerStanding)| {
            standing.fact == fact
                && is_held(standing)
                && event.effective_on <= date
                && after.is_none_or(|after| event.effective_on > after)
        };
        then.filter(|_| self.standing_facts.iter().any(held_by_some))
    }

    /// The first declared level from the asked one upwards, in the order of the areas.
    fn declared(&self, set: &RuleSet, level: usize, areas: &[String], held: impl Fn(&str) -> HeldBy<'a>) -> HeldBy<'a> {
        let mut facts = Vec::new();
        for area in areas {
            for name in &set.competency_levels[level..] {
                facts.push(format!("competency:{name}:{area}"));
            }
        }
        facts.iter().find_map(|fact| held(fact))
    }

    /// The sum of every revenue line and opening revenue in the window that ends on the date.
    pub(crate) fn trailing_revenue(&self, set: &RuleSet, days: u32, groups: &[String], date: NaiveDate) -> Num {
        let book = self.world.book;
        let counts =
            |product| groups.is_empty() || groups.iter().any(|group| is_in_named(book, set, group, product, date));
        let mut sum = Num::ZERO;
        for line in self.lines.iter().filter(|line| in_window(line.event.effective_on, days, date)) {
            let product = || super::facts::billed(line.priced_by).expect("a line is priced by a line").product;
            if let Some(worth) = line.worth.filter(|_| groups.is_empty() || counts(product())) {
                sum = sum.plus(worth);
            }
        }
        for event in self.facts.iter().filter(|event| event.effective_on <= date) {
            if let Payload::Opening(Opening::Revenue { product, month, amount, .. }) = &event.payload
                && in_window(Ym::of_month(*month).last_day(), days, date)
                && counts(product)
            {
                sum = sum.plus(Num::of_amount(amount));
            }
        }
        sum
    }
}

fn of_fact(held: HeldBy<'_>) -> Verdict {
    let events = held.iter().map(|(event, _)| event.id.to_string()).collect();
    Verdict { met: held.is_some(), revenue: None, events }
}
