//! Column files: what the records say of each partner, laid out for folding. Derived, immutable, rebuilt at will.
//!
//! The folder `columns/` beside the ledger holds *runs*. A run covers the positions from one to another and holds one block
//! per partner, in order of their ids, beside a dictionary and what is of no partner. This module keeps bytes and knows
//! nothing of their meaning, except which ledger, which positions and which *shape* they are of.
//!
//! A run is written under another name, synced, then given its own: it is there whole or not at all. Every byte is under a
//! checksum that is kept apart from it, and checked at each read. A file that is damaged, foreign or of another shape is
//! never used: the caller reads the records instead.

mod bytes;
mod folder;
mod layout;
mod run;
mod sum;
mod write;

pub use folder::{Columns, ColumnsOptions, ColumnsWriter, Covering, RunFile, Unusable, columns_delete};
pub use layout::{BlockHead, RunHead};
pub use run::{Part, Run};
pub use write::RunWriter;

use crate::error::Source;
use std::path::PathBuf;

/// The folder of column files, in the ledger's folder.
pub const COLUMNS_FOLDER: &str = "columns";

/// Bytes apart of a block: those that every fold reads, and those that few ask for.
pub const BLOCK_PARTS: usize = 2;

/// Why column files could not be read or written. The records have it all: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsError {
    /// A file is not what was written, or not of this ledger.
    #[error(
        "the column file {path} cannot be used ({why}); delete the folder {COLUMNS_FOLDER}, it is made anew from the ledger"
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its message.
        source: Source,
    },
}
