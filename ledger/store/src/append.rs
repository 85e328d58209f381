//! One append: what a batch adds, decided in memory, then written in one transaction.

use crate::decide::{Committed, Judge};
use crate::format_v1::{
    FrameFault, StateRow, frame_push, frontier_row, packed_row, quarantine_row, tile_row, unsealed_row,
};
use crate::format_v2::{
    DecisionRow, KeptRow, decision_row, entry_leaf, entry_state_row, kept_row, quarantine_frontier_row,
};
use crate::format_v3::{Name, act_row};
use crate::idempotency::{EventKey, Met, Standing, batch_met};
use crate::keys::{KeyIndex, KeyTables, names_add};
use crate::seal::{Sealed, Sealer, Tail};
use crate::tables::{
    ACTS, DECISIONS, ENTRY_STATES, HOLES, META, META_FRONTIER, META_KEPT, META_QUARANTINE_FRONTIER, META_STATE,
    QUARANTINE, SEGMENTS, TILES, UNSEALED,
};
use crate::{
    AppendError, Binding, ContentHash, Cursor, Frontier, Hash, Hole, Incoming, Outcome, PAYLOAD_BYTES_MAX,
    QuarantineEntry, QuarantineReason, ReadError, crash_point,
};
use daybook_event::{EventRef, Instant, Position};
use daybook_proof::leaf_hash;
use redb::{ReadableTable, WriteTransaction};
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

/// What the writer keeps in memory: as on disk after the last commit.
pub(crate) struct Writer {
    pub(crate) state: StateRow,
    pub(crate) frontier: Frontier,
    pub(crate) quarantine_frontier: Frontier,
    pub(crate) kept: KeptRow,
    pub(crate) tail: Tail,
    pub(crate) sealer: Sealer,
    pub(crate) index: KeyIndex,
    /// Whether decisions about quarantine entries act: the ledger's intake semantics say so.
    pub(crate) is_deciding: bool,
    pub(crate) judge: Option<Judge>,
}

/// New tile hashes, by level and index within it.
type Tiles = Vec<(u8, u64, Hash)>;

/// A batch of as many new frames is hashed on a thread of its own.
const HASHED_APART_MIN: usize = 4_096;

/// What a batch adds, beside frames.
#[derive(Default)]
pub(crate) struct Staged {
    outcomes: Vec<Outcome>,
    /// The names of new records, in order of their positions.
    pub(crate) keys: Vec<(EventKey, Standing)>,
    /// Where records of the operators stand.
    pub(crate) acts: Vec<Position>,
    tiles: Tiles,
    /// Rows of new quarantine entries, by number.
    pub(crate) quarantine: Vec<(u64, Vec<u8>)>,
    pub(crate) decisions: Vec<(u64, DecisionRow)>,
    /// The decision that made each entry's state.
    pub(crate) states: BTreeMap<u64, u64>,
    /// The events that decisions made records of: what comes behind them in the batch may meet them.
    pub(crate) judged: BTreeMap<EventKey, Standing>,
}

impl Staged {
    /// Takes note of a new record's name.
    pub(crate) fn name(&mut self, id: &EventRef, key: EventKey, standing: Standing) {
        self.keys.push((key, standing));
        if id.source.is_ledger() {
            self.acts.push(standing.position);
        }
    }
}

/// Refuses what a ledger of this binding and state cannot take, before anything is changed.
pub(crate) fn batch_check(
    binding: &Binding,
    state: &StateRow,
    batch: &[Incoming],
    cursor: Option<&Cursor>,
    holes: &[Hole],
) -> Result<(), AppendError> {
    for (at, incoming) in batch.iter().enumerate() {
        let (Incoming::Event { envelope: payload, .. } | Incoming::Faulty { bytes: payload, .. }) = incoming;
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(AppendError::TooLarge { at, bytes: payload.len(), bytes_max: PAYLOAD_BYTES_MAX });
        }
    }
    if let Some(hole) = holes.iter().find(|hole| hole.to < hole.from) {
        return Err(AppendError::HoleEmpty { from: hole.from, to: hole.to });
    }
    match (binding, cursor) {
        (Binding::Files, None) if holes.is_empty() => Ok(()),
        (Binding::Files, _) => Err(AppendError::CursorOfFiles),
        (Binding::Stream { .. }, None) if batch.is_empty() && holes.is_empty() => Ok(()),
        (Binding::Stream { .. }, None) => Err(AppendError::CursorMissing),
        (Binding::Stream { name }, Some(cursor)) if *name != cursor.stream => {
            Err(AppendError::CursorOfAnother { stream: cursor.stream.clone(), bound: binding.clone() })
        }
        (Binding::Stream { .. }, Some(cursor)) => cursor_check(state.cursor.as_ref(), cursor),
    }
}

/// Within one stream the cursor only goes forward. Another creation time is another stream: the caller has decided.
fn cursor_check(stored: Option<&Cursor>, cursor: &Cursor) -> Result<(), AppendError> {
    match stored {
        Some(stored) if stored.stream_created_at == cursor.stream_created_at && cursor.sequence < stored.sequence => {
            Err(AppendError::CursorBack { from: stored.sequence, to: cursor.sequence })
        }
        _ => Ok(()),
    }
}

impl Writer {
    /// Writes the batch and commits.
    pub(crate) fn append(
        &mut self,
        transaction: WriteTransaction,
        batch: Vec<Incoming>,
        cursor: Option<Cursor>,
        holes: &[Hole],
    ) -> Result<Vec<Outcome>, ReadError> {
        crash_point("append:begin");
        let (staged, sealed) = {
            let mut tables = KeyTables::open(&transaction)?;
            let keys: Vec<EventKey> = batch.iter().filter_map(event_key).collect();
            let met = batch_met(&keys, &self.index.find(&tables.slabs, &tables.names, &keys)?);
            let committed = Committed { transaction: &transaction, tables: &tables };
            let mut staged = self.stage(batch, &keys, &met, &committed)?;
            let sealed = self.grow(&mut staged, &mut tables)?;
            (staged, sealed)
        };
        write_staged(&transaction, &staged)?;
        self.write_frames(&transaction, &sealed)?;
        crash_point("append:records_written");
        self.write_holes(&transaction, holes)?;
        if cursor.is_some() {
            self.state.cursor = cursor;
        }
        self.write_state(&transaction)?;
        crash_point("append:before_commit");
        transaction.commit()?;
        crash_point("append:after_commit");
        Ok(staged.outcomes)
    }

    /// Decides each input in order and adds the frames of the new records to the tail.
    fn stage(
        &mut self,
        batch: Vec<Incoming>,
        keys: &[EventKey],
        met: &[Met],
        committed: &Committed<'_>,
    ) -> Result<Staged, ReadError> {
        let mut staged = Staged { outcomes: Vec::with_capacity(batch.len()), ..Staged::default() };
        // The record that stands for each event so far; for a quarantined or dropped one, the record it met.
        let mut standing: Vec<Standing> = Vec::with_capacity(keys.len());
        for incoming in batch {
            let outcome = match incoming {
                Incoming::Faulty { reason, id, recorded_at, origin, bytes } => {
                    let entry = QuarantineEntry { entry: 0, reason, id, recorded_at, origin, bytes };
                    Outcome::Quarantined { entry: self.quarantine(&mut staged, entry)? }
                }
                Incoming::Event { id, content_hash, recorded_at, envelope, origin, decision } => {
                    let at = standing.len();
                    let stands = match met[at] {
                        Met::New => staged.judged.get(&keys[at]).copied(),
                        Met::Stored(stored) => Some(stored),
                        Met::Earlier(first) => Some(standing[first]),
                    };
                    let Some(stands) = stands else {
                        let position = self.record(recorded_at, &envelope)?;
                        let new = Standing { position, content: content_hash };
                        staged.name(&id, keys[at], new);
                        standing.push(new);
                        staged.outcomes.push(Outcome::Appended(position));
                        if let Some(decision) = decision.filter(|_| self.is_deciding) {
                            self.decide(&mut staged, committed, decision, (position, recorded_at))?;
                        }
                        continue;
                    };
                    standing.push(stands);
                    if stands.content == content_hash {
                        self.state.duplicates += 1;
                        Outcome::Duplicate { of: stands.position }
                    } else {
                        let reason = conflict_reason(&id, stands, content_hash);
                        let entry =
                            QuarantineEntry { entry: 0, reason, id: Some(id), recorded_at, origin, bytes: envelope };
                        Outcome::Conflict { with: stands.position, entry: self.quarantine(&mut staged, entry)? }
                    }
                }
            };
            staged.outcomes.push(outcome);
        }
        Ok(staged)
    }

    /// Brings tree, names and index up to the new records, and packs what fills segments. Of many records the tree grows on a
    /// thread of its own.
    pub(crate) fn grow(&mut self, staged: &mut Staged, tables: &mut KeyTables<'_>) -> Result<Vec<Sealed>, ReadError> {
        let Self { state, frontier, tail, sealer, index, .. } = self;
        let Staged { keys, tiles, .. } = staged;
        let tail = &*tail;
        let is_many = keys.len() >= HASHED_APART_MIN;
        let mut hash = move || tree_grow(frontier, tail, tiles);
        let mut write = || {
            names_write(index, tables, state.position, keys)?;
            sealer.seal(tail)
        };
        if !is_many {
            hash();
            return write();
        }
        thread::scope(|scope| {
            let hashing = scope.spawn(hash);
            let sealed = write();
            hashing.join().unwrap_or_else(|panic| resume_unwind(panic));
            sealed
        })
    }

    /// Makes the next record. The tree grows by it later.
    pub(crate) fn record(&mut self, recorded_at: Instant, envelope: &[u8]) -> Result<Position, ReadError> {
        let position = self.state.position.next();
        let recorded_at = if position.number() == 1 { recorded_at } else { recorded_at.max(self.state.recorded_at) };
        frame_push(&mut self.tail.raw, position, recorded_at, envelope)
            .map_err(|fault: FrameFault| ReadError::Storage { source: Box::new(fault) })?;
        self.tail.frames.push((self.tail.raw.len(), recorded_at));
        (self.state.position, self.state.recorded_at) = (position, recorded_at);
        Ok(position)
    }

    /// Makes the next quarantine entry, a leaf of the quarantine tree.
    fn quarantine(&mut self, staged: &mut Staged, mut entry: QuarantineEntry) -> Result<u64, ReadError> {
        self.state.quarantined += 1;
        entry.entry = self.state.quarantined;
        let row = quarantine_row(&entry).ok_or_else(unpackable)?;
        let leaf = entry_leaf(&entry);
        self.quarantine_frontier.push(leaf, &mut |_: u8, _: u64, _: &Hash| {});
        staged.quarantine.push((entry.entry, row));
        Ok(entry.entry)
    }

    /// Writes what was sealed, and keeps the rest of the frames as rows.
    pub(crate) fn write_frames(&mut self, transaction: &WriteTransaction, sealed: &[Sealed]) -> Result<(), ReadError> {
        let mut unsealed = transaction.open_table(UNSEALED)?;
        let rows_to = unsealed.last()?.map_or(self.tail.sealed_to.number(), |(last, _)| last.value());
        self.tail.drop_sealed(sealed);
        if let Some(last) = sealed.last() {
            write_segments(transaction, sealed)?;
            let sealed_to = last.first.number() + last.count as u64 - 1;
            unsealed.retain_in(..=sealed_to, |_, _| false)?;
            crash_point("append:sealed");
        }
        self.state.sealed_to = self.tail.sealed_to;
        let new_from = usize::try_from(rows_to.saturating_sub(self.tail.sealed_to.number())).unwrap_or(usize::MAX);
        for at in new_from..self.tail.frames.len() {
            let position = self.tail.position(at);
            unsealed.insert(position.number(), unsealed_row(position, self.tail.frame(at)).as_slice())?;
        }
        Ok(())
    }

    fn write_holes(&mut self, transaction: &WriteTransaction, holes: &[Hole]) -> Result<(), ReadError> {
        if holes.is_empty() {
            return Ok(());
        }
        let mut table = transaction.open_table(HOLES)?;
        for hole in holes {
            self.state.holes += 1;
            let row = packed_row(&hole_domain(self.state.holes), hole).ok_or_else(unpackable)?;
            table.insert(self.state.holes, row.as_slice())?;
        }
        Ok(())
    }

    /// Writes the rows that every append moves.
    pub(crate) fn write_state(&self, transaction: &WriteTransaction) -> Result<(), ReadError> {
        let mut meta = transaction.open_table(META)?;
        let state = packed_row(META_STATE.as_bytes(), &self.state).ok_or_else(unpackable)?;
        meta.insert(META_STATE, state.as_slice())?;
        meta.insert(META_FRONTIER, frontier_row(&self.frontier).as_slice())?;
        meta.insert(META_QUARANTINE_FRONTIER, quarantine_frontier_row(&self.quarantine_frontier).as_slice())?;
        meta.insert(META_KEPT, kept_row(&self.kept).as_slice())?;
        Ok(())
    }
}

/// The domain of a hole's row.
pub(crate) fn hole_domain(number: u64) -> Vec<u8> {
    [b"hole".as_slice(), &number.to_be_bytes()].concat()
}

/// A value that msgpack does not take: cannot be with the types stored here, and is an error all the same.
pub(crate) fn unpackable() -> ReadError {
    ReadError::Storage { source: "a row cannot be written as msgpack".into() }
}

fn event_key(incoming: &Incoming) -> Option<EventKey> {
    match incoming {
        Incoming::Event { id, .. } => Some(EventKey::of(id)),
        Incoming::Faulty { .. } => None,
    }
}

fn conflict_reason(id: &EventRef, stands: Standing, content: ContentHash) -> QuarantineReason {
    QuarantineReason::Conflict {
        detail: format!(
            "{id} stands at position {} with the content {}, this one has {content}",
            stands.position, stands.content
        ),
    }
}

/// Grows the tree by the frames that it does not have yet.
fn tree_grow(frontier: &mut Frontier, tail: &Tail, tiles: &mut Tiles) {
    let hashed = frontier.size().saturating_sub(tail.sealed_to.number());
    for at in usize::try_from(hashed).unwrap_or(usize::MAX)..tail.frames.len() {
        let leaf = leaf_hash(tail.frame(at));
        frontier.push(leaf, &mut |level: u8, index: u64, hash: &Hash| tiles.push((level, index, *hash)));
    }
}

/// Writes the names of the new records, the last of which is at `head`, and brings the index up to them.
fn names_write(
    index: &mut KeyIndex,
    tables: &mut KeyTables<'_>,
    head: Position,
    keys: &[(EventKey, Standing)],
) -> Result<(), ReadError> {
    let name = |(key, standing): &(EventKey, Standing)| Name { key: key.0, content: *standing.content.as_bytes() };
    names_add(&mut tables.names, head.number() - keys.len() as u64, keys.iter().map(name))?;
    index.add(&mut tables.slabs, keys.iter().map(|(key, _)| key.hash()))
}

/// Writes what a batch adds beside frames and keys.
pub(crate) fn write_staged(transaction: &WriteTransaction, staged: &Staged) -> Result<(), ReadError> {
    if !staged.tiles.is_empty() {
        let mut table = transaction.open_table(TILES)?;
        for (level, index, hash) in &staged.tiles {
            table.insert((*level, *index), tile_row(*level, *index, hash))?;
        }
    }
    if !staged.acts.is_empty() {
        let mut table = transaction.open_table(ACTS)?;
        for position in &staged.acts {
            table.insert(position.number(), act_row(position.number()))?;
        }
    }
    if !staged.quarantine.is_empty() {
        let mut table = transaction.open_table(QUARANTINE)?;
        for (entry, row) in &staged.quarantine {
            table.insert(*entry, row.as_slice())?;
        }
    }
    if !staged.decisions.is_empty() {
        let mut table = transaction.open_table(DECISIONS)?;
        for (number, decision) in &staged.decisions {
            table.insert(*number, decision_row(*number, decision).as_slice())?;
        }
        let mut table = transaction.open_table(ENTRY_STATES)?;
        for (entry, decision) in &staged.states {
            table.insert(*entry, entry_state_row(*entry, *decision).as_slice())?;
        }
    }
    Ok(())
}

fn write_segments(transaction: &WriteTransaction, sealed: &[Sealed]) -> Result<(), ReadError> {
    let mut table = transaction.open_table(SEGMENTS)?;
    for segment in sealed {
        table.insert(segment.first.number(), segment.stored.as_slice())?;
    }
    Ok(())
}
