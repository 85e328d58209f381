//! Signed checkpoints, kept for ever. What a note says is not this crate's business: it keeps the text as signed.

use crate::file::caught;
use crate::format_v2::{checkpoint_read, checkpoint_row};
use crate::tables::CHECKPOINTS;
use crate::{AppendError, Ledger, ReadError, Snapshot, crash_point};

/// A checkpoint as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Its number, dense from 1.
    pub number: u64,
    /// The text of its signed note.
    pub note: String,
}

/// How a signature line of a note begins: with an em dash and a space.
const SIGNATURE_START: &str = "\u{2014} ";

impl Snapshot {
    /// How many checkpoints are kept.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn checkpoints_count(&self) -> Result<u64, ReadError> {
        Ok(self.kept()?.checkpoints)
    }

    /// Checkpoints from a number on, oldest first, at most so many.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn checkpoints(&self, from: u64, count_max: usize) -> Result<Vec<StoredCheckpoint>, ReadError> {
        let count = self.checkpoints_count()?;
        if count == 0 {
            return Ok(Vec::new());
        }
        caught("reading the checkpoints", || {
            let table = self.transaction().open_table(CHECKPOINTS)?;
            let numbers = (from.max(1)..=count).take(count_max);
            numbers
                .map(|number| {
                    let note = table.get(number)?.and_then(|row| checkpoint_read(number, row.value()));
                    let note = note.ok_or_else(|| ReadError::damaged(format!("the checkpoint {number}")))?;
                    Ok(StoredCheckpoint { number, note })
                })
                .collect()
        })
    }

    /// The newest checkpoint; none before the first.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn checkpoint_last(&self) -> Result<Option<StoredCheckpoint>, ReadError> {
        Ok(self.checkpoints(self.checkpoints_count()?, 1)?.pop())
    }
}

impl Ledger {
    /// Keeps the note of a checkpoint over so many records, and returns its number. Durable when this returns.
    ///
    /// # Errors
    /// [`AppendError`]: the ledger has fewer records, or the storage failed.
    pub fn checkpoint_add(&mut self, note: &str, size: u64) -> Result<u64, AppendError> {
        let position = self.head().position.number();
        if size > position {
            return Err(AppendError::CheckpointBeyond { size, position });
        }
        let number = self.checkpoints_count() + 1;
        self.checkpoint_write(number, note)?;
        Ok(number)
    }

    /// Replaces the note of a kept checkpoint by the same note with more signatures.
    ///
    /// # Errors
    /// [`AppendError`]: no such checkpoint, a note that differs in more than added signatures, or the storage failed.
    pub fn cosignature_add(&mut self, number: u64, note: &str) -> Result<(), AppendError> {
        let checkpoints = self.checkpoints_count();
        if number == 0 || number > checkpoints {
            return Err(AppendError::CheckpointMissing { number, checkpoints });
        }
        let stored = self.reader().snapshot()?.checkpoints(number, 1)?.pop();
        let stored = stored.ok_or(AppendError::CheckpointMissing { number, checkpoints })?;
        if let Some(what) = beyond_signatures(&stored.note, note) {
            return Err(AppendError::CheckpointOther { number, what });
        }
        self.checkpoint_write(number, note)
    }

    fn checkpoint_write(&mut self, number: u64, note: &str) -> Result<(), AppendError> {
        self.write("keeping a checkpoint", |writer, transaction| {
            transaction.open_table(CHECKPOINTS)?.insert(number, checkpoint_row(number, note).as_slice())?;
            writer.kept.checkpoints = writer.kept.checkpoints.max(number);
            writer.write_state(&transaction)?;
            crash_point("checkpoint:before_commit");
            transaction.commit()?;
            crash_point("checkpoint:after_commit");
            Ok(())
        })
    }
}

/// How a note is more than the stored one with signature lines added; none if it is just that.
fn beyond_signatures(stored: &str, note: &str) -> Option<&'static str> {
    let (Some((text, signatures)), Some((new_text, new_signatures))) =
        (stored.rsplit_once("\n\n"), note.rsplit_once("\n\n"))
    else {
        return Some("no empty line parts its text from its signatures");
    };
    let lines: Vec<&str> = new_signatures.lines().collect();
    if text != new_text {
        Some("its text differs")
    } else if !new_signatures.ends_with('\n') || !lines.iter().all(|line| line.starts_with(SIGNATURE_START)) {
        Some("a line after the text is no signature")
    } else if !signatures.lines().all(|line| lines.contains(&line)) {
        Some("a signature is gone")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signature_lines_may_be_added() {
        let stored = "origin\n3\nroot\n\n\u{2014} origin AAAA\n";
        let more = "origin\n3\nroot\n\n\u{2014} origin AAAA\n\u{2014} witness BBBB\n";
        let none = None::<&str>;
        assert_eq!((beyond_signatures(stored, stored), beyond_signatures(stored, more)), (none, none));
        let other = [
            "origin\n4\nroot\n\n\u{2014} origin AAAA\n",
            "origin\n3\nroot\n\n\u{2014} witness BBBB\n",
            "origin\n3\nroot\n\n\u{2014} origin AAAA\nmore\n",
            "origin\n3\nroot\n\n\u{2014} origin AAAA\n\u{2014} witness BBBB",
            "origin\n3\nroot\n\u{2014} origin AAAA\n",
            "",
        ];
        for note in other {
            assert!(beyond_signatures(stored, note).is_some(), "{note:?}");
        }
    }
}
