//! A broker of the run's own, its stream, and what follows it.

use super::Acks;
use crate::data::{Data, History, Wire, open};
use crate::measure::micros;
use crate::process::{Memory, Serving};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use daybook_intake::nats::{
    NatsConnection, NatsOptions, NatsServer, Outgoing, Publisher, PublisherOptions, ServerOptions, StreamOptions,
    connect, ensure_stream,
};
use daybook_proto::STREAM;
use daybook_tests::nats_server_bin;
use futures_util::StreamExt;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How often what was heard is looked through; the time itself is taken where it is heard.
const LOOK: Duration = Duration::from_millis(5);
/// Longer than any drain takes that is worth waiting for.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// What the idle client asks for at once, and acknowledges at once.
const IDLE_PULL_MESSAGES: usize = 4_096;
/// A publisher on a busy machine waits for its acknowledgements.
const PUBLISH_ACK_MS: u64 = 60_000;

/// The events of a history, one after the other, as messages.
pub(crate) struct Events {
    lines: Lines<BufReader<File>>,
    /// The bytes of all messages that were taken.
    pub(crate) bytes: u64,
}

impl Events {
    /// From the first.
    pub(crate) fn of(data: &Data, history: History) -> Result<Self, String> {
        let file = data.file(history, Wire::Ndjson)?;
        Ok(Self { lines: BufReader::with_capacity(1 << 20, open(&file)?).lines(), bytes: 0 })
    }

    /// The next ones. Without message ids: the broker has nothing to remember, so nobody is slowed by it.
    pub(crate) fn take(&mut self, count: u64) -> impl Iterator<Item = Outgoing> + '_ {
        (0..count).map_while(|_| {
            let event = daybook_proto::decode_json(&self.lines.next()?.ok()?).ok()?;
            let message = Outgoing { message_id: None, ..Outgoing::event(&event) };
            self.bytes += message.payload.len() as u64;
            Some(message)
        })
    }
}

/// A broker with the stream, and an ear for acknowledgements.
pub(crate) struct Scene {
    connection: NatsConnection,
    /// What `serve` has said is durable.
    pub(crate) acks: Acks,
    runtime: Runtime,
    url: String,
    // The last to go: the others talk to it until they end.
    server: NatsServer,
    dir: PathBuf,
}

impl Scene {
    /// Starts a broker with nothing in it.
    pub(crate) fn start(data: &Data, name: &str) -> Result<Self, String> {
        let dir = data.place(&format!("nats-{name}"));
        let options = ServerOptions { binary: Some(nats_server_bin()?), ..ServerOptions::default() };
        let server = NatsServer::start(&dir, options).map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let url = server.url();
        let connection = runtime.block_on(async {
            let connection = connect(&NatsOptions::new(url.clone())).await.map_err(|error| error.to_string())?;
            ensure_stream(&connection, &StreamOptions::default()).await.map_err(|error| error.to_string())?;
            Ok::<_, String>(connection)
        })?;
        // An ear of its own: what is published on the same connection would stand before what is heard.
        let ear = runtime.block_on(connect(&NatsOptions::new(url.clone()))).map_err(|error| error.to_string())?;
        let acks = Acks::listen(&runtime, ear.client())?;
        Ok(Self { connection, acks, runtime, url, server, dir })
    }

    /// What waits for the broker runs here.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The connection that publishes.
    pub(crate) fn client(&self) -> &async_nats::Client {
        self.connection.client()
    }

    /// Publishes so many events as fast as the broker takes them; the stream's last sequence then.
    pub(crate) fn publish(&self, events: &mut Events, count: u64) -> Result<u64, String> {
        let options = PublisherOptions { ack_timeout_ms: PUBLISH_ACK_MS, ..PublisherOptions::default() };
        // Both wait for answers on the runtime's own thread.
        let published = self
            .runtime
            .block_on(async { Publisher::new(&self.connection, options).publish_all(events.take(count)).await });
        published.map(|counts| counts.last_sequence).map_err(|error| error.to_string())
    }

    /// Starts `serve` on the stream.
    pub(crate) fn follow(&self, data: &Data, ledger: &Path) -> Result<Following<'_>, String> {
        self.acks.clear();
        let through = data.options.through();
        let arguments = ["serve", "--nats", &self.url, "--listen", "127.0.0.1:0", "--through", &through];
        let serving = Serving::start(&mut data.daybook.on(ledger, &arguments), data.place("follow.log"))?;
        let memory = Memory::watch(serving.id());
        Ok(Following { acks: &self.acks, serving: serving.into(), memory })
    }

    /// Drains the stream with a client that acknowledges and does nothing else; how long that took.
    pub(crate) fn drain_idly(&self, last: u64) -> Result<u64, String> {
        self.acks.clear();
        let since = Instant::now();
        self.runtime.block_on(async {
            let connection = connect(&NatsOptions::new(self.url.clone())).await.map_err(|error| error.to_string())?;
            drain(connection.client(), last).await
        })?;
        let took = micros(since.elapsed());
        // Its acknowledgements are heard too: none may be taken for one of the service that is started next.
        while self.acks.first_at(last).is_none() {
            if since.elapsed() > PATIENCE {
                return Err("the last acknowledgement is never heard".to_owned());
            }
            std::thread::sleep(LOOK);
        }
        Ok(took)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // What cannot be stopped or removed is removed with the folder of the run.
        let _ = self.server.kill();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

async fn drain(client: &async_nats::Client, last: u64) -> Result<(), String> {
    fn text(error: impl std::fmt::Display) -> String {
        error.to_string()
    }
    let stream = async_nats::jetstream::new(client.clone()).get_stream(STREAM).await.map_err(text)?;
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::All,
        max_ack_pending: -1,
        memory_storage: true,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(text)?;
    let mut messages = consumer.stream().max_messages_per_batch(IDLE_PULL_MESSAGES).messages().await.map_err(text)?;
    let mut unacknowledged = 0;
    while let Some(message) = messages.next().await {
        let message = message.map_err(text)?;
        let sequence = message.info().map_err(text)?.stream_sequence;
        unacknowledged += 1;
        if unacknowledged == IDLE_PULL_MESSAGES || sequence >= last {
            message.ack().await.map_err(text)?;
            unacknowledged = 0;
        }
        if sequence >= last {
            return client.flush().await.map_err(text);
        }
    }
    Err("the stream ended before its last message".to_owned())
}

/// `serve` at work on a stream.
pub(crate) struct Following<'a> {
    acks: &'a Acks,
    serving: std::cell::RefCell<Serving>,
    memory: Memory,
}

impl Following<'_> {
    /// Waits until everything up to this sequence is durable; how long after its start that was.
    pub(crate) fn wait_for(&self, sequence: u64) -> Result<u64, String> {
        let since = self.serving.borrow().since;
        loop {
            if let Some(at) = self.acks.first_at(sequence) {
                return Ok(micros(at.duration_since(since)));
            }
            self.serving.borrow_mut().check()?;
            if since.elapsed() > PATIENCE {
                return Err(format!("sequence {sequence} is never durable: {}", self.serving.borrow().said()));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The processors' time that it has taken.
    pub(crate) fn cpu_micros(&self) -> u64 {
        self.serving.borrow().cpu_micros()
    }

    /// Ends it; the most memory that it was seen to hold.
    pub(crate) fn end(self) -> Result<u64, String> {
        let bytes = self.memory.peak_bytes();
        self.serving.into_inner().kill()?;
        Ok(bytes)
    }
}
