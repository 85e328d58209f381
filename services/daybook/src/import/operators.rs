//! Acts of the ledger's operators among lines of a file.

use super::supersede::Place;
use crate::failure::Failure;
use daybook_event::Envelope;

/// Refuses an act of the operators, or its reversal, that nobody asked for: in a file from elsewhere it would pass for
/// theirs.
pub(super) fn check(envelope: &Envelope, place: &Place<'_>, is_asked_for: bool) -> Result<(), Failure> {
    if is_asked_for || !envelope.id.source.is_ledger() {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{}:{}: {} is an act of the ledger's operators: leave it out, or give --operator-acts if it is theirs; lines before \
         it may be in, and the same again adds nothing twice",
        place.file, place.line, envelope.id
    )))
}
