//! A broker, a ledger, and events to send through.

use daybook_event::{
    Envelope, EventId, EventRef, Instant, NaiveDate, PartnerId, PartnerStanding, Payload, SourceId, StandingValue,
};
use daybook_intake::nats::{
    NatsConnection, NatsOptions, NatsServer, Outgoing, PublishCounts, Publisher, PublisherOptions, ServerOptions,
    StreamOptions, connect, ensure_stream,
};
use daybook_intake::{IntakeEnd, IntakeError, IntakeOptions, IntakeProgress, run};
use daybook_proto::STREAM;
use daybook_store::{Binding, Ledger, LedgerOptions};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Far longer than anything here takes: a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn event(number: usize) -> Envelope {
    Envelope {
        id: EventRef {
            source: SourceId::parse("contoso").unwrap(),
            event_id: EventId::parse(&format!("e-{number}")).unwrap(),
        },
        partner_id: Some(PartnerId::parse(&format!("P-{}", number % 7)).unwrap()),
        effective_on: NaiveDate::from_ymd_opt(2022, 1, 10).unwrap(),
        seq: 0,
        source_seq: None,
        payload: Payload::PartnerStanding(PartnerStanding {
            fact: "mpn_membership".to_owned(),
            value: StandingValue::Held,
        }),
    }
}

/// The same id, another content.
pub(crate) fn event_changed(number: usize) -> Envelope {
    Envelope { effective_on: NaiveDate::from_ymd_opt(2022, 2, 20).unwrap(), ..event(number) }
}

pub(crate) fn events(numbers: std::ops::Range<usize>) -> impl Iterator<Item = Outgoing> {
    numbers.map(|number| Outgoing::event(&event(number)))
}

/// A broker with the stream, and a connection to it.
pub(crate) struct Broker {
    pub(crate) server: NatsServer,
    pub(crate) connection: NatsConnection,
    pub(crate) dir: TempDir,
}

pub(crate) fn server_start(dir: &Path, options: ServerOptions) -> NatsServer {
    NatsServer::start(dir, options).unwrap_or_else(|error| panic!("{error}"))
}

impl Broker {
    pub(crate) async fn start() -> Self {
        Self::start_with(ServerOptions::default()).await
    }

    pub(crate) async fn start_with(options: ServerOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = server_start(&dir.path().join("nats"), options);
        let connection = connect(&NatsOptions::new(server.url())).await.unwrap();
        ensure_stream(&connection, &StreamOptions::default()).await.unwrap();
        Self { server, connection, dir }
    }

    pub(crate) async fn publish(&self, messages: impl IntoIterator<Item = Outgoing>) -> PublishCounts {
        let publisher = Publisher::new(&self.connection, PublisherOptions::default());
        publisher.publish_all(messages).await.unwrap()
    }

    pub(crate) async fn stream(&self) -> async_nats::jetstream::stream::Stream {
        async_nats::jetstream::new(self.connection.client().clone()).get_stream(STREAM).await.unwrap()
    }

    pub(crate) async fn stream_remake(&self) {
        let context = async_nats::jetstream::new(self.connection.client().clone());
        context.delete_stream(STREAM).await.unwrap();
        ensure_stream(&self.connection, &StreamOptions::default()).await.unwrap();
    }

    pub(crate) fn ledger(&self, name: &str) -> Ledger {
        let binding = Binding::Stream { name: STREAM.to_owned() };
        let options = LedgerOptions { created_at: Instant::from_micros(1), ..LedgerOptions::default() };
        Ledger::create_or_open(&self.dir.path().join(name), Some(binding), &options).unwrap()
    }

    pub(crate) fn follow(&self, ledger: Ledger, options: IntakeOptions) -> Following {
        let cancel = CancellationToken::new();
        let (sender, progress) = watch::channel(IntakeProgress::default());
        let (connection, token) = (self.connection.clone(), cancel.clone());
        let task = tokio::spawn(async move { run(ledger, &connection, options, token, sender).await });
        Following { cancel, progress, task }
    }

    /// Follows until this sequence is durable, then stops.
    pub(crate) async fn take_in(
        &self,
        ledger: Ledger,
        options: IntakeOptions,
        sequence: u64,
    ) -> (Ledger, IntakeProgress) {
        let mut following = self.follow(ledger, options);
        following.until(|progress| progress.stream_sequence >= sequence).await;
        following.stop().await
    }
}

/// Intake at work.
pub(crate) struct Following {
    cancel: CancellationToken,
    pub(crate) progress: watch::Receiver<IntakeProgress>,
    task: JoinHandle<IntakeEnd>,
}

impl Following {
    pub(crate) async fn until(&mut self, is_there: impl FnMut(&IntakeProgress) -> bool) -> IntakeProgress {
        let waited = tokio::time::timeout(PATIENCE, self.progress.wait_for(is_there)).await.map(|seen| seen.cloned());
        match waited {
            Ok(Some(seen)) => seen,
            Ok(None) => panic!("intake stopped by itself at {:?}", self.progress.borrow()),
            Err(_) => panic!("intake is stuck at {:?}", self.progress.borrow()),
        }
    }

    pub(crate) async fn stop(self) -> (Ledger, IntakeProgress) {
        self.cancel.cancel();
        let end = tokio::time::timeout(PATIENCE, self.task).await.expect("intake does not stop").unwrap();
        (end.ledger.unwrap(), end.result.unwrap())
    }

    /// Waits for it to stop by itself.
    pub(crate) async fn error(self) -> (Ledger, IntakeError) {
        let end = tokio::time::timeout(PATIENCE, self.task).await.expect("intake does not stop").unwrap();
        (end.ledger.unwrap(), end.result.unwrap_err())
    }
}

trait Cloned {
    fn cloned(self) -> Option<IntakeProgress>;
}

impl Cloned for Result<watch::Ref<'_, IntakeProgress>, watch::error::RecvError> {
    fn cloned(self) -> Option<IntakeProgress> {
        self.ok().map(|progress| progress.clone())
    }
}

/// The event ids in order of position.
pub(crate) fn event_ids(ledger: &Ledger) -> Vec<String> {
    let mut position = daybook_event::Position::ZERO;
    let mut ids = Vec::new();
    loop {
        position = position.next();
        let Some(record) = ledger.reader().record(position).unwrap() else { return ids };
        ids.push(daybook_proto::decode(&record.envelope).unwrap().id.event_id.to_string());
    }
}

pub(crate) fn ids(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("e-{number}")).collect()
}
