//! Names, the idempotency index, and the marks at records of the operators.
//!
//! Every slab is made again from the names of its run and held against the stored one, tags included: an index that passes says of
//! no record that it is not there.

use super::{Identified, Verification};
use crate::ReadError;
use crate::finding::FindingCode;
use crate::format_v3::{Entry, NAME_BYTES, NAMES_PER_ROW, SlabKey, act_read, names_read};
use crate::idempotency::EventKey;
use crate::keys::{NameRows, Run, SlabBuilder, Spans, entry_start};
use crate::tables::{ACTS, NAMES, SLABS};
use redb::{ReadOnlyTable, ReadableTable};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are made again at once.
const ENTRIES_AT_ONCE: u64 = 1 << 21;

type NameTable = ReadOnlyTable<u64, &'static [u8]>;

impl<I: Fn(&[u8]) -> Result<Identified, String>> Verification<'_, I> {
    pub(super) fn index(&mut self) -> Result<(), ReadError> {
        if !self.snapshot.keeps_slabs() {
            return Ok(());
        }
        let keys = match self.snapshot.keys_row() {
            Ok(keys) => keys,
            Err(error) => {
                self.report.find(FindingCode::Unreadable, "names", error);
                return Ok(());
            }
        };
        self.acts(keys.acts_from)?;
        if self.names()? {
            self.slabs(Spans::new(keys.span_bits))?;
        }
        Ok(())
    }

    /// Every row of names. Whether all of them can be read.
    fn names(&mut self) -> Result<bool, ReadError> {
        let table = self.snapshot.transaction().open_table(NAMES)?;
        let (mut next, mut there, mut is_whole) = (0, 0, true);
        for row in table.iter()? {
            let (key, stored) = row?;
            let number = key.value();
            // Every row is full but the last.
            match names_read(number, stored.value()).filter(|_| number == next && there == next * NAMES_PER_ROW) {
                Some(names) => there += names.len() as u64,
                None => {
                    is_whole = false;
                    let what = format!("damaged, or not in the place of row {next}");
                    self.report.find(
                        FindingCode::Key,
                        format!("row {number} of names, of {NAME_BYTES} bytes each"),
                        what,
                    );
                }
            }
            next = number.saturating_add(1);
        }
        Ok(!self.count_check("idempotency entries", self.snapshot.state().position.number(), there) && is_whole)
    }

    fn slabs(&mut self, spans: Spans) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(SLABS)?;
        let names = self.snapshot.transaction().open_table(NAMES)?;
        let at = self.snapshot.state().position.number();
        let mut expected = BTreeSet::new();
        // How far runs are that others become a part of; what is gone is as good as whole.
        let mut ends = BTreeMap::new();
        for run in spans.runs(at) {
            let parent = ends.get(&run.parent()).copied();
            if parent == Some(u32::MAX) {
                ends.insert(run, u32::MAX);
                continue;
            }
            let needed = parent.map_or(0, |end| end >> spans.skipped_bits(run.parent()));
            let (mut again, mut next) = (Again::new(spans, run), 0);
            while next < spans.partitions_due(run, at) {
                let (key, stored, end) = again.slab(&names, next)?;
                next = end;
                // What the run that is being made has, its parts have no more.
                if end > needed {
                    expected.insert(key);
                    self.slab(&table, key, &stored)?;
                }
            }
            ends.insert(run, if next == spans.partitions(run.level) { u32::MAX } else { next });
        }
        for row in table.iter()? {
            let (key, _) = row?;
            if !expected.contains(&key.value()) {
                self.report.find(FindingCode::Index, slab_place(key.value()), "no such slab is due");
            }
        }
        Ok(())
    }

    fn slab(
        &mut self,
        table: &ReadOnlyTable<SlabKey, &'static [u8]>,
        key: SlabKey,
        again: &[u8],
    ) -> Result<(), ReadError> {
        let what = match table.get(key)? {
            None => "it is missing",
            Some(stored) if stored.value() != again => "it is not what the names of its records make it",
            Some(_) => return Ok(()),
        };
        self.report.find(FindingCode::Index, slab_place(key), what);
        Ok(())
    }

    /// The marks against the records.
    fn acts(&mut self, acts_from: u64) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(ACTS)?;
        let mut expected = self.acts.split_off(&acts_from);
        for row in table.iter()? {
            let (position, mark) = row?;
            let position = position.value();
            let is_right = expected.remove(&position) && act_read(position, mark.value());
            if !is_right && self.is_complete {
                let what = "damaged, or at a record that the operators did not write";
                self.report.find(FindingCode::Act, format!("the mark of position {position}"), what);
            }
        }
        for position in expected {
            self.report.find(FindingCode::Act, format!("position {position}"), "its mark is missing");
        }
        Ok(())
    }
}

fn slab_place((level, run, partition): SlabKey) -> String {
    format!("the slab at partition {partition} of the idempotency run {}", Run { level, index: run })
}

/// A run that is made again from names, some partitions at a time.
struct Again {
    spans: Spans,
    run: Run,
    /// The first partition that is in memory.
    first: u32,
    partitions: Vec<Vec<Entry>>,
}

impl Again {
    fn new(spans: Spans, run: Run) -> Self {
        Self { spans, run, first: 0, partitions: Vec::new() }
    }

    /// The slab that begins at a partition, and where it ends.
    fn slab(&mut self, names: &NameTable, first: u32) -> Result<(SlabKey, Vec<u8>, u32), ReadError> {
        let mut builder = SlabBuilder::new(self.run, first);
        while builder.next() < self.spans.partitions(self.run.level) {
            if !builder.add(self.partition(names, builder.next())?) {
                break;
            }
        }
        let end = builder.next();
        let (key, stored) = builder.finish();
        Ok((key, stored, end))
    }

    fn partition(&mut self, names: &NameTable, partition: u32) -> Result<&[Entry], ReadError> {
        let place = |of: u32| of.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if place(partition).is_none_or(|at| at >= self.partitions.len()) {
            self.collect(names, partition)?;
        }
        let at = usize::try_from(partition - self.first).unwrap_or(0);
        Ok(self.partitions.get(at).map_or(&[], Vec::as_slice))
    }

    /// Reads all names of the run and keeps those of the partitions from one on.
    fn collect(&mut self, names: &NameTable, first: u32) -> Result<(), ReadError> {
        let (level, all) = (self.run.level, self.spans.partitions(self.run.level));
        let per_partition = (self.spans.length(level) / u64::from(all)).max(1);
        let at_once = u32::try_from(ENTRIES_AT_ONCE / per_partition).unwrap_or(1).max(1);
        let end = all.min(first.saturating_add(at_once));
        self.first = first;
        self.partitions = vec![Vec::new(); usize::try_from(end - first).unwrap_or(0)];
        let (before, mut rows) = (self.spans.before(self.run), NameRows::default());
        for place in 0..self.spans.length(level) {
            let hash = EventKey(rows.name(names, before + place + 1)?.key).hash();
            let partition = self.spans.partition(level, hash);
            if (first..end).contains(&partition) {
                let entry = Entry(entry_start(self.spans, level, hash).0 | place);
                let at = usize::try_from(partition - first).unwrap_or(0);
                self.partitions[at].push(entry);
            }
        }
        self.partitions.iter_mut().for_each(|entries| entries.sort_unstable());
        Ok(())
    }
}
