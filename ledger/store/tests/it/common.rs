//! Events for tests: an envelope is `source`, `event_id` and content, one a line.

use daybook_event::{EventId, EventRef, Instant, Position, SourceId};
use daybook_store::{
    Binding, ContentHash, Cursor, Decision, Identified, Incoming, Ledger, LedgerOptions, LedgerReader, Origin, Outcome,
    QuarantineReason, RecordRef, Verdict,
};
use std::ops::ControlFlow;
use std::path::Path;

pub(crate) fn id(event_id: &str) -> EventRef {
    EventRef { source: SourceId::parse("src").unwrap(), event_id: EventId::parse(event_id).unwrap() }
}

pub(crate) fn at(micros: i64) -> Instant {
    Instant::from_micros(micros)
}

pub(crate) fn envelope(event_id: &str, content: &str) -> Vec<u8> {
    format!("src\n{event_id}\n{content}").into_bytes()
}

pub(crate) fn event_at(event_id: &str, content: &str, micros: i64) -> Incoming {
    let envelope = envelope(event_id, content);
    Incoming::Event {
        id: id(event_id),
        content_hash: ContentHash::of(&envelope),
        recorded_at: at(micros),
        envelope,
        origin: Origin::default(),
        decision: None,
    }
}

pub(crate) fn event(event_id: &str, content: &str) -> Incoming {
    event_at(event_id, content, 1_000)
}

pub(crate) fn faulty(bytes: &[u8]) -> Incoming {
    Incoming::Faulty {
        reason: QuarantineReason::Undecodable { detail: "byte 0".into() },
        id: None,
        recorded_at: at(1_000),
        origin: Origin { subject: Some("csp.events.src".into()), stream_sequence: Some(7), ..Origin::default() },
        bytes: bytes.to_vec(),
    }
}

/// What a caller of `verify` hands in. A content of `entry verdict` is a decision.
pub(crate) fn identify(envelope: &[u8]) -> Result<Identified, String> {
    // What a judge of these tests takes for an event has this before it.
    let envelope = envelope.strip_prefix(b"fixed ").unwrap_or(envelope);
    let (id, content_hash) = id_of(envelope)?;
    let content = std::str::from_utf8(envelope).ok().and_then(|text| text.split('\n').nth(2)).unwrap_or("");
    let decision = content.split_once(' ').and_then(|(entry, verdict)| {
        let verdict = match verdict {
            "Retry" => Verdict::Retry,
            "Dismiss" => Verdict::Dismiss,
            _ => return None,
        };
        Some(Decision { entry: entry.parse().ok()?, verdict })
    });
    Ok(Identified { id, content_hash, decision })
}

/// Id and content hash of an envelope.
pub(crate) fn id_of(envelope: &[u8]) -> Result<(EventRef, ContentHash), String> {
    let text = std::str::from_utf8(envelope).map_err(|error| error.to_string())?;
    let mut lines = text.split('\n');
    let (source, event_id) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let id = EventRef {
        source: SourceId::parse(source).map_err(|error| error.to_string())?,
        event_id: EventId::parse(event_id).map_err(|error| error.to_string())?,
    };
    Ok((id, ContentHash::of(envelope)))
}

/// A record of the operators.
pub(crate) fn act(event_id: &str) -> Incoming {
    let envelope = format!("{}\n{event_id}\nadopted", SourceId::LEDGER).into_bytes();
    let (id, content_hash) = id_of(&envelope).unwrap();
    Incoming::Event { id, content_hash, recorded_at: at(1_000), envelope, origin: Origin::default(), decision: None }
}

/// Small segments and spans, so that few records seal some and make runs of several levels.
pub(crate) fn small() -> LedgerOptions {
    LedgerOptions {
        segment_stored_bytes_max: 700,
        key_span_bits: 6,
        cache_bytes_max: 1024 * 1024,
        ..LedgerOptions::default()
    }
}

pub(crate) fn ledger(dir: &Path) -> Ledger {
    Ledger::create_or_open(dir, Some(Binding::Files), &small()).unwrap()
}

pub(crate) fn stream() -> Binding {
    Binding::Stream { name: "CSP".into() }
}

pub(crate) fn cursor(sequence: u64) -> Cursor {
    Cursor { stream: "CSP".into(), stream_created_at: at(1), sequence, message_at: None }
}

pub(crate) fn appended(position: u64) -> Outcome {
    Outcome::Appended(Position::new(position))
}

/// (position, recorded_at, envelope) of every record.
pub(crate) fn records(reader: &LedgerReader) -> Vec<(u64, i64, Vec<u8>)> {
    let mut all = Vec::new();
    reader
        .scan(Position::ZERO, Position::new(u64::MAX), |record: RecordRef<'_>| {
            all.push((record.position.number(), record.recorded_at.micros(), record.envelope.to_vec()));
            Ok::<_, daybook_store::ReadError>(ControlFlow::Continue(()))
        })
        .unwrap();
    all
}

/// Bytes that do not pack, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> String {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            char::from(b'!' + u8::try_from(random >> 32 & 0x3f).unwrap())
        })
        .collect()
}

/// So many events with noise, from a number on.
pub(crate) fn events(from: u64, count: u64) -> Vec<Incoming> {
    (from..from + count).map(|n| event_at(&format!("e-{n}"), &noise(n, 60), i64::try_from(n).unwrap() * 10)).collect()
}
