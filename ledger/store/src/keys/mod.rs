//! The idempotency index of format 3: where the record stands that has a name.
//!
//! Names lie in order of positions, so what is looked for is a position. Every span of positions of the lowest level is sorted once,
//! into a run; four runs of a level become one of the next, a slab at a time, while later records come in. What is stored
//! after a record is a function of the records up to it, not of batches or crashes: there is nothing to recover.

mod filter;
mod index;
mod load;
mod lookup;
mod merge;
mod names;
mod spans;
mod tail;
#[cfg(test)]
mod tests;

pub(crate) use index::KeyIndex;
pub(crate) use load::tail_extend;
pub(crate) use lookup::position_find;
pub(crate) use merge::{SlabBuilder, entry_start};
pub(crate) use names::{NameRows, names_add};
pub(crate) use spans::{Run, Spans};
pub(crate) use tail::Tail;

use crate::tables::{NAMES, SLABS};
use crate::{LedgerOptions, ReadError};
use redb::{ReadableTable, Table, WriteTransaction};

/// The table of slabs, open for writing.
pub(crate) type SlabTable<'a> = Table<'a, crate::format_v3::SlabKey, &'static [u8]>;

/// What a writer keeps of names.
pub(crate) struct KeyTables<'a> {
    pub(crate) slabs: SlabTable<'a>,
    pub(crate) names: Table<'a, u64, &'static [u8]>,
}

impl<'a> KeyTables<'a> {
    pub(crate) fn open(transaction: &'a WriteTransaction) -> Result<Self, ReadError> {
        Ok(Self { slabs: transaction.open_table(SLABS)?, names: transaction.open_table(NAMES)? })
    }
}

/// What can be read as the table of slabs.
pub(crate) trait Slabs: ReadableTable<crate::format_v3::SlabKey, &'static [u8]> {}
impl<T: ReadableTable<crate::format_v3::SlabKey, &'static [u8]>> Slabs for T {}

/// The length of spans that a ledger is given, within what the format takes.
pub(crate) fn span_bits(options: &LedgerOptions) -> u8 {
    options.key_span_bits.clamp(6, 16)
}

fn slab_damaged(run: Run, partition: u32) -> ReadError {
    ReadError::damaged(format!("partition {partition} of the idempotency run {run}"))
}
