//! Taking up the index where the last commit left off.

use super::index::{KeyIndex, RunState};
use super::names::NameRows;
use super::spans::{Run, Spans};
use super::tail::Tail;
use super::{Slabs, slab_damaged};
use crate::ReadError;
use crate::idempotency::EventKey;
use redb::ReadableTable;

impl KeyIndex {
    /// Reads what the writer keeps in memory. Every partition is checked on the way.
    pub(crate) fn load(
        spans: Spans,
        at: u64,
        slabs: &impl Slabs,
        names: &impl ReadableTable<u64, &'static [u8]>,
    ) -> Result<Self, ReadError> {
        let mut index = Self::empty(spans);
        let mut gone = Vec::new();
        for run in spans.runs(at) {
            let parent = index.runs.get(&run.parent());
            let is_whole = parent.is_some_and(|parent| parent.filter.end() == spans.partitions(run.level + 1));
            if is_whole || gone.contains(&run.parent()) {
                // The last slab of a run may come before it is due: its parts are gone then.
                gone.push(run);
                continue;
            }
            let state = run_load(run, slabs)?;
            if state.filter.end() < spans.partitions_due(run, at) {
                return Err(slab_damaged(run, state.filter.end()));
            }
            index.runs.insert(run, state);
        }
        index.beginnings_check()?;
        index.tail = Tail::behind(spans.runs_to(at));
        tail_extend(&mut index.tail, at, names)?;
        Ok(index)
    }

    /// Every run begins where it must: at its first partition, or where the run that it becomes a part of has come to.
    fn beginnings_check(&self) -> Result<(), ReadError> {
        for (run, state) in &self.runs {
            let parent = self.runs.get(&run.parent()).map(|parent| parent.filter.end());
            let needed = parent.map_or(0, |end| end >> self.spans.skipped_bits(run.parent()));
            if state.slabs.first().is_none_or(|first| *first > needed) {
                return Err(slab_damaged(*run, needed));
            }
        }
        Ok(())
    }
}

fn run_load(run: Run, slabs: &impl Slabs) -> Result<RunState, ReadError> {
    let mut state = RunState::default();
    for row in slabs.range((run.level, run.index, 0)..=(run.level, run.index, u32::MAX))? {
        let (key, stored) = row?;
        state.add(run, key.value(), stored.value())?;
    }
    Ok(state)
}

/// Adds to the tail the names up to a position.
pub(crate) fn tail_extend(
    tail: &mut Tail,
    at: u64,
    names: &impl ReadableTable<u64, &'static [u8]>,
) -> Result<(), ReadError> {
    let mut rows = NameRows::default();
    for position in tail.end() + 1..=at {
        tail.add(EventKey(rows.name(names, position)?.key).hash());
    }
    Ok(())
}
