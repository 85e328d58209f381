//! What bytes say of themselves that may otherwise be invalid: names quarantine entries, and finds whom they concern.

use crate::view::{head_partner, head_source};
use daybook_event::{EventId, EventRef, NaiveDate, PartnerId, SourceId, date_parse};
use prost::Message;
use serde::Deserialize;

/// The source and id of bytes that may otherwise be invalid: names a quarantine entry. Reads past the payload.
#[must_use]
pub fn peek_id(bytes: &[u8]) -> Option<EventRef> {
    let head = Head::decode(bytes).ok()?;
    Some(EventRef { source: SourceId::parse(&head.source).ok()?, event_id: EventId::parse(&head.event_id).ok()? })
}

/// The first two fields of an envelope; the decoder skips the others without keeping them.
#[derive(Clone, PartialEq, prost::Message)]
struct Head {
    #[prost(string, tag = "1")]
    source: String,
    #[prost(string, tag = "2")]
    event_id: String,
}

/// The partner that an envelope is about, without reading its payload; none for facts of no partner, and for bytes whose
/// head cannot be read. For passes that need only some partners: whatever is kept still goes through [`crate::decode`].
#[must_use]
pub fn peek_partner(bytes: &[u8]) -> Option<PartnerId> {
    head_partner(bytes)
        .unwrap_or_else(|| AboutPartner::decode(bytes).ok().and_then(|about| PartnerId::parse(&about.partner_id).ok()))
}

/// The field that names the partner; the decoder skips the others without keeping them.
#[derive(Clone, PartialEq, prost::Message)]
struct AboutPartner {
    #[prost(string, tag = "3")]
    partner_id: String,
}

/// The source alone: for passes that need only some sources.
#[must_use]
pub fn peek_source(bytes: &[u8]) -> Option<SourceId> {
    head_source(bytes).unwrap_or_else(|| BySource::decode(bytes).ok().and_then(|by| SourceId::parse(&by.source).ok()))
}

/// The field that names the source; the decoder skips the others without keeping them.
#[derive(Clone, PartialEq, prost::Message)]
struct BySource {
    #[prost(string, tag = "1")]
    source: String,
}

/// What the head of an envelope says, as far as it can be read. Each field stands for itself: the envelope may be wrong in
/// any other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeekedHead {
    /// Who publishes it.
    pub source: Option<SourceId>,
    /// Its id there.
    pub event_id: Option<EventId>,
    /// The partner that it is about.
    pub partner_id: Option<PartnerId>,
    /// The date for which it counts.
    pub effective_on: Option<NaiveDate>,
    /// The source's own count.
    pub source_seq: Option<u64>,
}

impl PeekedHead {
    /// The event that it claims to be, where both parts of the name can be read.
    #[must_use]
    pub fn id(&self) -> Option<EventRef> {
        Some(EventRef { source: self.source.clone()?, event_id: self.event_id.clone()? })
    }
}

/// The head of an envelope that may otherwise be invalid, of a protobuf envelope or of an NDJSON line.
#[must_use]
pub fn peek_head(bytes: &[u8]) -> PeekedHead {
    // No protobuf envelope begins like a JSON object: that byte opens a group, which no field of it is.
    let fields = if bytes.first() == Some(&b'{') {
        serde_json::from_slice(bytes).unwrap_or_default()
    } else {
        Fields::decode(bytes).unwrap_or_default()
    };
    PeekedHead {
        source: SourceId::parse(&fields.source).ok(),
        event_id: EventId::parse(&fields.event_id).ok(),
        partner_id: PartnerId::parse(&fields.partner_id).ok(),
        effective_on: date_parse(&fields.effective_on),
        source_seq: fields.source_seq,
    }
}

/// The fields of an envelope's head, in either form; the JSON form has two spellings of each name. A line whose head has another type in one of them says nothing.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
struct Fields {
    #[prost(string, tag = "1")]
    source: String,
    #[prost(string, tag = "2")]
    #[serde(alias = "eventId")]
    event_id: String,
    #[prost(string, tag = "3")]
    #[serde(alias = "partnerId")]
    partner_id: String,
    #[prost(string, tag = "4")]
    #[serde(alias = "effectiveOn")]
    effective_on: String,
    #[prost(uint64, optional, tag = "6")]
    #[serde(alias = "sourceSeq", deserialize_with = "count_read")]
    source_seq: Option<u64>,
}

/// A count is a number or text, as everywhere in the JSON form.
fn count_read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, decode_json, encode};
    use proptest::prelude::*;

    const BAD_AMOUNT: &str = r#"{"source":"contoso","event_id":"s-1","partner_id":"P-AT","effective_on":"2022-01-10","source_seq":"41","license_sale":{"customer_id":"C-1","amount":"12,50","currency":"USD","charge_type":"new"}}"#;

    #[test]
    fn a_line_with_a_bad_field_still_says_whose_it_is() {
        assert!(decode_json(BAD_AMOUNT).is_err());
        let head = peek_head(BAD_AMOUNT.as_bytes());
        assert_eq!(head.id().unwrap().to_string(), "contoso/s-1");
        assert_eq!(head.partner_id.unwrap().as_str(), "P-AT");
        assert_eq!((head.effective_on, head.source_seq), (date_parse("2022-01-10"), Some(41)));
    }

    #[test]
    fn a_line_in_the_other_spelling_says_it_too() {
        let camel = [("event_id", "eventId"), ("partner_id", "partnerId"), ("effective_on", "effectiveOn")];
        let line = camel.iter().fold(BAD_AMOUNT.replace("source_seq", "sourceSeq"), |line, (a, b)| line.replace(a, b));
        assert_eq!(peek_head(line.as_bytes()), peek_head(BAD_AMOUNT.as_bytes()));
    }

    #[test]
    fn each_field_stands_for_itself() {
        let head =
            peek_head(br#"{"source":"con toso","event_id":"s-1","partner_id":"P-AT","effective_on":"2022-02-30"}"#);
        assert_eq!((head.source, head.effective_on), (None, None));
        assert_eq!(head.partner_id.unwrap().as_str(), "P-AT");
        assert_eq!(peek_head(b"{\"source\":"), PeekedHead::default());
        assert_eq!(peek_head(b"\xff\x00"), PeekedHead::default());
    }

    proptest! {
        #[test]
        fn the_head_of_a_valid_envelope_is_its_own(envelope in crate::arbitrary::envelope()) {
            let bytes = encode(&envelope);
            let envelope = decode(&bytes).unwrap();
            let head = peek_head(&bytes);
            prop_assert_eq!(head.id(), Some(envelope.id.clone()));
            prop_assert_eq!(peek_source(&bytes), Some(envelope.id.source));
            prop_assert_eq!(head.partner_id, envelope.partner_id);
            prop_assert_eq!(head.effective_on, Some(envelope.effective_on));
            prop_assert_eq!(head.source_seq, envelope.source_seq);
        }

        #[test]
        fn any_bytes_are_peeked_at_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let head = peek_head(&bytes);
            prop_assert_eq!(head, peek_head(&bytes));
        }
    }
}
