//! Projector: follows the ledger and keeps the views.
//!
//! A thin loop around the pure fold of `daybook_views`. Every step is one transaction on the derived file: it takes a
//! batch of records in, folds the partners that they touch again from the first month affected, and commits facts, rows
//! and view checkpoint together. Killed at any point, the next start goes on from the last checkpoint to the same rows.
//!
//! Reading order: [`Projector`] (the steps), `batch` and `affected` (what a record affects), `refold` (a partner folded
//! again), `source` (its facts, read month by month), `choose` (the book that adoptions ask for), `closing` (what is
//! closed), [`Views`] (reading the result), [`run`] (the loop of the service). Apart from all that: `columns` (column files
//! beside the ledger, for replays).

mod affected;
mod batch;
mod breath;
mod checkpoint;
mod choose;
mod chunk;
mod closing;
mod columns;
mod error;
mod find;
mod kept;
mod no_partner;
mod partner;
mod projector;
mod refold;
mod run;
mod source;
mod switch;
mod views;

pub use batch::BatchLimits;
pub use checkpoint::{ClosedUnder, Generation, ViewCheckpoint};
pub use choose::{ChooseBook, adoptions_kept};
pub use closing::ChooseClosedTerms;
pub use columns::{
    ColumnsFault, ColumnsFinding, ColumnsRefresh, ColumnsView, RefreshOptions, columns_check, columns_discard,
    columns_open, columns_refresh,
};
pub use error::ProjectError;
pub use projector::{CRASH_POINTS, Progress, Projector, Step};
pub use run::{RunOptions, Told, run};
pub use views::Views;
