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
    /// The fact that holds it.
    pub(crate) event: Option<String>,
}

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
                (all.met, all.event) = (true, one.event);
            }
        }
        all
    }

    fn test(&self, set: &RuleSet, test: &GateTest, date: NaiveDate, after: Option<NaiveDate>) -> Verdict {
        let renewed = |event: &Envelope| after.is_none_or(|after| event.effective_on > after);
        let held_now =
            |fact: &str| self.fact_on(fact, date).filter(|(event, standing)| is_held(standing) && renewed(event));
        match test {
            GateTest::Held { fact } => of_fact(held_now(fact)),
            GateTest::HeldOn { fact, on } => {
                let then = self.fact_on(fact, date.min(*on)).filter(|(_, standing)| is_held(standing));
                let held_by_some = |event: &&'a Envelope| match &event.payload {
                    Payload::PartnerStanding(standing) => {
                        standing.fact == *fact && is_held(standing) && event.effective_on <= date && renewed(event)
                    }
                    _ => false,
                };
                of_fact(then.filter(|_| self.facts.iter().any(held_by_some)))
            }
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
                Verdict { met: measured >= required, revenue: Some((measured, required)), event: None }
            }
            GateTest::Competency { level, areas, source, .. } => {
                assert_eq!(*source, CompetencySource::Declared, "the generator writes no other");
                let mut facts = Vec::new();
                for area in areas {
                    for name in &set.competency_levels[*level..] {
                        facts.push(format!("competency:{name}:{area}"));
                    }
                }
                of_fact(facts.iter().find_map(|fact| held_now(fact)))
            }
        }
    }

    /// The sum of every revenue line and opening revenue in the window that ends on the date.
    fn trailing_revenue(&self, set: &RuleSet, days: u32, groups: &[String], date: NaiveDate) -> Num {
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

fn of_fact(held: Option<(&Envelope, &PartnerStanding)>) -> Verdict {
    Verdict { met: held.is_some(), revenue: None, event: held.map(|(event, _)| event.id.to_string()) }
}
