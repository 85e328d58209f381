//! Reading the quarantine: entries, what became of them, and the tree over entries and decisions.

use crate::file::caught;
use crate::format_v1::quarantine_read;
use crate::format_v2::{DecisionRow, decision_leaf, decision_read, entry_leaf_of_row, entry_state_read};
use crate::tables::{DECISIONS, ENTRY_STATES, QUARANTINE};
use crate::{Frontier, Hash, QuarantineEntry, QuarantineReason, ReadError, Snapshot, Verdict};
use daybook_event::Position;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What became of a quarantine entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Nothing yet: figures may miss it.
    Open,
    /// It was judged again and stands among the records.
    Retried {
        /// Where its event stands.
        position: Position,
        /// Where the decision stands.
        decision: Position,
    },
    /// An operator decided that it will never be a record.
    Dismissed {
        /// Where the decision stands.
        decision: Position,
    },
    /// Nobody decided, but a record of the id that it claims stands.
    Corrected {
        /// Where that record stands.
        position: Position,
    },
}

impl Snapshot {
    /// One quarantine entry by number.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_entry(&self, entry: u64) -> Result<Option<QuarantineEntry>, ReadError> {
        if entry == 0 || entry > self.state().quarantined {
            return Ok(None);
        }
        Ok(self.quarantine_list(entry, 1)?.pop())
    }

    /// Quarantine entries from a number on, oldest first, at most so many.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_list(&self, from_entry: u64, count_max: usize) -> Result<Vec<QuarantineEntry>, ReadError> {
        caught("reading the quarantine", || {
            let table = self.transaction().open_table(QUARANTINE)?;
            let mut rows = table.range(from_entry.max(1)..)?;
            let mut entries = Vec::new();
            for number in (from_entry.max(1)..=self.state().quarantined).take(count_max) {
                let row = rows.next().transpose()?.filter(|(key, _)| key.value() == number);
                let entry = row.and_then(|(_, row)| quarantine_read(number, row.value()));
                entries.push(entry.ok_or_else(|| entry_damaged(number))?);
            }
            Ok(entries)
        })
    }

    /// What became of each entry of a page, in its order.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn entry_states(&self, entries: &[QuarantineEntry]) -> Result<Vec<EntryState>, ReadError> {
        entries.iter().map(|entry| self.entry_state(entry)).collect()
    }

    /// What became of an entry.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn entry_state(&self, entry: &QuarantineEntry) -> Result<EntryState, ReadError> {
        if let Some(decided) = self.decision_on(entry.entry)? {
            let decision = decided.position;
            return Ok(match decided.verdict {
                Verdict::Retry => EntryState::Retried { position: decided.resolved, decision },
                Verdict::Dismiss => EntryState::Dismissed { decision },
            });
        }
        // A conflict's id stands by its nature: that corrects nothing.
        let id = entry.id.as_ref().filter(|_| !matches!(entry.reason, QuarantineReason::Conflict { .. }));
        let standing = id.map(|id| self.position_of(id)).transpose()?.flatten();
        Ok(standing.map_or(EntryState::Open, |(position, _)| EntryState::Corrected { position }))
    }

    /// The decision that made an entry's state.
    fn decision_on(&self, entry: u64) -> Result<Option<DecisionRow>, ReadError> {
        if !self.keeps_decisions() {
            return Ok(None);
        }
        caught("reading what was decided", || {
            let damaged = || ReadError::damaged(format!("the state of the quarantine entry {entry}"));
            let states = self.transaction().open_table(ENTRY_STATES)?;
            let Some(state) = states.get(entry)? else { return Ok(None) };
            let number = entry_state_read(entry, state.value()).ok_or_else(damaged)?;
            let decisions = self.transaction().open_table(DECISIONS)?;
            let decision = decisions.get(number)?.and_then(|row| decision_read(number, row.value()));
            decision.filter(|decision| decision.entry == entry).ok_or_else(damaged).map(Some)
        })
    }

    /// The frontier of the tree over quarantine entries and decisions about them. Computed from the entries where the ledger
    /// is of format 1.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_frontier(&self) -> Result<Frontier, ReadError> {
        if let Some(stored) = self.quarantine_frontier_stored()? {
            return Ok(stored.clone());
        }
        let mut frontier = Frontier::default();
        self.quarantine_leaves(|_, leaf| frontier.push(leaf, &mut |_: u8, _: u64, _: &Hash| {}))?;
        Ok(frontier)
    }

    /// The root of the quarantine tree as it was with so many leaves; none beyond what there are. Reads the quarantine.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_root_at(&self, leaves: u64) -> Result<Option<Hash>, ReadError> {
        Ok(self.quarantine_roots_at(&BTreeSet::from([leaves]))?.remove(&leaves))
    }

    /// The roots of the quarantine tree at each of these counts of leaves, in one pass. What is beyond has none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_roots_at(&self, leaves: &BTreeSet<u64>) -> Result<BTreeMap<u64, Hash>, ReadError> {
        let (mut frontier, mut roots) = (Frontier::default(), BTreeMap::new());
        if leaves.contains(&0) {
            roots.insert(0, frontier.root());
        }
        self.quarantine_leaves(|index, leaf| {
            frontier.push(leaf, &mut |_: u8, _: u64, _: &Hash| {});
            if leaves.contains(&(index + 1)) {
                roots.insert(index + 1, frontier.root());
            }
        })?;
        Ok(roots)
    }

    /// The leaves of the quarantine tree with their indices, in order.
    fn quarantine_leaves(&self, mut take: impl FnMut(u64, Hash)) -> Result<(), ReadError> {
        caught("reading the quarantine", || {
            let decisions = self.decisions()?;
            let table = self.transaction().open_table(QUARANTINE)?;
            let mut rows = table.range(1..)?;
            let mut decided = decisions.iter().peekable();
            let leaves = self.state().quarantined.saturating_add(self.kept()?.decisions);
            let mut entry = 0;
            for index in 0..leaves {
                let leaf = match decided.next_if(|decision| decision.leaf == index) {
                    Some(decision) => decision_leaf(decision),
                    None => {
                        entry += 1;
                        let row = rows.next().transpose()?.filter(|(key, _)| key.value() == entry);
                        let leaf = row.and_then(|(_, row)| entry_leaf_of_row(entry, row.value()));
                        leaf.ok_or_else(|| entry_damaged(entry))?
                    }
                };
                take(index, leaf);
            }
            Ok(())
        })
    }

    /// Every decision, oldest first.
    fn decisions(&self) -> Result<Vec<DecisionRow>, ReadError> {
        let mut decisions = Vec::new();
        if self.keeps_decisions() {
            let table = self.transaction().open_table(DECISIONS)?;
            let mut rows = table.range(1..)?;
            for number in 1..=self.kept()?.decisions {
                let row = rows.next().transpose()?.filter(|(key, _)| key.value() == number);
                let decision = row.and_then(|(_, row)| decision_read(number, row.value()));
                decisions.push(decision.ok_or_else(|| ReadError::damaged(format!("the decision {number}")))?);
            }
        }
        Ok(decisions)
    }
}

fn entry_damaged(entry: u64) -> ReadError {
    ReadError::damaged(format!("the quarantine entry {entry}"))
}
