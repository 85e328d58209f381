//! Proofs as text files that need nothing but a public key: C2SP tlog-proof for a record, and one of ours for growth.

use crate::encoding::{base64_read, base64_write, decimal_read, hash_read};
use crate::{
    Checkpoint, CheckpointError, Hash, NoteError, PATH_HASHES_MAX, ProofError, QuarantineTree, Signed, SignedNote,
    VerifierKey, consistency_verify, inclusion_verify, leaf_hash,
};
use std::fmt;

/// The largest proof file: a record of the largest size in base64, and a note.
pub const PROOF_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The first line of an inclusion proof.
pub const INCLUSION_HEAD: &str = "c2sp.org/tlog-proof@v1";
/// The first line of a consistency proof.
pub const CONSISTENCY_HEAD: &str = "daybook-consistency@v1";

/// Why a file is not a proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// Longer than any proof is.
    #[error("the file has {bytes} bytes, more than the {max} that such a file may have")]
    Long {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not the form of a proof file.
    #[error("the file is no proof of the kind that its first line says ({0}): copy it whole, as it was written")]
    Form(&'static str),
    /// The record is not in the file.
    #[error("the file does not hold the record that it is about: give its bytes with --record FILE")]
    NoRecord,
    /// Two checkpoints of two logs.
    #[error("the checkpoints are of two ledgers, {0} and {1}: a ledger grows only out of itself")]
    Origins(String, String),
    /// The quarantine only grows too.
    #[error("the newer checkpoint's quarantine does not continue the older one's: {0}; ask the ledger's keeper why")]
    Quarantine(&'static str),
    /// The note at its end.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note's text.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Its hashes.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A checkpoint that keys of the reader's have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Which of the reader's keys signed it.
    pub signed: Vec<Signed>,
}

impl Trusted {
    /// The checkpoint of a note, if a key of the reader's that is its log's has signed it.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn of(note: &SignedNote, keys: &[VerifierKey]) -> Result<Self, ProofFileError> {
        // Nothing of the text is read before somebody known has signed it.
        note.verify(keys)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { signed: note.verify_log(&checkpoint.origin, keys)?, checkpoint })
    }
}

/// That one record stands in the ledger (C2SP tlog-proof).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionFile {
    /// The record's frame, which is what the tree holds; empty if it is kept elsewhere.
    pub frame: Vec<u8>,
    /// Its index: the position less one.
    pub index: u64,
    /// From its sibling up.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub note: SignedNote,
}

impl InclusionFile {
    /// The proof in a file.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let (head, note) = head_split(bytes, PROOF_BYTES_MAX)?;
        let mut lines = head.split('\n').peekable();
        first_line(lines.next(), INCLUSION_HEAD)?;
        let frame = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => base64_read(&line["extra ".len()..]).filter(|bytes| !bytes.is_empty()),
            None => Some(Vec::new()),
        };
        let frame = frame.ok_or(ProofFileError::Form("its extra line is not base64"))?;
        let index = lines.next().and_then(|line| decimal_read(line.strip_prefix("index ")?));
        let index = index.ok_or(ProofFileError::Form("its index line is missing"))?;
        Ok(Self { frame, index, path: path_read(lines)?, note: SignedNote::parse(note.as_bytes())? })
    }

    /// Checks signature and path.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Trusted, ProofFileError> {
        if self.frame.is_empty() {
            return Err(ProofFileError::NoRecord);
        }
        let trusted = Trusted::of(&self.note, keys)?;
        let at = &trusted.checkpoint;
        inclusion_verify(&leaf_hash(&self.frame), self.index, at.size, &self.path, &at.root)?;
        Ok(trusted)
    }
}

impl fmt::Display for InclusionFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{INCLUSION_HEAD}")?;
        if !self.frame.is_empty() {
            writeln!(f, "extra {}", base64_write(&self.frame))?;
        }
        writeln!(f, "index {}", self.index)?;
        path_write(f, &self.path)?;
        write!(f, "\n{}", self.note)
    }
}

/// That one checkpoint's ledger is the beginning of another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyFile {
    /// The hashes.
    pub path: Vec<Hash>,
    /// The older checkpoint.
    pub older: SignedNote,
    /// The newer one.
    pub newer: SignedNote,
}

impl ConsistencyFile {
    /// The proof in a file.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let (head, notes) = head_split(bytes, PROOF_BYTES_MAX)?;
        let mut lines = head.split('\n');
        first_line(lines.next(), CONSISTENCY_HEAD)?;
        let path = path_read(lines)?;
        // A checkpoint has no empty line, so each note is two paragraphs.
        let ends: Vec<usize> = notes.match_indices("\n\n").map(|(at, _)| at).collect();
        let [_, middle, _] = ends.as_slice() else {
            return Err(ProofFileError::Form("it does not hold two checkpoints"));
        };
        let (older, newer) = (&notes[..=*middle], &notes[middle + 2..]);
        Ok(Self { path, older: SignedNote::parse(older.as_bytes())?, newer: SignedNote::parse(newer.as_bytes())? })
    }

    /// Checks both signatures and the path; gives the older and the newer checkpoint.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<(Trusted, Trusted), ProofFileError> {
        let (older, newer) = (Trusted::of(&self.older, keys)?, Trusted::of(&self.newer, keys)?);
        growth_verify(&older.checkpoint, &newer.checkpoint, &self.path)?;
        Ok((older, newer))
    }
}

/// Checks that one checkpoint's ledger is the beginning of another's, and that its quarantine did not shrink.
///
/// # Errors
/// [`ProofFileError`].
pub fn growth_verify(older: &Checkpoint, newer: &Checkpoint, path: &[Hash]) -> Result<(), ProofFileError> {
    if older.origin != newer.origin {
        return Err(ProofFileError::Origins(older.origin.to_string(), newer.origin.to_string()));
    }
    quarantine_verify(older.quarantine, newer.quarantine)?;
    Ok(consistency_verify((older.size, &older.root), (newer.size, &newer.root), path)?)
}

/// Checks of the quarantine what two checkpoints alone can show: it did not shrink, and of one size there is one.
fn quarantine_verify(older: Option<QuarantineTree>, newer: Option<QuarantineTree>) -> Result<(), ProofFileError> {
    let what = match (older, newer) {
        (Some(_), None) => "it says nothing about it",
        (Some(older), Some(newer)) if newer.leaves < older.leaves => "it has fewer entries and decisions",
        (Some(older), Some(newer)) if newer.leaves == older.leaves && newer.root != older.root => {
            "it has another root at the same count"
        }
        _ => return Ok(()),
    };
    Err(ProofFileError::Quarantine(what))
}

impl fmt::Display for ConsistencyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONSISTENCY_HEAD}")?;
        path_write(f, &self.path)?;
        write!(f, "\n{}\n{}", self.older, self.newer)
    }
}

/// The first paragraph and what follows it.
pub(crate) fn head_split(bytes: &[u8], bytes_max: usize) -> Result<(&str, &str), ProofFileError> {
    if bytes.len() > bytes_max {
        return Err(ProofFileError::Long { bytes: bytes.len(), max: bytes_max });
    }
    let text = str::from_utf8(bytes).map_err(|_| ProofFileError::Form("it is not UTF-8"))?;
    text.split_once("\n\n").ok_or(ProofFileError::Form("no empty line stands before its checkpoint"))
}

pub(crate) fn first_line(line: Option<&str>, expected: &str) -> Result<(), ProofFileError> {
    if line == Some(expected) { Ok(()) } else { Err(ProofFileError::Form("its first line is another one")) }
}

fn path_read<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Vec<Hash>, ProofFileError> {
    let path: Option<Vec<Hash>> = lines.take(PATH_HASHES_MAX + 2).map(hash_read).collect();
    path.filter(|path| path.len() <= PATH_HASHES_MAX)
        .ok_or(ProofFileError::Form("its hashes are not up to 64 in base64"))
}

pub(crate) fn path_write(f: &mut fmt::Formatter<'_>, path: &[Hash]) -> fmt::Result {
    path.iter().try_for_each(|hash| writeln!(f, "{}", base64_write(hash)))
}

#[cfg(test)]
#[path = "file_tests.rs"]
pub(crate) mod tests;
