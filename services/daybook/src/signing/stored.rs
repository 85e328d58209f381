//! The checkpoints that a ledger keeps, read as what they say.

use crate::failure::Failure;
use daybook_proof::{Checkpoint, KeyKind, SignedNote, VerifierKey};
use daybook_store::{Snapshot, StoredCheckpoint};

/// A kept checkpoint.
pub(crate) struct Stored {
    pub(crate) number: u64,
    pub(crate) note: SignedNote,
    pub(crate) checkpoint: Checkpoint,
}

impl Stored {
    /// A row of the ledger or of a backup, read.
    pub(crate) fn read(kept: &StoredCheckpoint) -> Result<Self, Failure> {
        let number = kept.number;
        let wrong = |why: &dyn std::fmt::Display| Failure::Input(format!("checkpoint {number}: {why}"));
        let note = SignedNote::parse(kept.note.as_bytes()).map_err(|why| wrong(&why))?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|why| wrong(&why))?;
        Ok(Self { number, note, checkpoint })
    }
}

/// Checkpoints read at once.
const PAGE: usize = 500;

/// Every checkpoint, oldest first.
pub(crate) fn every(snapshot: &Snapshot) -> Result<Vec<Stored>, Failure> {
    let mut all = Vec::new();
    loop {
        let page = snapshot.checkpoints(all.len() as u64 + 1, PAGE)?;
        for kept in &page {
            all.push(Stored::read(kept)?);
        }
        if page.len() < PAGE {
            return Ok(all);
        }
    }
}

/// One by its number.
pub(crate) fn numbered(snapshot: &Snapshot, number: u64) -> Result<Stored, Failure> {
    match snapshot.checkpoints(number, 1)?.first() {
        Some(kept) if number > 0 => Stored::read(kept),
        _ => Err(Failure::Input(format!(
            "there is no checkpoint {number}, but {}: daybook checkpoint --list names them",
            snapshot.checkpoints_count()?
        ))),
    }
}

/// The newest one.
pub(crate) fn last(snapshot: &Snapshot) -> Result<Option<Stored>, Failure> {
    snapshot.checkpoint_last()?.as_ref().map(Stored::read).transpose()
}

/// The key that the checkpoints up to this one say comes after them; none where no key ever gave way.
pub(crate) fn key_after(snapshot: &Snapshot, last: u64) -> Result<Option<VerifierKey>, Failure> {
    for number in (1..=last).rev() {
        let checkpoint = numbered(snapshot, number)?.checkpoint;
        let is_its = |key: &VerifierKey| key.kind() == KeyKind::Log && *key.name() == checkpoint.origin;
        if let Some(key) = checkpoint.next_key.filter(is_its) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// The key that signs now: the one that checkpoints name, or else the one of these that signed the newest.
pub(crate) fn key_signing(snapshot: &Snapshot, keys: &[VerifierKey]) -> Result<Option<VerifierKey>, Failure> {
    let Some(last) = last(snapshot)? else { return Ok(None) };
    if let Some(key) = key_after(snapshot, last.number)? {
        return Ok(Some(key));
    }
    let is_signer =
        |key: &&VerifierKey| last.note.verify_log(&last.checkpoint.origin, std::slice::from_ref(*key)).is_ok();
    Ok(keys.iter().find(is_signer).cloned())
}

/// The newest one, if it covers a position.
pub(crate) fn of_position(snapshot: &Snapshot, position: u64) -> Result<Stored, Failure> {
    match last(snapshot)? {
        Some(stored) if stored.checkpoint.size >= position => Ok(stored),
        _ => {
            Err(Failure::Input(format!("no checkpoint covers record {position} yet: make one with daybook checkpoint")))
        }
    }
}
