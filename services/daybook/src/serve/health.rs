//! Where `/livez`, `/readyz` and `/metrics` answer.

use crate::failure::Failure;
use daybook_console::{Health, Sources};
use daybook_event::Position;
use daybook_intake::IntakeProgress;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Opens the door; the task ends with `stop`.
pub(super) async fn open(listen: &str, sources: Sources, stop: CancellationToken) -> Result<JoinHandle<()>, Failure> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::Input(format!("cannot listen on {listen}: {error}; choose another with --listen")))?;
    tracing::info!(listen = %listener.local_addr()?, "answering /livez, /readyz and /metrics");
    Ok(tokio::spawn(async move {
        if let Err(error) = daybook_console::serve(listener, sources, stop.cancelled_owned()).await {
            tracing::warn!(%error, "the HTTP door closed");
        }
    }))
}

/// The health of a ledger that follows a stream.
pub(super) fn of(progress: &IntakeProgress, projected: Position) -> Health {
    Health {
        is_following: progress.is_following,
        position: progress.position,
        projected,
        lag_messages: progress.stream_pending,
        lag_records: progress.position.number().saturating_sub(projected.number()),
    }
}
