//! Taking an older ledger over, in one transaction: killed at any moment it is the one or the other.
//!
//! No record, segment, tile or entry changes, so the roots stay what they were. What is new is computed from what is stored.

use crate::file::StoreFile;
use crate::format_v1::{IdentityRow, StateRow, key_row_read, packed_read};
use crate::format_v2::{FORMAT_WITH_DECISIONS, KeptRow, entry_leaf_of_row, kept_row, quarantine_frontier_row};
use crate::format_v3::{KeysRow, LEDGER_FORMAT, Name, act_row, keys_row};
use crate::keys::{KeyIndex, KeyTables, Spans, names_add, span_bits};
use crate::reader::LedgerReader;
use crate::tables::{
    ACTS, CHECKPOINTS, DECISIONS, ENTRY_STATES, EVENT_KEYS, META, META_FORMAT, META_KEPT, META_KEYS,
    META_QUARANTINE_FRONTIER, META_STATE, QUARANTINE,
};
use crate::{Frontier, Hash, Incoming, LedgerOptions, Origin, ReadError, crash_point};
use daybook_event::{Position, SourceId};
use redb::{ReadableTable, WriteTransaction};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Entries that are held in memory at once while they are put in order of positions.
const WINDOW: u64 = 1 << 22;

/// Makes the tables that format 2 adds.
pub(crate) fn tables_add(transaction: &WriteTransaction) -> Result<(), ReadError> {
    transaction.open_table(DECISIONS)?;
    transaction.open_table(ENTRY_STATES)?;
    transaction.open_table(CHECKPOINTS)?;
    Ok(())
}

/// Upgrades the ledger in the file. Nothing changes if anything of it is damaged.
pub(crate) fn upgrade(
    file: &Arc<StoreFile>,
    (format, identity): (u32, &IdentityRow),
    options: &LedgerOptions,
) -> Result<(), ReadError> {
    let acts = acts_of_records(file, identity, options)?;
    let transaction = file.begin_write()?;
    crash_point("upgrade:begin");
    let state: Option<StateRow> =
        transaction.open_table(META)?.get(META_STATE)?.and_then(|row| packed_read(META_STATE.as_bytes(), row.value()));
    let state = state.ok_or_else(|| ReadError::damaged("the row of counters and cursor"))?;
    if format < FORMAT_WITH_DECISIONS {
        decisions_add(&transaction, &state)?;
    }
    if transaction.open_table(META)?.get(META_KEYS)?.is_some() {
        return Err(ReadError::damaged(format!("its format number: it says {format}, and there are rows of format 3")));
    }
    let last = state.position.number();
    let keys = KeysRow { span_bits: span_bits(options), acts_from: if acts.is_some() { 1 } else { last + 1 } };
    names_of_entries(&transaction, last, Spans::new(keys.span_bits))?;
    transaction.delete_table(EVENT_KEYS)?;
    {
        let mut table = transaction.open_table(ACTS)?;
        for position in acts.iter().flatten() {
            table.insert(position.number(), act_row(position.number()))?;
        }
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_KEYS, keys_row(&keys).as_slice())?;
        crash_point("upgrade:rows_written");
        meta.insert(META_FORMAT, LEDGER_FORMAT.to_be_bytes().as_slice())?;
    }
    crash_point("upgrade:before_commit");
    transaction.commit()?;
    crash_point("upgrade:after_commit");
    Ok(())
}

/// What format 2 adds to format 1.
fn decisions_add(transaction: &WriteTransaction, state: &StateRow) -> Result<(), ReadError> {
    if transaction.open_table(META)?.get(META_KEPT)?.is_some() {
        return Err(ReadError::damaged("its format number: it says 1, and there are rows of format 2"));
    }
    tables_add(transaction)?;
    let frontier = quarantine_frontier_of_rows(transaction, state.quarantined)?;
    let mut meta = transaction.open_table(META)?;
    meta.insert(META_QUARANTINE_FRONTIER, quarantine_frontier_row(&frontier).as_slice())?;
    meta.insert(META_KEPT, kept_row(&KeptRow::default()).as_slice())?;
    Ok(())
}

/// The second tree over the entries of a ledger that knows no decisions.
fn quarantine_frontier_of_rows(transaction: &WriteTransaction, quarantined: u64) -> Result<Frontier, ReadError> {
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

/// Puts the idempotency entries in order of positions, and makes the index of them. Entries lie in order of keys: each window
/// of positions is collected in one pass over all of them.
fn names_of_entries(transaction: &WriteTransaction, last: u64, spans: Spans) -> Result<(), ReadError> {
    let (mut tables, mut index) = (KeyTables::open(transaction)?, KeyIndex::empty(spans));
    let entries = transaction.open_table(EVENT_KEYS)?;
    let mut before = 0;
    while before < last {
        let end = last.min(before + WINDOW);
        let mut window: Vec<Option<Name>> = vec![None; usize::try_from(end - before).unwrap_or(0)];
        for row in entries.iter()? {
            let (key, row) = row?;
            let key = key.value();
            let damaged = || ReadError::damaged(format!("the idempotency entry {}", hex::encode(key)));
            let (position, content) = key_row_read(&key, &row.value()).ok_or_else(damaged)?;
            let position = position.number();
            if position == 0 || position > last {
                return Err(damaged());
            }
            if before < position && position <= end {
                let place = usize::try_from(position - before - 1).ok().and_then(|at| window.get_mut(at));
                if place.and_then(|place| place.replace(Name { key, content })).is_some() {
                    return Err(damaged());
                }
            }
        }
        let names: Option<Vec<Name>> = window.into_iter().collect();
        let names = names.ok_or_else(|| ReadError::damaged("the idempotency entries: a record has none"))?;
        names_add(&mut tables.names, before, names.iter().copied())?;
        index.add(&mut tables.slabs, names.iter().map(|name| crate::idempotency::EventKey(name.key).hash()))?;
        before = end;
    }
    Ok(())
}

/// Where the operators wrote; none if nothing here can read an envelope.
fn acts_of_records(
    file: &Arc<StoreFile>,
    identity: &IdentityRow,
    options: &LedgerOptions,
) -> Result<Option<Vec<Position>>, ReadError> {
    let Some(judge) = options.judge else { return Ok(None) };
    let (mut acts, name) = (Vec::new(), SourceId::LEDGER.as_bytes());
    let snapshot = LedgerReader::new(Arc::clone(file), identity.clone()).snapshot()?;
    snapshot.scan(Position::ZERO, snapshot.head().position, |record| {
        // An envelope holds the text of its source: without it there is nothing to decode.
        if record.envelope.windows(name.len()).any(|bytes| bytes == name)
            && let Incoming::Event { id, .. } | Incoming::Faulty { id: Some(id), .. } =
                judge(record.envelope.to_vec(), record.recorded_at, Origin::default())
            && id.source.is_ledger()
        {
            acts.push(record.position);
        }
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    })?;
    Ok(Some(acts))
}
