//! One committed state of a ledger, held still.

use crate::append::hole_domain;
use crate::block::Block;
use crate::file::{StoreFile, caught};
use crate::format_v1::{IdentityRow, SegmentHead, StateRow, frame_split, frontier_read, packed_read, unsealed_read};
use crate::format_v2::{FORMAT_WITH_DECISIONS, KeptRow, kept_read, quarantine_frontier_read};
use crate::format_v3::{FORMAT_WITH_SLABS, KeysRow, LEDGER_FORMAT, keys_read};
use crate::keys::Tail;
use crate::reader::format_read;
use crate::tables::{
    HOLES, META, META_FRONTIER, META_KEPT, META_KEYS, META_QUARANTINE_FRONTIER, META_STATE, SEGMENTS, UNSEALED,
};
use crate::{Counts, Cursor, Frontier, Head, Hole, Identity, ReadError, RecordRef};
use daybook_event::{Instant, Position, Record};
use redb::{ReadOnlyTable, ReadTransaction};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// One committed state of a ledger. Holding it keeps the space of what is replaced meanwhile: let go of it soon.
pub struct Snapshot {
    transaction: ReadTransaction,
    file: Arc<StoreFile>,
    identity: Arc<IdentityRow>,
    state: StateRow,
    frontier: Frontier,
    second: Second,
    tail: Arc<Mutex<Tail>>,
}

/// What later formats keep beside the first tree. Damage of it does not keep anybody from reading records.
struct Second {
    format: u32,
    kept: Option<KeptRow>,
    quarantine_frontier: Option<Frontier>,
    keys: Option<KeysRow>,
}

impl Second {
    fn read(transaction: &ReadTransaction) -> Result<Self, ReadError> {
        let meta = transaction.open_table(META)?;
        let format = format_read(&meta)?.unwrap_or(LEDGER_FORMAT);
        if format > LEDGER_FORMAT {
            return Err(ReadError::Newer { found: format, known: LEDGER_FORMAT });
        }
        let kept = meta.get(META_KEPT)?.and_then(|row| kept_read(row.value()));
        let frontier = meta.get(META_QUARANTINE_FRONTIER)?.and_then(|row| quarantine_frontier_read(row.value()));
        Ok(Self {
            format,
            kept: if format < FORMAT_WITH_DECISIONS { Some(KeptRow::default()) } else { kept },
            quarantine_frontier: frontier,
            keys: meta.get(META_KEYS)?.and_then(|row| keys_read(row.value())),
        })
    }
}

impl Snapshot {
    pub(crate) fn new(
        transaction: ReadTransaction,
        file: &Arc<StoreFile>,
        identity: &Arc<IdentityRow>,
        tail: &Arc<Mutex<Tail>>,
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
        let second = caught("reading the quarantine's state", || Second::read(&transaction))?;
        let (file, identity, tail) = (Arc::clone(file), Arc::clone(identity), Arc::clone(tail));
        Ok(Self { transaction, file, identity, state, frontier, second, tail })
    }

    /// A snapshot as of an empty ledger's, for looking at what else is stored where the head cannot be read.
    pub(crate) fn headless(transaction: ReadTransaction, file: &Arc<StoreFile>, identity: &Arc<IdentityRow>) -> Self {
        let second = caught("reading the quarantine's state", || Second::read(&transaction));
        Self {
            transaction,
            file: Arc::clone(file),
            identity: Arc::clone(identity),
            state: StateRow::default(),
            frontier: Frontier::default(),
            second: second.unwrap_or(Second {
                format: LEDGER_FORMAT,
                kept: None,
                quarantine_frontier: None,
                keys: None,
            }),
            tail: Arc::default(),
        }
    }

    /// Whether the ledger keeps decisions and checkpoints: since format 2.
    pub(crate) fn keeps_decisions(&self) -> bool {
        self.second.format >= FORMAT_WITH_DECISIONS
    }

    /// The number of its format.
    pub(crate) fn format(&self) -> u32 {
        self.second.format
    }

    /// Whether the ledger keeps names and slabs: since format 3.
    pub(crate) fn keeps_slabs(&self) -> bool {
        self.second.format >= FORMAT_WITH_SLABS
    }

    /// What is fixed about names and slabs.
    pub(crate) fn keys_row(&self) -> Result<KeysRow, ReadError> {
        self.second.keys.ok_or_else(|| ReadError::damaged("the row of what is fixed about names"))
    }

    /// The names behind the last run of the index, as far as they have been read.
    pub(crate) fn tail(&self) -> &Mutex<Tail> {
        &self.tail
    }

    /// The counts of decisions and checkpoints.
    pub(crate) fn kept(&self) -> Result<&KeptRow, ReadError> {
        self.second.kept.as_ref().ok_or_else(|| ReadError::damaged("the row of counts of decisions and checkpoints"))
    }

    /// The quarantine tree's frontier as stored; a ledger of format 1 has none.
    pub(crate) fn quarantine_frontier_stored(&self) -> Result<Option<&Frontier>, ReadError> {
        match &self.second.quarantine_frontier {
            None if self.keeps_decisions() => Err(ReadError::damaged("the row of the quarantine tree's frontier")),
            stored => Ok(stored.as_ref()),
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

    pub(crate) fn file(&self) -> &StoreFile {
        &self.file
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
            format: self.second.format,
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
