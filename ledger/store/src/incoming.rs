//! What goes into a ledger, and what an append answers.

use crate::{ContentHash, Hash, QuarantineReason};
use daybook_event::{EventRef, Instant, Position};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most bytes of one envelope, or of one input kept in quarantine. A bound on memory, far above what intake lets in:
/// the limits that decide append or quarantine are constants of the intake semantics.
pub const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a ledger takes its records from, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// Imported files.
    Files,
    /// One broker stream: everything enters through it.
    Stream {
        /// The stream's name.
        name: String,
    },
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files => f.write_str("files"),
            Self::Stream { name } => write!(f, "the stream {name}"),
        }
    }
}

/// How far the ledger has taken in its stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The stream's name.
    pub stream: String,
    /// When the broker created the stream: tells a stream from another of the same name.
    pub stream_created_at: Instant,
    /// The last sequence taken in; 0 before the first.
    pub sequence: u64,
    /// The broker's time of the message at that sequence, where it is known: tells a restored stream from the one that was read.
    /// Since format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_at: Option<Instant>,
}

/// Sequences that the stream itself no longer has. Both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// The first missing sequence.
    pub from: u64,
    /// The last missing sequence.
    pub to: u64,
    /// When it was found.
    pub recorded_at: Instant,
}

/// Where an input came from. Kept with quarantine entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The subject that it was published to.
    pub subject: Option<String>,
    /// Its sequence in the stream.
    pub stream_sequence: Option<u64>,
    /// The file that it was read from.
    pub file: Option<String>,
    /// Its line or row in the file, from 1.
    pub line: Option<u64>,
}

/// What an operator decided about a quarantine entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Judge the entry's bytes again.
    Retry,
    /// It will never be a record, for the reason given.
    Dismiss,
}

/// A decision about a quarantine entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The entry's number.
    pub entry: u64,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// One input of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A well-formed event.
    Event {
        /// Its idempotency key.
        id: EventRef,
        /// The hash of its decoded canonical content, id included.
        content_hash: ContentHash,
        /// The broker's timestamp of the message, or the importer's time.
        recorded_at: Instant,
        /// Its protobuf envelope.
        envelope: Vec<u8>,
        /// Where it came from.
        origin: Origin,
        /// What it decides about a quarantine entry, if it is such a decision.
        decision: Option<Decision>,
    },
    /// An input that cannot be appended.
    Faulty {
        /// Why.
        reason: QuarantineReason,
        /// The id that it claims, where one could be read.
        id: Option<EventRef>,
        /// The broker's timestamp of the message, or the importer's time.
        recorded_at: Instant,
        /// Where it came from.
        origin: Origin,
        /// Its bytes as they came.
        bytes: Vec<u8>,
    },
}

/// What became of one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is a record now.
    Appended(Position),
    /// The same event stands already: counted and dropped.
    Duplicate {
        /// The record that stands.
        of: Position,
    },
    /// Another content stands under its id: quarantined.
    Conflict {
        /// The record that stands.
        with: Position,
        /// Its quarantine entry.
        entry: u64,
    },
    /// It could not be appended.
    Quarantined {
        /// Its quarantine entry.
        entry: u64,
    },
}

/// What an append did. Durable by the time it is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The head after it.
    pub head: Head,
    /// What became of each input, in the order given.
    pub outcomes: Vec<Outcome>,
}

/// The newest position and the root of the tree there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The newest position; 0 for an empty ledger.
    pub position: Position,
    /// The root of the Merkle tree over all frames.
    pub root: Hash,
    /// `recorded_at` of the newest record.
    pub recorded_at: Instant,
}

/// A record as it lies in the store, without a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Where.
    pub position: Position,
    /// When the ledger took it.
    pub recorded_at: Instant,
    /// Its protobuf envelope.
    pub envelope: &'a [u8],
}

/// How many of each the ledger has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records appended.
    pub records: u64,
    /// Events dropped because they stood already.
    pub duplicates: u64,
    /// Quarantine entries, conflicts included.
    pub quarantined: u64,
    /// Holes that the stream confirmed.
    pub holes: u64,
}

/// What was fixed when the ledger was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The stored format's number.
    pub format: u32,
    /// The number of the rules that decide append or quarantine.
    pub intake_semantics: u32,
    /// When it was created.
    pub created_at: Instant,
    /// Its id.
    pub ledger_id: [u8; 16],
    /// What it takes records from.
    pub binding: Binding,
}
