//! The names of records, in order of positions: written, and read a row at a time.

use crate::ReadError;
use crate::format_v3::{NAME_BYTES, NAMES_PER_ROW, Name, names_read, names_row};
use redb::{ReadableTable, Table};

/// Adds names behind a position. The row that they begin in is written again.
pub(crate) fn names_add(
    table: &mut Table<'_, u64, &'static [u8]>,
    behind: u64,
    names: impl Iterator<Item = Name>,
) -> Result<(), ReadError> {
    let mut row = behind / NAMES_PER_ROW;
    let kept = usize::try_from(behind % NAMES_PER_ROW).unwrap_or(0);
    let mut bytes = Vec::with_capacity(NAME_BYTES * usize::try_from(NAMES_PER_ROW).unwrap_or(0));
    if kept > 0 {
        let stored = table.get(row)?;
        let stored = stored.as_ref().and_then(|stored| names_read(row, stored.value()));
        let stored = stored.filter(|stored| stored.len() == kept).ok_or_else(|| row_damaged(row))?;
        bytes.extend_from_slice(stored.as_flattened());
    }
    let mut is_open = false;
    for name in names {
        bytes.extend_from_slice(&name.bytes());
        is_open = true;
        if (bytes.len() / NAME_BYTES) as u64 == NAMES_PER_ROW {
            table.insert(row, names_row(row, &bytes).as_slice())?;
            bytes.clear();
            (row, is_open) = (row + 1, false);
        }
    }
    if is_open {
        table.insert(row, names_row(row, &bytes).as_slice())?;
    }
    Ok(())
}

fn row_damaged(row: u64) -> ReadError {
    ReadError::damaged(format!("the names behind position {}", row * NAMES_PER_ROW))
}

/// Reads names, and keeps the row that was read last.
#[derive(Default)]
pub(crate) struct NameRows {
    row: Option<u64>,
    names: Vec<[u8; NAME_BYTES]>,
}

impl NameRows {
    /// The name at a position. There must be one.
    pub(crate) fn name(
        &mut self,
        table: &impl ReadableTable<u64, &'static [u8]>,
        position: u64,
    ) -> Result<Name, ReadError> {
        let at = position.checked_sub(1).ok_or_else(|| ReadError::damaged("a name at position 0"))?;
        let row = at / NAMES_PER_ROW;
        if self.row != Some(row) {
            self.row = None;
            self.names.clear();
            let stored = table.get(row)?;
            let names = stored.as_ref().and_then(|stored| names_read(row, stored.value()));
            self.names.extend_from_slice(names.ok_or_else(|| row_damaged(row))?);
            self.row = Some(row);
        }
        let place = usize::try_from(at % NAMES_PER_ROW).unwrap_or(usize::MAX);
        self.names.get(place).map(Name::of_bytes).ok_or_else(|| row_damaged(row))
    }
}
