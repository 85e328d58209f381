//! The manifest: which ledger a backup is of, and what it was at each run.

use super::{BackupError, MANIFEST_FILE};
use crate::medium::Disk;
use crate::{Binding, Cursor, Frontier, Hash, Identity};
use daybook_event::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The number of this form of a backup.
pub(super) const BACKUP_FORM: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The number of its form.
    pub(super) backup: u32,
    pub(super) ledger_id: String,
    pub(super) intake_semantics: u32,
    pub(super) created_at: Instant,
    pub(super) binding: Binding,
    /// One per run, oldest first.
    pub(super) marks: Vec<Mark>,
    /// Every checkpoint, in one file.
    pub(super) checkpoints: Option<FileMark>,
}

/// What the ledger was when a run was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) position: u64,
    pub(super) recorded_at: Instant,
    pub(super) tree: Tree,
    pub(super) quarantine: Tree,
    pub(super) quarantined: u64,
    pub(super) decisions: u64,
    pub(super) holes: u64,
    pub(super) duplicates: u64,
    pub(super) checkpoints: u64,
    pub(super) cursor: Option<Cursor>,
    /// What this run added; none where there were no rows to add.
    pub(super) part: Option<FileMark>,
}

/// A tree: how many leaves, and the roots of the full subtrees that they make.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Tree {
    pub(super) leaves: u64,
    pub(super) root: String,
    pub(super) subtrees: Vec<String>,
}

impl Tree {
    pub(super) fn of(frontier: &Frontier) -> Self {
        let subtrees = frontier.roots().iter().map(hex::encode).collect();
        Self { leaves: frontier.size(), root: hex::encode(frontier.root()), subtrees }
    }

    /// None if it is not one.
    pub(super) fn frontier(&self) -> Option<Frontier> {
        let roots = self.subtrees.iter().map(|text| hash_of(text)).collect::<Option<Vec<_>>>()?;
        Frontier::from_parts(self.leaves, roots).filter(|frontier| hex::encode(frontier.root()) == self.root)
    }
}

fn hash_of(text: &str) -> Option<Hash> {
    hex::decode(text).ok()?.try_into().ok()
}

/// A file of the backup, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileMark {
    pub(super) file: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn new(identity: &Identity) -> Self {
        Self {
            backup: BACKUP_FORM,
            ledger_id: hex::encode(identity.ledger_id),
            intake_semantics: identity.intake_semantics,
            created_at: identity.created_at,
            binding: identity.binding.clone(),
            marks: Vec::new(),
            checkpoints: None,
        }
    }

    /// The files that it names.
    pub(super) fn files(&self) -> impl Iterator<Item = &FileMark> {
        self.marks.iter().filter_map(|mark| mark.part.as_ref()).chain(&self.checkpoints)
    }

    /// Its text: one line of JSON, and the hash of that line.
    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        let line = serde_json::to_string(self)?;
        let sum = hex::encode(Sha256::digest(&line));
        Ok(format!("{line}\n{sum}\n"))
    }

    /// Reads it; none where the folder has none.
    pub(super) fn read(disk: &Disk, dir: &Path) -> Result<Option<Self>, BackupError> {
        let path = dir.join(MANIFEST_FILE);
        if !disk.exists(&path) {
            return Ok(None);
        }
        let bytes = disk.file_read(&path).map_err(BackupError::io(&path))?;
        let text = String::from_utf8(bytes).map_err(|_| BackupError::damaged(&path, "it is not text"))?;
        let (line, sum) = text.split_once('\n').ok_or_else(|| BackupError::damaged(&path, "it is cut off"))?;
        if sum.trim_end() != hex::encode(Sha256::digest(line)) {
            return Err(BackupError::damaged(&path, "it does not match its checksum"));
        }
        let head: Form = serde_json::from_str(line).map_err(|error| BackupError::damaged(&path, error.to_string()))?;
        if head.backup > BACKUP_FORM {
            return Err(BackupError::Newer { path, found: head.backup, known: BACKUP_FORM });
        }
        let manifest = serde_json::from_str(line).map_err(|error| BackupError::damaged(&path, error.to_string()))?;
        Ok(Some(manifest))
    }
}

/// What every later form has too.
#[derive(Deserialize)]
struct Form {
    backup: u32,
}
