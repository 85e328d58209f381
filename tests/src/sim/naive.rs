//! A naive ledger: what must be in the real one after the messages that it says it has taken. It knows what each message
//! was meant to be from whoever sent it, compares events field by field, and hashes its tree anew each time.

use super::broker::Message;
use crate::model::closing::Record;
use daybook_event::{Envelope, EventRef, Instant, Payload, Position, QuarantineDecision, QuarantineVerdict};
use daybook_store::EntryState;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a message is meant to be.
#[derive(Debug, Clone)]
pub(super) enum Meant {
    /// A good event.
    Event(Box<Envelope>),
    /// Something that cannot be appended: the code of the reason, and the event that an operator may vouch for.
    Faulty(&'static str, Option<Box<Envelope>>),
}

/// A record as it must be.
#[derive(Debug, Clone)]
pub(super) struct NaiveRecord {
    pub(super) recorded_at: Instant,
    pub(super) bytes: Vec<u8>,
    pub(super) event: Envelope,
}

/// A quarantine entry as it must be.
#[derive(Debug, Clone)]
pub(super) struct NaiveEntry {
    pub(super) code: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) sequence: u64,
    /// What a retry would make a record of.
    hidden: Option<Box<Envelope>>,
    decided: Decided,
}

/// What operators made of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decided {
    Not,
    Retried { position: u64, decision: u64 },
    Dismissed { decision: u64 },
}

/// How far the stream was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NaiveCursor {
    pub(super) created_at: Instant,
    pub(super) sequence: u64,
    /// The message that was taken there; none where an operator set the cursor.
    pub(super) message: Option<u64>,
}

/// The ledger as it must be.
#[derive(Debug, Clone, Default)]
pub(super) struct Naive {
    pub(super) records: Vec<NaiveRecord>,
    pub(super) entries: Vec<NaiveEntry>,
    pub(super) duplicates: u64,
    pub(super) holes: Vec<(u64, u64)>,
    pub(super) cursor: Option<NaiveCursor>,
    names: BTreeMap<EventRef, usize>,
}

impl Naive {
    /// Takes a message from the stream.
    pub(super) fn take(&mut self, created_at: Instant, sequence: u64, message: &Message, hole: Option<(u64, u64)>) {
        self.holes.extend(hole);
        self.cursor = Some(NaiveCursor { created_at, sequence, message: Some(message.number) });
        match &message.meant {
            Meant::Faulty(code, hidden) => self.quarantine(code, sequence, message, hidden.clone()),
            Meant::Event(event) => match self.names.get(&event.id) {
                None => self.append(message, event),
                Some(&stands) if self.records[stands].event == **event => self.duplicates += 1,
                Some(_) => self.quarantine("conflict", sequence, message, None),
            },
        }
    }

    fn append(&mut self, message: &Message, event: &Envelope) {
        let recorded_at = self.records.last().map_or(message.at, |last| last.recorded_at.max(message.at));
        self.record(recorded_at, message.payload.clone(), event.clone());
        if let Payload::QuarantineDecision(decision) = &event.payload {
            self.decide(decision, recorded_at);
        }
    }

    fn record(&mut self, recorded_at: Instant, bytes: Vec<u8>, event: Envelope) {
        self.names.insert(event.id.clone(), self.records.len());
        self.records.push(NaiveRecord { recorded_at, bytes, event });
    }

    /// What an operator vouches for becomes the next record, if it can. A decision that comes in by this way decides nothing.
    fn decide(&mut self, decision: &QuarantineDecision, recorded_at: Instant) {
        let (position, at) =
            (self.position(), usize::try_from(decision.entry).map_or(usize::MAX, |at| at.wrapping_sub(1)));
        let Some(entry) = self.entries.get(at).cloned() else { return };
        let decided = match (decision.verdict, entry.decided, entry.hidden) {
            (_, Decided::Retried { .. }, _)
            | (QuarantineVerdict::Dismiss, Decided::Dismissed { .. }, _)
            | (QuarantineVerdict::Retry, _, None) => return,
            (QuarantineVerdict::Dismiss, Decided::Not, _) => Decided::Dismissed { decision: position },
            (QuarantineVerdict::Retry, _, Some(event)) => match self.names.get(&event.id) {
                Some(&stands) if self.records[stands].event != *event => return,
                Some(&stands) => Decided::Retried { position: stands as u64 + 1, decision: position },
                None => {
                    self.record(recorded_at, entry.bytes, *event);
                    Decided::Retried { position: position + 1, decision: position }
                }
            },
        };
        self.entries[at].decided = decided;
    }

    fn quarantine(&mut self, code: &'static str, sequence: u64, message: &Message, hidden: Option<Box<Envelope>>) {
        let bytes = message.payload.clone();
        self.entries.push(NaiveEntry { code, bytes, sequence, hidden, decided: Decided::Not });
    }

    /// What must be said of an entry.
    pub(super) fn state_of(&self, entry: &NaiveEntry) -> EntryState {
        let at = Position::new;
        match (entry.decided, entry.hidden.as_ref().and_then(|event| self.names.get(&event.id))) {
            (Decided::Retried { position, decision }, _) => {
                EntryState::Retried { position: at(position), decision: at(decision) }
            }
            (Decided::Dismissed { decision }, _) => EntryState::Dismissed { decision: at(decision) },
            (Decided::Not, Some(&stands)) => EntryState::Corrected { position: at(stands as u64 + 1) },
            (Decided::Not, None) => EntryState::Open,
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn knows(&self, id: &EventRef) -> bool {
        self.names.contains_key(id)
    }

    /// The records as the model of the figures takes them.
    pub(super) fn for_model(&self) -> Vec<Record> {
        let record = |(position, record): (u64, &NaiveRecord)| Record { position, event: record.event.clone() };
        (1..).zip(&self.records).map(record).collect()
    }

    /// The root of the tree.
    pub(super) fn root(&self) -> [u8; 32] {
        self.root_at(self.records.len())
    }

    /// The root of the tree over the first records.
    pub(super) fn root_at(&self, size: usize) -> [u8; 32] {
        let frames = (1_u64..).zip(&self.records).take(size);
        let leaf = |(position, record): (u64, &NaiveRecord)| {
            let length = u32::try_from(record.bytes.len()).expect("an envelope is small");
            let frame = [
                vec![1],
                position.to_be_bytes().to_vec(),
                record.recorded_at.micros().to_be_bytes().to_vec(),
                length.to_be_bytes().to_vec(),
                record.bytes.clone(),
            ];
            hash(&[&[0], frame.concat().as_slice()])
        };
        root_of(&frames.map(leaf).collect::<Vec<_>>())
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// RFC 6962, word for word.
pub(super) fn root_of(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        _ => {
            let left = leaves.len().next_power_of_two() / 2;
            hash(&[&[1], &root_of(&leaves[..left]), &root_of(&leaves[left..])])
        }
    }
}
