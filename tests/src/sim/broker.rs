//! The broker: one stream with what can happen to it, and a consumer with what can happen to its messages on their way.

use super::naive::Meant;
use daybook_event::Instant;
use daybook_intake::{Delivery, StreamAsked, StreamMessage, StreamState};
use std::collections::BTreeMap;

/// The stream's name.
pub(super) const STREAM: &str = "SIM";

/// A message as the stream keeps it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) payload: Vec<u8>,
    pub(super) at: Instant,
    /// What whoever sent it knows of it.
    pub(super) meant: Meant,
    /// Tells it from every other message that this broker ever took.
    pub(super) number: u64,
}

/// A stream with its sequences.
#[derive(Debug)]
pub(super) struct SimStream {
    pub(super) created_at: Instant,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) messages: BTreeMap<u64, Message>,
    numbers: u64,
}

impl SimStream {
    pub(super) fn new(created_at: Instant) -> Self {
        Self { created_at, first: 0, last: 0, messages: BTreeMap::new(), numbers: 0 }
    }

    pub(super) fn publish(&mut self, at: Instant, subject: String, payload: Vec<u8>, meant: Meant) -> u64 {
        (self.last, self.numbers) = (self.last + 1, self.numbers + 1);
        self.first = self.first.max(1);
        self.messages.insert(self.last, Message { subject, payload, at, meant, number: self.numbers });
        self.last
    }

    /// Deletes one message; the stream begins later where it was the first.
    pub(super) fn delete(&mut self, sequence: u64) {
        self.messages.remove(&sequence);
        self.begin_at_what_is_left();
    }

    /// Deletes everything before a sequence: a purge, or a limit that is reached.
    pub(super) fn purge_before(&mut self, sequence: u64) {
        self.messages.retain(|at, _| *at >= sequence);
        self.begin_at_what_is_left();
    }

    fn begin_at_what_is_left(&mut self) {
        self.first = self.messages.keys().next().copied().unwrap_or(self.last + 1);
    }

    /// Forgets the last few, as a broker does that acknowledged what it had not synced; their sequences are given again.
    pub(super) fn lose_tail(&mut self, count: u64) {
        self.last = self.last.saturating_sub(count);
        let last = self.last;
        self.messages.retain(|at, _| *at <= last);
        if self.first > self.last + 1 {
            self.first = self.last + 1;
        }
    }

    /// Another stream of the same name.
    pub(super) fn recreate(&mut self, created_at: Instant) {
        *self = Self { numbers: self.numbers, ..Self::new(created_at) };
    }

    pub(super) fn state_now(&self) -> StreamState {
        let at = |message: Option<&Message>| message.map_or_else(Instant::default, |message| message.at);
        StreamState {
            created_at: self.created_at,
            first_sequence: self.first,
            last_sequence: self.last,
            newest_at: at(self.messages.values().next()).max(at(self.messages.values().next_back())),
        }
    }
}

impl From<&Message> for StreamMessage {
    fn from(message: &Message) -> Self {
        Self { subject: message.subject.clone(), payload: message.payload.clone(), published_at: message.at }
    }
}

impl StreamAsked for SimStream {
    fn name(&self) -> &str {
        STREAM
    }

    async fn state(&self) -> Result<StreamState, String> {
        Ok(self.state_now())
    }

    async fn message(&self, sequence: u64) -> Result<Option<StreamMessage>, String> {
        Ok(self.messages.get(&sequence).map(StreamMessage::from))
    }

    async fn next_sequence(&self, from: u64) -> Result<u64, String> {
        let next = self.messages.range(from..).next().map(|(sequence, _)| *sequence);
        next.ok_or_else(|| "no message found".to_owned())
    }
}

/// What can happen to a message between the stream and intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnTheWay {
    /// Nothing.
    Arrives,
    /// It is lost; the next one arrives.
    Lost,
    /// One that was sent earlier is sent again first.
    SentAgain,
    /// It arrives twice.
    Twice,
    /// It and the next one change places.
    Swapped,
}

/// A consumer of the stream, in the broker's memory.
#[derive(Debug)]
pub(super) struct SimConsumer {
    next: u64,
    sent: u64,
    history: Vec<u64>,
}

impl SimConsumer {
    pub(super) fn new(from: u64) -> Self {
        Self { next: from, sent: 0, history: Vec::new() }
    }

    /// The next messages, in the order in which they arrive.
    pub(super) fn next(&mut self, stream: &SimStream, happens: OnTheWay) -> Vec<Delivery> {
        match happens {
            OnTheWay::Arrives => self.send(stream).into_iter().collect(),
            OnTheWay::Lost => {
                let lost = self.send(stream);
                lost.and_then(|_| self.send(stream)).into_iter().collect()
            }
            OnTheWay::SentAgain => {
                let again = self.history.last().copied().filter(|at| stream.messages.contains_key(at));
                let again = again.map(|sequence| self.deliver(stream, sequence));
                again.into_iter().chain(self.send(stream)).collect()
            }
            OnTheWay::Twice => self.send(stream).into_iter().flat_map(|one| [one.clone(), one]).collect(),
            OnTheWay::Swapped => {
                let (one, other) = (self.send(stream), self.send(stream));
                other.into_iter().chain(one).collect()
            }
        }
    }

    fn send(&mut self, stream: &SimStream) -> Option<Delivery> {
        let sequence = *stream.messages.range(self.next..).next()?.0;
        self.next = sequence + 1;
        self.history.push(sequence);
        Some(self.deliver(stream, sequence))
    }

    fn deliver(&mut self, stream: &SimStream, sequence: u64) -> Delivery {
        self.sent += 1;
        let message = StreamMessage::from(&stream.messages[&sequence]);
        Delivery { sequence, consumer_sequence: self.sent, message }
    }
}
