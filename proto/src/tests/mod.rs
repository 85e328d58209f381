//! What the border lets in, what it keeps out, and that the way there and back loses nothing.

mod content;
mod faults;
mod reading;
mod round_trip;

use crate::{DecodeFault, decode_json};

/// A line in which `{}` stands for the fields after the envelope's own.
pub(crate) fn of_partner(rest: &str) -> String {
    format!(r#"{{"source":"contoso","event_id":"e-1","partner_id":"P-1","effective_on":"2022-01-10",{rest}}}"#)
}

/// A fact of no partner.
pub(crate) fn of_no_partner(rest: &str) -> String {
    format!(r#"{{"source":"contoso","event_id":"e-1","effective_on":"2022-01-10",{rest}}}"#)
}

/// An operator's act.
pub(crate) fn of_ledger(rest: &str) -> String {
    format!(r#"{{"source":"ledger","event_id":"e-1","effective_on":"2022-01-10",{rest}}}"#)
}

/// The field and the fault that a line is refused for.
pub(crate) fn refused(line: &str) -> (String, String) {
    match decode_json(line) {
        Err(DecodeFault::Invalid { field, fault }) => (field, fault),
        other => panic!("{line}: {other:?}"),
    }
}
