//! Envelopes read in place: nothing of the bytes is copied, and nothing is allocated.
//!
//! A view is made of the common form only: the kinds that are nearly all of a ledger, spelled as encoders spell them. What
//! it takes, [`crate::decode`] takes and reads alike, which the tests hold against each other; what it does not take goes
//! the long way through that, which also says what is wrong. So there is one authority, and a quick way past it.

mod json;
mod lines;
mod of_envelope;
mod owned;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod wire;
mod write;
mod write_json;

pub use lines::{ChangeView, SaleView};
pub(crate) use of_envelope::{encode, encode_json};

use crate::content::content_hash_of;
use crate::limits::ENVELOPE_BYTES_MAX;
use daybook_event::{EventId, EventRef, NaiveDate, PartnerId, PayloadKind, SourceId, date_parse, id_check};
use schema::{FIELDS_MAX, Message};
use std::borrow::Cow;
use value::Value;

/// The envelope's own fields; what is absent is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Head<'a> {
    source: &'a str,
    event_id: &'a str,
    partner_id: &'a str,
    effective_on: &'a str,
    seq: u32,
    source_seq: Option<u64>,
}

/// A payload's fields, by number less one.
type Fields<'a> = [Value<'a>; FIELDS_MAX];

/// A valid envelope of the common form.
#[derive(Clone)]
pub struct View<'a> {
    head: Head<'a>,
    effective_on: NaiveDate,
    message: &'static Message,
    fields: Fields<'a>,
    /// The bytes that it was read from, where they are its canonical form.
    canonical: Option<&'a [u8]>,
}

impl<'a> View<'a> {
    /// Reads protobuf; none where the bytes are not of the common form, or no valid envelope at all.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return None;
        }
        let mut view = Self::empty();
        let (number, payload) = wire::head(bytes, &mut view.head)?;
        let (message, is_canonical) = wire::payload(number, payload, &mut view.fields)?;
        view.message = message;
        view.canonical = is_canonical.then_some(bytes);
        view.check()?;
        Some(view)
    }

    /// Reads an NDJSON line; none where it is not of the common form, or no valid envelope at all.
    #[must_use]
    pub fn of_json(line: &'a str) -> Option<Self> {
        let mut view = Self::empty();
        view.message = json::read(line, &mut view.head, &mut view.fields)?;
        view.check()?;
        Some(view)
    }

    /// What is read into.
    fn empty() -> Self {
        Self {
            head: Head::default(),
            effective_on: NaiveDate::MIN,
            message: &schema::MESSAGES[0],
            fields: Fields::default(),
            canonical: None,
        }
    }

    /// What concerns more than one field; none where something is wrong with it.
    fn check(&mut self) -> Option<()> {
        let Self { head, message, fields, .. } = &*self;
        let is_valid = |id: &str| id_check(id).is_ok();
        let effective_on = value::date(head.effective_on)?;
        // The operators' own source has rules of its own, which the long way knows.
        if !is_valid(head.source) || !is_valid(head.event_id) || head.source == SourceId::LEDGER {
            return None;
        }
        let is_of_partner = !head.partner_id.is_empty();
        if is_of_partner && !is_valid(head.partner_id) {
            return None;
        }
        let is_placed = match message.kind {
            PayloadKind::Reversal => true,
            kind => kind.is_of_no_partner() != is_of_partner,
        };
        let is_whole = match message.kind {
            // A claim's amount has a currency, and a standing is a word or a number.
            PayloadKind::CoopClaim => fields[5] == Value::Absent || fields[6] != Value::Absent,
            PayloadKind::PartnerStanding => (fields[1] == Value::Absent) != (fields[2] == Value::Absent),
            _ => true,
        };
        self.effective_on = effective_on;
        (is_placed && is_whole).then_some(())
    }

    /// Who publishes.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.head.source
    }

    /// The id within the source.
    #[must_use]
    pub fn event_id(&self) -> &'a str {
        self.head.event_id
    }

    /// The partner; none for facts of no partner.
    #[must_use]
    pub fn partner_id(&self) -> Option<&'a str> {
        Some(self.head.partner_id).filter(|id| !id.is_empty())
    }

    /// The business date.
    #[must_use]
    pub fn effective_on(&self) -> NaiveDate {
        self.effective_on
    }

    /// Orders facts of one date.
    #[must_use]
    pub fn seq(&self) -> u32 {
        self.head.seq
    }

    /// The source's dense count.
    #[must_use]
    pub fn source_seq(&self) -> Option<u64> {
        self.head.source_seq
    }

    /// The payload's kind.
    #[must_use]
    pub fn kind(&self) -> PayloadKind {
        self.message.kind
    }

    /// The canonical form: what [`crate::encode`] writes of the same envelope. Copies nothing where it was read from that.
    #[must_use]
    pub fn canonical(&self) -> Cow<'a, [u8]> {
        self.canonical.map_or_else(|| Cow::Owned(write::write(&self.head, self.message, &self.fields)), Cow::Borrowed)
    }

    /// What [`crate::content_hash`] is of the same envelope.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        content_hash_of(&self.canonical())
    }

    /// The idempotency key, as a value of its own.
    #[must_use]
    pub fn id(&self) -> Option<EventRef> {
        let source = SourceId::parse(self.head.source).ok()?;
        Some(EventRef { source, event_id: EventId::parse(self.head.event_id).ok()? })
    }

    fn text(&self, number: usize) -> &'a str {
        match self.fields[number - 1] {
            Value::Text(text) => text,
            _ => "",
        }
    }

    fn int(&self, number: usize) -> i32 {
        match self.fields[number - 1] {
            Value::Int(int) => int,
            _ => 0,
        }
    }

    fn date(&self, number: usize) -> Option<NaiveDate> {
        date_parse(self.text(number))
    }
}

/// The partner in the head of protobuf bytes whose payload nobody looks at; none where they are not of the common form.
pub(crate) fn head_partner(bytes: &[u8]) -> Option<Option<PartnerId>> {
    let mut head = Head::default();
    wire::head(bytes, &mut head)?;
    Some(PartnerId::parse(head.partner_id).ok())
}

/// The same for the source.
pub(crate) fn head_source(bytes: &[u8]) -> Option<Option<SourceId>> {
    let mut head = Head::default();
    wire::head(bytes, &mut head)?;
    Some(SourceId::parse(head.source).ok())
}
