//! Envelopes out, as protobuf and as NDJSON. One envelope has one encoding.

use crate::{payload, wire};
use daybook_event::{Envelope, PartnerId};
use prost::Message;

/// The canonical protobuf form: fields in the order of their numbers, amounts as [`daybook_event::Amount`] prints them.
#[must_use]
pub fn encode(envelope: &Envelope) -> Vec<u8> {
    wire_of(envelope).encode_to_vec()
}

/// The NDJSON form, without a line break. Fields that are empty or zero are left out.
#[must_use]
pub fn encode_json(envelope: &Envelope) -> String {
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
