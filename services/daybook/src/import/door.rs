//! The way into a ledger, whichever it is.

use crate::failure::Failure;
use daybook_intake::import::{Money, Outcome};
use daybook_store::{Incoming, Ledger, LedgerReader, QuarantineReason};
use std::collections::VecDeque;

/// What an input is to the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A line of a file.
    Line,
    /// A line of a file under a name of its own, in the place of others.
    Superseding,
    /// The reversal of a record whose place a line takes.
    Reversal,
    /// The reversal of an issue that stood beside a later one.
    Superfluous,
    /// A line of the ledger under a name of its own, crediting what stands.
    MovedCredit,
}

/// An input's place in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) role: Role,
    /// What the line bills; of a reversal, what it takes back.
    pub(crate) money: Option<Money>,
}

impl Part {
    /// A line of a file.
    pub(crate) fn line(money: Option<Money>) -> Self {
        Self { role: Role::Line, money }
    }
}

/// What became of one input.
pub(crate) struct Settled {
    pub(crate) part: Part,
    pub(crate) outcome: Outcome,
}

/// Takes inputs in order, and says what became of each, perhaps later.
pub(crate) trait Door {
    /// Takes one input; returns whatever was settled meanwhile.
    fn push(&mut self, incoming: Incoming, part: Part) -> Result<Vec<Settled>, Failure>;

    /// Waits until everything taken is durable and to be read; returns the rest of it.
    fn flush(&mut self) -> Result<Vec<Settled>, Failure>;

    /// Whether what is taken until it is flushed goes in as a whole or not at all, as far as one batch holds it, and each batch
    /// only after those before.
    fn is_whole(&self) -> bool {
        true
    }

    /// Reads the ledger behind the door.
    fn reader(&self) -> Result<LedgerReader, Failure>;

    /// Flushes and closes.
    fn finish(self: Box<Self>) -> Result<Vec<Settled>, Failure>;
}

/// The ledger opened by this process.
pub(crate) struct OwnDoor {
    ledger: Ledger,
    batch: Vec<Incoming>,
    /// What goes with each input of the batch.
    tags: Vec<Tag>,
    bytes: usize,
}

/// What goes with an input until it is settled.
type Tag = (Part, Option<String>);

/// Inputs appended in one transaction at the most. Files wait for nobody, and the more events share a commit, the less it
/// costs each; beyond so many it is little, and the threads that judge ahead would wait for it.
const BATCH_EVENTS_MAX: usize = 32_768;
/// Their bytes at the most; one larger input makes a batch of its own.
const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

impl OwnDoor {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self { ledger, batch: Vec::new(), tags: Vec::new(), bytes: 0 }
    }

    fn commit(&mut self) -> Result<Vec<Settled>, Failure> {
        if self.batch.is_empty() {
            return Ok(Vec::new());
        }
        self.bytes = 0;
        // The next batch is mostly as long.
        let (events, tags) = (self.batch.len(), std::mem::take(&mut self.tags));
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(events));
        let appended = self.ledger.append(batch, None, &[])?;
        let settled = tags.into_iter().zip(appended.outcomes);
        Ok(settled
            .map(|((part, reason), outcome)| Settled { part, outcome: import_outcome(outcome, reason) })
            .collect())
    }
}

/// The report's word for an outcome; `reason` is the code of an input that came faulty.
pub(crate) fn import_outcome(outcome: daybook_store::Outcome, reason: Option<String>) -> Outcome {
    match outcome {
        daybook_store::Outcome::Appended(_) => Outcome::Appended,
        daybook_store::Outcome::Duplicate { .. } => Outcome::Duplicate,
        daybook_store::Outcome::Conflict { .. } => Outcome::Quarantined("conflict".to_owned()),
        daybook_store::Outcome::Quarantined { .. } => Outcome::Quarantined(reason.unwrap_or_default()),
    }
}

/// The quarantine code that an input comes with.
pub(crate) fn reason_of(incoming: &Incoming) -> Option<String> {
    match incoming {
        Incoming::Event { .. } => None,
        Incoming::Faulty { reason, .. } => Some(QuarantineReason::code(reason).to_owned()),
    }
}

/// The bytes of an input.
pub(crate) fn bytes_of(incoming: &Incoming) -> &[u8] {
    match incoming {
        Incoming::Event { envelope, .. } => envelope,
        Incoming::Faulty { bytes, .. } => bytes,
    }
}

impl Door for OwnDoor {
    fn push(&mut self, incoming: Incoming, part: Part) -> Result<Vec<Settled>, Failure> {
        let bytes = bytes_of(&incoming).len();
        let is_full = self.batch.len() >= BATCH_EVENTS_MAX || self.bytes + bytes > BATCH_BYTES_MAX;
        let settled = if is_full { self.commit()? } else { Vec::new() };
        self.bytes += bytes;
        self.tags.push((part, reason_of(&incoming)));
        self.batch.push(incoming);
        Ok(settled)
    }

    fn flush(&mut self) -> Result<Vec<Settled>, Failure> {
        self.commit()
    }

    fn reader(&self) -> Result<LedgerReader, Failure> {
        Ok(self.ledger.reader())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Settled>, Failure> {
        let settled = self.flush()?;
        self.ledger.close()?;
        Ok(settled)
    }
}

/// Parts of inputs on their way, in order: for doors that learn outcomes later.
#[derive(Default)]
pub(crate) struct Waiting(VecDeque<Tag>);

impl Waiting {
    pub(crate) fn push(&mut self, incoming: &Incoming, part: Part) {
        self.0.push_back((part, reason_of(incoming)));
    }

    /// The next in order, settled by what became of it.
    pub(crate) fn settle(&mut self, outcome: impl FnOnce(Option<String>) -> Outcome) -> Option<Settled> {
        let (part, reason) = self.0.pop_front()?;
        Some(Settled { part, outcome: outcome(reason) })
    }
}
