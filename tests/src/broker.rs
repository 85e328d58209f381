//! A real nats-server with the stream, as a child of the test.

use crate::{nats_server_bin, workspace_root};
use async_nats::jetstream::stream::Stream;
use daybook_intake::nats::{
    NatsConnection, NatsCredentials, NatsOptions, NatsServer, NatsTls, Outgoing, Publisher, PublisherOptions,
    ServerOptions, StreamOptions, connect, ensure_stream,
};
use daybook_proto::STREAM;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Where the server keeps what it keeps, in the test's folder.
const STORE: &str = "nats";
/// Its configuration there.
const CONFIGURATION: &str = "server.conf";

/// A broker of the test's own. It ends with the test.
pub struct Broker {
    server: NatsServer,
    runtime: Runtime,
    credentials: NatsCredentials,
    tls: NatsTls,
    dir: TempDir,
}

impl Broker {
    /// Starts a server and makes the stream. A missing server fails the test: its message names the script that gets one.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same with a configuration: the text of its file, where there is any.
    #[must_use]
    pub fn start_with(configuration: &str) -> Self {
        Self::start_as(configuration, NatsCredentials::None)
    }

    /// The same, where the test itself has to log in.
    #[must_use]
    pub fn start_as(configuration: &str, credentials: NatsCredentials) -> Self {
        Self::start_and_make_stream(configuration, credentials, NatsTls::default())
    }

    /// The same, where the server speaks TLS with the certificates of the tests.
    #[must_use]
    pub fn start_over_tls(configuration: &str) -> Self {
        let of = |name: &str| workspace_root().join("services/intake/testdata/tls").join(name);
        let tls = NatsTls {
            is_required: true,
            ca_file: Some(of("ca.pem")),
            certificate_and_key_files: Some((of("client.pem"), of("client-key.pem"))),
        };
        Self::start_and_make_stream(configuration, NatsCredentials::None, tls)
    }

    fn start_and_make_stream(configuration: &str, credentials: NatsCredentials, tls: NatsTls) -> Self {
        let binary = nats_server_bin().unwrap_or_else(|missing| panic!("{missing}"));
        let dir = tempfile::tempdir().expect("a folder for the broker");
        let config_file = (!configuration.is_empty()).then(|| dir.path().join(CONFIGURATION));
        if let Some(file) = &config_file {
            std::fs::write(file, configuration).expect("the broker's folder can be written");
        }
        let options = ServerOptions { binary: Some(binary), config_file, start_timeout_ms: 60_000, port: None };
        let server = NatsServer::start(&dir.path().join(STORE), options).unwrap_or_else(|error| panic!("{error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let broker = Self { server, runtime: runtime.expect("a runtime"), credentials, tls, dir };
        broker.stream_make();
        broker
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.server.log_file()).expect("the server has a log")
    }

    /// Does something to the stream.
    pub fn with_stream<T>(&self, act: impl AsyncFnOnce(Stream) -> T) -> T {
        self.runtime.block_on(async {
            let connection = self.connect().await;
            let context = async_nats::jetstream::new(connection.client().clone());
            act(context.get_stream(STREAM).await.expect("the stream is there")).await
        })
    }

    /// Gives the running server another configuration.
    pub fn reconfigure(&self, configuration: &str) {
        std::fs::write(self.dir.path().join(CONFIGURATION), configuration).expect("the broker's folder can be written");
        self.server.reload().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Stops the server in good order and keeps a copy of all its streams as they are now; then it goes on.
    #[must_use]
    pub fn store_copy(&mut self) -> PathBuf {
        self.server.stop().unwrap_or_else(|error| panic!("{error}"));
        let copy = self.dir.path().join("copy");
        folder_copy(&self.store(), &copy);
        self.restart();
        copy
    }

    /// Kills the server and puts the streams of a copy in the place of those that it has; then it goes on from them.
    pub fn store_put_back(&mut self, copy: &Path) {
        self.kill();
        std::fs::remove_dir_all(self.store()).expect("the streams can be removed");
        folder_copy(copy, &self.store());
        self.restart();
    }

    async fn connect(&self) -> NatsConnection {
        let url = if self.tls.is_required { self.url().replace("127.0.0.1", "localhost") } else { self.url() };
        let (credentials, tls) = (self.credentials.clone(), self.tls.clone());
        let options = NatsOptions { credentials, tls, ..NatsOptions::new(url) };
        connect(&options).await.unwrap_or_else(|error| panic!("{error}"))
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join(STORE).join("jetstream")
    }

    /// Publishes all and waits until the stream has them; its last sequence then.
    pub fn publish(&self, messages: impl IntoIterator<Item = Outgoing>) -> u64 {
        let published = self.runtime.block_on(async {
            let connection = self.connect().await;
            // On a loaded machine an acknowledgement may take its time; a message sent twice would move in the stream.
            let options = PublisherOptions { ack_timeout_ms: 60_000, ..PublisherOptions::default() };
            Publisher::new(&connection, options).publish_all(messages).await
        });
        published.unwrap_or_else(|error| panic!("{error}")).last_sequence
    }

    /// Deletes the stream with everything in it.
    pub fn stream_delete(&self) {
        let deleted = self.runtime.block_on(async {
            let connection = self.connect().await;
            async_nats::jetstream::new(connection.client().clone()).delete_stream(STREAM).await
        });
        deleted.expect("the stream can be deleted");
    }

    /// Makes the stream, where it is missing.
    pub fn stream_make(&self) {
        let made = self.runtime.block_on(async {
            let connection = self.connect().await;
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

fn folder_copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp is there");
    assert!(copied.success(), "{} cannot be copied to {}", from.display(), to.display());
}
