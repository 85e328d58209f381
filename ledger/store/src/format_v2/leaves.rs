//! The leaves of the quarantine tree: what of an entry, and of a decision about one, is hashed.

use super::DecisionRow;
use crate::Hash;
use crate::format_v1::quarantine_content;
use daybook_proof::leaf_hash;

/// The first byte of an entry's leaf.
const LEAF_ENTRY: u8 = 1;
/// The first byte of a decision's leaf.
const LEAF_DECISION: u8 = 2;

/// The leaf of an entry: its number, the length of its stored content, and that content.
pub(crate) fn entry_leaf(entry: u64, content: &[u8]) -> Hash {
    let mut leaf = Vec::with_capacity(1 + 8 + 8 + content.len());
    leaf.push(LEAF_ENTRY);
    leaf.extend_from_slice(&entry.to_be_bytes());
    leaf.extend_from_slice(&(content.len() as u64).to_be_bytes());
    leaf.extend_from_slice(content);
    leaf_hash(&leaf)
}

/// The leaf of an entry's stored row; none if the row is damaged.
pub(crate) fn entry_leaf_of_row(entry: u64, row: &[u8]) -> Option<Hash> {
    quarantine_content(entry, row).map(|content| entry_leaf(entry, content))
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
    use crate::Verdict;
    use daybook_event::Position;
    use sha2::{Digest, Sha256};

    #[test]
    fn a_leaf_is_the_hash_of_these_bytes() {
        let hash = |bytes: &str| -> Hash { Sha256::digest(hex::decode(bytes).unwrap()).into() };
        assert_eq!(entry_leaf(3, b"ab"), hash("0001000000000000000300000000000000026162"));
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
