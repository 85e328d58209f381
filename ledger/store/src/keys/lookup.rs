//! Looking names up: for a whole batch with what the writer has in memory, and for one by a reader.

use super::index::KeyIndex;
use super::merge::entry_start;
use super::names::NameRows;
use super::spans::{Run, Spans};
use super::tail::Tail;
use super::{Slabs, slab_damaged};
use crate::format_v3::{Entry, Name, SlabKey, SlabReader};
use crate::idempotency::{EventKey, Standing};
use crate::{ContentHash, ReadError};
use daybook_event::Position;
use redb::ReadableTable;

impl Name {
    fn standing(&self, position: u64) -> Standing {
        Standing { position: Position::new(position), content: ContentHash::new(self.content) }
    }
}

/// Calls with every position that an entry of a partition gives for a hash.
fn partition_find(
    spans: Spans,
    run: Run,
    slab: &SlabReader<'_>,
    hash: u64,
    mut found: impl FnMut(u64),
) -> Result<(), ReadError> {
    let number = spans.partition(run.level, hash);
    let partition = slab.partition(number).ok_or_else(|| slab_damaged(run, number))?;
    let (start, place_bits) = (entry_start(spans, run.level, hash), spans.place_bits(run.level));
    let bucket = start.bucket();
    for Entry(entry) in partition.entries(bucket..bucket + 1) {
        if entry >> place_bits == start.0 >> place_bits {
            found(spans.before(run) + (entry & ((1 << place_bits) - 1)) + 1);
        }
    }
    Ok(())
}

/// A key of a batch that may stand at a position.
type Candidate = (u64, usize);

impl KeyIndex {
    /// What stands under each key of a batch, in any order.
    pub(crate) fn find(
        &mut self,
        slabs: &impl Slabs,
        names: &impl ReadableTable<u64, &'static [u8]>,
        keys: &[EventKey],
    ) -> Result<Vec<Option<Standing>>, ReadError> {
        let mut found = vec![None; keys.len()];
        let mut rows = NameRows::default();
        self.resent(&mut rows, names, keys, &mut found)?;
        let mut sorted: Vec<(u64, usize)> =
            (0..keys.len()).filter(|at| found[*at].is_none()).map(|at| (keys[at].hash(), at)).collect();
        sorted.sort_unstable();
        let mut candidates = Vec::new();
        for (hash, at) in &sorted {
            self.tail.find(*hash, |position| candidates.push((position, *at)));
        }
        self.in_runs(slabs, &sorted, &mut candidates)?;
        // In order of positions: each row of names is read once.
        candidates.sort_unstable();
        for (position, at) in candidates {
            let name = rows.name(names, position)?;
            if name.key == keys[at].0 {
                found[at] = Some(name.standing(position));
            }
        }
        if let Some(last) = found.iter().rev().flatten().next() {
            self.resend = last.position.next().number();
        }
        Ok(found)
    }

    /// Finds what comes again in the order in which it came first: at the position behind the one before.
    fn resent(
        &mut self,
        rows: &mut NameRows,
        names: &impl ReadableTable<u64, &'static [u8]>,
        keys: &[EventKey],
        found: &mut [Option<Standing>],
    ) -> Result<(), ReadError> {
        if self.resend == 0 {
            return Ok(());
        }
        for (key, found) in keys.iter().zip(found) {
            if self.resend > self.tail.end() {
                break;
            }
            let name = rows.name(names, self.resend)?;
            if name.key == key.0 {
                *found = Some(name.standing(self.resend));
                self.resend += 1;
            }
        }
        Ok(())
    }

    fn in_runs(
        &self,
        slabs: &impl Slabs,
        sorted: &[(u64, usize)],
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), ReadError> {
        for (run, state) in &self.runs {
            // What a run that is being made of this one has already is looked up there.
            let from = self
                .runs
                .get(&run.parent())
                .map_or(Some(0), |parent| self.spans.hash_from(run.level + 1, parent.filter.end()));
            let Some(from) = from else { continue };
            let to = self.spans.hash_from(run.level, state.filter.end());
            let begin = sorted.partition_point(|(hash, _)| *hash < from);
            let end = to.map_or(sorted.len(), |to| sorted.partition_point(|(hash, _)| *hash < to));
            let mut slab: Option<(SlabKey, Vec<u8>)> = None;
            for (hash, at) in sorted.get(begin..end).unwrap_or_default() {
                let (partition, start) =
                    (self.spans.partition(run.level, *hash), entry_start(self.spans, run.level, *hash));
                if !state.filter.has(partition, start.bucket(), start.tag()) {
                    continue;
                }
                let key = state.slab_of(*run, partition).ok_or_else(|| slab_damaged(*run, partition))?;
                if slab.as_ref().is_none_or(|(of, _)| *of != key) {
                    let stored = slabs.get(key)?.ok_or_else(|| slab_damaged(*run, partition))?;
                    slab = Some((key, stored.value().to_vec()));
                }
                let reader = slab.as_ref().and_then(|(key, stored)| SlabReader::of(*key, stored));
                let reader = reader.ok_or_else(|| slab_damaged(*run, partition))?;
                partition_find(self.spans, *run, &reader, *hash, |position| candidates.push((position, *at)))?;
            }
        }
        Ok(())
    }
}

/// What stands under a key at a position of the ledger, by what is stored alone. `tail` holds the names behind the last run,
/// and perhaps later ones.
pub(crate) fn position_find(
    spans: Spans,
    at: u64,
    slabs: &impl Slabs,
    names: &impl ReadableTable<u64, &'static [u8]>,
    tail: &Tail,
    key: EventKey,
) -> Result<Option<Standing>, ReadError> {
    let (hash, mut candidates) = (key.hash(), Vec::new());
    tail.find(hash, |position| candidates.push(position));
    let mut answered: Vec<Run> = Vec::new();
    for run in spans.runs(at) {
        if answered.contains(&run.parent()) {
            answered.push(run);
            continue;
        }
        let partition = spans.partition(run.level, hash);
        let row =
            slabs.range((run.level, run.index, 0)..=(run.level, run.index, partition))?.next_back().transpose()?;
        let slab = row.as_ref().and_then(|(key, stored)| SlabReader::of(key.value(), stored.value()));
        match slab {
            Some(slab) if partition < slab.end() => {
                answered.push(run);
                partition_find(spans, run, &slab, hash, |position| candidates.push(position))?;
            }
            // A run that is being made is not there as far; one that is whole must be.
            _ if spans.partitions_due(run, at) <= partition => {}
            _ => return Err(slab_damaged(run, partition)),
        }
    }
    let mut rows = NameRows::default();
    for position in candidates.into_iter().filter(|position| *position <= at) {
        let name = rows.name(names, position)?;
        if name.key == key.0 {
            return Ok(Some(name.standing(position)));
        }
    }
    Ok(None)
}
