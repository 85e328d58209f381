//! Taking a ledger of format 1 over to format 2, in one transaction: killed at any moment it is the one or the other.
//!
//! No record, segment, tile or entry changes, so the root stays what it was. What is new is computed from what is stored.

use crate::file::StoreFile;
use crate::format_v1::{StateRow, packed_read};
use crate::format_v2::{KeptRow, LEDGER_FORMAT, entry_leaf_of_row, kept_row, quarantine_frontier_row};
use crate::tables::{
    CHECKPOINTS, DECISIONS, ENTRY_STATES, META, META_FORMAT, META_KEPT, META_QUARANTINE_FRONTIER, META_STATE,
    QUARANTINE,
};
use crate::{Frontier, Hash, ReadError, crash_point};
use redb::{ReadableTable, WriteTransaction};

/// Makes the tables that format 2 adds.
pub(crate) fn tables_add(transaction: &WriteTransaction) -> Result<(), ReadError> {
    transaction.open_table(DECISIONS)?;
    transaction.open_table(ENTRY_STATES)?;
    transaction.open_table(CHECKPOINTS)?;
    Ok(())
}

/// Upgrades the ledger in the file. Nothing changes if anything of it is damaged.
pub(crate) fn upgrade(file: &StoreFile) -> Result<(), ReadError> {
    let transaction = file.begin_write()?;
    crash_point("upgrade:begin");
    if transaction.open_table(META)?.get(META_KEPT)?.is_some() {
        return Err(ReadError::damaged("its format number: it says 1, and there are rows of format 2"));
    }
    tables_add(&transaction)?;
    let frontier = quarantine_frontier_of_rows(&transaction)?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_QUARANTINE_FRONTIER, quarantine_frontier_row(&frontier).as_slice())?;
        meta.insert(META_KEPT, kept_row(&KeptRow::default()).as_slice())?;
        crash_point("upgrade:rows_written");
        meta.insert(META_FORMAT, LEDGER_FORMAT.to_be_bytes().as_slice())?;
    }
    crash_point("upgrade:before_commit");
    transaction.commit()?;
    crash_point("upgrade:after_commit");
    Ok(())
}

/// The second tree over the entries of a ledger that knows no decisions.
fn quarantine_frontier_of_rows(transaction: &WriteTransaction) -> Result<Frontier, ReadError> {
    let state: Option<StateRow> =
        transaction.open_table(META)?.get(META_STATE)?.and_then(|row| packed_read(META_STATE.as_bytes(), row.value()));
    let quarantined = state.ok_or_else(|| ReadError::damaged("the row of counters and cursor"))?.quarantined;
    let mut frontier = Frontier::default();
    let table = transaction.open_table(QUARANTINE)?;
    for row in table.iter()? {
        let (key, row) = row?;
        let entry = frontier.size() + 1;
        let leaf = entry_leaf_of_row(entry, row.value()).filter(|_| key.value() == entry);
        let leaf = leaf.ok_or_else(|| ReadError::damaged(format!("the quarantine entry {entry}")))?;
        frontier.push(leaf, &mut |_: u8, _: u64, _: &Hash| {});
    }
    if frontier.size() == quarantined {
        return Ok(frontier);
    }
    let there = frontier.size();
    Err(ReadError::damaged(format!("the counter says {quarantined} quarantine entries, there are {there}")))
}
