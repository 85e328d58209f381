//! Records: segments, unsealed records, their order, and their idempotency entries.

use super::{Identified, Verification};
use crate::block::Block;
use crate::file::caught;
use crate::format_v1::{Frame, KEY_ROW_BYTES, frame_split, unsealed_read};
use crate::idempotency::{EventKey, Standing, key_find};
use crate::keys::NameRows;
use crate::tables::{EVENT_KEYS, NAMES, SEGMENTS, UNSEALED};
use crate::{ContentHash, FindingCode, Hash, ReadError};
use daybook_event::Position;
use daybook_proof::leaf_hash;
use redb::{ReadOnlyTable, ReadableTable};

/// Where the idempotency entries of records are, by the ledger's format.
enum Keys {
    Table(ReadOnlyTable<[u8; 16], [u8; KEY_ROW_BYTES]>),
    Names(ReadOnlyTable<u64, &'static [u8]>, NameRows),
}

impl Keys {
    /// What the entry says that is expected of a record.
    fn standing(&mut self, expected: &Expected) -> Result<Option<Standing>, ReadError> {
        match self {
            Self::Table(table) => key_find(table, expected.key),
            Self::Names(table, rows) => {
                let name = rows.name(table, expected.position)?;
                let standing =
                    Standing { position: Position::new(expected.position), content: ContentHash::new(name.content) };
                Ok(Some(standing).filter(|_| name.key == expected.key.0))
            }
        }
    }
}

/// The idempotency entry that one record must have.
struct Expected {
    key: EventKey,
    position: u64,
    content: ContentHash,
}

impl<I: Fn(&[u8]) -> Result<Identified, String>> Verification<'_, I> {
    pub(super) fn segments(&mut self) -> Result<(), ReadError> {
        let mut keys = self.keys_open()?;
        let table = self.snapshot.transaction().open_table(SEGMENTS)?;
        let mut block = Block::new()?;
        for row in table.iter()? {
            let (key, stored) = row?;
            let place = format!("segment {}", key.value());
            self.report.segments += 1;
            self.gap_check(key.value(), &place);
            match block.load(key.value(), stored.value()) {
                Ok(head) => {
                    self.block(&block, &place, &mut keys);
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

    fn keys_open(&self) -> Result<Keys, ReadError> {
        let transaction = self.snapshot.transaction();
        if self.snapshot.keeps_slabs() {
            return Ok(Keys::Names(transaction.open_table(NAMES)?, NameRows::default()));
        }
        Ok(Keys::Table(transaction.open_table(EVENT_KEYS)?))
    }

    /// The frames of one segment.
    fn block(&mut self, block: &Block, place: &str, keys: &mut Keys) {
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

    pub(super) fn unsealed(&mut self) -> Result<(), ReadError> {
        let mut keys = self.keys_open()?;
        let table = self.snapshot.transaction().open_table(UNSEALED)?;
        let mut expected = Vec::new();
        for row in table.iter()? {
            let (key, row) = row?;
            let place = format!("position {}", key.value());
            self.gap_check(key.value(), &place);
            self.next = key.value() + 1;
            let bytes = unsealed_read(Position::new(key.value()), row.value());
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
        self.keys_check(expected, &mut keys);
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
        if self.at.records.contains(&self.frontier.size()) {
            self.report.roots_at.insert(self.frontier.size(), self.frontier.root());
        }
        match (self.identify)(frame.envelope) {
            Ok(Identified { id, content_hash: content, decision }) => {
                let position = frame.position.number();
                if id.source.is_ledger() {
                    self.acts.insert(position);
                }
                expected.push(Expected { key: EventKey::of(&id), position, content });
                if let Some(decision) = decision {
                    self.decided.insert(position, decision);
                }
            }
            Err(fault) => self.report.find(FindingCode::Envelope, format!("position {}", frame.position), fault),
        }
    }

    /// In the order in which the entries lie: a table has them by key, names lie as the records do.
    fn keys_check(&mut self, mut expected: Vec<Expected>, keys: &mut Keys) {
        if matches!(keys, Keys::Table(_)) {
            expected.sort_unstable_by_key(|entry| (entry.key, entry.position));
        }
        for entry in expected {
            let fault = match caught("looking up an event", || keys.standing(&entry)) {
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
}
