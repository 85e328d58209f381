//! Verification: the whole tree recomputed from stored bytes, and every other part held against the records.
//!
//! Nothing stops it: each fault is a finding, and the rest is looked at all the same.

use crate::block::Block;
use crate::file::caught;
use crate::format_v1::{Frame, frame_split, packed_read, quarantine_read, tile_read, unsealed_read};
use crate::idempotency::{EventKey, key_find};
use crate::tables::{EVENT_KEYS, HOLES, QUARANTINE, SEGMENTS, TILES, UNSEALED};
use crate::{
    Binding, ContentHash, FindingCode, Frontier, Hash, Hole, LedgerReader, ReadError, Snapshot, VerifyReport,
    append::hole_domain,
};
use daybook_event::{EventRef, Instant};
use daybook_proof::leaf_hash;
use redb::{ReadOnlyTable, ReadableTable, ReadableTableMetadata};
use std::collections::BTreeMap;

impl LedgerReader {
    /// Verifies the newest commit: every checksum, positions, recorded_at, the whole tree, tile hashes, idempotency entries,
    /// quarantine, holes, counters and cursor. `id_of` decodes an envelope to its id and content hash.
    ///
    /// Never fails: what cannot be read is a finding.
    pub fn verify(&self, id_of: impl Fn(&[u8]) -> Result<(EventRef, ContentHash), String>) -> VerifyReport {
        let mut report = VerifyReport::default();
        match self.snapshot_for_verify() {
            Ok((snapshot, None)) => {
                report.head = Some(snapshot.head());
                Verification::new(&snapshot, &id_of, &mut report).run();
            }
            Ok((snapshot, Some(damage))) => {
                report.find(FindingCode::Unreadable, "the head", damage);
                Verification::new(&snapshot, &id_of, &mut report).run();
            }
            Err(error) => report.find(FindingCode::Unreadable, "the file", error),
        }
        report
    }
}

struct Verification<'a, I> {
    snapshot: &'a Snapshot,
    id_of: &'a I,
    report: &'a mut VerifyReport,
    frontier: Frontier,
    tiles: BTreeMap<(u8, u64), Hash>,
    /// The position that must come next.
    next: u64,
    last_at: Instant,
    /// Whether every record so far could be read, in its place.
    is_complete: bool,
}

/// The idempotency entry that one record must have.
struct Expected {
    key: EventKey,
    position: u64,
    content: ContentHash,
}

impl<'a, I: Fn(&[u8]) -> Result<(EventRef, ContentHash), String>> Verification<'a, I> {
    fn new(snapshot: &'a Snapshot, id_of: &'a I, report: &'a mut VerifyReport) -> Self {
        Self {
            snapshot,
            id_of,
            report,
            frontier: Frontier::default(),
            tiles: BTreeMap::new(),
            next: 1,
            last_at: Instant::from_micros(i64::MIN),
            is_complete: true,
        }
    }

    fn run(mut self) {
        self.step("segments", Self::segments);
        self.step("unsealed records", Self::unsealed);
        self.step("quarantine", Self::quarantine);
        self.step("holes", Self::holes);
        // Without a head there is nothing to hold the rest against.
        if self.is_head_known() {
            self.step("tree", Self::tree);
            self.step("tile hashes", Self::tile_hashes);
            self.step("counts and cursor", Self::counts);
        }
    }

    fn step(&mut self, part: &str, step: impl FnOnce(&mut Self) -> Result<(), ReadError>) {
        if let Err(error) = caught(part, || step(self)) {
            self.is_complete = false;
            self.report.find(FindingCode::Unreadable, part, error);
        }
    }

    fn is_head_known(&self) -> bool {
        self.report.head.is_some()
    }

    fn segments(&mut self) -> Result<(), ReadError> {
        let keys = self.snapshot.transaction().open_table(EVENT_KEYS)?;
        let table = self.snapshot.transaction().open_table(SEGMENTS)?;
        let mut block = Block::new()?;
        for row in table.iter()? {
            let (key, stored) = row?;
            let place = format!("segment {}", key.value());
            self.report.segments += 1;
            self.gap_check(key.value(), &place);
            match block.load(key.value(), stored.value()) {
                Ok(head) => {
                    self.block(&block, &place, &keys);
                    self.next = head.end();
                }
                Err(error) => {
                    self.is_complete = false;
                    self.report.find(FindingCode::Segment, &place, error);
                    // How many it held is not known: the next segment says where it begins.
                    self.next = 0;
                }
            }
        }
        if !self.is_head_known() {
            return Ok(());
        }
        let sealed_to = self.snapshot.state().sealed_to.number();
        if self.next != 0 && self.next != sealed_to + 1 {
            self.is_complete = false;
            let what = format!("segments end at position {}, not at {sealed_to}", self.next - 1);
            self.report.find(FindingCode::Positions, "the last segment", what);
        }
        self.next = sealed_to + 1;
        Ok(())
    }

    fn gap_check(&mut self, first: u64, place: &str) {
        if self.next != 0 && self.next != first {
            self.is_complete = false;
            self.report.find(FindingCode::Positions, place, format!("begins where position {} belongs", self.next));
        }
    }

    /// The frames of one segment. Their idempotency entries are looked up in key order: the table is in that order.
    fn block(&mut self, block: &Block, place: &str, keys: &KeyTable) {
        let mut expected = Vec::new();
        for frame in block.frames() {
            match frame {
                Ok(frame) => self.frame(&frame, place, &mut expected),
                Err(error) => {
                    self.is_complete = false;
                    self.report.find(FindingCode::Segment, place, error);
                }
            }
        }
        self.keys_check(expected, keys);
    }

    fn unsealed(&mut self) -> Result<(), ReadError> {
        let keys = self.snapshot.transaction().open_table(EVENT_KEYS)?;
        let table = self.snapshot.transaction().open_table(UNSEALED)?;
        let mut expected = Vec::new();
        for row in table.iter()? {
            let (key, row) = row?;
            let place = format!("position {}", key.value());
            self.gap_check(key.value(), &place);
            self.next = key.value() + 1;
            let bytes = unsealed_read(daybook_event::Position::new(key.value()), row.value());
            match bytes.and_then(|bytes| frame_split(bytes).ok()) {
                Some((frame, [])) if frame.position.number() == key.value() => {
                    self.frame(&frame, &place, &mut expected);
                }
                _ => {
                    self.is_complete = false;
                    self.report.find(FindingCode::Unsealed, place, "its checksum does not match its bytes");
                }
            }
        }
        self.keys_check(expected, &keys);
        let head = self.snapshot.state().position.number();
        if self.is_head_known() && self.next != head + 1 {
            self.is_complete = false;
            let what = format!("records end at position {}, the head is {head}", self.next - 1);
            self.report.find(FindingCode::Positions, "the last record", what);
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, place: &str, expected: &mut Vec<Expected>) {
        self.report.records += 1;
        if frame.recorded_at < self.last_at {
            let what = format!("position {} is recorded before the one before it", frame.position);
            self.report.find(FindingCode::RecordedAt, place, what);
        }
        self.last_at = frame.recorded_at;
        let tiles = &mut self.tiles;
        self.frontier.push(leaf_hash(frame.bytes), &mut |level: u8, index: u64, hash: &Hash| {
            tiles.insert((level, index), *hash);
        });
        match (self.id_of)(frame.envelope) {
            Ok((id, content)) => {
                expected.push(Expected { key: EventKey::of(&id), position: frame.position.number(), content });
            }
            Err(fault) => self.report.find(FindingCode::Envelope, format!("position {}", frame.position), fault),
        }
    }

    fn keys_check(&mut self, mut expected: Vec<Expected>, keys: &KeyTable) {
        expected.sort_unstable_by_key(|entry| (entry.key, entry.position));
        for entry in expected {
            let fault = match caught("looking up an event", || key_find(keys, entry.key)) {
                Ok(Some(found)) if found.position.number() != entry.position => {
                    format!("its idempotency entry names position {}", found.position)
                }
                Ok(Some(found)) if found.content != entry.content => {
                    "its idempotency entry has another content hash".to_owned()
                }
                Ok(Some(_)) => continue,
                Ok(None) => "it has no idempotency entry".to_owned(),
                Err(error) => error.to_string(),
            };
            self.report.find(FindingCode::Key, format!("position {}", entry.position), fault);
        }
    }

    fn tree(&mut self) -> Result<(), ReadError> {
        if !self.is_complete {
            self.report.find(FindingCode::Root, "the tree", "not recomputed: some records cannot be read");
            return Ok(());
        }
        self.report.root_recomputed = Some(self.frontier.root());
        if self.frontier != *self.snapshot.frontier() {
            let what = format!(
                "the records give {}, the stored frontier gives {}",
                hex::encode(self.frontier.root()),
                hex::encode(self.snapshot.frontier().root())
            );
            self.report.find(FindingCode::Root, "the tree", what);
        }
        if self.frontier.size() > 0 && self.last_at != self.snapshot.state().recorded_at {
            self.report.find(FindingCode::RecordedAt, "the head", "its recorded_at is not the last record's");
        }
        Ok(())
    }

    fn tile_hashes(&mut self) -> Result<(), ReadError> {
        if !self.is_complete {
            return Ok(());
        }
        let table = self.snapshot.transaction().open_table(TILES)?;
        for ((level, index), recomputed) in &self.tiles {
            let stored = table.get((*level, *index))?.and_then(|row| tile_read(*level, *index, &row.value()));
            if stored != Some(*recomputed) {
                let what = if stored.is_some() { "is not the recomputed one" } else { "is missing or damaged" };
                self.report.find(FindingCode::Tile, format!("tile hash {index} of level {level}"), what);
            }
        }
        let (stored, recomputed) = (table.len()?, self.tiles.len() as u64);
        if stored != recomputed {
            self.report.find(FindingCode::Tile, "tile hashes", format!("{stored} are stored, {recomputed} recomputed"));
        }
        Ok(())
    }

    fn quarantine(&mut self) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(QUARANTINE)?;
        let mut next = 1;
        for row in table.iter()? {
            let (key, row) = row?;
            if key.value() != next || quarantine_read(key.value(), row.value()).is_none() {
                let place = format!("quarantine entry {}", key.value());
                self.report.find(
                    FindingCode::Quarantine,
                    place,
                    format!("damaged, or not in the place of entry {next}"),
                );
            }
            next = key.value() + 1;
        }
        self.count_check("quarantine entries", self.snapshot.state().quarantined, next - 1);
        Ok(())
    }

    fn holes(&mut self) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(HOLES)?;
        let cursor = self.snapshot.cursor().map_or(0, |cursor| cursor.sequence);
        for row in table.iter()? {
            let (key, row) = row?;
            let fault = match packed_read::<Hole>(&hole_domain(key.value()), row.value()) {
                None => "its checksum does not match its bytes",
                Some(hole) if hole.to < hole.from => "it ends before it starts",
                Some(hole) if hole.to > cursor && self.is_head_known() => "it is beyond the cursor",
                Some(_) => continue,
            };
            self.report.find(FindingCode::HoleRow, format!("hole {}", key.value()), fault);
        }
        self.count_check("holes", self.snapshot.state().holes, table.len()?);
        Ok(())
    }

    fn counts(&mut self) -> Result<(), ReadError> {
        let state = self.snapshot.state();
        let keys = self.snapshot.transaction().open_table(EVENT_KEYS)?.len()?;
        self.count_check("idempotency entries", state.position.number(), keys);
        let fault = match (&self.snapshot.identity().binding, &state.cursor) {
            (Binding::Files, Some(_)) => Some("a ledger bound to files has one".to_owned()),
            (Binding::Stream { name }, Some(cursor)) if *name != cursor.stream => {
                Some(format!("it is of the stream {}, the ledger is bound to {name}", cursor.stream))
            }
            (Binding::Stream { .. }, None) if state.position.number() > 0 => {
                Some("there are records and none".to_owned())
            }
            _ => None,
        };
        if let Some(fault) = fault {
            self.report.find(FindingCode::Cursor, "the cursor", fault);
        }
        Ok(())
    }

    fn count_check(&mut self, of: &str, counted: u64, there: u64) {
        if counted != there && self.is_head_known() {
            self.report.find(FindingCode::Count, of, format!("the counter says {counted}, there are {there}"));
        }
    }
}

type KeyTable = ReadOnlyTable<[u8; 16], [u8; crate::format_v1::KEY_ROW_BYTES]>;
