//! Adoptions: which rule files the ledger's operators made the ones in force.
//!
//! An adoption is a record. What is adopted at a position follows from the adoptions and reversals up to it: each act, in
//! order, adds its files to those before. An act whose files make no book together with these counts for nothing and is a
//! finding, so that what one hand wrote wrongly never keeps the others from working.

mod adopted;
mod plan;
mod states;

pub use adopted::{Adopted, AdoptedFile, AdoptionError, AdoptionFinding};
pub use plan::{AdoptionPlan, PlanError, WantedVersions, adoption_plan};

use daybook_event::{Envelope, EventRef, Payload, Position, RuleBookAdopted};
use std::collections::{BTreeMap, BTreeSet};

/// Every adoption and every reversal that may name one, in whatever order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adoptions {
    acts: BTreeMap<Position, Adoption>,
    /// What a reversal names, by the position of the reversal.
    reversals: BTreeSet<(Position, EventRef)>,
}

/// One adoption as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Where it stands.
    pub position: Position,
    /// Its name.
    pub id: EventRef,
    /// What it says.
    pub act: RuleBookAdopted,
}

impl Adoptions {
    /// Takes an envelope in. All but the operators' adoptions and their reversals of facts of no partner change nothing.
    pub fn add(&mut self, position: Position, envelope: &Envelope) {
        if envelope.partner_id.is_some() || !envelope.id.source.is_ledger() {
            return;
        }
        match &envelope.payload {
            Payload::RuleBookAdopted(act) => {
                let adoption = Adoption { position, id: envelope.id.clone(), act: act.clone() };
                self.acts.insert(position, adoption);
            }
            Payload::Reversal(reversal) => {
                let target = EventRef { source: envelope.id.source.clone(), event_id: reversal.reverses.clone() };
                self.reversals.insert((position, target));
            }
            _ => {}
        }
    }

    /// How many adoptions and reversals there are: another count is another state.
    #[must_use]
    pub fn count(&self) -> usize {
        self.acts.len() + self.reversals.len()
    }

    /// Every adoption up to a position, reversed or not.
    pub fn recorded(&self, known: Position) -> impl Iterator<Item = &Adoption> {
        self.acts.range(..=known).map(|(_, adoption)| adoption)
    }

    /// The adoptions that count at a position: made up to it, and not reversed up to it.
    pub fn standing(&self, known: Position) -> impl Iterator<Item = &Adoption> {
        let known_reversals = self.reversals.iter().filter(move |(position, _)| *position <= known);
        let reversed: BTreeSet<&EventRef> = known_reversals.map(|(_, target)| target).collect();
        self.recorded(known).filter(move |adoption| !reversed.contains(&adoption.id))
    }
}

#[cfg(test)]
mod tests;
