//! Inputs gathered into batches, each appended in one transaction.

use daybook_event::Instant;
use daybook_store::{AppendError, Cursor, Head, Hole, Incoming, Ledger, Outcome, crash_point};
use std::sync::Arc;
use std::time::{Duration, Instant as ClockInstant};

/// When a batch is full. Sizes of transactions only: records, positions and root are the same whatever these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most inputs of one batch. Default 4,096.
    pub events_max: usize,
    /// The most bytes of one batch; one larger input makes a batch of its own. Default 4 MiB.
    pub bytes_max: usize,
    /// The least time from one commit to the next, and so the longest that a batch waits for inputs that are not here yet.
    /// At a low rate nothing waits: the last commit was longer ago. Default 1 ms.
    pub age_ms_max: u64,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { events_max: 4096, bytes_max: 4 * 1024 * 1024, age_ms_max: 1 }
    }
}

/// A stream, as cursors name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamId {
    /// Its name.
    pub name: String,
    /// When the broker created it.
    pub created_at: Instant,
}

/// Where an input stands in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPlace {
    /// The stream.
    pub stream: Arc<StreamId>,
    /// Its sequence there.
    pub sequence: u64,
    /// The broker's timestamp of it.
    pub message_at: Instant,
    /// Sequences just before it that the stream itself no longer has.
    pub hole: Option<Hole>,
}

/// One input with where it stands in a stream, if it comes from one, and whatever its sender wants back with its outcome.
#[derive(Debug)]
pub struct Input<T> {
    /// What goes into the ledger.
    pub incoming: Incoming,
    /// Where it stands in the stream; none for files.
    pub place: Option<StreamPlace>,
    /// The sender's own.
    pub tag: T,
}

/// A batch that is durable.
#[derive(Debug)]
pub struct Committed<T> {
    /// The head after it.
    pub head: Head,
    /// The cursor after it; none for files.
    pub cursor: Option<Cursor>,
    /// How many holes it recorded.
    pub holes: usize,
    /// How long its transaction took, from the first byte to what makes it durable.
    pub took: Duration,
    /// Each input's tag and what became of it, in order.
    pub outcomes: Vec<(T, Outcome)>,
}

/// Gathers inputs and appends them to a ledger in batches.
pub struct BatchWriter<'l, T> {
    ledger: &'l mut Ledger,
    limits: BatchLimits,
    incoming: Vec<Incoming>,
    tags: Vec<T>,
    bytes: usize,
    holes: Vec<Hole>,
    place: Option<StreamPlace>,
    /// When the last commit began.
    commit_at: Option<ClockInstant>,
}

impl<'l, T> BatchWriter<'l, T> {
    /// A writer with an empty batch.
    pub fn new(ledger: &'l mut Ledger, limits: BatchLimits) -> Self {
        Self {
            ledger,
            limits,
            incoming: Vec::new(),
            tags: Vec::new(),
            bytes: 0,
            holes: Vec::new(),
            place: None,
            commit_at: None,
        }
    }

    /// Takes an input. Returns the batch that it filled, durable by then.
    ///
    /// # Errors
    /// [`AppendError`] of the batch.
    pub fn push(&mut self, input: Input<T>) -> Result<Option<Committed<T>>, AppendError> {
        let bytes = payload_bytes(&input.incoming);
        // What would overfill the batch goes into the next one; this keeps the bound on a transaction's memory.
        let committed = if !self.incoming.is_empty() && self.bytes.saturating_add(bytes) > self.limits.bytes_max {
            self.commit()?
        } else {
            None
        };
        if let Some(place) = input.place {
            self.holes.extend(place.hole.clone());
            self.place = Some(place);
        }
        self.incoming.push(input.incoming);
        self.tags.push(input.tag);
        self.bytes += bytes;
        if committed.is_none() && self.is_full() { self.commit() } else { Ok(committed) }
    }

    /// How long the batch in hand may wait for its next input; none while there is no batch. While a commit goes on, the next
    /// batch gathers by itself, so only a commit that was faster than that is waited after.
    #[must_use]
    pub fn wait_max(&self) -> Option<Duration> {
        if self.incoming.is_empty() {
            return None;
        }
        let age_max = Duration::from_millis(self.limits.age_ms_max);
        Some(self.commit_at.map_or(Duration::ZERO, |commit_at| age_max.saturating_sub(commit_at.elapsed())))
    }

    fn is_full(&self) -> bool {
        self.incoming.len() >= self.limits.events_max || self.bytes >= self.limits.bytes_max
    }

    /// Appends the batch in hand, if there is one.
    ///
    /// # Errors
    /// [`AppendError`]; then nothing of the batch was appended, and it is gone from here.
    pub fn commit(&mut self) -> Result<Option<Committed<T>>, AppendError> {
        if self.incoming.is_empty() {
            return Ok(None);
        }
        self.bytes = 0;
        let (batch, tags) = (std::mem::take(&mut self.incoming), std::mem::take(&mut self.tags));
        let holes = std::mem::take(&mut self.holes);
        let cursor = self.place.take().map(|place| Cursor {
            stream: place.stream.name.clone(),
            stream_created_at: place.stream.created_at,
            sequence: place.sequence,
            message_at: Some(place.message_at),
        });
        crash_point("intake:before_append");
        let since = ClockInstant::now();
        self.commit_at = Some(since);
        let appended = self.ledger.append(batch, cursor.clone(), &holes)?;
        let took = since.elapsed();
        crash_point("intake:after_append_before_ack");
        let outcomes = tags.into_iter().zip(appended.outcomes).collect();
        Ok(Some(Committed { head: appended.head, cursor, holes: holes.len(), took, outcomes }))
    }
}

fn payload_bytes(incoming: &Incoming) -> usize {
    match incoming {
        Incoming::Event { envelope, .. } => envelope.len(),
        Incoming::Faulty { bytes, .. } => bytes.len(),
    }
}
