//! Why a backup or a restore failed. One line each: what, where, what to do.

use crate::error::Source;
use crate::{OpenError, ReadError};
use std::path::{Path, PathBuf};

/// Why a backup was not made, read, or restored.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // each variant's message says what it is
pub enum BackupError {
    #[error("no backup in {dir}: name the folder that a backup was made into")]
    Missing { dir: PathBuf },
    #[error("{dir} holds the file {name}, which is of no backup: name an empty folder or a new one")]
    NotABackup { dir: PathBuf, name: String },
    #[error("{dir} is a backup of the ledger {of}, this ledger is {ours}: name another folder")]
    Another { dir: PathBuf, of: String, ours: String },
    #[error(
        "{dir} is a backup up to position {position} of another history of this ledger: keep it, and name another folder"
    )]
    OtherHistory { dir: PathBuf, position: u64 },
    #[error("{path} was made by a newer daybook (form {found}, this one knows {known}): update daybook")]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("{path} is damaged: {what}; use another copy of the backup")]
    Damaged { path: PathBuf, what: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: Source },
    #[error("position {position} is beyond the backup, which ends at {last}: name an earlier one")]
    Beyond { position: u64, last: u64 },
    #[error(
        "position {position} lies behind the decision about the quarantine at {decision} and before the backup that holds what it did: name one before {decision}, or {after} or later"
    )]
    BehindDecision { position: u64, decision: u64, after: u64 },
    #[error("there is a ledger in {dir} already: name a new folder")]
    LedgerThere { dir: PathBuf },
    #[error("the record at position {position} of the backup does not decode: {what}; use another copy of the backup")]
    Envelope { position: u64, what: String },
    #[error("the ledger built from {dir} has another root at position {size} than the backup says: use another copy")]
    RootDiffers { dir: PathBuf, size: u64 },
    #[error("checkpoint {number} of the backup is not of its records: {what}; use another copy of the backup")]
    Checkpoint { number: u64, what: String },
    #[error(transparent)]
    Ledger(#[from] ReadError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl BackupError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Io { path, source: Box::new(error) }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}
