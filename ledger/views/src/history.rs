//! A partner's facts in order, and which of them were reversed.

use crate::fact::Fact;
use daybook_event::{Envelope, EventRef, Month, Payload, Position};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

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
}

/// The reversals of one partner (or of the facts of no partner).
///
/// A reversal acts from its own position on, whatever its date, and on its own source only.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Reversals {
    /// Every reversal, with what it names.
    made: BTreeMap<EventRef, EventRef>,
    /// Everything that some reversal names.
    targets: BTreeSet<EventRef>,
    /// Targets that are known facts.
    known: BTreeSet<EventRef>,
}

impl Reversals {
    /// Takes a reversal in.
    pub fn add(&mut self, envelope: &Envelope) {
        if let Payload::Reversal(reversal) = &envelope.payload {
            let target = EventRef { source: envelope.id.source.clone(), event_id: reversal.reverses.clone() };
            self.targets.insert(target.clone());
            self.made.insert(envelope.id.clone(), target);
        }
    }

    /// Notes that a fact of that id is known, so that a reversal of it is no finding.
    pub fn note_known(&mut self, id: &EventRef) {
        if self.names(id) {
            self.known.insert(id.clone());
        }
    }

    /// Whether some reversal names the event: it then drops out of every figure. A reversal that names a reversal
    /// changes nothing, which holds by itself, since reversals are no facts.
    #[must_use]
    pub fn names(&self, id: &EventRef) -> bool {
        self.targets.contains(id)
    }

    /// Everything that some reversal names.
    #[must_use]
    pub fn targets(&self) -> &BTreeSet<EventRef> {
        &self.targets
    }

    /// Reversals that change nothing: `(code, reversal)`.
    #[must_use]
    pub fn findings(&self) -> Vec<(&'static str, &EventRef)> {
        let code = |target: &EventRef| {
            if self.made.contains_key(target) {
                Some("REVERSAL_OF_REVERSAL")
            } else if self.known.contains(target) {
                None
            } else {
                Some("REVERSAL_TARGET_UNKNOWN")
            }
        };
        self.made.iter().filter_map(|(reversal, target)| code(target).map(|code| (code, reversal))).collect()
    }
}

/// A partner's facts in memory.
#[derive(Debug, Clone, Default)]
pub struct PartnerHistory {
    facts: Vec<Fact>,
    by_id: Vec<u32>,
    reversals: Reversals,
}

impl PartnerHistory {
    /// The history that these facts and reversals make, in whatever order they come.
    #[must_use]
    pub fn new(mut facts: Vec<Fact>, mut reversals: Reversals) -> Self {
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut by_id: Vec<u32> = (0..u32::try_from(facts.len()).unwrap_or(u32::MAX)).collect();
        by_id.sort_by(|&a, &b| facts[a as usize].id.cmp(&facts[b as usize].id));
        if !reversals.made.is_empty() {
            facts.iter().for_each(|fact| reversals.note_known(&fact.id));
        }
        Self { facts, by_id, reversals }
    }

    /// All facts in order.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The month of the first fact.
    #[must_use]
    pub fn first_month(&self) -> Option<Month> {
        self.facts.first().map(Fact::month)
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
}
