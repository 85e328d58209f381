//! What was adopted after each act, computed act by act: files are loaded once for each act, and again only for the acts
//! after one that is reversed.

use super::{Adopted, Adoption, Adoptions};
use daybook_event::{EventRef, Position};
use std::collections::{BTreeMap, BTreeSet};

/// The standing acts so far, each with what is adopted after it.
#[derive(Default)]
struct States<'a> {
    after: Vec<(&'a Adoption, Adopted)>,
    reversed: BTreeSet<&'a EventRef>,
    /// Acts that named another book than they made, when they were made. A reversal since, of an earlier act, is none of
    /// their doing.
    differed: BTreeSet<Position>,
}

enum Step<'a> {
    Act(&'a Adoption),
    Reversal(&'a EventRef),
}

impl Adoptions {
    /// What is adopted at a position.
    #[must_use]
    pub fn adopted(&self, known: Position) -> Adopted {
        self.adopted_since_the_first(known).pop().unwrap_or_default()
    }

    /// What was adopted after each act and each reversal up to a position, in order.
    #[must_use]
    pub fn adopted_since_the_first(&self, known: Position) -> Vec<Adopted> {
        let mut steps: BTreeMap<Position, Step<'_>> = BTreeMap::new();
        steps.extend(self.recorded(known).map(|adoption| (adoption.position, Step::Act(adoption))));
        let reversals = self.reversals.iter().take_while(|(position, _)| *position <= known);
        steps.extend(reversals.map(|(position, target)| (*position, Step::Reversal(target))));
        let mut states = States::default();
        let mut every = Vec::with_capacity(steps.len());
        for step in steps.into_values() {
            match step {
                Step::Act(adoption) => states.act(adoption),
                Step::Reversal(target) => states.reverse(target),
            }
            every.push(states.last());
        }
        every
    }
}

impl<'a> States<'a> {
    fn last(&self) -> Adopted {
        self.after.last().map(|(_, adopted)| adopted.clone()).unwrap_or_default()
    }

    fn act(&mut self, adoption: &'a Adoption) {
        // A reversal may have come before the act that it names.
        if self.reversed.contains(&adoption.id) {
            return;
        }
        let mut adopted = self.last();
        adopted.add(adoption);
        if adopted.differs_from(adoption) {
            self.differed.insert(adoption.position);
            adopted.note_other_hash(adoption);
        }
        self.after.push((adoption, adopted));
    }

    fn reverse(&mut self, target: &'a EventRef) {
        self.reversed.insert(target);
        let Some(at) = self.after.iter().position(|(adoption, _)| adoption.id == *target) else { return };
        for (adoption, _) in self.after.split_off(at).into_iter().skip(1) {
            let mut adopted = self.last();
            adopted.add(adoption);
            if adopted.differs_from(adoption) && self.differed.contains(&adoption.position) {
                adopted.note_other_hash(adoption);
            }
            self.after.push((adoption, adopted));
        }
    }
}
