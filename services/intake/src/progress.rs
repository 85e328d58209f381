//! How far intake is: for readiness, metrics and whoever follows the head.

use crate::batch::Committed;
use daybook_event::{Instant, Position};
use daybook_store::{Durations, Hash, Head, Outcome};
use std::time::Duration;

/// What one run of intake has done so far, and where the ledger is. Sent after every batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntakeProgress {
    /// Whether messages can arrive: connected, and following the stream.
    pub is_following: bool,
    /// Why the disk takes nothing, where it does not: nothing is taken in until it does.
    pub disk_trouble: Option<String>,
    /// The ledger's newest position.
    pub position: Position,
    /// The root of the tree there.
    pub root: Hash,
    /// `recorded_at` of the newest record.
    pub recorded_at: Instant,
    /// The last stream sequence that is durable in the ledger.
    pub stream_sequence: u64,
    /// How many messages the stream had after that one when the broker sent it.
    pub stream_pending: u64,
    /// The first sequence that the stream still has, as last asked. Beyond `stream_sequence` + 1, messages are gone that
    /// were never taken in.
    pub stream_first_sequence: u64,
    /// The last sequence that the stream has given, as last asked.
    pub stream_last_sequence: u64,
    /// Records that this run appended.
    pub appended: u64,
    /// Events that stood already.
    pub duplicates: u64,
    /// Events under whose id another content stands: quarantined.
    pub conflicts: u64,
    /// Other inputs that were quarantined.
    pub faulty: u64,
    /// Holes that the stream confirmed.
    pub holes: u64,
    /// Batches, each one durable transaction.
    pub batches: u64,
    /// How often it took up the stream again from the cursor, after a lost connection or a lost message.
    pub restarts: u64,
    /// How long the batches' transactions took.
    pub commits: Durations,
}

impl IntakeProgress {
    /// Whether everything that the stream is known to hold is in the ledger. Whoever has published waits for the sequence
    /// instead: the broker may not have sent it yet.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.is_following && self.stream_pending == 0
    }

    pub(crate) fn at_head(&mut self, head: &Head) {
        self.position = head.position;
        self.root = head.root;
        self.recorded_at = head.recorded_at;
    }

    pub(crate) fn committed<T>(&mut self, committed: &Committed<T>) {
        if let Some(cursor) = &committed.cursor {
            self.stream_sequence = cursor.sequence;
        }
        self.batch(&committed.head, committed.outcomes.iter().map(|(_, outcome)| outcome), committed.took);
        self.holes += committed.holes as u64;
    }

    /// Counts a batch that is durable, whoever appended it.
    pub fn batch<'a>(&mut self, head: &Head, outcomes: impl Iterator<Item = &'a Outcome>, took: Duration) {
        self.at_head(head);
        for outcome in outcomes {
            match outcome {
                Outcome::Appended(_) => self.appended += 1,
                Outcome::Duplicate { .. } => self.duplicates += 1,
                Outcome::Conflict { .. } => self.conflicts += 1,
                Outcome::Quarantined { .. } => self.faulty += 1,
            }
        }
        self.batches += 1;
        self.commits.add(took);
    }
}
