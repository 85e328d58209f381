//! Quarantine entries, the decisions about them, what became of each entry, and the tree over all that.

use super::{Identified, Verification};
use crate::decide::DECIDING_SEMANTICS;
use crate::format_v1::quarantine_read;
use crate::format_v2::{DecisionRow, decision_leaf, decision_read, entry_leaf_of_row, entry_state_read};
use crate::tables::{DECISIONS, ENTRY_STATES, QUARANTINE};
use crate::{FindingCode, Frontier, Hash, ReadError, Verdict};
use redb::ReadableTable;
use std::collections::BTreeMap;

/// What is stored of the quarantine, as far as it can be read.
#[derive(Default)]
struct Stored {
    entry_leaves: Vec<Hash>,
    /// By number.
    decisions: Vec<DecisionRow>,
    is_damaged: bool,
}

impl<I: Fn(&[u8]) -> Result<Identified, String>> Verification<'_, I> {
    pub(super) fn quarantine(&mut self) -> Result<(), ReadError> {
        let mut stored = Stored::default();
        self.entries(&mut stored)?;
        if self.snapshot.keeps_decisions() {
            self.decisions(&mut stored)?;
            self.decisions_of_records(&stored);
            self.entry_states(&stored)?;
        }
        self.report.quarantined = stored.entry_leaves.len() as u64;
        self.report.decisions = stored.decisions.len() as u64;
        self.quarantine_tree(&stored);
        Ok(())
    }

    fn entries(&mut self, stored: &mut Stored) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(QUARANTINE)?;
        let mut next = 1;
        for row in table.iter()? {
            let (key, row) = row?;
            let number = key.value();
            let leaf = quarantine_read(number, row.value()).and_then(|_| entry_leaf_of_row(number, row.value()));
            match leaf {
                Some(leaf) if number == next => stored.entry_leaves.push(leaf),
                _ => {
                    stored.is_damaged = true;
                    let what = format!("damaged, or not in the place of entry {next}");
                    self.report.find(FindingCode::Quarantine, format!("quarantine entry {number}"), what);
                }
            }
            next = number.saturating_add(1);
        }
        stored.is_damaged |= self.count_check("quarantine entries", self.snapshot.state().quarantined, next - 1);
        Ok(())
    }

    fn decisions(&mut self, stored: &mut Stored) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(DECISIONS)?;
        let mut next = 1;
        for row in table.iter()? {
            let (key, row) = row?;
            let number = key.value();
            match decision_read(number, row.value()).filter(|_| number == next) {
                Some(decision) => stored.decisions.push(decision),
                None => {
                    stored.is_damaged = true;
                    let what = format!("damaged, or not in the place of decision {next}");
                    self.report.find(FindingCode::Decision, format!("decision {number}"), what);
                }
            }
            next = number.saturating_add(1);
        }
        if let Ok(kept) = self.snapshot.kept() {
            stored.is_damaged |= self.count_check("decisions", kept.decisions, next - 1);
        }
        Ok(())
    }

    /// Holds every decision row against the record that it names, and every record that decides against its row.
    fn decisions_of_records(&mut self, stored: &Stored) {
        if !self.is_complete || stored.is_damaged || !self.is_head_known() {
            return;
        }
        let mut among_records = std::mem::take(&mut self.decided);
        // A record that a decision made is never a decision that acts.
        let is_judged = |row: &DecisionRow| row.resolved == row.position.next();
        for row in stored.decisions.iter().filter(|row| is_judged(row)) {
            among_records.remove(&row.resolved.number());
        }
        if self.snapshot.identity().intake_semantics < DECIDING_SEMANTICS {
            among_records.clear();
        }
        for (number, row) in (1_u64..).zip(&stored.decisions) {
            let place = format!("decision {number}");
            match among_records.remove(&row.position.number()) {
                Some(decision) if (decision.entry, decision.verdict) == (row.entry, row.verdict) => {}
                Some(_) => {
                    let what = format!("the record at position {} decides otherwise", row.position);
                    self.report.find(FindingCode::DecisionRecord, &place, what);
                }
                None => {
                    let what = format!("the record at position {} is no decision", row.position);
                    self.report.find(FindingCode::DecisionRecord, &place, what);
                }
            }
            if let Some(what) = self.resolved_fault(row) {
                self.report.find(FindingCode::DecisionRecord, place, what);
            }
        }
        for position in among_records.keys() {
            self.report.find(FindingCode::DecisionRecord, format!("position {position}"), "its decision is not kept");
        }
    }

    /// Why the record that a decision names is not that of its entry; none if it is.
    fn resolved_fault(&self, row: &DecisionRow) -> Option<String> {
        if row.resolved.number() == 0 {
            return None;
        }
        if row.verdict == Verdict::Dismiss {
            return Some("it dismisses and names a record".to_owned());
        }
        if row.resolved > row.position.next() {
            return Some(format!("it names position {}, behind the record that it made", row.resolved));
        }
        let fault = |what: &dyn std::fmt::Display| Some(format!("the entry {}: {what}", row.entry));
        let entry = match self.snapshot.quarantine_entry(row.entry) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Some(format!("it resolves the entry {}, which is not there", row.entry)),
            Err(error) => return fault(&error),
        };
        let identified = match (self.identify)(&entry.bytes) {
            Ok(identified) => identified,
            Err(why) => return fault(&why),
        };
        match self.snapshot.position_of(&identified.id) {
            Ok(Some((position, content))) if position == row.resolved && content == identified.content_hash => None,
            Ok(_) => Some(format!("position {} does not hold the event of entry {}", row.resolved, row.entry)),
            Err(error) => fault(&error),
        }
    }

    /// Recomputes what became of each entry, and holds the stored states against it.
    fn entry_states(&mut self, stored: &Stored) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(ENTRY_STATES)?;
        let mut expected = states_of(&stored.decisions);
        for row in table.iter()? {
            let (key, row) = row?;
            let entry = key.value();
            let decision = entry_state_read(entry, row.value());
            let is_right = decision.is_some() && expected.get(&entry) == decision.as_ref();
            expected.remove(&entry);
            if !is_right {
                let what = "damaged, or not what the decisions make of it";
                self.report.find(FindingCode::EntryState, format!("the state of quarantine entry {entry}"), what);
            }
        }
        for (entry, decision) in expected.into_iter().filter(|_| !stored.is_damaged) {
            let what = format!("missing: decision {decision} made it");
            self.report.find(FindingCode::EntryState, format!("the state of quarantine entry {entry}"), what);
        }
        Ok(())
    }

    fn quarantine_tree(&mut self, stored: &Stored) {
        let place = "the quarantine tree";
        let frontier = match self.snapshot.quarantine_frontier_stored() {
            Ok(frontier) => frontier.cloned(),
            Err(error) => return self.report.find(FindingCode::Unreadable, place, error),
        };
        if let Err(error) = self.snapshot.kept() {
            self.report.find(FindingCode::Unreadable, "the counts of decisions and checkpoints", error);
        }
        if stored.is_damaged {
            let what = "not recomputed: some of the quarantine cannot be read";
            return self.report.find(FindingCode::QuarantineRoot, place, what);
        }
        let (mut recomputed, mut entries) = (Frontier::default(), stored.entry_leaves.iter());
        let mut decisions = stored.decisions.iter().peekable();
        let leaves = stored.entry_leaves.len() as u64 + stored.decisions.len() as u64;
        for index in 0..=leaves {
            if self.at.quarantine.contains(&index) {
                self.report.quarantine_roots_at.insert(index, recomputed.root());
            }
            let decision = decisions.next_if(|decision| decision.leaf == index).map(decision_leaf);
            let Some(leaf) = decision.or_else(|| entries.next().copied()) else { break };
            recomputed.push(leaf, &mut |_: u8, _: u64, _: &Hash| {});
        }
        if let Some(decision) = decisions.next() {
            let what = format!("the decision at position {} is leaf {} of {leaves}", decision.position, decision.leaf);
            return self.report.find(FindingCode::QuarantineRoot, place, what);
        }
        self.report.quarantine_root_recomputed = Some(recomputed.root());
        if self.is_head_known() && frontier.as_ref().is_some_and(|stored| *stored != recomputed) {
            let what = "the entries and decisions give another root than the stored frontier";
            self.report.find(FindingCode::QuarantineRoot, place, what);
        }
    }
}

/// The decision that made the state of each entry. By the rules of an append, from the rows alone.
fn states_of(decisions: &[DecisionRow]) -> BTreeMap<u64, u64> {
    let mut states: BTreeMap<u64, (u64, Verdict)> = BTreeMap::new();
    for (before, row) in (0_u64..).zip(decisions) {
        let existed = row.entry >= 1 && row.entry <= row.leaf.saturating_sub(before);
        let has_effect = match (row.verdict, states.get(&row.entry)) {
            (_, Some((_, Verdict::Retry))) => false,
            (Verdict::Dismiss, state) => state.is_none(),
            (Verdict::Retry, _) => row.resolved.number() != 0,
        };
        if existed && has_effect {
            states.insert(row.entry, (before + 1, row.verdict));
        }
    }
    states.into_iter().map(|(entry, (decision, _))| (entry, decision)).collect()
}
