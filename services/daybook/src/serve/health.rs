//! The HTTP door of `serve`.

use super::config::Config;
use super::desk::Verbs;
use super::figures::Measured;
use super::tokens;
use crate::failure::Failure;
use daybook_console::Health;
use daybook_console::http::{Api, Sources};
use daybook_event::Position;
use daybook_intake::IntakeProgress;
use daybook_store::LedgerReader;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long answers under way may still take when the service stops.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// Opens the door; the task ends with `stop`.
pub(super) async fn open(
    config: &Config,
    ledger: LedgerReader,
    health: watch::Receiver<Health>,
    measured: Measured,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Failure> {
    let listen = &config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::Input(format!("cannot listen on {listen}: {error}; choose another with --listen")))?;
    let address = listener.local_addr()?;
    if config.tokens.is_none() && !address.ip().is_loopback() {
        return Err(Failure::Input(format!(
            "the door on {listen} can be reached from other machines and has no tokens: name a file of tokens with --tokens \
             (daybook token new makes one), or listen on 127.0.0.1"
        )));
    }
    let api = match &config.tokens {
        None => None,
        Some(file) => {
            let tokens = tokens::follow(file.clone(), stop.clone())?;
            Some(Api { tokens, desk: Arc::new(Verbs::new(config, ledger)?) })
        }
    };
    tracing::info!(has_tokens = api.is_some(), listen = %address, "the HTTP door is open");
    let sources = Sources { health, measure: Arc::new(measured), api, limits: config.http_limits };
    let stopped = stop.clone().cancelled_owned();
    Ok(tokio::spawn(async move {
        let end = tokio::select! {
            end = daybook_console::http::serve(listener, sources, stop.cancelled_owned()) => end,
            // Whoever still computes then is ended: nobody waits a minute for a query to stop a service.
            () = async { stopped.await; tokio::time::sleep(STOP_PATIENCE).await } => Ok(()),
        };
        if let Err(error) = end {
            tracing::warn!(%error, "the HTTP door closed");
        }
    }))
}

/// The health of a ledger that follows a stream.
pub(super) fn of(progress: &IntakeProgress, projected: Position) -> Health {
    Health {
        is_following: progress.is_following,
        has_disk_trouble: progress.disk_trouble.is_some(),
        position: progress.position,
        projected,
        lag_messages: progress.stream_pending,
        lag_records: progress.position.number().saturating_sub(projected.number()),
    }
}
