//! Lines that wait in quarantine already. A file that is imported again brings its faulty lines again: a second entry for the
//! same bytes would say nothing new, and would have to be decided about once more.

use crate::failure::Failure;
use crate::waiting;
use daybook_proof::{Hash, leaf_hash};
use daybook_store::{Incoming, LedgerReader, QuarantineReason};
use std::collections::BTreeSet;

/// Hashes of what is in quarantine, whatever became of it: the same bytes would be judged the same.
#[derive(Default)]
pub(super) struct MetBefore {
    /// Events under whose id another content stands, for ever.
    conflicts: BTreeSet<Hash>,
    /// Lines that make no event.
    faulty: BTreeSet<Hash>,
}

impl MetBefore {
    /// What the ledger has in quarantine now.
    pub(super) fn of(reader: &LedgerReader) -> Result<Self, Failure> {
        let mut met = Self::default();
        waiting::entries(&reader.snapshot()?, |entry, _| {
            let hash = leaf_hash(&entry.bytes);
            let is_conflict = matches!(entry.reason, QuarantineReason::Conflict { .. });
            if is_conflict {
                met.conflicts.insert(hash)
            } else {
                met.faulty.insert(hash)
            };
            Ok(())
        })?;
        Ok(met)
    }

    /// The code under which this very input is in quarantine; none where it is not.
    pub(super) fn reason(&self, incoming: &Incoming) -> Option<&'static str> {
        match incoming {
            // Most imports meet a ledger without conflicts: no event of theirs is hashed.
            Incoming::Event { envelope, .. } => {
                (!self.conflicts.is_empty() && self.conflicts.contains(&leaf_hash(envelope))).then_some("conflict")
            }
            Incoming::Faulty { bytes, reason, .. } => self.faulty.contains(&leaf_hash(bytes)).then(|| reason.code()),
        }
    }
}
