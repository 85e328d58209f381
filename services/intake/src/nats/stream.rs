//! The stream: created where it is missing, checked where it is there.

use super::NatsConnection;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use daybook_proto::{STREAM, SUBJECTS_ALL};
use std::time::Duration;

/// What a new stream is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// Its name. Default `CSP_EVENTS`.
    pub name: String,
    /// Its subjects. Default `csp.events.>`.
    pub subjects: Vec<String>,
    /// Its replicas: 3 in a cluster. Default 1.
    pub replicas: usize,
    /// How long the broker drops a message sent again. A help only: the ledger never relies on it. Default 120 s.
    pub duplicate_window_s: u64,
    /// Whether the broker refuses to delete and purge messages. It cannot be taken back. Default no.
    pub deny_delete: bool,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS_ALL.to_owned()],
            replicas: 1,
            duplicate_window_s: 120,
            deny_delete: false,
        }
    }
}

/// What was found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamReport {
    /// Whether it was made now.
    pub is_new: bool,
    /// Settings that a ledger can live with and an operator should know of.
    pub warnings: Vec<String>,
}

/// Why a stream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// It is there, but set up so that events would be lost.
    #[error("the stream {stream} cannot feed a ledger: {fault}")]
    Unfit {
        /// Which.
        stream: String,
        /// The setting, and what it must be.
        fault: String,
    },
    /// The broker did not answer, or refused.
    #[error("the broker did not {doing} the stream {stream}: {detail}")]
    Broker {
        /// What was asked.
        doing: &'static str,
        /// Of which stream.
        stream: String,
        /// Its answer.
        detail: String,
    },
}

/// Creates the stream if it is missing: in files, without limits, refusing nothing but what a full disk forces. Checks it
/// if it is there, and changes nothing of it.
///
/// # Errors
/// [`StreamError`].
pub async fn ensure_stream(connection: &NatsConnection, options: &StreamOptions) -> Result<StreamReport, StreamError> {
    let context = jetstream::new(connection.client().clone());
    let failed =
        |doing: &'static str, detail: String| StreamError::Broker { doing, stream: options.name.clone(), detail };
    match context.get_stream(&options.name).await {
        Ok(stream) => {
            let warnings = check(stream.cached_info(), options)?;
            for warning in &warnings {
                tracing::warn!(stream = options.name, "{warning}");
            }
            Ok(StreamReport { is_new: false, warnings })
        }
        Err(error) if is_missing(&error.kind()) => {
            context.create_stream(config(options)).await.map_err(|error| failed("create", error.to_string()))?;
            tracing::info!(stream = options.name, "created the stream");
            Ok(StreamReport { is_new: true, warnings: Vec::new() })
        }
        Err(error) => Err(failed("describe", error.to_string())),
    }
}

/// Whether the broker says that there is no such stream.
pub(crate) fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn config(options: &StreamOptions) -> Config {
    Config {
        name: options.name.clone(),
        subjects: options.subjects.clone(),
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: options.replicas,
        duplicate_window: Duration::from_secs(options.duplicate_window_s),
        deny_delete: options.deny_delete,
        deny_purge: options.deny_delete,
        allow_direct: true,
        description: Some("Events of the partner incentive ledger".to_owned()),
        ..Config::default()
    }
}

/// What loses events before they are read is an error; what may lose them one day is a warning, because intake notices.
fn check(info: &Info, options: &StreamOptions) -> Result<Vec<String>, StreamError> {
    let config = &info.config;
    let unfit = |fault: String| StreamError::Unfit { stream: options.name.clone(), fault };
    if config.retention != RetentionPolicy::Limits {
        let fault =
            format!("its retention is {:?}, which deletes what is acknowledged; it must be Limits", config.retention);
        return Err(unfit(fault));
    }
    if let Some(missing) = options.subjects.iter().find(|subject| !config.subjects.contains(subject)) {
        return Err(unfit(format!("it does not hold the subjects {missing}, only {}", config.subjects.join(", "))));
    }
    if config.no_ack {
        return Err(unfit("it does not acknowledge what is published (no_ack)".to_owned()));
    }
    let limits = [
        (config.storage == StorageType::Memory, "it is kept in memory: a restart of the broker loses it"),
        (!config.max_age.is_zero(), "it deletes messages by age"),
        (config.max_messages > 0 && config.discard == DiscardPolicy::Old, "it deletes messages by count"),
        (config.max_bytes > 0 && config.discard == DiscardPolicy::Old, "it deletes messages by size"),
        (config.max_messages_per_subject > 0, "it deletes messages by count per subject"),
        (config.allow_message_ttl, "it lets publishers say when a message is deleted"),
    ];
    Ok(limits.into_iter().filter(|(is_set, _)| *is_set).map(|(_, warning)| warning.to_owned()).collect())
}
