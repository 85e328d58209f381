//! The writer's side: what is known of every run, and the work that each append does on them.

use super::filter::Filter;
use super::merge::{SlabBuilder, flush_partitions, merge_slab};
use super::spans::{LEVEL_MAX, Run, Spans};
use super::tail::Tail;
use super::{SlabTable, slab_damaged};
use crate::ReadError;
use crate::format_v3::{SlabKey, SlabReader};
use std::collections::BTreeMap;

/// A run as the writer knows it.
#[derive(Debug, Default)]
pub(crate) struct RunState {
    pub(crate) filter: Filter,
    /// The first partition of each slab.
    pub(crate) slabs: Vec<u32>,
}

impl RunState {
    /// Takes note of the next slab.
    pub(crate) fn add(&mut self, run: Run, key: SlabKey, stored: &[u8]) -> Result<(), ReadError> {
        let damaged = || slab_damaged(run, key.2);
        let slab = SlabReader::of(key, stored).ok_or_else(damaged)?;
        if self.slabs.is_empty() {
            self.filter = Filter::from(key.2);
        }
        if self.filter.end() != key.2 {
            return Err(damaged());
        }
        self.slabs.push(key.2);
        for partition in key.2..slab.end() {
            let read = slab.partition(partition).ok_or_else(|| slab_damaged(run, partition))?;
            self.filter.add(&read);
        }
        Ok(())
    }

    /// The key of the slab with a partition.
    pub(crate) fn slab_of(&self, run: Run, partition: u32) -> Option<SlabKey> {
        let at = self.slabs.partition_point(|first| *first <= partition).checked_sub(1)?;
        Some((run.level, run.index, *self.slabs.get(at)?))
    }
}

/// The idempotency index of a ledger that is open for appending.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    pub(crate) spans: Spans,
    pub(crate) tail: Tail,
    pub(crate) runs: BTreeMap<Run, RunState>,
    /// Where a resend would go on: behind the duplicate that was found last.
    pub(crate) resend: u64,
}

impl KeyIndex {
    pub(crate) fn empty(spans: Spans) -> Self {
        Self { spans, tail: Tail::default(), runs: BTreeMap::new(), resend: 0 }
    }

    /// Adds the hashes of the next positions, and does the work that is due at each.
    pub(crate) fn add(
        &mut self,
        slabs: &mut SlabTable<'_>,
        hashes: impl Iterator<Item = u64>,
    ) -> Result<(), ReadError> {
        let mut stop = self.spans.stop_after(self.tail.end());
        for hash in hashes {
            self.tail.add(hash);
            if self.tail.end() == stop {
                self.work(slabs)?;
                stop = self.spans.stop_after(stop);
            }
        }
        self.work(slabs)
    }

    /// Brings every run to where it must be at the newest position.
    fn work(&mut self, slabs: &mut SlabTable<'_>) -> Result<(), ReadError> {
        let at = self.tail.end();
        if self.spans.runs_to(at) > self.tail.before() {
            self.flush(slabs)?;
        }
        for level in 1..=LEVEL_MAX {
            let Some(index) = self.spans.begun(level, at).checked_sub(1) else { break };
            let run = Run { level, index };
            if self.is_taken(run) {
                continue;
            }
            let due = self.spans.partitions_due(run, at);
            while self.runs.get(&run).map_or(0, |state| state.filter.end()) < due {
                self.merge(slabs, run)?;
            }
        }
        Ok(())
    }

    /// Whether a run that is being made of this one, or of what it became, is there. The last slab of a run may come before it is due.
    fn is_taken(&self, mut run: Run) -> bool {
        while run.level < LEVEL_MAX {
            run = run.parent();
            if self.runs.contains_key(&run) {
                return true;
            }
        }
        false
    }

    /// Makes a run of the tail.
    fn flush(&mut self, slabs: &mut SlabTable<'_>) -> Result<(), ReadError> {
        let run = Run { level: 0, index: self.tail.before() / self.spans.length(0) };
        let partitions = flush_partitions(self.spans, self.tail.hashes());
        let mut state = RunState::default();
        let mut builder = SlabBuilder::new(run, 0);
        for entries in &partitions {
            if !builder.add(entries) {
                let next = builder.next();
                let (key, stored) = std::mem::replace(&mut builder, SlabBuilder::new(run, next)).finish();
                slabs.insert(key, stored.as_slice())?;
                state.add(run, key, &stored)?;
                builder.add(entries);
            }
        }
        let (key, stored) = builder.finish();
        slabs.insert(key, stored.as_slice())?;
        state.add(run, key, &stored)?;
        self.runs.insert(run, state);
        self.tail = Tail::behind(self.tail.end());
        Ok(())
    }

    /// Adds one slab to a run that is being made, and removes what of its parts it replaces.
    fn merge(&mut self, slabs: &mut SlabTable<'_>, run: Run) -> Result<(), ReadError> {
        let first = self.runs.get(&run).map_or(0, |state| state.filter.end());
        let (key, stored) = merge_slab(self.spans, slabs, run, first)?;
        slabs.insert(key, stored.as_slice())?;
        let state = self.runs.entry(run).or_default();
        state.add(run, key, &stored)?;
        let (end, is_whole) = (state.filter.end(), state.filter.end() == self.spans.partitions(run.level));
        let skipped = self.spans.skipped_bits(run);
        for part in run.parts() {
            let Some(state) = self.runs.get_mut(&part) else { continue };
            // A slab goes when the one behind it begins no later than what is still needed.
            let needed = end >> skipped;
            let begun = state.slabs.partition_point(|first| *first <= needed);
            let kept_from = if is_whole { state.slabs.len() } else { begun.saturating_sub(1) };
            for first in state.slabs.drain(..kept_from) {
                slabs.remove((part.level, part.index, first))?;
            }
            if is_whole {
                self.runs.remove(&part);
            }
        }
        Ok(())
    }
}
