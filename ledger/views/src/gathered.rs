//! A month's lines in columns, with the lines of earlier months that its credits lead to.

use crate::apart::Apart;
use crate::credits::LinesUnder;
use crate::fact::{Fact, FactKind};
use crate::history::FactSource;
use crate::lines::{LineClasses, Lines, LinesError};
use crate::pricing::PricedLine;
use chrono::NaiveDate;
use daybook_event::{EventRef, Month};
use std::collections::{BTreeMap, BTreeSet};

/// The facts that are rows of one month's fold.
pub(crate) struct Gathered<'a> {
    /// Credited lines of earlier months, in order.
    earlier: Vec<Fact>,
    /// The month's facts up to the through date.
    facts: &'a [Fact],
    /// Index into the month's facts, by row less those of earlier months.
    places: Vec<usize>,
    /// Rows that are reversed, ascending.
    pub(crate) reversed: Vec<u32>,
}

impl<'a> Gathered<'a> {
    /// Gathers the rows of a month up to a date.
    pub(crate) fn of<S: FactSource>(
        source: &S,
        month: Month,
        facts: &'a [Fact],
        through: NaiveDate,
    ) -> Result<Self, S::Error> {
        let facts = &facts[..facts.partition_point(|fact| fact.effective_on <= through)];
        let earlier = earlier(source, month, facts)?;
        let places: Vec<usize> = (0..facts.len()).filter(|at| is_row(&facts[*at])).collect();
        let mut reversed = Vec::new();
        let reversals = source.reversals();
        if !reversals.is_empty() {
            let rows = earlier.iter().chain(places.iter().map(|at| &facts[*at])).zip(0..);
            reversed.extend(rows.filter(|(fact, _)| reversals.names(&fact.id)).map(|(_, row): (_, u32)| row));
        }
        Ok(Self { earlier, facts, places, reversed })
    }

    /// The rows in columns.
    pub(crate) fn lines(&self, classes: &mut LineClasses) -> Result<Lines, LinesError> {
        Lines::of(self.earlier.iter().chain(self.facts), classes)
    }

    /// A line by the month's facts instead of rows.
    pub(crate) fn priced(&self, under: &LinesUnder<'_>, line: Apart) -> PricedLine {
        let fact = |row: usize| match row.checked_sub(self.earlier.len()) {
            None => &self.earlier[row],
            Some(at) => &self.facts[self.places[at]],
        };
        let resolved = under.resolve(line.row);
        let credit_of = resolved.is_credit.then(|| fact(resolved.by).id.clone());
        PricedLine { fact: self.places[line.row - self.earlier.len()], credit_of, ..line.priced }
    }
}

fn is_row(fact: &Fact) -> bool {
    matches!(fact.kind, FactKind::Line(_) | FactKind::Moneyless)
}

/// The event that a line credits.
fn credited(fact: &Fact) -> Option<EventRef> {
    let event_id = fact.line()?.credits.clone()?;
    Some(EventRef { source: fact.id.source.clone(), event_id })
}

/// The lines of earlier months that the month's credits lead to, link by link, in order.
fn earlier<S: FactSource>(source: &S, month: Month, facts: &[Fact]) -> Result<Vec<Fact>, S::Error> {
    let mut wanted: Vec<EventRef> = facts.iter().filter_map(credited).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let here: BTreeSet<&EventRef> = facts.iter().map(|fact| &fact.id).collect();
    let mut found: BTreeMap<EventRef, Fact> = BTreeMap::new();
    while let Some(id) = wanted.pop() {
        if here.contains(&id) || found.contains_key(&id) {
            continue;
        }
        if let Some(fact) = source.find_before(&id, month)?.filter(|fact| fact.line().is_some()) {
            wanted.extend(credited(&fact));
            found.insert(id, fact);
        }
    }
    let mut earlier: Vec<Fact> = found.into_values().collect();
    earlier.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(earlier)
}
