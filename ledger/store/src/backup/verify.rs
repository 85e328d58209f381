//! Verifying a backup: every block, every root, and every checkpoint against the records. Nothing stops it.

use super::read::Roots;
use super::{Backup, BackupError};
use crate::{Finding, FindingCode, Identified, StoredCheckpoint};
use daybook_proof::{Checkpoint, SignedNote};

impl Backup {
    /// Everything wrong with the backup: none if it is whole. `identify` decodes an envelope.
    pub fn verify(&self, identify: impl Fn(&[u8]) -> Result<Identified, String>) -> Vec<Finding> {
        self.verify_against(None, identify).0
    }

    /// Everything wrong with the backup, and what of a checkpoint kept elsewhere differs from its rows. One pass for both.
    pub fn verify_against(
        &self,
        kept: Option<&Checkpoint>,
        identify: impl Fn(&[u8]) -> Result<Identified, String>,
    ) -> (Vec<Finding>, Vec<String>) {
        let mut findings = Vec::new();
        let mut find = |code, place: String, what: String| findings.push(Finding { code, place, what });
        let checkpoints = self.checkpoints().unwrap_or_else(|error| {
            find(FindingCode::Unreadable, "the checkpoints of the backup".to_owned(), error.to_string());
            Vec::new()
        });
        let mut roots = roots_of(&checkpoints);
        if let Some(kept) = kept {
            roots.want(kept);
        }
        for (run, mark) in self.manifest.marks.iter().enumerate() {
            let walked = self.part(run, &mut roots, &mut |row| {
                if let super::read::Row::Record(frame) = row {
                    identify(frame.envelope).map_err(|what| {
                        let position = frame.position.number();
                        BackupError::Envelope { position, what }
                    })?;
                }
                Ok(())
            });
            if let Err(error) = walked {
                let place = format!("run {}, up to position {}", run + 1, mark.position);
                find(FindingCode::Unreadable, place, error.to_string());
            }
        }
        for kept in &checkpoints {
            if let Err(what) = held(kept, &roots) {
                find(FindingCode::Root, format!("checkpoint {}", kept.number), what);
            }
        }
        (findings, kept.map(|kept| differences(kept, &roots)).unwrap_or_default())
    }
}

/// The sizes that checkpoints speak of.
pub(super) fn roots_of(checkpoints: &[StoredCheckpoint]) -> Roots {
    let mut roots = Roots::default();
    for checkpoint in checkpoints.iter().filter_map(|kept| checkpoint_of(kept).ok()) {
        roots.want(&checkpoint);
    }
    roots
}

/// What a kept note says.
pub(super) fn checkpoint_of(kept: &StoredCheckpoint) -> Result<Checkpoint, String> {
    let note = SignedNote::parse(kept.note.as_bytes()).map_err(|error| error.to_string())?;
    Checkpoint::parse(note.text()).map_err(|error| error.to_string())
}

/// Whether the rows give what the checkpoint says.
pub(super) fn held(kept: &StoredCheckpoint, roots: &Roots) -> Result<Checkpoint, String> {
    let checkpoint = checkpoint_of(kept)?;
    match differences(&checkpoint, roots).into_iter().next() {
        Some(what) => Err(what),
        None => Ok(checkpoint),
    }
}

/// What the rows have otherwise than the checkpoint says.
fn differences(checkpoint: &Checkpoint, roots: &Roots) -> Vec<String> {
    let mut differences = Vec::new();
    if roots.found.get(&checkpoint.size) != Some(&checkpoint.root) {
        differences.push(format!("the records have another root at position {}", checkpoint.size));
    }
    let differs = |tree: &daybook_proof::QuarantineTree| roots.quarantine_found.get(&tree.leaves) != Some(&tree.root);
    if let Some(tree) = checkpoint.quarantine.filter(differs) {
        differences.push(format!("the quarantine has another root at {} leaves", tree.leaves));
    }
    differences
}
