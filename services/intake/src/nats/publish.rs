//! Publishing events: many at once, each acknowledged.

use super::NatsConnection;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use daybook_event::Envelope;
use daybook_proto::{STREAM, encode, nats_msg_id, subject_of};
use std::collections::VecDeque;
use std::time::Duration;

/// The wait before a message is sent again; it doubles each time.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// One message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its subject.
    pub subject: String,
    /// Its `Nats-Msg-Id`, by which the broker drops a resend; none: it drops nothing.
    pub message_id: Option<String>,
    /// Its bytes.
    pub payload: Vec<u8>,
}

impl Outgoing {
    /// An event on the subject and under the message id that belong to it.
    #[must_use]
    pub fn event(envelope: &Envelope) -> Self {
        Self { subject: subject_of(envelope), message_id: Some(nats_msg_id(envelope)), payload: encode(envelope) }
    }
}

/// How a publisher works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherOptions {
    /// The stream that must take the messages. Default `CSP_EVENTS`.
    pub stream: String,
    /// The most messages on their way without an acknowledgement. Default 1,000.
    pub window: usize,
    /// How long to wait for an acknowledgement. Default 5 s.
    pub ack_timeout_ms: u64,
    /// How often a message is sent before giving up. Default 6.
    pub attempts_max: u32,
}

impl Default for PublisherOptions {
    fn default() -> Self {
        Self { stream: STREAM.to_owned(), window: 1_000, ack_timeout_ms: 5_000, attempts_max: 6 }
    }
}

/// What the broker did with what was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublishCounts {
    /// Stored in the stream.
    pub published: u64,
    /// Dropped by the broker: the same message id within its window.
    pub duplicates: u64,
    /// The highest stream sequence acknowledged: the ledger has it all once its cursor is there.
    pub last_sequence: u64,
}

/// A message that was not acknowledged. What came before it was; what came after may have been.
#[derive(Debug, thiserror::Error)]
#[error(
    "message {number} on {subject} was not acknowledged ({detail}); {} before it were: publish again, events that stand \
     already are dropped", counts.published + counts.duplicates
)]
pub struct PublishError {
    /// Which, from 1.
    pub number: u64,
    /// Its subject.
    pub subject: String,
    /// The client's message.
    pub detail: String,
    /// What was acknowledged.
    pub counts: PublishCounts,
}

/// Publishes to one stream.
#[derive(Debug, Clone)]
pub struct Publisher {
    context: Context,
    options: PublisherOptions,
}

/// A message on its way.
struct InFlight {
    number: u64,
    subject: String,
    message: PublishMessage,
    ack: Result<PublishAckFuture, Failure>,
}

struct Failure {
    detail: String,
    is_final: bool,
}

impl Failure {
    fn of(error: &async_nats::jetstream::context::PublishError) -> Self {
        let is_final = matches!(
            error.kind(),
            PublishErrorKind::MaxPayloadExceeded
                | PublishErrorKind::WrongLastMessageId
                | PublishErrorKind::WrongLastSequence
        );
        Self { detail: error.to_string(), is_final }
    }
}

impl Publisher {
    /// A publisher on this connection.
    #[must_use]
    pub fn new(connection: &NatsConnection, options: PublisherOptions) -> Self {
        let options = PublisherOptions { window: options.window.max(1), ..options };
        let context = ContextBuilder::new()
            .timeout(Duration::from_millis(options.ack_timeout_ms))
            .max_ack_inflight(options.window)
            .build(connection.client().clone());
        Self { context, options }
    }

    /// Publishes all, keeping up to a window of them on their way, and waits for every acknowledgement. One that fails is
    /// sent again, with the same message id, and may then stand after later ones in the stream.
    ///
    /// # Errors
    /// [`PublishError`] for the first message that stayed without one.
    pub async fn publish_all(
        &self,
        messages: impl IntoIterator<Item = Outgoing>,
    ) -> Result<PublishCounts, PublishError> {
        let mut counts = PublishCounts::default();
        let mut window: VecDeque<InFlight> = VecDeque::with_capacity(self.options.window);
        for (number, outgoing) in (1..).zip(messages) {
            if window.len() >= self.options.window
                && let Some(oldest) = window.pop_front()
            {
                self.settle(oldest, &mut counts).await?;
            }
            let message = self.message(&outgoing);
            let ack = self.send(&outgoing.subject, &message).await;
            window.push_back(InFlight { number, subject: outgoing.subject, message, ack });
        }
        while let Some(oldest) = window.pop_front() {
            self.settle(oldest, &mut counts).await?;
        }
        Ok(counts)
    }

    fn message(&self, outgoing: &Outgoing) -> PublishMessage {
        // Another stream that has taken over the subjects must not swallow the events.
        let message =
            PublishMessage::build().payload(outgoing.payload.clone().into()).expected_stream(&self.options.stream);
        match &outgoing.message_id {
            Some(id) => message.message_id(id),
            None => message,
        }
    }

    async fn send(&self, subject: &str, message: &PublishMessage) -> Result<PublishAckFuture, Failure> {
        self.context.send_publish(subject.to_owned(), message.clone()).await.map_err(|error| Failure::of(&error))
    }

    /// Waits for a message's acknowledgement, sending it again as often as allowed.
    async fn settle(&self, in_flight: InFlight, counts: &mut PublishCounts) -> Result<(), PublishError> {
        let InFlight { number, subject, message, mut ack } = in_flight;
        let (mut pause, mut attempt) = (RETRY_PAUSE, 1);
        loop {
            let settled = match ack {
                Ok(ack) => ack.await.map_err(|error| Failure::of(&error)),
                Err(failure) => Err(failure),
            };
            let failure = match settled {
                Ok(ack) => {
                    counts.last_sequence = counts.last_sequence.max(ack.sequence);
                    *(if ack.duplicate { &mut counts.duplicates } else { &mut counts.published }) += 1;
                    return Ok(());
                }
                Err(failure) => failure,
            };
            if failure.is_final || attempt >= self.options.attempts_max {
                return Err(PublishError { number, subject, detail: failure.detail, counts: *counts });
            }
            tracing::warn!(subject, attempt, error = failure.detail, "publishing again");
            tokio::time::sleep(pause).await;
            (pause, attempt) = (pause * 2, attempt + 1);
            ack = self.send(&subject, &message).await;
        }
    }
}
