//! A disk that takes nothing: nothing is asked of the stream, and the ledger is tried again until the disk takes it.

use super::{IntakeEnd, IntakeError};
use crate::progress::IntakeProgress;
use daybook_store::{AppendError, Ledger, OpenError};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The wait before the disk is tried again; it doubles up to the longest.
const TRY_PAUSE: Duration = Duration::from_millis(250);
const TRY_PAUSE_MAX: Duration = Duration::from_secs(15);

/// Waits until the disk takes the ledger again. Nothing was acknowledged that is not durable: the stream is read on from the
/// cursor. Without an `error` the ledger was stopped before this run: by a checkpoint, or in a run that was told to stop.
pub(super) async fn wait_for_room(
    mut ledger: Ledger,
    error: Option<&AppendError>,
    cancel: &CancellationToken,
    progress: &watch::Sender<IntakeProgress>,
) -> ControlFlow<IntakeEnd, Ledger> {
    let known = || progress.borrow().disk_trouble.clone();
    let what = match error {
        Some(error) => error.disk_trouble().map_or_else(|| error.to_string(), |trouble| trouble.to_string()),
        None => known().unwrap_or_else(|| "a write to the ledger failed: look at its disk".to_owned()),
    };
    tracing::error!(position = %ledger.head().position, "nothing is taken in: {what}; it goes on by itself then");
    progress.send_modify(|progress| progress.disk_trouble = Some(what));
    let mut pause = TRY_PAUSE;
    loop {
        tokio::select! {
            () = cancel.cancelled() => {
                return ControlFlow::Break(IntakeEnd { ledger: Some(ledger), result: Ok(progress.borrow().clone()) });
            }
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(TRY_PAUSE_MAX);
        let tried = tokio::task::spawn_blocking(move || {
            let revived = ledger.revive();
            (ledger, revived)
        });
        let Ok((back, revived)) = tried.await else {
            let died = IntakeError::Writer("died".to_owned());
            return ControlFlow::Break(IntakeEnd { ledger: None, result: Err(died) });
        };
        ledger = back;
        match revived {
            Ok(()) => break,
            Err(error) if is_waited_out(&error) => tracing::debug!(%error, "the disk still takes nothing"),
            Err(error) => {
                let result = Err(IntakeError::Revive(error));
                return ControlFlow::Break(IntakeEnd { ledger: Some(ledger), result });
            }
        }
    }
    let head = ledger.head();
    progress.send_modify(|progress| {
        progress.disk_trouble = None;
        progress.at_head(&head);
    });
    tracing::info!(position = %head.position, "the disk takes records again: going on from the cursor");
    ControlFlow::Continue(ledger)
}

/// Whether to try again: the disk still takes nothing, or a reader that sets the file right holds it for a moment.
fn is_waited_out(error: &OpenError) -> bool {
    error.disk_trouble().is_some() || matches!(error, OpenError::Locked { .. })
}
