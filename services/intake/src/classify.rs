//! Bytes in, an input for the ledger out. Pure: what is appended and what is quarantined depends on the bytes and the
//! subject alone, so that every ledger that reads the same stream holds the same records.

use daybook_event::{Amount, Currency, Envelope, Instant, Payload, QuarantineVerdict};
use daybook_proto::{
    DecodeFault, ENVELOPE_BYTES_MAX, View, content_hash, content_hash_of, decode, encode, peek_id, subject_agrees,
    subject_is_of,
};
use daybook_store::{
    ContentHash, Decision, Identified, Incoming, Origin, PAYLOAD_BYTES_MAX, QuarantineReason, Verdict,
};
use sha2::{Digest, Sha256};

/// The number of the rules in this file and in `daybook_proto`'s limits. A ledger stores the number that it was built
/// with; whoever changes what is appended or quarantined raises it. Since 2 the ledger acts on decisions about quarantine
/// entries.
pub const INTAKE_SEMANTICS: u32 = 2;
/// The first number that this build still follows: what it appends and quarantines is the same but for those decisions, and
/// whether they act is up to the ledger, by the number stored in it.
pub const INTAKE_SEMANTICS_FOLLOWED_MIN: u32 = 1;

/// How much of an input that is too large is kept with its quarantine entry. The entry's detail has the whole input's size
/// and hash.
pub const INPUT_BYTES_KEPT_MAX: usize = PAYLOAD_BYTES_MAX;

/// Decides what an input is: an event to append, or faulty with its reason. The subject, where the origin has one, must
/// agree with the envelope.
#[must_use]
pub fn classify(bytes: Vec<u8>, recorded_at: Instant, origin: Origin) -> Incoming {
    match read(&bytes, origin.subject.as_deref()) {
        Ok(Identified { id, content_hash, decision }) => {
            Incoming::Event { id, content_hash, recorded_at, envelope: bytes, origin, decision }
        }
        Err(reason) => {
            let id = peek_id(&bytes);
            Incoming::Faulty { reason, id, recorded_at, origin, bytes: kept(bytes) }
        }
    }
}

/// The same for an event that an importer has read: it is judged by the bytes that would be stored, like any other.
#[must_use]
pub fn classify_envelope(envelope: &Envelope, recorded_at: Instant, origin: Origin) -> Incoming {
    classify(encode(envelope), recorded_at, origin)
}

/// What an event bills, for reports.
pub(crate) type Billed = Option<(Amount, Currency)>;

/// The same for an NDJSON line of the common form; none for any other.
pub(crate) fn classify_line(
    line: &str,
    recorded_at: Instant,
    origin: impl FnOnce() -> Origin,
) -> Option<(Incoming, Billed)> {
    let view = View::of_json(line)?;
    let envelope = view.canonical().into_owned();
    let content_hash = ContentHash::of_digest(&content_hash_of(&envelope));
    event(&view, content_hash, recorded_at, envelope, origin())
}

/// The same for a protobuf message of a file.
pub(crate) fn classify_message(
    bytes: &[u8],
    recorded_at: Instant,
    origin: impl FnOnce() -> Origin,
) -> Option<(Incoming, Billed)> {
    let view = View::of(bytes)?;
    event(&view, ContentHash::of_digest(&view.content_hash()), recorded_at, bytes.to_vec(), origin())
}

fn event(
    view: &View<'_>,
    content_hash: ContentHash,
    recorded_at: Instant,
    envelope: Vec<u8>,
    origin: Origin,
) -> Option<(Incoming, Billed)> {
    let incoming = Incoming::Event { id: view.id()?, content_hash, recorded_at, envelope, origin, decision: None };
    Some((incoming, view.money()))
}

/// What a stored envelope says of itself, for whoever verifies a ledger.
///
/// # Errors
/// Why the bytes are no envelope.
pub fn identify(bytes: &[u8]) -> Result<Identified, String> {
    if let Some(identified) = View::of(bytes).as_ref().and_then(identified_in_place) {
        return Ok(identified);
    }
    decode(bytes).map(identified).map_err(|fault| fault.to_string())
}

fn identified(envelope: Envelope) -> Identified {
    Identified {
        content_hash: ContentHash::of_digest(&content_hash(&envelope)),
        decision: decision(&envelope.payload),
        id: envelope.id,
    }
}

/// The same of an envelope read in place, whose kind decides nothing.
fn identified_in_place(view: &View<'_>) -> Option<Identified> {
    let content_hash = ContentHash::of_digest(&view.content_hash());
    Some(Identified { id: view.id()?, content_hash, decision: None })
}

fn read(bytes: &[u8], subject: Option<&str>) -> Result<Identified, QuarantineReason> {
    let view = View::of(bytes).filter(|view| subject.is_none_or(|subject| subject_is_of(subject, view)));
    view.as_ref().and_then(identified_in_place).map_or_else(|| read_any(bytes, subject), Ok)
}

/// Reads envelopes of every form, and says what is wrong with what is none.
fn read_any(bytes: &[u8], subject: Option<&str>) -> Result<Identified, QuarantineReason> {
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(too_large(bytes));
    }
    let envelope = decode(bytes).map_err(|fault| reason_of(fault, bytes))?;
    match subject.map_or(Ok(()), |subject| subject_agrees(subject, &envelope)) {
        Ok(()) => Ok(identified(envelope)),
        Err(detail) => Err(QuarantineReason::SubjectMismatch { detail }),
    }
}

/// What a decision about a quarantine entry decides; none for every other event.
fn decision(payload: &Payload) -> Option<Decision> {
    let Payload::QuarantineDecision(decided) = payload else { return None };
    let verdict = match decided.verdict {
        QuarantineVerdict::Retry => Verdict::Retry,
        QuarantineVerdict::Dismiss => Verdict::Dismiss,
    };
    Some(Decision { entry: decided.entry, verdict })
}

fn too_large(bytes: &[u8]) -> QuarantineReason {
    let size = bytes.len();
    let hash = hex::encode(Sha256::digest(bytes));
    let cut = if size > INPUT_BYTES_KEPT_MAX {
        format!("; only its first {INPUT_BYTES_KEPT_MAX} are kept")
    } else {
        String::new()
    };
    QuarantineReason::TooLarge {
        detail: format!("has {size} bytes (sha256 {hash}); an envelope has at most {ENVELOPE_BYTES_MAX}{cut}"),
    }
}

fn reason_of(fault: DecodeFault, bytes: &[u8]) -> QuarantineReason {
    let detail = fault.to_string();
    match fault {
        DecodeFault::Undecodable { .. } => QuarantineReason::Undecodable { detail },
        // A source that reads well and is refused all the same is one that may not write this kind.
        DecodeFault::Invalid { field, .. } if field == "source" && peek_id(bytes).is_some() => {
            QuarantineReason::ReservedSource { detail }
        }
        DecodeFault::Invalid { .. } => QuarantineReason::Invalid { detail },
    }
}

fn kept(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(INPUT_BYTES_KEPT_MAX);
    bytes
}

#[cfg(test)]
mod tests;
