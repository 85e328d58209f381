//! Into a ledger bound to a stream: publish, then wait until the ledger has it.

use super::door::{Door, Part, Settled, Waiting, bytes_of};
use crate::cli::NatsArguments;
use crate::failure::Failure;
use crate::nats;
use daybook_event::EventRef;
use daybook_intake::import::Outcome;
use daybook_intake::nats::{NatsConnection, Outgoing, Publisher, PublisherOptions, connect};
use daybook_store::{ContentHash, Incoming, LedgerOptions, LedgerReader};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Messages published before their acknowledgements are waited for.
const BATCH_MESSAGES: usize = 10_000;
/// How long the ledger may take to have what was published, without any progress.
const STALL_MAX: Duration = Duration::from_secs(30);
/// How often the ledger is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Publishes to the stream that a ledger is bound to.
pub(crate) struct StreamDoor {
    runtime: Runtime,
    publisher: Publisher,
    _connection: NatsConnection,
    reader: LedgerReader,
    stream: String,
    batch: Vec<Outgoing>,
    /// Of each event on its way, what the ledger should have of it.
    expected: Vec<Option<(EventRef, ContentHash)>>,
    waiting: Waiting,
    last_sequence: u64,
}

impl StreamDoor {
    pub(crate) fn open(ledger: &Path, stream: &str, arguments: &NatsArguments) -> Result<Self, Failure> {
        let options = nats::options(arguments)?.ok_or_else(|| {
            Failure::Input(format!(
                "the ledger {} takes its records from the stream {stream}: say where the broker is with --nats URL",
                ledger.display()
            ))
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let publisher_options = PublisherOptions { stream: stream.to_owned(), ..PublisherOptions::default() };
        let (connection, publisher) = runtime.block_on(async {
            // The publisher keeps a task of its own, so it must be made inside the runtime.
            let connection = connect(&options).await.map_err(Failure::input)?;
            let publisher = Publisher::new(&connection, publisher_options);
            Ok::<_, Failure>((connection, publisher))
        })?;
        Ok(Self {
            runtime,
            publisher,
            _connection: connection,
            reader: LedgerReader::open(ledger, &LedgerOptions::default())?,
            stream: stream.to_owned(),
            batch: Vec::new(),
            expected: Vec::new(),
            waiting: Waiting::default(),
            last_sequence: 0,
        })
    }

    fn publish(&mut self) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let counts = self.runtime.block_on(self.publisher.publish_all(batch)).map_err(Failure::input)?;
        self.last_sequence = self.last_sequence.max(counts.last_sequence);
        Ok(())
    }

    /// Waits until the ledger's cursor has passed everything published.
    fn wait(&self) -> Result<(), Failure> {
        let mut moved_at = Instant::now();
        let mut sequence_before = None;
        loop {
            let sequence = self.reader.cursor()?.map_or(0, |cursor| cursor.sequence);
            if sequence >= self.last_sequence {
                return Ok(());
            }
            if sequence_before != Some(sequence) {
                (sequence_before, moved_at) = (Some(sequence), Instant::now());
            }
            if moved_at.elapsed() > STALL_MAX {
                return Err(Failure::Input(format!(
                    "everything is published to {} up to sequence {}, but the ledger stands at {sequence} and does not \
                     move: start daybook serve; nothing is lost, and the same again adds nothing twice",
                    self.stream, self.last_sequence
                )));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Door for StreamDoor {
    fn push(&mut self, incoming: Incoming, part: Part) -> Result<Vec<Settled>, Failure> {
        let (outgoing, expected) = match &incoming {
            Incoming::Event { id, envelope, content_hash, .. } => {
                if self.reader.position_of(id)?.is_some_and(|(_, standing)| standing == *content_hash) {
                    return Ok(vec![Settled { part, outcome: Outcome::Duplicate }]);
                }
                let decoded = daybook_proto::decode(envelope).map_err(Failure::input)?;
                (Outgoing::event(&decoded), Some((id.clone(), *content_hash)))
            }
            // A line that makes no event still goes the one way in: intake quarantines its bytes.
            Incoming::Faulty { .. } => {
                let subject = format!("csp.events.import._.{FAULTY_KIND}");
                (Outgoing { subject, message_id: None, payload: bytes_of(&incoming).to_vec() }, None)
            }
        };
        self.waiting.push(&incoming, part);
        self.batch.push(outgoing);
        self.expected.push(expected);
        if self.batch.len() >= BATCH_MESSAGES {
            self.publish()?;
        }
        Ok(Vec::new())
    }

    fn flush(&mut self) -> Result<Vec<Settled>, Failure> {
        self.publish()?;
        self.wait()?;
        let snapshot = self.reader.snapshot()?;
        let expected = std::mem::take(&mut self.expected);
        let mut settled = Vec::with_capacity(expected.len());
        for expected in expected {
            let is_record = match expected {
                Some((id, content)) => snapshot.position_of(&id)?.is_some_and(|(_, standing)| standing == content),
                None => false,
            };
            // It was no record when it was published, and is one now; or another content stands under its id.
            let outcome = |reason: Option<String>| match reason {
                None if is_record => Outcome::Appended,
                reason => Outcome::Quarantined(reason.unwrap_or_else(|| "conflict".to_owned())),
            };
            settled.extend(self.waiting.settle(outcome));
        }
        Ok(settled)
    }

    /// A message may fail between others that do not.
    fn is_whole(&self) -> bool {
        false
    }

    fn reader(&self) -> Result<LedgerReader, Failure> {
        Ok(self.reader.clone())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Settled>, Failure> {
        self.flush()
    }
}

/// The last token of the subject of lines that make no event.
const FAULTY_KIND: &str = "faulty_line";
