//! A checkpoint kept elsewhere, that a ledger or a backup is held against.

use super::Finding;
use crate::failure::Failure;
use daybook_proof::{Checkpoint, SignedNote, Trusted, VerifierKey};
use std::path::Path;

/// What a report says where the note itself is not to be trusted.
pub(super) const NOT_HELD: &str = "not held against it";

/// The checkpoint in a note; none, and a finding, where none of the keys has signed it.
pub(super) fn read(
    path: &Path,
    keys: &[VerifierKey],
    findings: &mut Vec<Finding>,
) -> Result<Option<Checkpoint>, Failure> {
    let bytes =
        std::fs::read(path).map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))?;
    let note = SignedNote::parse(&bytes).map_err(|why| Failure::Input(format!("{}: {why}", path.display())))?;
    match Trusted::of(&note, keys) {
        Ok(trusted) => Ok(Some(trusted.checkpoint)),
        Err(why) => {
            findings.push(finding(path, why.to_string()));
            Ok(None)
        }
    }
}

/// What differs from it.
pub(super) fn finding(path: &Path, what: String) -> Finding {
    Finding { code: "AGAINST".to_owned(), place: path.display().to_string(), what }
}

/// That the checkpoint is of more records than are here; none where it is not.
pub(super) fn missing(kept: &Checkpoint, position: u64) -> Option<String> {
    (kept.size > position)
        .then(|| format!("it ends at record {}, here is the last {position}: records are missing here", kept.size))
}

/// The report's line.
pub(super) fn line(kept: &Checkpoint) -> String {
    format!("checkpoint of {} at record {}", kept.origin, kept.size)
}
