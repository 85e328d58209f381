//! The file of derived data: facts in order, month-end states, view rows, view checkpoints.
//!
//! A thin keeper: what the values mean is the caller's business. Small values go in and come out as any serde type, as msgpack;
//! facts are bytes, packed by zstd. Every value carries a checksum over its table, key and bytes. The file may be deleted at
//! any time: one of another format, or a damaged one, is made anew at open, and [`DerivedOpened`] says so.

mod file;
mod read;
mod source;
mod value;
mod write;

pub use file::{Derived, DerivedOpened, DerivedOptions, DerivedReader, derived_delete};
pub use read::{DerivedRead, DerivedSnapshot, FactsChunk};
pub use write::DerivedWrite;

use crate::error::{ReadError, Source};
use redb::TableDefinition;
use std::path::PathBuf;

/// Facts, by partner, month and chunk.
const FACTS: TableDefinition<'static, (&'static str, i32, u32), &'static [u8]> = TableDefinition::new("facts");
/// States, by generation, partner and month.
const STATES: TableDefinition<'static, (u32, &'static str, i32), &'static [u8]> = TableDefinition::new("states");
/// Rows, by generation and partner.
const ROWS: TableDefinition<'static, (u32, &'static str), &'static [u8]> = TableDefinition::new("rows");
/// Digests of rows, by generation and partner.
const DIGESTS: TableDefinition<'static, (u32, &'static str), &'static [u8]> = TableDefinition::new("digests");
/// What is known of a partner.
const PARTNERS: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("partners");
/// What belongs to no partner, by name.
const GLOBALS: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("globals");
/// The format's number.
const META: TableDefinition<&str, u32> = TableDefinition::new("derived_meta");
const META_FORMAT: &str = "format";
/// The format of this file. Another number: made anew.
const DERIVED_FORMAT: u32 = 2;

/// Why an operation on derived data failed.
#[derive(Debug, thiserror::Error)]
pub enum DerivedError {
    /// There is none yet.
    #[error("no derived data in {dir}: let the projector build it")]
    Missing {
        /// The ledger's folder.
        dir: PathBuf,
    },
    /// Another process writes it.
    #[error("{path} is being written by another process: stop it first")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It is not what was written. It can be rebuilt from the ledger.
    #[error("derived data is damaged: {what}; delete the file {file}, it is rebuilt from the ledger", file = crate::DERIVED_FILE)]
    Damaged {
        /// Which part.
        what: String,
    },
    /// The storage engine or the disk failed.
    #[error("derived data cannot be used: {source}")]
    Storage {
        /// Its message.
        source: Source,
    },
}

impl From<ReadError> for DerivedError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { what } => Self::Damaged { what },
            ReadError::Storage { source } => Self::Storage { source },
            other @ (ReadError::Closed | ReadError::Newer { .. }) => Self::Storage { source: Box::new(other) },
        }
    }
}

macro_rules! derived_error_from {
    ($($error:ty),+) => {
        $(impl From<$error> for DerivedError {
            fn from(error: $error) -> Self {
                ReadError::from(error).into()
            }
        })+
    };
}
derived_error_from!(redb::StorageError, redb::TableError, redb::CommitError);
