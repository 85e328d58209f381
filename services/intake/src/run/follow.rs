//! Following the stream through one consumer: pulls, checks the order, hands on.

use super::IntakeOptions;
use super::ask::{Asker, NextSequence};
use super::pace::Pace;
use super::queue::{QueueSender, Tag};
use super::wire::instant;
use crate::arrivals::{Arrivals, Broken, Delivery};
use crate::asked::StreamMessage;
use crate::batch::{Input, StreamId};
use crate::nats::{Link, NatsConnection};
use crate::progress::IntakeProgress;
use crate::sequence::StreamMismatch;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::stream::Stream;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A message that was not acknowledged in this time is sent again. Only a lost last message needs it: anything else that is
/// lost shows in the consumer's sequence at once.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// The broker forgets a consumer that asks for nothing for so long.
const INACTIVE_MAX: Duration = Duration::from_secs(300);
/// What a message may cost beside its payload in the broker's count of a request's bytes.
const MESSAGE_OVERHEAD_BYTES: usize = 64 * 1024;
/// The most bytes of one request, after it had to be raised for a message larger than it.
const PULL_BYTES_CEILING: usize = 256 * 1024 * 1024;

/// How long after its end the client waits for the broker to say that a request is over.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5);

/// The most messages that are handed on together, of those that are there at once.
const CHUNK_MESSAGES_MAX: usize = 256;

/// The messages before an error, and the error.
fn until_error(chunk: Vec<Result<Message, async_nats::Error>>) -> (Vec<Message>, Option<String>) {
    let mut messages = Vec::with_capacity(chunk.len());
    for answer in chunk {
        match answer {
            Ok(message) => messages.push(message),
            Err(error) => return (messages, Some(error.to_string())),
        }
    }
    (messages, None)
}

/// Why following ended.
pub(super) enum FollowEnd {
    /// It was told to.
    Cancelled,
    /// Something came between: begin again from the cursor.
    Restart { why: String },
    /// The line is too slow for a whole request: begin again with a new connection, and ask for less.
    Slow,
    /// The stream lost messages that were not taken in yet.
    Mismatch(StreamMismatch),
    /// The writer ended; its own result says why.
    WriterGone,
}

fn restart(why: impl Into<String>) -> FollowEnd {
    FollowEnd::Restart { why: why.into() }
}

impl From<Broken> for FollowEnd {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Restart { why } => Self::Restart { why },
            Broken::Mismatch(mismatch) => Self::Mismatch(mismatch),
        }
    }
}

/// A consumer of our own, and how far it is.
pub(super) struct Follower {
    stream: Stream,
    consumer: Consumer<Config>,
    id: Arc<StreamId>,
    arrivals: Arrivals,
    next: NextSequence,
    link: watch::Receiver<Link>,
    pace: Pace,
    pull_bytes_max: usize,
    pull_expires: Duration,
}

impl Follower {
    /// Makes a consumer that starts at this sequence. It lives in the broker's memory and is no one else's.
    pub(super) async fn start(
        stream: Stream,
        id: Arc<StreamId>,
        from_sequence: u64,
        options: &IntakeOptions,
        pace: Pace,
        max_payload_bytes: usize,
        link: watch::Receiver<Link>,
    ) -> Result<Self, String> {
        let pull_messages_max = options.pull_messages_max.max(1);
        // The broker stops sending at this many unacknowledged messages: below one request and one batch nothing would
        // ever be acknowledged.
        let pending_max = pull_messages_max.saturating_add(options.batch.events_max).saturating_mul(2);
        let config = Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from_sequence },
            ack_policy: AckPolicy::All,
            ack_wait: ACK_WAIT,
            max_ack_pending: i64::try_from(pending_max).unwrap_or(i64::MAX),
            inactive_threshold: INACTIVE_MAX,
            memory_storage: true,
            num_replicas: 1,
            description: Some("daybook intake".to_owned()),
            ..Config::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| error.to_string())?;
        tracing::info!(stream = id.name, from_sequence, "following the stream");
        Ok(Self {
            stream,
            consumer,
            arrivals: Arrivals::new(Arc::clone(&id), from_sequence),
            id,
            next: NextSequence::new(from_sequence),
            link,
            pace,
            pull_bytes_max: options.pull_bytes_max.max(max_payload_bytes.saturating_add(MESSAGE_OVERHEAD_BYTES)),
            pull_expires: Duration::from_millis(options.pull_expires_ms.max(1)),
        })
    }

    /// How many messages the stream had for it when it was made.
    pub(super) fn pending_at_start(&self) -> u64 {
        self.consumer.cached_info().num_pending
    }

    /// The size of requests that the line has been found to take.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// What asks after the stream beside this.
    pub(super) fn asker(&self, connection: &NatsConnection, progress: watch::Sender<IntakeProgress>) -> Asker {
        Asker {
            client: connection.client().clone(),
            stream: self.stream.clone(),
            id: Arc::clone(&self.id),
            next: self.next.clone(),
            progress,
        }
    }

    /// Hands on message after message until something comes between.
    pub(super) async fn follow(&mut self, queue: &QueueSender) -> FollowEnd {
        loop {
            let mut link = self.link.clone();
            let pulled = tokio::select! {
                biased;
                // Answers to what was asked on the old connection are lost, and a restarted broker has forgotten us.
                _ = link.changed() => Err(restart("the connection broke")),
                pulled = self.pull(queue) => pulled,
            };
            if let Err(end) = pulled {
                return end;
            }
        }
    }

    /// One request, and everything that answers it. There is one at a time: a broker that has two hands its messages out in
    /// turn, some to this one and some to that, and their order is lost.
    async fn pull(&mut self, queue: &QueueSender) -> Result<(), FollowEnd> {
        let (asked_at, asked_for) = (Instant::now(), self.pace.messages());
        let mut answers = self.request(asked_for).await?.ready_chunks(CHUNK_MESSAGES_MAX);
        let (mut taken, mut arriving_for) = (0_usize, Duration::ZERO);
        while let Some(chunk) = answers.next().await {
            let (messages, error) = until_error(chunk);
            taken += messages.len();
            self.take(messages, queue).await?;
            match error {
                None => {}
                // The next message does not fit into what is left of the request: ask anew.
                Some(_) if taken > 0 => return Ok(()),
                // Not even into a whole one, or the consumer is gone: ask for more once, then begin again.
                Some(_) if self.pull_bytes_max < PULL_BYTES_CEILING => {
                    self.pull_bytes_max = PULL_BYTES_CEILING;
                    return Ok(());
                }
                Some(error) => return Err(restart(error)),
            }
            arriving_for = asked_at.elapsed();
        }
        let took = asked_at.elapsed();
        if taken == asked_for {
            self.pace.answered(took, self.pull_expires);
        } else if arriving_for >= self.pull_expires && took >= self.pull_expires + GIVE_UP_AFTER {
            // The client has given the request up while messages still came: the rest of them is lost, and stands in the way of
            // what is next. Where none came any more the line is no slow one, and may be dead.
            self.pace.given_up(taken);
            return Err(FollowEnd::Slow);
        }
        Ok(())
    }

    async fn request(&self, messages: usize) -> Result<Batch, FollowEnd> {
        let request = self.consumer.batch().max_messages(messages).max_bytes(self.pull_bytes_max);
        request.expires(self.pull_expires).messages().await.map_err(|error| restart(error.to_string()))
    }

    /// Checks the place of messages that came together and hands them to the writer; before an end, those that were right.
    async fn take(&mut self, messages: Vec<Message>, queue: &QueueSender) -> Result<(), FollowEnd> {
        let payload_bytes = messages.iter().map(|message| message.payload.len()).sum();
        let share = queue.share(messages.len(), payload_bytes).await.map_err(|_| FollowEnd::WriterGone)?;
        let mut inputs = Vec::with_capacity(messages.len());
        let mut ended = Ok(());
        for message in messages {
            match self.input(message).await {
                Ok(input) => inputs.extend(input),
                Err(end) => {
                    ended = Err(end);
                    break;
                }
            }
        }
        if let Some(last) = inputs.last().and_then(|input: &Input<Tag>| input.place.as_ref()) {
            self.next.set(last.sequence + 1);
        }
        queue.send(inputs, share).map_err(|_| FollowEnd::WriterGone)?;
        ended
    }

    async fn input(&mut self, message: Message) -> Result<Option<Input<Tag>>, FollowEnd> {
        let info = message.info().map_err(|error| restart(error.to_string()))?;
        let (sequence, consumer_sequence, pending) = (info.stream_sequence, info.consumer_sequence, info.pending);
        let published_at = instant(info.published);
        let message = message.message;
        let (subject, payload) = (message.subject.to_string(), message.payload.into());
        let delivery =
            Delivery { sequence, consumer_sequence, message: StreamMessage { subject, payload, published_at } };
        let taken = self.arrivals.take(&self.stream, delivery).await?;
        Ok(taken.map(|(incoming, place)| {
            let tag = Tag { receipt: message.reply, pending, share: None };
            Input { incoming, place: Some(place), tag }
        }))
    }

    /// Removes the consumer, if the broker is there to do so; it forgets it by itself otherwise.
    pub(super) async fn finish(&self) {
        let name = &self.consumer.cached_info().name;
        let removed = tokio::time::timeout(Duration::from_secs(1), self.stream.delete_consumer(name)).await;
        if !matches!(removed, Ok(Ok(_))) {
            tracing::debug!(consumer = name, "the consumer was not removed");
        }
    }
}
