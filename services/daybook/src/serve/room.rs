//! A file-bound ledger whose disk takes nothing: what clients are told, and how it comes back.

use super::writer::Told;
use daybook_store::{AppendError, Ledger};

/// What a client is told of a batch that was not appended. Nothing of it is durable that it could rely on: it sends it again.
pub(super) fn refused(error: &AppendError, told: &Told) -> String {
    let known = told.progress.borrow().disk_trouble.clone();
    let Some(what) = error.disk_trouble().map(|trouble| trouble.to_string()).or(known) else {
        return error.to_string();
    };
    if told.progress.borrow().disk_trouble.is_none() {
        tracing::error!("nothing is taken in: {what}; it goes on by itself then");
    }
    told.progress.send_modify(|progress| progress.disk_trouble = Some(what.clone()));
    format!("nothing is taken in: {what}, then do the same again: nothing is added twice")
}

/// Tries the ledger again.
pub(super) fn revive(ledger: &mut Ledger, told: &Told) {
    match ledger.revive() {
        Ok(()) => {
            let head = ledger.head();
            tracing::info!(position = %head.position, "the disk takes records again");
            // A commit whose outcome was not known may have been one.
            told.head.send_replace(head.position);
            told.progress.send_modify(|progress| {
                progress.disk_trouble = None;
                progress.position = head.position;
            });
        }
        Err(error) => tracing::debug!(%error, "the disk still takes nothing"),
    }
}
