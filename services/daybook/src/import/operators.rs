//! Acts of the ledger's operators among lines of a file.

use super::supersede::Place;
use crate::failure::Failure;
use daybook_event::{Envelope, Payload};

/// Refuses an act of the operators, or its reversal, that nobody asked for: in a file from elsewhere it would pass for
/// theirs. One that was asked for is refused if it corrects figures and names nobody who approved it. That is this door's
/// rule, not one of the wire: records that are there without it stay readable.
pub(super) fn check(envelope: &Envelope, place: &Place<'_>, is_asked_for: bool) -> Result<(), Failure> {
    let refused = |what: &str| {
        Err(Failure::Input(format!(
            "{}:{}: {} {what}; lines before it may be in, and the same again adds nothing twice",
            place.file, place.line, envelope.id
        )))
    };
    if !envelope.id.source.is_ledger() {
        return Ok(());
    }
    if !is_asked_for {
        return refused("is an act of the ledger's operators: leave it out, or give --operator-acts if it is theirs");
    }
    match &envelope.payload {
        Payload::ManualAdjustment(adjustment) if adjustment.approver.trim().is_empty() => {
            refused("is a correction by hand that nobody approved: name who did as its approver")
        }
        _ => Ok(()),
    }
}
