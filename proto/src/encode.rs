//! Envelopes out, as protobuf and as NDJSON. One envelope has one encoding.

use crate::{payload, view, wire};
use daybook_event::{Envelope, PartnerId};
use prost::Message;

/// The canonical protobuf form: fields in the order of their numbers, amounts as [`daybook_event::Amount`] prints them.
#[must_use]
pub fn encode(envelope: &Envelope) -> Vec<u8> {
    view::encode(envelope).unwrap_or_else(|| encode_any(envelope))
}

/// The same of every kind, through the structs of the wire.
pub(crate) fn encode_any(envelope: &Envelope) -> Vec<u8> {
    wire_of(envelope).encode_to_vec()
}

/// The NDJSON form, without a line break. Fields that are empty or zero are left out.
#[must_use]
pub fn encode_json(envelope: &Envelope) -> String {
    let mut line = Vec::new();
    encode_json_push(envelope, &mut line);
    String::from_utf8(line).unwrap_or_default()
}

/// Adds the NDJSON form to other text.
pub fn encode_json_push(envelope: &Envelope, out: &mut Vec<u8>) {
    if !view::encode_json(envelope, out) {
        out.extend_from_slice(encode_json_any(envelope).as_bytes());
    }
}

/// Adds the protobuf form behind its length in base 128: what files of events are made of.
pub fn encode_delimited_push(envelope: &Envelope, out: &mut Vec<u8>) {
    let bytes = encode(envelope);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(&bytes);
}

/// The same of every kind, through the generated mapping.
pub(crate) fn encode_json_any(envelope: &Envelope) -> String {
    // The generated mapping writes text, integers and base64 into memory: none of these can fail.
    serde_json::to_string(&wire_of(envelope)).unwrap_or_default()
}

fn wire_of(envelope: &Envelope) -> wire::Envelope {
    wire::Envelope {
        source: envelope.id.source.to_string(),
        event_id: envelope.id.event_id.to_string(),
        partner_id: envelope.partner_id.as_ref().map(PartnerId::to_string).unwrap_or_default(),
        effective_on: envelope.effective_on.to_string(),
        seq: envelope.seq,
        source_seq: envelope.source_seq,
        payload: Some(payload::write(&envelope.payload)),
    }
}
