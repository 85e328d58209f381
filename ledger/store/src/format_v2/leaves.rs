//! The leaves of the quarantine tree: what of an entry, and of a decision about one, is hashed.

use super::DecisionRow;
use crate::format_v1::quarantine_read;
use crate::{Hash, QuarantineEntry};
use daybook_proof::leaf_hash;

/// The first byte of an entry's leaf.
const LEAF_ENTRY: u8 = 1;
/// The first byte of a decision's leaf.
const LEAF_DECISION: u8 = 2;

/// The leaf of an entry: its number, when it was taken, the reason's code, the id that it claims, where it came from, and its
/// bytes. Not the reason's detail: that is words of the build that judged, and a ledger built anew from its stream by a later
/// build shall have the same root.
pub(crate) fn entry_leaf(entry: &QuarantineEntry) -> Hash {
    let origin = &entry.origin;
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut leaf = Vec::with_capacity(128 + entry.bytes.len());
    leaf.push(LEAF_ENTRY);
    leaf.extend_from_slice(&entry.entry.to_be_bytes());
    leaf.extend_from_slice(&entry.recorded_at.micros().to_be_bytes());
    for text in [
        entry.reason.code(),
        entry.id.as_ref().map_or("", |id| id.source.as_str()),
        entry.id.as_ref().map_or("", |id| id.event_id.as_str()),
        origin.subject.as_deref().unwrap_or_default(),
        &number(origin.stream_sequence),
        origin.file.as_deref().unwrap_or_default(),
        &number(origin.line),
    ] {
        leaf.extend_from_slice(&(text.len() as u64).to_be_bytes());
        leaf.extend_from_slice(text.as_bytes());
    }
    leaf.extend_from_slice(&(entry.bytes.len() as u64).to_be_bytes());
    leaf.extend_from_slice(&entry.bytes);
    leaf_hash(&leaf)
}

/// The leaf of an entry's stored row; none if the row is damaged.
pub(crate) fn entry_leaf_of_row(entry: u64, row: &[u8]) -> Option<Hash> {
    quarantine_read(entry, row).map(|entry| entry_leaf(&entry))
}

/// The leaf of a decision: the entry, the verdict, where the decision stands, and where the entry stands since.
pub(crate) fn decision_leaf(decision: &DecisionRow) -> Hash {
    let mut leaf = [0; 1 + 8 + 1 + 8 + 8];
    leaf[0] = LEAF_DECISION;
    leaf[1..9].copy_from_slice(&decision.entry.to_be_bytes());
    leaf[9] = decision.verdict_byte();
    leaf[10..18].copy_from_slice(&decision.position.number().to_be_bytes());
    leaf[18..].copy_from_slice(&decision.resolved.number().to_be_bytes());
    leaf_hash(&leaf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, QuarantineReason, Verdict};
    use daybook_event::{EventId, EventRef, Instant, Position, SourceId};
    use sha2::{Digest, Sha256};

    #[test]
    fn a_leaf_is_the_hash_of_these_bytes() {
        let hash = |bytes: &str| -> Hash { Sha256::digest(hex::decode(bytes).unwrap()).into() };
        let entry = QuarantineEntry {
            entry: 3,
            reason: QuarantineReason::Invalid { detail: "words of this build".into() },
            id: Some(EventRef { source: SourceId::parse("s").unwrap(), event_id: EventId::parse("e-1").unwrap() }),
            recorded_at: Instant::from_micros(5),
            origin: Origin { subject: Some("a.b".into()), stream_sequence: Some(12), file: None, line: None },
            bytes: b"ab".to_vec(),
        };
        let bytes = concat!(
            "00",
            "01",
            "0000000000000003",
            "0000000000000005",
            "0000000000000007",
            "696e76616c6964",
            "0000000000000001",
            "73",
            "0000000000000003",
            "652d31",
            "0000000000000003",
            "612e62",
            "0000000000000002",
            "3132",
            "0000000000000000",
            "0000000000000000",
            "0000000000000002",
            "6162"
        );
        assert_eq!(entry_leaf(&entry), hash(bytes));
        let told_otherwise = QuarantineReason::Invalid { detail: "words of a later build".into() };
        assert_eq!(entry_leaf(&QuarantineEntry { reason: told_otherwise, ..entry }), hash(bytes));
        let decision = DecisionRow {
            entry: 3,
            verdict: Verdict::Retry,
            position: Position::new(9),
            resolved: Position::new(10),
            leaf: 7,
        };
        let bytes = concat!("00", "02", "0000000000000003", "01", "0000000000000009", "000000000000000a");
        assert_eq!(decision_leaf(&decision), hash(bytes));
        let dismissed = DecisionRow { verdict: Verdict::Dismiss, resolved: Position::ZERO, ..decision };
        let bytes = concat!("00", "02", "0000000000000003", "02", "0000000000000009", "0000000000000000");
        assert_eq!(decision_leaf(&dismissed), hash(bytes));
    }
}
