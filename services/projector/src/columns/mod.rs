//! Column files beside the ledger: brought up to date from the records, merged, and read partner by partner.
//!
//! What they hold is a fact of records, so one set of files serves every rule book, through date and replay. New records
//! make a new run; runs that are small beside what follows them are merged into one. Records are gathered in bounded memory,
//! and a merge holds one partner at a time. A run that is damaged, foreign or of another shape is not used: it is made again.
//!
//! Reading order: [`columns_refresh`] (brings them up to date), `gather` (records into blocks), `merge` (runs into one),
//! [`ColumnsView`] (what a replay reads), [`columns_check`] (blocks held against records).

mod check;
mod gather;
mod merge;
mod refresh;
mod shared;
mod view;

pub use check::{ColumnsFinding, columns_check};
pub use refresh::{ColumnsRefresh, RefreshOptions, columns_discard, columns_refresh};
pub use view::{ColumnsView, columns_open};

use daybook_event::Position;
use daybook_proto::DecodeFault;
use daybook_store::{ColumnsError, ReadError};
use daybook_views::LinesError;

/// Why column files could not be made or read. The records have it all.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsFault {
    /// The files themselves.
    #[error(transparent)]
    Files(#[from] ColumnsError),
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// What is in them contradicts itself.
    #[error(transparent)]
    Lines(#[from] LinesError),
    /// They do not reach as far as they are needed, and another process writes them.
    #[error("the column files reach to position {covered} only, and another process is writing them: try again later")]
    Held {
        /// How far they reach.
        covered: Position,
    },
    /// A record does not decode, though intake decoded it.
    #[error("the record at position {position} does not decode ({fault}): run verify, then update daybook")]
    Undecodable {
        /// Where.
        position: Position,
        /// What the decoder said.
        fault: DecodeFault,
    },
}

impl ColumnsFault {
    /// Whether the records can be read all the same: the fault is one of the column files alone.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        matches!(self, Self::Files(_) | Self::Lines(_) | Self::Held { .. })
    }
}
