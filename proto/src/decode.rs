//! Bytes and lines in, valid envelopes out.

use crate::fault::{Checked, DecodeFault};
use crate::limits::{ENVELOPE_BYTES_MAX, LINE_BYTES_MAX};
use crate::view::View;
use crate::{encode, field, payload, wire};
use daybook_event::{Envelope, EventId, EventRef, PartnerId, Payload, PayloadKind, SourceId, printable};
use prost::Message;

/// Reads one protobuf envelope. Fields that this version does not know are passed over: the bytes as received are what
/// is stored.
///
/// # Errors
/// [`DecodeFault`] when the bytes are no envelope, or a field does not hold what it must.
pub fn decode(bytes: &[u8]) -> Result<Envelope, DecodeFault> {
    View::of(bytes).and_then(|view| view.envelope()).map_or_else(|| decode_any(bytes), Ok)
}

/// Reads protobuf of every form: the authority on what is an envelope, and on what is wrong with what is none. [`decode`]
/// answers the same, sooner.
///
/// # Errors
/// [`DecodeFault`], as for [`decode`].
pub fn decode_any(bytes: &[u8]) -> Result<Envelope, DecodeFault> {
    size_check(bytes.len(), ENVELOPE_BYTES_MAX)?;
    let wire = wire::Envelope::decode(bytes).map_err(|error| undecodable(&error))?;
    envelope(wire)
}

/// Reads one NDJSON line: the proto3 JSON mapping with the proto's own names. A key that it does not know is an error.
///
/// # Errors
/// [`DecodeFault`] when the line is no envelope, or a field does not hold what it must.
pub fn decode_json(line: &str) -> Result<Envelope, DecodeFault> {
    View::of_json(line).and_then(|view| view.envelope()).map_or_else(|| decode_json_any(line), Ok)
}

/// Reads lines of every form: the same authority for them.
///
/// # Errors
/// [`DecodeFault`], as for [`decode_json`].
pub fn decode_json_any(line: &str) -> Result<Envelope, DecodeFault> {
    size_check(line.len(), LINE_BYTES_MAX)?;
    let wire: wire::Envelope = serde_json::from_str(line).map_err(|error| undecodable(&error))?;
    let envelope = envelope(wire)?;
    // A short line cannot make an envelope that is too large: only then is the second encoding worth its time.
    if line.len() > ENVELOPE_BYTES_MAX / 2 {
        size_check(encode(&envelope).len(), ENVELOPE_BYTES_MAX)?;
    }
    Ok(envelope)
}

fn undecodable(error: &dyn std::fmt::Display) -> DecodeFault {
    // The reader quotes what it stumbled over, such as the name of a key.
    DecodeFault::Undecodable { detail: printable(&error.to_string()) }
}

fn size_check(bytes: usize, bytes_max: usize) -> Checked<()> {
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(DecodeFault::Undecodable { detail: format!("has {bytes} bytes; at most {bytes_max} may stand") })
}

fn envelope(wire: wire::Envelope) -> Checked<Envelope> {
    let id = EventRef {
        source: field::id("source", &wire.source, SourceId::parse)?,
        event_id: field::id("event_id", &wire.event_id, EventId::parse)?,
    };
    let partner_id = field::id_optional("partner_id", &wire.partner_id, PartnerId::parse)?;
    let effective_on = field::date("effective_on", &wire.effective_on)?;
    let payload = payload::read(wire.payload.ok_or_else(payload_missing)?)?;
    let envelope = Envelope { id, partner_id, effective_on, seq: wire.seq, source_seq: wire.source_seq, payload };
    writer_check(&envelope)?;
    partner_check(&envelope)?;
    Ok(envelope)
}

fn payload_missing() -> DecodeFault {
    let names: Vec<&str> = PayloadKind::ALL.iter().map(|(_, name)| *name).collect();
    DecodeFault::invalid("payload", format!("is missing: none of {} is there", names.join(", ")))
}

/// The operators' source writes the operators' acts, and reversals of them; nobody else does.
fn writer_check(envelope: &Envelope) -> Checked<()> {
    let kind = envelope.payload.kind();
    let by_ledger = envelope.id.source.is_ledger();
    if by_ledger && !kind.is_ledger_act() && kind != PayloadKind::Reversal {
        let fault = format!("'ledger' is reserved for operators' acts; a {} comes from its publisher", kind.as_str());
        return Err(DecodeFault::invalid("source", fault));
    }
    if !by_ledger && kind.is_ledger_act() {
        let fault = format!("a {} comes only from the source 'ledger'", kind.as_str());
        return Err(DecodeFault::invalid("source", fault));
    }
    Ok(())
}

/// A fact is a partner's or of no partner by its kind; a reversal follows the event that it names.
fn partner_check(envelope: &Envelope) -> Checked<()> {
    let kind = envelope.payload.kind();
    let Some(partner_id) = &envelope.partner_id else {
        if kind.is_of_no_partner() || kind == PayloadKind::Reversal {
            return Ok(());
        }
        return Err(DecodeFault::invalid("partner_id", format!("is missing: a {} is a partner's fact", kind.as_str())));
    };
    if kind.is_of_no_partner() {
        let fault = format!("must be empty: a {} is a fact of no partner", kind.as_str());
        return Err(DecodeFault::invalid("partner_id", fault));
    }
    match &envelope.payload {
        Payload::PinnedStatement(statement) if statement.partner_id != *partner_id => Err(DecodeFault::invalid(
            "pinned_statement.partner_id",
            format!("is {}, but the envelope's is {partner_id}", statement.partner_id),
        )),
        _ => Ok(()),
    }
}
