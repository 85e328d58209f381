//! A partner's facts in order, and which of them were reversed.

use crate::currencies::CurrencyUses;
use crate::fact::Fact;
use chrono::NaiveDate;
use daybook_event::{Envelope, EventRef, Month, Payload, Position};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Where the fold finds a partner's facts. Implemented over memory here, over the derived file by the projector.
pub trait FactSource {
    /// What goes wrong when facts cannot be read.
    type Error;

    /// The month's facts in order, reversed ones included.
    ///
    /// # Errors
    /// Whatever keeps the facts from being read.
    fn month(&self, month: Month) -> Result<Cow<'_, [Fact]>, Self::Error>;

    /// The fact of that id in a month before this one, whether reversed or not.
    ///
    /// # Errors
    /// Whatever keeps the facts from being read.
    fn find_before(&self, id: &EventRef, month: Month) -> Result<Option<Fact>, Self::Error>;

    /// Which events are reversed.
    fn reversals(&self) -> &Reversals;

    /// The month of the first fact.
    fn first_month(&self) -> Option<Month>;

    /// Months up to one that have a fact recorded after a position, ascending.
    fn months_recorded_after(&self, after: Position, to: Month) -> Vec<Month>;

    /// What exchange rates the figures depend on.
    fn currencies(&self) -> Cow<'_, CurrencyUses>;

    /// Statements of the month that were recorded between two positions, both of them not included, in order of position.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn pinned(&self, month: Month, after: Position, before: Position) -> Result<Cow<'_, [PinnedRecord]>, Self::Error>;
}

/// A pinned statement as recorded. Whether it counts is the closing's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedRecord {
    /// The event.
    pub id: EventRef,
    /// The record.
    pub position: Position,
    /// The month that it is a statement of.
    pub month: Month,
    /// The through date that it was made with.
    pub through: NaiveDate,
    /// Its rows, as recorded.
    pub rows: Vec<u8>,
}

impl PinnedRecord {
    /// The pinned statement that a record is, if it is one.
    #[must_use]
    pub fn of(position: Position, envelope: &Envelope) -> Option<Self> {
        let Payload::PinnedStatement(statement) = &envelope.payload else { return None };
        let (id, rows) = (envelope.id.clone(), statement.rows.clone());
        Some(Self { id, position, month: statement.month, through: envelope.effective_on, rows })
    }
}

/// The reversals of one partner (or of the facts of no partner).
///
/// A reversal acts from its own position on, whatever its date, and on its own source only.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Reversals {
    /// Every reversal, with what it names.
    made: BTreeMap<EventRef, Made>,
    /// Everything that some reversal names, and from which position on it is reversed.
    targets: BTreeMap<EventRef, Position>,
    /// Targets that are known.
    known: BTreeMap<EventRef, Known>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Made {
    target: EventRef,
    position: Position,
}

/// What is known of an event that a reversal may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Known {
    /// A fact of that month.
    Fact(Month),
    /// A closing or a pinned statement: reversing it changes nothing.
    Closing,
}

impl Reversals {
    /// Takes a reversal in.
    pub fn add(&mut self, position: Position, envelope: &Envelope) {
        if let Payload::Reversal(reversal) = &envelope.payload {
            let target = EventRef { source: envelope.id.source.clone(), event_id: reversal.reverses.clone() };
            self.add_made(envelope.id.clone(), position, target);
        }
    }

    /// Notes that an event of that id is known, so that a reversal of it is not one of nothing.
    pub fn note_known(&mut self, id: &EventRef, known: Known) {
        if self.names(id) {
            self.known.insert(id.clone(), known);
        }
    }

    /// What the reversal of that id names, if there is one.
    #[must_use]
    pub fn target_of(&self, reversal: &EventRef) -> Option<&EventRef> {
        self.made.get(reversal).map(|made| &made.target)
    }

    /// The position of the reversal of that id, if there is one.
    #[must_use]
    pub fn position_of(&self, reversal: &EventRef) -> Option<Position> {
        self.made.get(reversal).map(|made| made.position)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Everything that some reversal names, in order.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &EventRef> {
        self.targets.keys()
    }

    /// Every reversal in order, with its position and what it names.
    pub(crate) fn made(&self) -> impl Iterator<Item = (&EventRef, Position, &EventRef)> {
        self.made.iter().map(|(id, made)| (id, made.position, &made.target))
    }

    /// Targets that are known, in order.
    pub(crate) fn known_all(&self) -> impl Iterator<Item = (&EventRef, Known)> {
        self.known.iter().map(|(id, known)| (id, *known))
    }

    /// Takes in the reversal of that id.
    pub(crate) fn add_made(&mut self, id: EventRef, position: Position, target: EventRef) {
        let from = self.targets.entry(target.clone()).or_insert(position);
        *from = position.min(*from);
        self.made.insert(id, Made { target, position });
    }

    /// Takes in the reversals of others. What they name must be noted again.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (id, made) in other.made {
            self.add_made(id, made.position, made.target);
        }
    }

    /// The reversals that name the event, the one that took it out first.
    #[must_use]
    pub fn of(&self, id: &EventRef) -> Vec<(Position, &EventRef)> {
        let naming = self.made.iter().filter(|(_, made)| made.target == *id);
        let mut naming: Vec<_> = naming.map(|(reversal, made)| (made.position, reversal)).collect();
        naming.sort();
        naming
    }

    /// Whether some reversal names the event: it then drops out of every figure. A reversal that names a reversal
    /// changes nothing, which holds by itself, since reversals are no facts.
    #[must_use]
    pub fn names(&self, id: &EventRef) -> bool {
        self.targets.contains_key(id)
    }

    /// The position from which on the event is reversed, if it is.
    #[must_use]
    pub(crate) fn reversed_from(&self, id: &EventRef) -> Option<Position> {
        self.targets.get(id).copied()
    }

    /// Those up to a position alone: for the fold, which asks for no findings.
    #[must_use]
    pub(crate) fn until(&self, position: Position) -> Self {
        let made = self.made.iter().filter(|(_, made)| made.position <= position);
        let targets = self.targets.iter().filter(|(_, from)| **from <= position);
        Self {
            made: made.map(|(id, made)| (id.clone(), made.clone())).collect(),
            targets: targets.map(|(target, from)| (target.clone(), *from)).collect(),
            known: BTreeMap::new(),
        }
    }

    /// Reversals of facts after a position: `(position, reversal, target, the target's month)`.
    pub(crate) fn of_facts_after(
        &self,
        position: Position,
    ) -> impl Iterator<Item = (Position, &EventRef, &EventRef, Month)> {
        self.made.iter().filter(move |(_, made)| made.position > position).filter_map(|(id, made)| {
            match self.known.get(&made.target) {
                Some(Known::Fact(month)) => Some((made.position, id, &made.target, *month)),
                Some(Known::Closing) | None => None,
            }
        })
    }

    /// Reversals that change nothing: `(code, reversal)`.
    #[must_use]
    pub fn findings(&self) -> Vec<(&'static str, &EventRef)> {
        let code = |target: &EventRef| match self.known.get(target) {
            _ if self.made.contains_key(target) => Some("REVERSAL_OF_REVERSAL"),
            Some(Known::Fact(_)) => None,
            Some(Known::Closing) => Some("CLOSE_NOT_REVERSIBLE"),
            None => Some("REVERSAL_TARGET_UNKNOWN"),
        };
        self.made.iter().filter_map(|(reversal, made)| code(&made.target).map(|code| (code, reversal))).collect()
    }
}

/// A partner's facts in memory.
#[derive(Debug, Clone, Default)]
pub struct PartnerHistory {
    facts: Vec<Fact>,
    by_id: Vec<u32>,
    reversals: Reversals,
    /// In order of position.
    pinned: Vec<PinnedRecord>,
}

impl PartnerHistory {
    /// The history that these facts and reversals make, in whatever order they come.
    #[must_use]
    pub fn new(mut facts: Vec<Fact>, mut reversals: Reversals) -> Self {
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut by_id: Vec<u32> = (0..u32::try_from(facts.len()).unwrap_or(u32::MAX)).collect();
        by_id.sort_by(|&a, &b| facts[a as usize].id.cmp(&facts[b as usize].id));
        if !reversals.made.is_empty() {
            facts.iter().for_each(|fact| reversals.note_known(&fact.id, Known::Fact(fact.month())));
        }
        Self { facts, by_id, reversals, pinned: Vec::new() }
    }

    /// The history with these pinned statements, in whatever order they come.
    #[must_use]
    pub fn with_pinned(mut self, mut pinned: Vec<PinnedRecord>) -> Self {
        pinned.iter().for_each(|record| self.reversals.note_known(&record.id, Known::Closing));
        pinned.sort_by_key(|record| record.position);
        self.pinned = pinned;
        self
    }

    /// What it was made of: facts, reversals and pinned statements, so that more can be added.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Fact>, Reversals, Vec<PinnedRecord>) {
        (self.facts, self.reversals, self.pinned)
    }

    /// The history with further facts, for asking what would be. One that has the id of a known fact takes its place.
    #[must_use]
    pub fn supposing(&self, further: &[Fact]) -> Self {
        let stays = |fact: &&Fact| !further.iter().any(|other| other.id == fact.id);
        let facts = self.facts.iter().filter(stays).chain(further).cloned().collect();
        Self::new(facts, self.reversals.clone()).with_pinned(self.pinned.clone())
    }

    /// All facts in order.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Which events are reversed.
    #[must_use]
    pub fn reversals_made(&self) -> &Reversals {
        &self.reversals
    }

    /// Pinned statements, in order of position.
    #[must_use]
    pub fn pinned_all(&self) -> &[PinnedRecord] {
        &self.pinned
    }

    /// The month of the first fact.
    #[must_use]
    pub fn first_month(&self) -> Option<Month> {
        self.facts.first().map(Fact::month)
    }

    /// The facts and reversals up to a position, without pinned statements: what a closing knew.
    #[must_use]
    pub fn known_until(&self, position: Position) -> Self {
        let known = self.facts.iter().filter(|fact| fact.position <= position);
        Self::new(known.cloned().collect(), self.reversals.until(position))
    }

    /// The last position among its facts.
    #[must_use]
    pub fn last_position(&self) -> Position {
        self.facts.iter().map(|fact| fact.position).max().unwrap_or_default()
    }
}

impl FactSource for PartnerHistory {
    type Error = std::convert::Infallible;

    fn month(&self, month: Month) -> Result<Cow<'_, [Fact]>, Self::Error> {
        let first = self.facts.partition_point(|fact| fact.month() < month);
        let end = self.facts.partition_point(|fact| fact.month() <= month);
        Ok(Cow::Borrowed(&self.facts[first..end]))
    }

    fn find_before(&self, id: &EventRef, month: Month) -> Result<Option<Fact>, Self::Error> {
        let at = self.by_id.binary_search_by(|&at| self.facts[at as usize].id.cmp(id)).ok();
        let fact = at.map(|at| &self.facts[self.by_id[at] as usize]);
        Ok(fact.filter(|fact| fact.month() < month).cloned())
    }

    fn reversals(&self) -> &Reversals {
        &self.reversals
    }

    fn first_month(&self) -> Option<Month> {
        Self::first_month(self)
    }

    fn months_recorded_after(&self, after: Position, to: Month) -> Vec<Month> {
        let end = self.facts.partition_point(|fact| fact.month() <= to);
        let mut months: Vec<Month> =
            self.facts[..end].iter().filter(|fact| fact.position > after).map(Fact::month).collect();
        months.dedup();
        months
    }

    fn currencies(&self) -> Cow<'_, CurrencyUses> {
        Cow::Owned(CurrencyUses::of(&self.facts))
    }

    fn pinned(&self, month: Month, after: Position, before: Position) -> Result<Cow<'_, [PinnedRecord]>, Self::Error> {
        let within = |record: &&PinnedRecord| after < record.position && record.position < before;
        Ok(self.pinned.iter().filter(within).filter(|record| record.month == month).cloned().collect())
    }
}
