//! The rows that format 2 adds: decisions, states of entries, checkpoints, their counts, and the second tree's frontier.

use crate::format_v1::{checked_read, checked_value, frontier_content, frontier_of_content};
use crate::{Frontier, Verdict};
use daybook_event::Position;

/// A decision about a quarantine entry, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecisionRow {
    /// The entry that it is about. It may not exist: whoever decides may err.
    pub(crate) entry: u64,
    pub(crate) verdict: Verdict,
    /// Where the decision stands among the records.
    pub(crate) position: Position,
    /// Where the entry's event stands since; zero if it does not.
    pub(crate) resolved: Position,
    /// Which leaf of the quarantine tree it is, from 0.
    pub(crate) leaf: u64,
}

impl DecisionRow {
    /// The stored form of the verdict.
    pub(crate) fn verdict_byte(&self) -> u8 {
        match self.verdict {
            Verdict::Retry => 1,
            Verdict::Dismiss => 2,
        }
    }
}

/// How many there are of what can grow without a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct KeptRow {
    pub(crate) decisions: u64,
    pub(crate) checkpoints: u64,
}

/// The domain of a row: its table, then its key.
fn domain(table: &[u8], key: u64) -> Vec<u8> {
    [table, &key.to_be_bytes()].concat()
}

/// The stored form of a decision.
pub(crate) fn decision_row(number: u64, decision: &DecisionRow) -> Vec<u8> {
    let mut content = Vec::with_capacity(8 + 1 + 8 + 8 + 8);
    content.extend_from_slice(&decision.entry.to_be_bytes());
    content.push(decision.verdict_byte());
    content.extend_from_slice(&decision.position.number().to_be_bytes());
    content.extend_from_slice(&decision.resolved.number().to_be_bytes());
    content.extend_from_slice(&decision.leaf.to_be_bytes());
    checked_value(&domain(b"decision", number), &content)
}

/// The decision of a row; none if damaged.
pub(crate) fn decision_read(number: u64, row: &[u8]) -> Option<DecisionRow> {
    let content = checked_read(&domain(b"decision", number), row)?;
    let (entry, rest) = number_split(content)?;
    let (verdict, rest) = rest.split_first()?;
    let verdict = match verdict {
        1 => Verdict::Retry,
        2 => Verdict::Dismiss,
        _ => return None,
    };
    let (position, rest) = number_split(rest)?;
    let (resolved, rest) = number_split(rest)?;
    let (leaf, []) = number_split(rest)? else { return None };
    Some(DecisionRow { entry, verdict, position: Position::new(position), resolved: Position::new(resolved), leaf })
}

/// The stored form of an entry's state: the number of the decision that made it.
pub(crate) fn entry_state_row(entry: u64, decision: u64) -> Vec<u8> {
    checked_value(&domain(b"entry state", entry), &decision.to_be_bytes())
}

/// The decision of a state's row; none if damaged.
pub(crate) fn entry_state_read(entry: u64, row: &[u8]) -> Option<u64> {
    let (decision, []) = number_split(checked_read(&domain(b"entry state", entry), row)?)? else { return None };
    Some(decision)
}

/// The stored form of a checkpoint: the text of its signed note.
pub(crate) fn checkpoint_row(number: u64, note: &str) -> Vec<u8> {
    checked_value(&domain(b"checkpoint", number), note.as_bytes())
}

/// The note of a checkpoint's row; none if damaged.
pub(crate) fn checkpoint_read(number: u64, row: &[u8]) -> Option<String> {
    String::from_utf8(checked_read(&domain(b"checkpoint", number), row)?.to_vec()).ok()
}

const KEPT: &[u8] = b"kept";

/// The stored form of the counts.
pub(crate) fn kept_row(kept: &KeptRow) -> Vec<u8> {
    checked_value(KEPT, &[kept.decisions.to_be_bytes(), kept.checkpoints.to_be_bytes()].concat())
}

/// The counts of a row; none if damaged.
pub(crate) fn kept_read(row: &[u8]) -> Option<KeptRow> {
    let (decisions, rest) = number_split(checked_read(KEPT, row)?)?;
    let (checkpoints, []) = number_split(rest)? else { return None };
    Some(KeptRow { decisions, checkpoints })
}

const QUARANTINE_FRONTIER: &[u8] = b"quarantine frontier";

/// The stored form of the quarantine tree's frontier: size, then its roots.
pub(crate) fn quarantine_frontier_row(frontier: &Frontier) -> Vec<u8> {
    checked_value(QUARANTINE_FRONTIER, &frontier_content(frontier))
}

/// The quarantine tree's frontier of a row; none if damaged.
pub(crate) fn quarantine_frontier_read(row: &[u8]) -> Option<Frontier> {
    frontier_of_content(checked_read(QUARANTINE_FRONTIER, row)?)
}

fn number_split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> DecisionRow {
        DecisionRow {
            entry: 3,
            verdict: Verdict::Retry,
            position: Position::new(9),
            resolved: Position::new(10),
            leaf: 7,
        }
    }

    #[test]
    fn golden_bytes() {
        let dismissed = DecisionRow { verdict: Verdict::Dismiss, resolved: Position::ZERO, ..decision() };
        let golden = [
            ("decision", decision_row(2, &decision())),
            ("dismissal", decision_row(2, &dismissed)),
            ("entry_state", entry_state_row(3, 2)),
            ("checkpoint", checkpoint_row(1, "daybook/x\n1\n")),
            ("kept", kept_row(&KeptRow { decisions: 2, checkpoints: 1 })),
            ("quarantine_frontier", quarantine_frontier_row(&Frontier::from_parts(1, vec![[1; 32]]).unwrap())),
        ]
        .map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes)))
        .concat();
        assert_eq!(golden, include_str!("golden.txt"));
    }

    #[test]
    fn rows_read_as_written_and_only_under_their_key() {
        let row = decision_row(2, &decision());
        assert_eq!((decision_read(2, &row), decision_read(3, &row)), (Some(decision()), None));
        let row = entry_state_row(3, 2);
        assert_eq!((entry_state_read(3, &row), entry_state_read(2, &row)), (Some(2), None));
        let row = checkpoint_row(1, "note\n");
        assert_eq!((checkpoint_read(1, &row).as_deref(), checkpoint_read(2, &row)), (Some("note\n"), None));
        let kept = KeptRow { decisions: 2, checkpoints: 1 };
        assert_eq!(kept_read(&kept_row(&kept)), Some(kept));
        let frontier = Frontier::from_parts(3, vec![[1; 32], [2; 32]]).unwrap();
        assert_eq!(quarantine_frontier_read(&quarantine_frontier_row(&frontier)), Some(frontier));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let row = decision_row(2, &decision());
        for bit in 0..row.len() * 8 {
            let mut bad = row.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decision_read(2, &bad), None, "{bit}");
        }
        for length in 0..row.len() {
            assert_eq!(decision_read(2, &row[..length]), None, "{length}");
        }
    }
}
