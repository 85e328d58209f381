//! Into a ledger bound to a stream: publish, then wait until the ledger has it.

use super::door::{Door, Settled, Waiting, bytes_of};
use crate::cli::NatsArguments;
use crate::failure::Failure;
use crate::nats;
use daybook_event::EventRef;
use daybook_intake::import::{Money, Outcome};
use daybook_intake::nats::{NatsConnection, Outgoing, Publisher, PublisherOptions, connect};
use daybook_store::{Incoming, LedgerOptions, LedgerReader};
use std::path::{Path, PathBuf};
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
    ledger: PathBuf,
    stream: String,
    batch: Vec<Outgoing>,
    ids: Vec<Option<EventRef>>,
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
        let connection = runtime.block_on(connect(&options)).map_err(Failure::input)?;
        let publisher_options = PublisherOptions { stream: stream.to_owned(), ..PublisherOptions::default() };
        Ok(Self {
            runtime,
            publisher: Publisher::new(&connection, publisher_options),
            _connection: connection,
            ledger: ledger.to_owned(),
            stream: stream.to_owned(),
            batch: Vec::new(),
            ids: Vec::new(),
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
    fn wait(&self) -> Result<LedgerReader, Failure> {
        let reader = LedgerReader::open(&self.ledger, &LedgerOptions::default())?;
        let mut moved_at = Instant::now();
        let mut sequence_before = None;
        loop {
            let sequence = reader.cursor()?.map_or(0, |cursor| cursor.sequence);
            if sequence >= self.last_sequence {
                return Ok(reader);
            }
            if sequence_before != Some(sequence) {
                (sequence_before, moved_at) = (Some(sequence), Instant::now());
            }
            if moved_at.elapsed() > STALL_MAX {
                return Err(Failure::Input(format!(
                    "everything is published to {} up to sequence {}, but the ledger stands at {sequence} and does not \
                     move: start daybook serve; nothing is lost, and importing again adds nothing twice",
                    self.stream, self.last_sequence
                )));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Door for StreamDoor {
    fn push(&mut self, incoming: Incoming, money: Option<Money>) -> Result<Vec<Settled>, Failure> {
        self.waiting.push(&incoming, money);
        let (outgoing, id) = match &incoming {
            Incoming::Event { id, envelope, .. } => {
                let decoded = daybook_proto::decode(envelope).map_err(Failure::input)?;
                (Outgoing::event(&decoded), Some(id.clone()))
            }
            // A line that makes no event still goes the one way in: intake quarantines its bytes.
            Incoming::Faulty { .. } => {
                let subject = format!("csp.events.import._.{FAULTY_KIND}");
                (Outgoing { subject, message_id: None, payload: bytes_of(&incoming).to_vec() }, None)
            }
        };
        self.batch.push(outgoing);
        self.ids.push(id);
        if self.batch.len() >= BATCH_MESSAGES {
            self.publish()?;
        }
        Ok(Vec::new())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Settled>, Failure> {
        self.publish()?;
        let snapshot = self.wait()?.snapshot()?;
        let ids = std::mem::take(&mut self.ids);
        let mut settled = Vec::with_capacity(ids.len());
        for id in ids {
            let is_record = id.as_ref().map(|id| snapshot.position_of(id)).transpose()?.flatten().is_some();
            // Whether this copy or an earlier one became the record, the ledger has it: that is what was asked for.
            let outcome = |reason: Option<String>| match reason {
                None if is_record => Outcome::Appended,
                reason => Outcome::Quarantined(reason.unwrap_or_else(|| "conflict".to_owned())),
            };
            settled.extend(self.waiting.settle(outcome));
        }
        Ok(settled)
    }
}

/// The last token of the subject of lines that make no event.
const FAULTY_KIND: &str = "faulty_line";
