//! What an auditor finds in a ledger with a public key alone.

use daybook_intake::identify;
use daybook_proof::{Checkpoint, SignedNote, VerifierKey};
use daybook_store::{LedgerOptions, LedgerReader, VerifyAt, VerifyReport};
use std::path::Path;

/// What was found, and how many checkpoints were held against the records.
pub(super) struct Audit {
    pub(super) report: VerifyReport,
    pub(super) checkpoints: usize,
}

/// Verifies the ledger in the folder, and every checkpoint in it by the key. Panics where a checkpoint differs.
pub(super) fn audit(dir: &Path, key: Option<&VerifierKey>) -> Audit {
    let reader = LedgerReader::open(dir, &LedgerOptions::default()).unwrap();
    let stated: Vec<Checkpoint> = reader
        .checkpoints_readable()
        .iter()
        .map(|stored| {
            let note = SignedNote::parse(stored.note.as_bytes()).unwrap();
            note.verify(std::slice::from_ref(key.unwrap())).unwrap();
            Checkpoint::parse(note.text()).unwrap()
        })
        .collect();
    let at = VerifyAt {
        records: stated.iter().map(|checkpoint| checkpoint.size).collect(),
        quarantine: stated.iter().filter_map(|checkpoint| Some(checkpoint.quarantine?.leaves)).collect(),
    };
    let report = reader.verify_at(identify, &at);
    for checkpoint in &stated {
        assert_eq!(report.roots_at.get(&checkpoint.size), Some(&checkpoint.root));
        let quarantine = checkpoint.quarantine.unwrap();
        assert_eq!(report.quarantine_roots_at.get(&quarantine.leaves), Some(&quarantine.root));
    }
    Audit { report, checkpoints: stated.len() }
}
