//! One committed state of a ledger, held still.

use crate::append::hole_domain;
use crate::block::Block;
use crate::file::caught;
use crate::format_v1::{
    IdentityRow, LEDGER_FORMAT, SegmentHead, StateRow, frame_split, frontier_read, packed_read, quarantine_read,
    tile_read, unsealed_read,
};
use crate::idempotency::{EventKey, key_find};
use crate::tables::{EVENT_KEYS, HOLES, META, META_FRONTIER, META_STATE, QUARANTINE, SEGMENTS, TILES, UNSEALED};
use crate::{ContentHash, Counts, Cursor, Frontier, Hash, Head, Hole, Identity, QuarantineEntry, ReadError, RecordRef};
use daybook_event::{EventRef, Instant, Position, Record};
use daybook_proof::{TILE_HEIGHT, leaf_hash};
use redb::{ReadOnlyTable, ReadTransaction};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One committed state of a ledger. Holding it keeps the space of what is replaced meanwhile: let go of it soon.
pub struct Snapshot {
    transaction: ReadTransaction,
    path: PathBuf,
    identity: Arc<IdentityRow>,
    state: StateRow,
    frontier: Frontier,
}

impl Snapshot {
    pub(crate) fn new(
        transaction: ReadTransaction,
        path: &Path,
        identity: &Arc<IdentityRow>,
    ) -> Result<Self, ReadError> {
        let (state, frontier) = caught("reading the ledger's state", || {
            let meta = transaction.open_table(META)?;
            let state = meta.get(META_STATE)?.and_then(|row| packed_read(META_STATE.as_bytes(), row.value()));
            let frontier = meta.get(META_FRONTIER)?.and_then(|row| frontier_read(row.value()));
            Ok((state, frontier))
        })?;
        let state: StateRow = state.ok_or_else(|| ReadError::damaged("the row of counters and cursor"))?;
        let frontier = frontier
            .filter(|frontier| frontier.size() == state.position.number())
            .ok_or_else(|| ReadError::damaged("the row of the tree's frontier"))?;
        Ok(Self { transaction, path: path.to_owned(), identity: Arc::clone(identity), state, frontier })
    }

    /// A snapshot as of an empty ledger's, for looking at what else is stored where the head cannot be read.
    pub(crate) fn headless(transaction: ReadTransaction, path: &Path, identity: &Arc<IdentityRow>) -> Self {
        Self {
            transaction,
            path: path.to_owned(),
            identity: Arc::clone(identity),
            state: StateRow::default(),
            frontier: Frontier::default(),
        }
    }

    pub(crate) fn state(&self) -> &StateRow {
        &self.state
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(crate) fn transaction(&self) -> &ReadTransaction {
        &self.transaction
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The newest position and the root there.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { position: self.state.position, root: self.frontier.root(), recorded_at: self.state.recorded_at }
    }

    /// What was fixed when the ledger was created.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            format: LEDGER_FORMAT,
            intake_semantics: self.identity.intake_semantics,
            created_at: self.identity.created_at,
            ledger_id: self.identity.ledger_id,
            binding: self.identity.binding.clone(),
        }
    }

    /// How far the ledger has taken in its stream; none before the first message, and for a ledger bound to files.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.state.cursor.as_ref()
    }

    /// How many of each it has seen.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            records: self.state.position.number(),
            duplicates: self.state.duplicates,
            quarantined: self.state.quarantined,
            holes: self.state.holes,
        }
    }

    /// Visits the records from one position to another, both included, in order, without a copy. Positions beyond the head
    /// are not visited. Every segment's checksum is checked before its first record is seen.
    ///
    /// # Errors
    /// [`ReadError`] where a record cannot be read as it was written, or what the visitor returned.
    pub fn scan<E: From<ReadError>>(
        &self,
        from: Position,
        to_inclusive: Position,
        mut visit: impl FnMut(RecordRef<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let to = to_inclusive.min(self.state.position).number();
        let mut next = from.number().max(1);
        if next <= to && next <= self.state.sealed_to.number() {
            let sealed_to = to.min(self.state.sealed_to.number());
            if self.scan_segments(&mut next, sealed_to, &mut visit)?.is_break() {
                return Ok(());
            }
        }
        if next <= to { self.scan_unsealed(next, to, &mut visit) } else { Ok(()) }
    }

    fn scan_segments<E: From<ReadError>>(
        &self,
        next: &mut u64,
        to: u64,
        visit: &mut impl FnMut(RecordRef<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let mut block = Block::new()?;
        let table = caught("opening the segments", || Ok(self.transaction.open_table(SEGMENTS)?))?;
        let start = caught("finding a segment", || segment_key(&table, *next))?;
        let mut rows = caught("reading the segments", || Ok(table.range(start..)?))?;
        while *next <= to {
            let head = caught("reading a segment", || match rows.next() {
                Some(row) => {
                    let (key, stored) = row?;
                    block.load(key.value(), stored.value())
                }
                None => Err(no_segment(*next)),
            })?;
            if head.first.number() > *next || head.end() <= *next {
                return Err(no_segment(*next).into());
            }
            for frame in block.frames() {
                let frame = frame?;
                if frame.position.number() < *next {
                    continue;
                }
                if frame.position.number() > to {
                    break;
                }
                let record =
                    RecordRef { position: frame.position, recorded_at: frame.recorded_at, envelope: frame.envelope };
                if visit(record)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                *next += 1;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn scan_unsealed<E: From<ReadError>>(
        &self,
        from: u64,
        to: u64,
        visit: &mut impl FnMut(RecordRef<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let table = caught("opening the unsealed records", || Ok(self.transaction.open_table(UNSEALED)?))?;
        let mut rows = caught("reading the unsealed records", || Ok(table.range(from..=to)?))?;
        let mut buffer = Vec::new();
        for number in from..=to {
            let position = Position::new(number);
            caught("reading an unsealed record", || {
                let Some(row) = rows.next() else { return Err(unsealed_damaged(position)) };
                let (key, row) = row?;
                let frame = unsealed_read(position, row.value()).filter(|_| key.value() == number);
                buffer.clear();
                buffer.extend_from_slice(frame.ok_or_else(|| unsealed_damaged(position))?);
                Ok(())
            })?;
            let (frame, rest) = frame_split(&buffer).map_err(|_| unsealed_damaged(position))?;
            if frame.position != position || !rest.is_empty() {
                return Err(unsealed_damaged(position).into());
            }
            let record = RecordRef { position, recorded_at: frame.recorded_at, envelope: frame.envelope };
            if visit(record)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The record at a position; none if there is none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        let mut found = None;
        if position == Position::ZERO {
            return Ok(None);
        }
        self.scan(position, position, |record| {
            found = Some(Record {
                position: record.position,
                recorded_at: record.recorded_at,
                envelope: record.envelope.to_vec(),
            });
            Ok::<_, ReadError>(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// Where the event with this id stands, and the hash of its content.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn position_of(&self, id: &EventRef) -> Result<Option<(Position, ContentHash)>, ReadError> {
        caught("looking up an event", || {
            let table = self.transaction.open_table(EVENT_KEYS)?;
            Ok(key_find(&table, EventKey::of(id))?.map(|standing| (standing.position, standing.content)))
        })
    }

    /// The last position with `recorded_at` at or before the instant; 0 if there is none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn position_at(&self, instant: Instant) -> Result<Position, ReadError> {
        let mut block = Block::new()?;
        let (mut low, mut high, mut found) = (1, self.state.sealed_to.number(), 0);
        while low <= high {
            let head = self.segment_load(&mut block, low + (high - low) / 2)?;
            if head.first_at > instant {
                high = head.first.number() - 1;
            } else if head.last_at <= instant {
                (low, found) = (head.end(), head.end() - 1);
            } else {
                for frame in block.frames() {
                    let frame = frame?;
                    if frame.recorded_at <= instant {
                        found = frame.position.number();
                    }
                }
                return Ok(Position::new(found));
            }
        }
        if found == self.state.sealed_to.number() {
            self.scan(Position::new(found + 1), self.state.position, |record| {
                if record.recorded_at > instant {
                    return Ok(ControlFlow::Break(()));
                }
                found = record.position.number();
                Ok::<_, ReadError>(ControlFlow::Continue(()))
            })?;
        }
        Ok(Position::new(found))
    }

    /// Loads the segment that holds a position.
    fn segment_load(&self, block: &mut Block, position: u64) -> Result<SegmentHead, ReadError> {
        let head = caught("reading a segment", || {
            let table = self.transaction.open_table(SEGMENTS)?;
            let key = segment_key(&table, position)?;
            let stored = table.get(key)?.ok_or_else(|| no_segment(position))?;
            block.load(key, stored.value())
        })?;
        if head.end() <= position { Err(no_segment(position)) } else { Ok(head) }
    }

    /// The root of the tree as it was at a position; none beyond the head. Costs some hundred tile hashes and the records
    /// after the last full tile.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn root_at(&self, position: Position) -> Result<Option<Hash>, ReadError> {
        if position > self.state.position {
            return Ok(None);
        }
        if position == self.state.position {
            return Ok(Some(self.frontier.root()));
        }
        let mut frontier = caught("reading tile hashes", || self.frontier_of_tiles(position.number()))?;
        let from = Position::new(frontier.size() + 1);
        let mut frame = Vec::new();
        self.scan(from, position, |record| {
            frame.clear();
            crate::format_v1::frame_push(&mut frame, record.position, record.recorded_at, record.envelope)
                .map_err(|fault| ReadError::damaged(fault.to_string()))?;
            frontier.push(leaf_hash(&frame), &mut |_: u8, _: u64, _: &Hash| {});
            Ok::<_, ReadError>(ControlFlow::Continue(()))
        })?;
        Ok(Some(frontier.root()))
    }

    /// The frontier of the full tiles within the first `size` leaves.
    fn frontier_of_tiles(&self, size: u64) -> Result<Frontier, ReadError> {
        let table = self.transaction.open_table(TILES)?;
        let mut frontier = Frontier::default();
        for level in (1_u8..=7).rev() {
            let height = u32::from(level) * TILE_HEIGHT;
            let leaves = 1_u64 << height;
            while size - frontier.size() >= leaves {
                let index = frontier.size() / leaves;
                let hash = table.get((level, index))?.and_then(|row| tile_read(level, index, &row.value()));
                let pushed = hash.is_some_and(|hash| frontier.push_subtree(height, hash));
                if !pushed {
                    return Err(ReadError::damaged(format!("the tile hash {index} of level {level}")));
                }
            }
        }
        Ok(frontier)
    }

    /// One quarantine entry by number.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_entry(&self, entry: u64) -> Result<Option<QuarantineEntry>, ReadError> {
        if entry == 0 || entry > self.state.quarantined {
            return Ok(None);
        }
        Ok(self.quarantine_list(entry, 1)?.pop())
    }

    /// Quarantine entries from a number on, oldest first, at most so many.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_list(&self, from_entry: u64, count_max: usize) -> Result<Vec<QuarantineEntry>, ReadError> {
        caught("reading the quarantine", || {
            let table = self.transaction.open_table(QUARANTINE)?;
            let mut rows = table.range(from_entry.max(1)..)?;
            let mut entries = Vec::new();
            for number in (from_entry.max(1)..=self.state.quarantined).take(count_max) {
                let row = rows.next().transpose()?.filter(|(key, _)| key.value() == number);
                let entry = row.and_then(|(_, row)| quarantine_read(number, row.value()));
                entries.push(entry.ok_or_else(|| ReadError::damaged(format!("the quarantine entry {number}")))?);
            }
            Ok(entries)
        })
    }

    /// The holes that the stream confirmed, oldest first.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn holes(&self) -> Result<Vec<Hole>, ReadError> {
        caught("reading the holes", || {
            let table = self.transaction.open_table(HOLES)?;
            (1..=self.state.holes)
                .map(|number| {
                    let hole = table.get(number)?.and_then(|row| packed_read(&hole_domain(number), row.value()));
                    hole.ok_or_else(|| ReadError::damaged(format!("the hole {number}")))
                })
                .collect()
        })
    }
}

fn segment_key(table: &ReadOnlyTable<u64, &'static [u8]>, position: u64) -> Result<u64, ReadError> {
    let row = table.range(..=position)?.next_back().ok_or_else(|| no_segment(position))??;
    Ok(row.0.value())
}

fn no_segment(position: u64) -> ReadError {
    ReadError::damaged(format!("no segment holds position {position}"))
}

fn unsealed_damaged(position: Position) -> ReadError {
    ReadError::damaged(format!("the unsealed record at position {position}"))
}
