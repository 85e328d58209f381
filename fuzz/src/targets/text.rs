//! Single values and subjects.

use super::message;
use daybook_event::{Amount, Currency, EventId, ExchangeRate, Instant, Month, PartnerId, SourceId, date_parse};
use daybook_proto::subject_parse;
use std::fmt::{Debug, Display};

/// A value that was read is written so that it reads the same.
pub(super) fn values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A field of an envelope has at most this many bytes before it is looked at.
    let short = text.len() <= daybook_proto::limits::NUMBER_BYTES_MAX;
    if short {
        same(text, Amount::parse);
        same(text, ExchangeRate::parse);
        same(text, Currency::parse);
        same(text, |text| Month::parse(text).ok_or("no month"));
        same(text, |text| date_parse(text).ok_or("no date"));
    }
    same(text, SourceId::parse);
    same(text, PartnerId::parse);
    same(text, EventId::parse);
    if let Some(instant) = Instant::parse(text) {
        assert_eq!(Instant::parse(&instant.to_string()), Some(instant), "{text:?} reads as {instant}");
    }
}

fn same<T: Debug + Display + PartialEq, E: Display + Debug>(text: &str, parse: impl Fn(&str) -> Result<T, E>) {
    match parse(text) {
        Ok(value) => {
            let written = value.to_string();
            let again = parse(&written).unwrap_or_else(|error| panic!("{text:?} is written {written:?}: {error}"));
            assert_eq!(again, value, "{text:?} is written {written:?}");
        }
        Err(error) => message::check(&error),
    }
}

/// Longest subject, in bytes: far more than two ids and a kind take, and the message quotes it.
const SUBJECT_BYTES_MAX: usize = 256;

pub(super) fn subject(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > SUBJECT_BYTES_MAX {
        return;
    }
    match subject_parse(text) {
        Ok(subject) => {
            // A `.` in an id is written `~`, and `~` is in no id: so a subject names one envelope's place only.
            let token = |id: &str| id.replace('.', "~");
            let partner = subject.partner_id.as_ref().map_or("_".to_owned(), |id| token(id.as_str()));
            let written = format!("csp.events.{}.{partner}.{}", token(subject.source.as_str()), subject.kind.as_str());
            assert_eq!(written, text);
        }
        Err(error) => message::check(&error),
    }
}
