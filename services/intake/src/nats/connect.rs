//! Connecting to the broker, with TLS and credentials passed through to the client.

use super::login::{LoginFault, NatsCredentials, login};
use async_nats::{AuthError, Client, ConnectOptions, Event};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How the connection is secured. Files are PEM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NatsTls {
    /// Refuse a connection without TLS. A `tls://` URL says the same.
    pub is_required: bool,
    /// The authority that signed the server's certificate; none: the system's.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate with its key, for servers that ask for one.
    pub certificate_and_key_files: Option<(PathBuf, PathBuf)>,
}

/// How to reach the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsOptions {
    /// One URL, or several of one cluster with commas between: `nats://host:4222`, `tls://host:4222`.
    pub url: String,
    /// Who connects.
    pub credentials: NatsCredentials,
    /// How the connection is secured.
    pub tls: NatsTls,
    /// How long to try for the first connection. Default 10 s. A connection that breaks later is tried for ever.
    pub connect_timeout_ms: u64,
    /// The client's name in the broker's lists. Default `daybook`.
    pub client_name: String,
}

impl NatsOptions {
    /// This URL, with nothing else set.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            credentials: NatsCredentials::None,
            tls: NatsTls::default(),
            connect_timeout_ms: 10_000,
            client_name: "daybook".to_owned(),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// What we would log in with cannot be used.
    #[error(transparent)]
    Login(#[from] LoginFault),
    /// A URL that is none.
    #[error("{url:?} is no NATS URL ({detail}): give nats://host:port or tls://host:port")]
    Url {
        /// The text, without credentials.
        url: String,
        /// What is wrong.
        detail: String,
    },
    /// The broker does not let us in.
    #[error("NATS at {url} refuses us ({detail}): check the credentials, and what the broker knows of them")]
    Refused {
        /// The URL, without credentials.
        url: String,
        /// The client's message.
        detail: String,
    },
    /// Nobody answered.
    #[error("no connection to NATS at {url} within {timeout_ms} ms ({detail}): check the URL and TLS")]
    Unreachable {
        /// The URL, without credentials.
        url: String,
        /// How long was tried.
        timeout_ms: u64,
        /// The client's last message.
        detail: String,
    },
}

/// A peer that is gone without a word is noticed when it has not answered two of these.
const PING_EVERY: Duration = Duration::from_secs(10);

/// A connection that repairs itself. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NatsConnection {
    client: Client,
    link: watch::Receiver<Link>,
}

/// The state of a connection, told to whoever follows the stream on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Link {
    /// Whether it stands.
    pub(crate) is_up: bool,
    /// When it was last said that the broker refuses us.
    refused_at: Option<Instant>,
    /// How often it was made: tells a connection from the one before, even when nobody saw it break.
    pub(crate) connects: u64,
}

impl NatsConnection {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the connection stands.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.link.borrow().is_up
    }

    /// Its state. A change means that what was on its way may be lost.
    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }
}

/// Connects. From then on the connection is made again by itself whenever it breaks.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(options: &NatsOptions) -> Result<NatsConnection, ConnectError> {
    let url = url_printable(&options.url);
    let addresses = addresses(&options.url, &url)?;
    // Said at once, with the file's name: the client would only say that it could not log in.
    login(&options.credentials, b"")?;
    let (link_tx, mut link) = watch::channel(Link::default());
    let timeout = Duration::from_millis(options.connect_timeout_ms);
    let started_at = Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        let connect_options = connect_options(options, link_tx.clone());
        match connect_options.connect(&addresses).await {
            Ok(client) => {
                tracing::info!(%url, server = client.server_info().version, "connected to NATS");
                // The client tells of its first connection a moment later: that is no new one.
                let _ = link.wait_for(|link| link.is_up).await;
                return Ok(NatsConnection { client, link });
            }
            Err(error) if is_refusal(&error.to_string()) => {
                return Err(ConnectError::Refused { url, detail: error.to_string() });
            }
            Err(error) if started_at.elapsed() + pause >= timeout || !is_worth_waiting(&error) => {
                let (timeout_ms, detail) = (options.connect_timeout_ms, error.to_string());
                return Err(ConnectError::Unreachable { url, timeout_ms, detail });
            }
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// A refusal stays one; a server that is not there yet may come.
fn is_worth_waiting(error: &async_nats::ConnectError) -> bool {
    use async_nats::ConnectErrorKind as Kind;
    !matches!(error.kind(), Kind::Authentication | Kind::AuthorizationViolation | Kind::Tls | Kind::ServerParse)
}

fn addresses(url: &str, printable: &str) -> Result<Vec<async_nats::ServerAddr>, ConnectError> {
    url.split(',')
        .map(|one| one.trim().parse::<async_nats::ServerAddr>())
        .collect::<Result<_, _>>()
        .map_err(|error| ConnectError::Url { url: printable.to_owned(), detail: error.to_string() })
}

fn connect_options(options: &NatsOptions, link: watch::Sender<Link>) -> ConnectOptions {
    let credentials = options.credentials.clone();
    // Asked at every login: what stands in the files then is what counts, so that they can be changed while we run.
    let mut built = ConnectOptions::with_auth_callback(move |nonce| {
        let auth = login(&credentials, &nonce).map_err(|fault| {
            tracing::error!(%fault, "cannot log in to NATS");
            AuthError::new(fault)
        });
        async { auth }
    });
    built = built
        .name(&options.client_name)
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(again_after)
        .event_callback(move |event| {
            event_note(&event, &link);
            async {}
        });
    if let Some(ca_file) = &options.tls.ca_file {
        built = built.add_root_certificates(ca_file.clone());
    }
    if let Some((certificate, key)) = &options.tls.certificate_and_key_files {
        built = built.add_client_certificate(certificate.clone(), key.clone());
    }
    if options.tls.is_required { built.require_tls(true) } else { built }
}

/// The least time between two such messages.
const REFUSED_EVERY: Duration = Duration::from_secs(10);
/// The wait before the first attempt to connect again, and the longest: it doubles.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(4);

/// What is said whenever the broker does not let us in, at the first connection or later.
const REFUSED: &str = "NATS refuses our credentials, or they have expired: put new ones where the old ones are, they are \
     read again at every attempt";

/// The wait before this attempt, from 1. A broker that lets us in and throws us out at once is not asked without a pause.
fn again_after(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    AGAIN_AFTER.saturating_mul(2_u32.saturating_pow(doublings)).min(AGAIN_AFTER_MAX)
}

/// Whether the broker's words, or the client's for them, mean that we may not come in.
fn is_refusal(error: &str) -> bool {
    let error = error.to_ascii_lowercase();
    ["authorization violation", "authentication expired", "authentication revoked", "authentication error"]
        .iter()
        .any(|words| error.contains(words))
}

fn event_note(event: &Event, link: &watch::Sender<Link>) {
    match event {
        Event::Connected => link.send_modify(|link| *link = Link { is_up: true, connects: link.connects + 1, ..*link }),
        Event::Disconnected => {
            link.send_modify(|link| link.is_up = false);
            tracing::warn!("the connection to NATS broke; trying again");
        }
        Event::SlowConsumer(_) => tracing::warn!("the NATS client dropped messages that were not taken in time"),
        Event::ServerError(error) if is_refusal(&error.to_string()) => refused_note(&error.to_string(), link),
        Event::ClientError(error) if is_refusal(&error.to_string()) => refused_note(&error.to_string(), link),
        Event::ServerError(error) => tracing::warn!(%error, "NATS server error"),
        Event::ClientError(error) => tracing::warn!(%error, "NATS client error"),
        Event::LameDuckMode | Event::Draining | Event::Closed => tracing::info!(%event, "NATS connection"),
    }
}

/// Says that we are refused, once for every refused connection and then now and then: an attempt fails several times a second.
fn refused_note(error: &str, link: &watch::Sender<Link>) {
    let now = Instant::now();
    let is_said = |at: Instant| now.duration_since(at) < REFUSED_EVERY;
    if link.borrow().refused_at.is_none_or(|at| !is_said(at)) {
        tracing::error!(error, "{REFUSED}");
        link.send_modify(|link| link.refused_at = Some(now));
    }
}

/// The URL without user and password, for messages and logs.
fn url_printable(url: &str) -> String {
    let one = |one: &str| {
        let (scheme, rest) = one.trim().split_once("://").map_or(("nats", one.trim()), |(scheme, rest)| (scheme, rest));
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{host}")
    };
    url.split(',').map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_printed() {
        let options = NatsOptions::new("nats://u:hunter2@host:4222, tls://hunter2@other:4222");
        assert_eq!(url_printable(&options.url), "nats://host:4222,tls://other:4222");
        assert_eq!(url_printable("host:4222"), "nats://host:4222");
    }

    #[tokio::test]
    async fn what_is_no_url_or_no_server_is_said() {
        let error = connect(&NatsOptions::new("nats://:hunter2@")).await.unwrap_err().to_string();
        assert!(error.contains("nats://host:port") && !error.contains("hunter2"), "{error}");
        let options = NatsOptions { connect_timeout_ms: 100, ..NatsOptions::new("nats://127.0.0.1:1") };
        let error = connect(&options).await.unwrap_err().to_string();
        assert!(error.contains("nats://127.0.0.1:1") && error.contains("100 ms"), "{error}");
        let options = NatsOptions {
            credentials: NatsCredentials::File("/nowhere/a.creds".into()),
            ..NatsOptions::new("nats://127.0.0.1:1")
        };
        let error = connect(&options).await.unwrap_err().to_string();
        assert!(error.contains("/nowhere/a.creds"), "{error}");
    }
}
