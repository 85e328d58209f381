//! Adoptions: which rule files the ledger's operators made the ones in force.
//!
//! An adoption is a record. What is adopted at a position follows from the adoptions and reversals up to it: each act, in
//! order, adds its files to those before. An act whose files make no book together with these counts for nothing and is a
//! finding, so that what one hand wrote wrongly never keeps the others from working.

mod adopted;
mod plan;

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

    /// What is adopted at a position.
    #[must_use]
    pub fn adopted(&self, known: Position) -> Adopted {
        let mut adopted = Adopted::default();
        for adoption in self.standing(known) {
            match adopted.plus(&adoption.act.files) {
                Ok(library) => adopted.take(adoption, library),
                Err(error) => adopted.refuse(adoption, &error),
            }
            if adopted.differs_from(adoption) && self.differed_when_made(adoption) {
                adopted.note_other_hash(adoption);
            }
        }
        adopted
    }

    /// Whether the act named another book than it made. A reversal since, of an earlier act, is none of its doing.
    fn differed_when_made(&self, adoption: &Adoption) -> bool {
        let mut then = Adopted::default();
        for earlier in self.standing(adoption.position) {
            if let Ok(library) = then.plus(&earlier.act.files) {
                then.take(earlier, library);
            }
        }
        then.differs_from(adoption)
    }
}

#[cfg(test)]
mod tests;
