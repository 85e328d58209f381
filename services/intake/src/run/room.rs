//! A disk that takes nothing: nothing is asked of the stream, and the ledger is tried again until the disk takes it.

use super::IntakeError;
use crate::progress::IntakeProgress;
use daybook_store::{AppendError, Ledger, OpenError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The wait before the disk is tried again; it doubles up to the longest.
const TRY_PAUSE: Duration = Duration::from_millis(250);
const TRY_PAUSE_MAX: Duration = Duration::from_secs(15);

/// How the wait ended.
pub(super) enum Room {
    /// The ledger takes appends again.
    Made(Ledger),
    /// Told to stop, or it makes no sense to go on.
    Ended(Option<Ledger>, Result<(), IntakeError>),
}

/// Waits until the disk takes the ledger again. Nothing was acknowledged that is not durable: the stream is read on from the
/// cursor.
pub(super) async fn wait_for_room(
    mut ledger: Ledger,
    error: &AppendError,
    cancel: &CancellationToken,
    progress: &watch::Sender<IntakeProgress>,
) -> Room {
    let what = error.disk_trouble().map_or_else(|| error.to_string(), |trouble| trouble.to_string());
    tracing::error!(position = %ledger.head().position, "nothing is taken in: {what}; it goes on by itself then");
    progress.send_modify(|progress| progress.disk_trouble = Some(what));
    let mut pause = TRY_PAUSE;
    loop {
        tokio::select! {
            () = cancel.cancelled() => return Room::Ended(Some(ledger), Ok(())),
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(TRY_PAUSE_MAX);
        let tried = tokio::task::spawn_blocking(move || {
            let revived = ledger.revive();
            (ledger, revived)
        });
        let Ok((back, revived)) = tried.await else {
            return Room::Ended(None, Err(IntakeError::Writer("died".to_owned())));
        };
        ledger = back;
        match revived {
            Ok(()) => break,
            Err(error) if is_waited_out(&error) => tracing::debug!(%error, "the disk still takes nothing"),
            Err(error) => return Room::Ended(Some(ledger), Err(IntakeError::Revive(error))),
        }
    }
    let head = ledger.head();
    progress.send_modify(|progress| {
        progress.disk_trouble = None;
        progress.at_head(&head);
    });
    tracing::info!(position = %head.position, "the disk takes records again: going on from the cursor");
    Room::Made(ledger)
}

/// Whether to try again: the disk still takes nothing, or a reader that sets the file right holds it for a moment.
fn is_waited_out(error: &OpenError) -> bool {
    error.disk_trouble().is_some() || matches!(error, OpenError::Locked { .. })
}
