//! Why an operation on a ledger failed. One line each: what, where, what to do.

use crate::Binding;
use std::path::PathBuf;

/// An error of the storage engine, kept only to be printed.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a ledger does not open.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // each variant's message says what it is
pub enum OpenError {
    #[error("no ledger in {dir}: name another folder, or create one by importing or serving into it")]
    Missing { dir: PathBuf },
    #[error("no ledger in {dir} yet, and nothing says what to bind it to: a stream, or files")]
    Unbound { dir: PathBuf },
    #[error("{path} is not a ledger ({detail}): name another folder")]
    NotALedger { path: PathBuf, detail: String },
    #[error("{path} is being written by another process: stop it, or send the command to it")]
    Locked { path: PathBuf },
    #[error("{path} was made by a newer daybook (format {found}, this one knows {known}): update daybook")]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("{path} takes its records from {bound}, not from {asked}: name another folder")]
    WrongBinding { path: PathBuf, bound: Binding, asked: Binding },
    #[error(
        "{path} was not closed and cannot be opened for writing to set it right: open it once where it is writable"
    )]
    Unclean { path: PathBuf },
    #[error("{path} is damaged: {detail}; run verify, then restore a backup")]
    Damaged { path: PathBuf, detail: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: Source },
}

/// Why a read failed. Damage is never read as data.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What is stored is not what was written.
    #[error("the ledger's file is damaged: {what}; run verify, then restore a backup")]
    Damaged {
        /// Which part, and what is wrong with it.
        what: String,
    },
    /// A newer daybook upgraded the ledger while a reader of it was open.
    #[error("the ledger is of format {found} now, this daybook knows {known}: update daybook")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// The ledger was closed while a reader of it was still in use.
    #[error("the ledger is closed: open it again")]
    Closed,
    /// The storage engine or the disk failed.
    #[error("reading the ledger's file failed: {source}")]
    Storage {
        /// Its message.
        source: Source,
    },
}

impl ReadError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

impl From<redb::Error> for ReadError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(what) => Self::Damaged { what },
            redb::Error::DatabaseClosed => Self::Closed,
            redb::Error::TableDoesNotExist(table) => Self::Damaged { what: format!("the table {table} is missing") },
            other => Self::Storage { source: Box::new(other) },
        }
    }
}

macro_rules! read_error_from {
    ($($error:ty),+) => {
        $(impl From<$error> for ReadError {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        })+
    };
}
read_error_from!(redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError, redb::DatabaseError);

/// Why a batch was not appended. Nothing of it is in the ledger, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// An input above the bound on memory.
    #[error("input {at} of the batch has {bytes} bytes, more than {bytes_max}: quarantine it as too large")]
    TooLarge {
        /// Which of the batch, from 0.
        at: usize,
        /// Its size.
        bytes: usize,
        /// The most it may have.
        bytes_max: usize,
    },
    /// A cursor, or a hole, for a ledger that takes its records from files.
    #[error("a ledger bound to files has no cursor and no holes: append without them")]
    CursorOfFiles,
    /// A batch for a stream-bound ledger without its cursor.
    #[error("a batch from a stream needs the cursor that it moves to")]
    CursorMissing,
    /// A cursor of a stream that the ledger is not bound to.
    #[error("the cursor is of the stream {stream}, the ledger is bound to {bound}")]
    CursorOfAnother {
        /// The cursor's stream.
        stream: String,
        /// The ledger's binding.
        bound: Binding,
    },
    /// A cursor that goes back within its stream.
    #[error("the cursor goes back from sequence {from} to {to}: start the consumer from the ledger's cursor")]
    CursorBack {
        /// Where the ledger is.
        from: u64,
        /// Where the batch would put it.
        to: u64,
    },
    /// A hole whose end is before its start.
    #[error("a hole from sequence {from} to {to} holds nothing")]
    HoleEmpty {
        /// Its start.
        from: u64,
        /// Its end.
        to: u64,
    },
    /// A decision to judge an entry again, where nothing can.
    #[error("the batch has a decision to retry a quarantine entry: open the ledger with a judge")]
    JudgeMissing,
    /// A checkpoint of more than there is.
    #[error("a checkpoint of {size} records, but the ledger has {position}")]
    CheckpointBeyond {
        /// Its tree size.
        size: u64,
        /// The head.
        position: u64,
    },
    /// A signature for a checkpoint that there is not.
    #[error("there is no checkpoint {number}: the ledger has {checkpoints}")]
    CheckpointMissing {
        /// Its number.
        number: u64,
        /// How many there are.
        checkpoints: u64,
    },
    /// A checkpoint with more signatures that is another note.
    #[error("the note is not checkpoint {number} with signatures added ({what}): add lines to the stored note only")]
    CheckpointOther {
        /// Its number.
        number: u64,
        /// What differs.
        what: &'static str,
    },
    /// An earlier append failed half-way: what is in memory may not be what is on disk.
    #[error("an earlier append failed: close the ledger and open it again")]
    Stopped,
    /// The storage failed. Whether the batch is durable is known only after opening again.
    #[error("appending failed; close the ledger and open it again: {0}")]
    Storage(#[from] ReadError),
}

/// Why a ledger did not close cleanly. What was committed is durable all the same.
#[derive(Debug, thiserror::Error)]
#[error("closing {path} failed, what was committed is safe: {source}")]
pub struct CloseError {
    /// The file.
    pub path: PathBuf,
    /// The storage engine's message.
    pub source: Source,
}
