//! One session: from the cursor, with a consumer and a writing thread of its own.

use super::ack::{Receipt, acknowledge};
use super::follow::{FollowEnd, Follower};
use super::pace::Pace;
use super::queue::{QueueSource, Tag, queue};
use super::wire::state_of;
use super::{IntakeError, IntakeOptions};
use crate::batch::{BatchLimits, Committed, StreamId};
use crate::nats::NatsConnection;
use crate::place::{PlaceError, place};
use crate::progress::IntakeProgress;
use crate::sequence::MismatchPolicy;
use crate::source::drain;
use async_nats::jetstream;
use daybook_store::{AppendError, Ledger, Outcome};
use std::sync::Arc;
use std::thread;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// How a session ended.
pub(super) enum SessionEnd {
    /// It was told to.
    Cancelled,
    /// Something came between: begin again from the cursor.
    Restart { why: String },
    /// It makes no sense to go on.
    Stopped(IntakeError),
}

pub(super) struct Session {
    pub(super) connection: NatsConnection,
    pub(super) stream: String,
    pub(super) options: IntakeOptions,
    pub(super) cancel: CancellationToken,
    pub(super) progress: watch::Sender<IntakeProgress>,
    pub(super) pace: Pace,
}

/// Trouble with the broker while starting.
pub(super) fn restart(doing: &str, error: impl std::fmt::Display) -> SessionEnd {
    SessionEnd::Restart { why: format!("{doing}: {error}") }
}

fn end_of(error: PlaceError) -> SessionEnd {
    SessionEnd::Stopped(match error {
        PlaceError::NoAnswer(_) => return SessionEnd::Restart { why: error.to_string() },
        PlaceError::Mismatch(mismatch) => mismatch.into(),
        PlaceError::Append(error) => error.into(),
        PlaceError::Read(error) => error.into(),
    })
}

impl Session {
    /// Runs one session and gives the ledger back, unless it died with its thread.
    pub(super) async fn run(&mut self, mut ledger: Ledger) -> (Option<Ledger>, SessionEnd) {
        let cancel = self.cancel.clone();
        let started = tokio::select! {
            () = cancel.cancelled() => Err(SessionEnd::Cancelled),
            started = self.start(&mut ledger) => started,
        };
        match started {
            Ok(follower) => self.follow(ledger, follower).await,
            Err(end) => (Some(ledger), end),
        }
    }

    /// Looks at the stream and makes the consumer.
    async fn start(&mut self, ledger: &mut Ledger) -> Result<Follower, SessionEnd> {
        // Seen before the first question, so that a connection that breaks after it is noticed.
        let mut link = self.connection.link();
        if link.wait_for(|link| link.is_up).await.is_err() {
            return Err(restart("connecting", "the client was closed"));
        }
        let context = jetstream::new(self.connection.client().clone());
        let stream = match context.get_stream(&self.stream).await {
            Ok(stream) => stream,
            Err(error) if crate::nats::is_missing(&error.kind()) => {
                return Err(SessionEnd::Stopped(IntakeError::StreamMissing { stream: self.stream.clone() }));
            }
            Err(error) => return Err(restart("describing the stream", error)),
        };
        let state = state_of(stream.cached_info());
        let from_sequence = place(ledger, &stream, &state, self.options.on_mismatch).await.map_err(end_of)?;
        // From here on the operator's word is used up: another mismatch is another decision.
        self.options.on_mismatch = MismatchPolicy::Stop;
        let id = Arc::new(StreamId { name: self.stream.clone(), created_at: state.created_at });
        let max_payload_bytes = self.connection.client().max_payload();
        let follower = Follower::start(stream, id, from_sequence, &self.options, self.pace, max_payload_bytes, link)
            .await
            .map_err(|error| restart("making a consumer", error))?;
        self.progress.send_modify(|progress| {
            progress.is_following = true;
            progress.stream_sequence = from_sequence - 1;
            progress.stream_pending = follower.pending_at_start();
            progress.stream_first_sequence = state.first_sequence;
            progress.stream_last_sequence = state.last_sequence;
        });
        Ok(follower)
    }

    /// Follows the stream with a writing thread until something ends it; the writer then finishes.
    async fn follow(&mut self, ledger: Ledger, mut follower: Follower) -> (Option<Ledger>, SessionEnd) {
        let (sender, source) = queue(self.options.queue_bytes_max, self.cancel.clone());
        let (receipts_tx, receipts) = watch::channel(None);
        let acks = tokio::spawn(acknowledge(self.connection.client().clone(), receipts));
        let writer = Writing { ledger, source, limits: self.options.batch, receipts: receipts_tx };
        let writer = match writer.spawn(self.progress.clone()) {
            Ok(writer) => writer,
            Err(error) => return (None, SessionEnd::Stopped(IntakeError::Writer(format!("did not start: {error}")))),
        };
        let asker = follower.asker(&self.connection, self.progress.clone());
        let end = tokio::select! {
            () = self.cancel.cancelled() => FollowEnd::Cancelled,
            end = follower.follow(&sender) => end,
            end = asker.run() => end,
        };
        self.pace = follower.pace();
        drop(sender);
        let written = writer.await;
        // The writer has dropped its end: the last receipt is acknowledged and the task ends.
        let _ = acks.await;
        follower.finish().await;
        let (ledger, result) = match written {
            Ok((ledger, result)) => (Some(ledger), result),
            Err(_) => return (None, SessionEnd::Stopped(IntakeError::Writer("died".to_owned()))),
        };
        let end = match (result, end) {
            (Err(error), _) => SessionEnd::Stopped(error.into()),
            (Ok(()), FollowEnd::Cancelled) => SessionEnd::Cancelled,
            (Ok(()), FollowEnd::Restart { why }) => SessionEnd::Restart { why },
            (Ok(()), FollowEnd::Slow) => {
                // What is still on its way to nobody goes with the old connection.
                let _ = self.connection.client().force_reconnect().await;
                let messages = self.pace.messages();
                SessionEnd::Restart { why: format!("the line is slow: asking for {messages} messages at once") }
            }
            (Ok(()), FollowEnd::Mismatch(mismatch)) => SessionEnd::Stopped(mismatch.into()),
            (Ok(()), FollowEnd::WriterGone) => SessionEnd::Restart { why: "the writer ended".to_owned() },
        };
        (ledger, end)
    }
}

/// What the writing thread needs. Commits block on the disk: they have a thread of their own.
struct Writing {
    ledger: Ledger,
    source: QueueSource,
    limits: BatchLimits,
    receipts: watch::Sender<Option<Receipt>>,
}

type Written = (Ledger, Result<(), AppendError>);

impl Writing {
    fn spawn(self, progress: watch::Sender<IntakeProgress>) -> std::io::Result<oneshot::Receiver<Written>> {
        let (done_tx, done) = oneshot::channel();
        thread::Builder::new().name("intake-writer".to_owned()).spawn(move || {
            // Nobody waits any more only if the whole service is going down.
            let _ = done_tx.send(self.write(&progress));
        })?;
        Ok(done)
    }

    fn write(self, progress: &watch::Sender<IntakeProgress>) -> Written {
        let Self { mut ledger, mut source, limits, receipts } = self;
        let result = drain(&mut ledger, &mut source, limits, |mut committed| {
            note(&committed);
            let last = committed.outcomes.last_mut().map(|(tag, _)| (tag.pending, tag.receipt.take()));
            let (pending, receipt) = last.unwrap_or_default();
            progress.send_modify(|progress| {
                progress.committed(&committed);
                progress.stream_pending = pending;
            });
            receipts.send_replace(receipt);
        });
        (ledger, result)
    }
}

/// Says what was quarantined: where to look, never what is in it.
fn note(committed: &Committed<Tag>) {
    let entries = committed.outcomes.iter().filter_map(|(_, outcome)| match outcome {
        Outcome::Conflict { entry, .. } | Outcome::Quarantined { entry } => Some(*entry),
        Outcome::Appended(_) | Outcome::Duplicate { .. } => None,
    });
    let entries: Vec<u64> = entries.collect();
    if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
        tracing::warn!(count = entries.len(), first_entry = first, last_entry = last, "quarantined");
    }
    tracing::debug!(
        inputs = committed.outcomes.len(),
        position = committed.head.position.number(),
        holes = committed.holes,
        "appended a batch"
    );
}
