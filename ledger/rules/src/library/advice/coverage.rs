//! Temporal coverage: on the first of every month somebody must be able to earn something.
//!
//! The sample case is a partner who holds every fact that can be held, sells of every product group, and has all the
//! revenue and certifications there can be. Where even that earns nothing the terms have a hole.

use super::super::RuleLibrary;
use crate::diagnostic::{Code, Findings};
use crate::model::{CompetencySource, Gate, GateTest, RuleSet};
use chrono::NaiveDate;
use daybook_event::Month;

/// Reports, per version, the first date on which the sample case does not evaluate, and how many there are.
pub(super) fn uncovered_dates(findings: &Findings<'_>, library: &RuleLibrary, until: NaiveDate) {
    let book = library.current();
    let Some(first) = book.sets.first().map(|set| set.valid_from) else { return };
    for (at, set) in book.sets.iter().enumerate() {
        let ends = book.sets.get(at + 1).map(|next| next.valid_from);
        let holes = firsts(first, until).filter(|date| set.valid_from <= *date && ends.is_none_or(|ends| *date < ends));
        let holes: Vec<(NaiveDate, String)> = holes.filter_map(|date| Some((date, hole(set, date)?))).collect();
        let (Some((date, why)), Some(version)) = (holes.first(), library.version(&set.version)) else { continue };
        let more = match holes.len() - 1 {
            0 => String::new(),
            more => format!(" and on {more} more firsts of a month"),
        };
        findings
            .report(
                Code::UncoveredDate,
                version.document.header.from_place,
                format!("on {date}{more} nobody can earn anything: {why}"),
            )
            .hint("correct the terms, or begin them on a date from which they can be met");
    }
}

/// The first of every month in a span.
fn firsts(from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let begins = Month::of(from);
    let begins = if begins.first_day() < from { begins.next() } else { begins };
    let count = (Month::of(until).since(begins) + 1).max(0);
    (0..count).map(move |months| begins.plus(months).first_day())
}

/// Why the sample case earns nothing on the date; none where it earns.
fn hole(set: &RuleSet, date: NaiveDate) -> Option<String> {
    let in_force = |gate: &&Gate| gate.entry || gate.onboarding || gate.upkeep;
    if let Some(gate) = set.gates.iter().filter(in_force).find(|gate| !can_pass(set, gate, date)) {
        return Some(format!("gate {} cannot be passed", gate.name));
    }
    let applies =
        |needs: &[usize]| needs.iter().all(|&at| set.gates.get(at).is_some_and(|gate| can_pass(set, gate, date)));
    let some_lever = set.levers.iter().any(|lever| applies(&lever.needs) && lever.rate.millionths() > 0);
    (!some_lever).then(|| "no lever can apply".to_owned())
}

fn can_pass(set: &RuleSet, gate: &Gate, date: NaiveDate) -> bool {
    gate.any_of.iter().any(|test| match test {
        GateTest::Held { .. } | GateTest::NumberAtLeast { .. } | GateTest::TrailingRevenue { .. } => true,
        GateTest::HeldOn { on, .. } => *on <= date,
        GateTest::Competency { held_on: Some(on), .. } if *on > date => false,
        GateTest::Competency { source: CompetencySource::Computed, level, areas, .. } => {
            let computes = |area: &String, at: usize| at >= *level && areas.contains(area);
            set.competencies.iter().any(|competency| computes(&competency.area, competency.level))
        }
        GateTest::Competency { areas, .. } => !areas.is_empty(),
    })
}
