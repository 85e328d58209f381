//! The evidence of a statement: the records that its figures follow from, with one proof for all of them.
//!
//! A line for each record, so the file grows with the partner's records and not with the ledger. The index of a record is in
//! its bytes (the position), which are what the tree holds: nothing about where a record stands needs to be believed.

use crate::encoding::{base64_read, base64_write, hash_read};
use crate::file::{first_line, head_split, path_write};
use crate::{Hash, ProofFileError, SignedNote, Trusted, VerifierKey, leaf_hash, multi_verify};
use std::fmt;

/// The largest evidence file: read into memory whole.
pub const EVIDENCE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// The first line of an evidence file.
pub const EVIDENCE_HEAD: &str = "daybook-statement@v1";
const PARTNER: &str = "partner ";
const MONTH: &str = "month ";
const RECORD: &str = "record ";

/// A statement's records, in order, and their proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Whose statement: the file's word, which its records must bear out.
    pub partner: String,
    /// Of which month.
    pub month: String,
    /// The frames, ascending by position.
    pub frames: Vec<Vec<u8>>,
    /// The hashes beside them.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub note: SignedNote,
}

impl EvidenceFile {
    /// The evidence in a file.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let (head, note) = head_split(bytes, EVIDENCE_BYTES_MAX)?;
        let mut lines = head.split('\n').peekable();
        first_line(lines.next(), EVIDENCE_HEAD)?;
        let mut named =
            |what: &str| lines.next_if(|line| line.starts_with(what)).map(|line| line[what.len()..].to_owned());
        let (partner, month) = (named(PARTNER), named(MONTH));
        let (Some(partner), Some(month)) = (partner, month) else {
            return Err(ProofFileError::Form("it does not say whose statement of which month it is"));
        };
        let mut frames = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with(RECORD)) {
            let frame = base64_read(&line[RECORD.len()..]).filter(|frame| !frame.is_empty());
            frames.push(frame.ok_or(ProofFileError::Form("a record line is not base64"))?);
        }
        let path: Option<Vec<Hash>> = lines.map(hash_read).collect();
        let path = path.ok_or(ProofFileError::Form("a line after its records is no hash"))?;
        Ok(Self { partner, month, frames, path, note: SignedNote::parse(note.as_bytes())? })
    }

    /// Checks the checkpoint's signature, and that every record stands in its tree; `position` takes a frame's apart.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn verify(
        &self,
        keys: &[VerifierKey],
        position: impl Fn(&[u8]) -> Option<u64>,
    ) -> Result<Trusted, ProofFileError> {
        let trusted = Trusted::of(&self.note, keys)?;
        let leaf = |frame: &Vec<u8>| Some((position(frame)?.checked_sub(1)?, leaf_hash(frame)));
        let leaves: Option<Vec<(u64, Hash)>> = self.frames.iter().map(leaf).collect();
        let leaves = leaves.ok_or(ProofFileError::Form("a record line holds no record"))?;
        multi_verify(&leaves, trusted.checkpoint.size, &self.path, &trusted.checkpoint.root)?;
        Ok(trusted)
    }
}

impl fmt::Display for EvidenceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{EVIDENCE_HEAD}\n{PARTNER}{}\n{MONTH}{}", self.partner, self.month)?;
        self.frames.iter().try_for_each(|frame| writeln!(f, "{RECORD}{}", base64_write(frame)))?;
        path_write(f, &self.path)?;
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::{KEY_NAME, log_key, note_of, scramble};
    use crate::path::tests::Leaves;
    use crate::{multi_path, path::tests::leaf_bytes};
    use proptest::prelude::*;

    fn position(frame: &[u8]) -> Option<u64> {
        Some(u64::from_be_bytes(frame.try_into().ok()?) + 1)
    }

    fn made(indices: &[u64]) -> EvidenceFile {
        let tree = Leaves::new(50);
        EvidenceFile {
            partner: "P-A".to_owned(),
            month: "2022-01".to_owned(),
            frames: indices.iter().map(|index| leaf_bytes(*index)).collect(),
            path: multi_path(&tree, indices, 50).unwrap().unwrap(),
            note: note_of(&tree, 50),
        }
    }

    #[test]
    fn every_record_is_proven_and_each_matters() {
        let keys = [log_key().public().clone()];
        let file = made(&[0, 7, 8, 31, 49]);
        let again = EvidenceFile::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(again, file);
        let trusted = again.verify(&keys, position).unwrap();
        assert_eq!((trusted.checkpoint.size, trusted.checkpoint.origin.as_str()), (50, KEY_NAME));
        for at in 0..file.frames.len() {
            let mut without = file.clone();
            without.frames.remove(at);
            assert!(without.verify(&keys, position).is_err(), "without record {at}");
            let mut other = file.clone();
            other.frames[at][7] ^= 64;
            assert!(other.verify(&keys, position).is_err(), "another record {at}");
        }
        let mut swapped = file.clone();
        swapped.frames.swap(1, 2);
        assert!(swapped.verify(&keys, position).is_err());
        let mut cut = file;
        cut.path.pop();
        assert!(cut.verify(&keys, position).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_file_that_prints_the_same_or_an_error(changed in scramble(made(&[3, 4, 20]).to_string())) {
            if let Ok(file) = EvidenceFile::parse(&changed) {
                prop_assert_eq!(file.to_string().into_bytes(), changed);
            }
        }
    }
}
