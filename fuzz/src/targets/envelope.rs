//! Envelopes, from protobuf and from a line of JSON.

use super::message;
use daybook_event::{Envelope, Instant};
use daybook_intake::classify;
use daybook_proto::{
    DecodeFault, View, content_hash, decode, decode_any, decode_json, decode_json_any, encode, encode_json,
    nats_msg_id, peek_head, peek_id, peek_partner, peek_source, subject_agrees, subject_of, subject_parse,
};
use daybook_store::{Incoming, Origin};

pub(super) fn protobuf(bytes: &[u8]) {
    let read = decode(bytes);
    assert_eq!(read, decode_any(bytes), "the quick way and the long way");
    if let (Some(view), Ok(envelope)) = (View::of(bytes), &read) {
        view_check(&view, envelope);
    }
    let judged = || classify(bytes.to_vec(), Instant::from_micros(0), Origin::default());
    assert_eq!(judged(), judged(), "the same bytes are judged twice in two ways");
    match (&read, judged()) {
        (Ok(envelope), Incoming::Event { id, .. }) => {
            assert_eq!(peek_id(bytes).as_ref(), Some(&envelope.id), "the name is read past the payload");
            assert_eq!(peek_partner(bytes), envelope.partner_id, "the partner is read past the payload");
            assert_eq!(peek_source(bytes).as_ref(), Some(&envelope.id.source), "the source is read past the payload");
            head_check(bytes, envelope);
            assert_eq!(id, envelope.id);
            valid(envelope);
        }
        (Err(fault), Incoming::Faulty { reason, .. }) => {
            fault_check(fault);
            message::check(&reason.detail());
        }
        (read, judged) => panic!("decoded as {read:?}, judged as {judged:?}"),
    }
}

pub(super) fn line(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = decode_json(text);
    assert_eq!(read, decode_json_any(text), "the quick way and the long way");
    match read {
        Ok(envelope) => {
            if let Some(view) = View::of_json(text) {
                view_check(&view, &envelope);
            }
            valid(&envelope);
            // What else may stand before an object, the importer has taken off.
            head_check(text.trim_start().as_bytes(), &envelope);
        }
        Err(fault) => fault_check(&fault),
    }
}

/// What is read in place says what the envelope says.
fn view_check(view: &View<'_>, envelope: &Envelope) {
    assert_eq!(view.envelope().as_ref(), Some(envelope));
    assert_eq!(view.canonical(), encode(envelope), "the canonical form");
    assert_eq!(view.content_hash(), content_hash(envelope), "the content");
    assert_eq!(view.kind(), envelope.payload.kind());
}

/// The head says of itself what is read of the whole.
fn head_check(bytes: &[u8], envelope: &Envelope) {
    let head = peek_head(bytes);
    assert_eq!(head.id().as_ref(), Some(&envelope.id), "the name of the head");
    assert_eq!(head.partner_id, envelope.partner_id, "the partner of the head");
    assert_eq!(head.effective_on, Some(envelope.effective_on), "the date of the head");
    assert_eq!(head.source_seq, envelope.source_seq, "the count of the head");
}

/// What holds for every envelope that was let in.
pub(super) fn valid(envelope: &Envelope) {
    let canonical = encode(envelope);
    assert_eq!(decode(&canonical).as_ref(), Ok(envelope), "protobuf loses something");
    let line = encode_json(envelope);
    assert_eq!(decode_json(&line).as_ref(), Ok(envelope), "JSON loses something: {line}");
    // The envelope that came back hashes alike, or a resend would be a conflict.
    let again = decode_json(&line).expect("just read");
    assert_eq!(content_hash(&again), content_hash(envelope));
    assert_eq!(encode(&again), canonical, "two canonical forms");
    assert!(nats_msg_id(envelope).is_ascii());
    let subject = subject_of(envelope);
    assert_eq!(subject_agrees(&subject, envelope), Ok(()));
    let parsed = subject_parse(&subject).expect("a subject of ours");
    assert_eq!((&parsed.source, &parsed.partner_id), (&envelope.id.source, &envelope.partner_id));
    assert_eq!(parsed.kind, envelope.payload.kind());
}

fn fault_check(fault: &DecodeFault) {
    message::check(fault);
    if let DecodeFault::Invalid { field, .. } = fault {
        assert!(!field.is_empty(), "a fault of no field");
    }
}
