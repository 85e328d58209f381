//! The chain of keys through stored checkpoints: who signed each, and who may sign those after it.

use crate::signing::Stored;
use daybook_proof::{Checkpoint, NoteError, VerifierKey};

/// The keys on their way through the checkpoints, oldest first.
pub(super) struct Signatures {
    /// Keys that may sign the next one.
    keys: Vec<VerifierKey>,
    /// Whether one of them has signed one yet: of notes before, others may have.
    is_begun: bool,
    /// Checkpoints that they signed.
    pub(super) verified: u64,
}

impl Signatures {
    pub(super) fn new(keys: Vec<VerifierKey>) -> Self {
        Self { keys, is_begun: false, verified: 0 }
    }

    /// What is wrong with the signatures of the next checkpoint.
    pub(super) fn check(&mut self, stored: &Stored) -> Vec<String> {
        let mut wrong = Vec::new();
        let origin = &stored.checkpoint.origin;
        match stored.note.verify_log(origin, &self.keys) {
            Ok(_) => {
                self.verified += 1;
                self.is_begun = true;
            }
            // Those of before a key that the reader has are no evidence, and no fault.
            Err(NoteError::Unknown(_)) if !self.is_begun => return wrong,
            Err(why) => return vec![why.to_string()],
        }
        if let Some(next) = &stored.checkpoint.next_key {
            if stored.note.verify_log(origin, std::slice::from_ref(next)).is_err() {
                wrong.push("names a next key that did not sign it".to_owned());
            }
            self.keys = vec![next.clone()];
        }
        wrong
    }
}

/// One log, which only grows: what is wrong with a checkpoint after the one before.
pub(super) fn order(before: &Checkpoint, now: &Checkpoint) -> Option<String> {
    if before.origin != now.origin {
        Some(format!("is of {}, the one before of {}", now.origin, before.origin))
    } else if before.size > now.size {
        Some(format!("is of {} records, the one before of {}", now.size, before.size))
    } else if before.quarantine.map(|tree| tree.leaves) > now.quarantine.map(|tree| tree.leaves) {
        Some("is of a smaller quarantine than the one before".to_owned())
    } else {
        None
    }
}

/// The report's line.
pub(super) fn line(count: u64, size: u64, verified: u64, whose: &str) -> String {
    format!("{count}, the last at position {size}; {verified} signatures checked, {whose}")
}

/// The report's line where there is no key.
pub(super) fn line_keyless(count: u64, size: u64) -> String {
    format!("{count}, the last at position {size}; no signature checked, for there is no key: give --key")
}

/// What is found where none of the keys signed anything.
pub(super) const NONE_SIGNED: &str = "no checkpoint is signed by a key that was given";
