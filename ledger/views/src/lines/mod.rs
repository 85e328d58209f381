//! A partner's revenue lines in columns: what the fold reads of a line is a few numbers, and text is read only where a
//! finding or an explanation names it.
//!
//! Everything here is a fact of records. Nothing depends on a rule book, a through date or an exchange rate, and reversals
//! stand apart: the same columns serve every replay.

mod build;
mod bytes;
mod class;
mod cold;
mod columns;
mod event_ids;
mod find;
mod numbers;
mod order;
mod partner;
mod sums;
mod texts;

pub use build::ColumnsBuilder;
pub use bytes::{COLUMNS_SHAPE, ColumnsBytes};
pub use class::{BilledClass, LineClass, LineClasses};
pub use cold::{ColdLines, ColdSource};
pub(crate) use columns::within;
pub use columns::{AMOUNT_IS_WIDE, Credit, Lines};
pub use event_ids::EventIds;
pub use partner::PartnerColumns;
pub use sums::ColumnsSum;
pub use texts::Texts;

/// Why columns are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// More lines or more text than numbers of 32 bits count.
    #[error("one partner has too many lines to count in 32 bits; replay it from records")]
    TooMany,
    /// The columns contradict each other.
    #[error("the columns of a partner are damaged: {what}; build them again from the ledger")]
    Damaged {
        /// What is wrong with them.
        what: &'static str,
    },
}

/// A length as a number of 32 bits.
fn count(length: usize) -> Result<u32, LinesError> {
    u32::try_from(length).map_err(|_| LinesError::TooMany)
}

/// What must hold of columns, or else they are damaged.
fn ensure(holds: bool, what: &'static str) -> Result<(), LinesError> {
    if holds { Ok(()) } else { Err(LinesError::Damaged { what }) }
}

#[cfg(test)]
mod tests;
