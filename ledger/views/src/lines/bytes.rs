//! Columns as bytes, in two parts: what every fold reads, and what is asked for where an event is named.
//!
//! Numbers are little-endian and as narrow as the block allows, so that they unpack at the speed of memory. Nothing here is
//! trusted: what does not agree is damage, never a figure. Whoever stores the bytes keeps a number of their shape beside
//! them.

mod cold;
mod facts;
mod hot;
mod pack;

pub(super) use facts::{put_line, put_other};
pub(super) use hot::{put_pinned_record, put_reversal};

use super::{LineClasses, LinesError, PartnerColumns};
use std::sync::Arc;

/// The shape of these bytes. Another number: they mean something else.
pub const COLUMNS_SHAPE: u32 = 1;

/// One partner's columns as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnsBytes {
    /// Dates, classes, customers, amounts, and facts that are no lines.
    pub hot: Vec<u8>,
    /// Positions, subscriptions, sources and ids of lines.
    pub cold: Vec<u8>,
}

impl ColumnsBytes {
    /// The bytes of a partner's columns.
    ///
    /// # Errors
    /// [`LinesError::TooMany`].
    pub fn of(columns: &PartnerColumns) -> Result<Self, LinesError> {
        Ok(Self { hot: hot::hot_bytes(columns)?, cold: cold::cold_bytes(columns.lines.cold()?)? })
    }
}

impl PartnerColumns {
    /// The columns that the hot part holds; the cold part is had from `cold` when it is first asked for. `class_numbers` has
    /// the number among `classes` of each class that the bytes name.
    ///
    /// # Errors
    /// [`LinesError::Damaged`].
    pub fn from_bytes(
        hot: &[u8],
        cold: impl Fn() -> Result<Vec<u8>, LinesError> + Send + Sync + 'static,
        class_numbers: &[u32],
        classes: &LineClasses,
    ) -> Result<Self, LinesError> {
        let columns = hot::hot_read(hot, class_numbers)?.checked(classes)?;
        let lines = &columns.lines;
        let (rows, customers, credits) = (lines.len(), lines.customer_count as usize, lines.credits.len());
        let source = move || cold::cold_read(&cold()?)?.checked(rows, customers, credits);
        Ok(Self { lines: columns.lines.with_cold(Arc::new(source)), ..columns })
    }
}

impl LineClasses {
    /// All classes as bytes, in order of number.
    ///
    /// # Errors
    /// [`LinesError::TooMany`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, LinesError> {
        facts::classes_bytes(self)
    }

    /// The classes that these bytes hold.
    ///
    /// # Errors
    /// [`LinesError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LinesError> {
        facts::classes_read(bytes)
    }
}

#[cfg(test)]
mod tests;
