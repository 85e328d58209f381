//! A real nats-server with the stream, as a child of the test.

use crate::nats_server_bin;
use daybook_intake::nats::{
    NatsOptions, NatsServer, Outgoing, Publisher, PublisherOptions, ServerOptions, StreamOptions, connect,
    ensure_stream,
};
use daybook_proto::STREAM;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A broker of the test's own. It ends with the test.
pub struct Broker {
    server: NatsServer,
    runtime: Runtime,
    _dir: TempDir,
}

impl Broker {
    /// Starts a server and makes the stream. A missing server fails the test: its message names the script that gets one.
    #[must_use]
    pub fn start() -> Self {
        let binary = nats_server_bin().unwrap_or_else(|missing| panic!("{missing}"));
        let dir = tempfile::tempdir().expect("a folder for the broker");
        let options = ServerOptions { binary: Some(binary), start_timeout_ms: 60_000, ..ServerOptions::default() };
        let server = NatsServer::start(dir.path(), options).unwrap_or_else(|error| panic!("{error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let broker = Self { server, runtime: runtime.expect("a runtime"), _dir: dir };
        broker.stream_make();
        broker
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Publishes all and waits until the stream has them; its last sequence then.
    pub fn publish(&self, messages: impl IntoIterator<Item = Outgoing>) -> u64 {
        let published = self.runtime.block_on(async {
            let connection = connect(&NatsOptions::new(self.url())).await.expect("the broker answers");
            // On a loaded machine an acknowledgement may take its time; a message sent twice would move in the stream.
            let options = PublisherOptions { ack_timeout_ms: 60_000, ..PublisherOptions::default() };
            Publisher::new(&connection, options).publish_all(messages).await
        });
        published.unwrap_or_else(|error| panic!("{error}")).last_sequence
    }

    /// Deletes the stream with everything in it.
    pub fn stream_delete(&self) {
        let deleted = self.runtime.block_on(async {
            let connection = connect(&NatsOptions::new(self.url())).await.expect("the broker answers");
            async_nats::jetstream::new(connection.client().clone()).delete_stream(STREAM).await
        });
        deleted.expect("the stream can be deleted");
    }

    /// Makes the stream, where it is missing.
    pub fn stream_make(&self) {
        let made = self.runtime.block_on(async {
            let connection = connect(&NatsOptions::new(self.url())).await.expect("the broker answers");
            ensure_stream(&connection, &StreamOptions::default()).await
        });
        made.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Kills the server, as a crash would.
    pub fn kill(&mut self) {
        self.server.kill().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Starts it again on the same port and store.
    pub fn restart(&mut self) {
        self.server.restart().unwrap_or_else(|error| panic!("{error}"));
    }
}
