//! Making runs: of level 0 by sorting a span of positions, of a higher level by merging four runs, a slab at a time.

use super::spans::{Run, Spans};
use super::{Slabs, slab_damaged};
use crate::ReadError;
use crate::format_v3::{BUCKETS, Entry, Partition, SLAB_BYTES_MAX, SlabKey, SlabReader, partition_bytes, slab_bytes};

/// The entries of each partition of a run of level 0, from the hashes of its positions in order.
pub(crate) fn flush_partitions(spans: Spans, hashes: &[u64]) -> Vec<Vec<Entry>> {
    let mut partitions = vec![Vec::new(); usize::try_from(spans.partitions(0)).unwrap_or(1)];
    let (skipped, place_bits) = (spans.partition_bits(0), spans.place_bits(0));
    for (place, hash) in (0_u64..).zip(hashes) {
        let partition = usize::try_from(spans.partition(0, *hash)).unwrap_or(0);
        // Behind the partition's bits, as many as leave room for the place.
        let of_hash = hash << skipped >> (64 - Entry::BITS + place_bits);
        partitions[partition].push(Entry(of_hash << place_bits | place));
    }
    partitions.iter_mut().for_each(|entries| entries.sort_unstable());
    partitions
}

/// The entry of a part as it is in the run one level up.
fn risen(spans: Spans, part: Run, entry: Entry) -> Entry {
    let (from, to) = (spans.place_bits(part.level), spans.place_bits(part.level + 1));
    let skipped = spans.skipped_bits(part.parent());
    let (of_hash, place) = (entry.0 >> from, entry.0 & ((1 << from) - 1));
    let kept = of_hash & ((1 << (Entry::BITS - from - skipped)) - 1);
    let shorter = kept >> (to - from - skipped);
    Entry(shorter << to | (part.index % 4) << from | place)
}

/// What an entry of this hash begins with in a run of the level: all but its place.
pub(crate) fn entry_start(spans: Spans, level: u8, hash: u64) -> Entry {
    let place_bits = spans.place_bits(level);
    let of_hash = hash << spans.partition_bits(level) >> (64 - Entry::BITS + place_bits);
    Entry(of_hash << place_bits)
}

/// A slab on its way: partitions are added while they fit.
#[derive(Debug)]
pub(crate) struct SlabBuilder {
    key: SlabKey,
    partitions: Vec<Vec<u8>>,
    bytes: usize,
}

impl SlabBuilder {
    pub(crate) fn new(run: Run, first: u32) -> Self {
        Self { key: (run.level, run.index, first), partitions: Vec::new(), bytes: 12 }
    }

    /// The partition that comes next.
    pub(crate) fn next(&self) -> u32 {
        self.key.2 + u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    /// Adds the next partition; false if it does not fit, which the first one always does.
    pub(crate) fn add(&mut self, entries: &[Entry]) -> bool {
        let partition = partition_bytes((self.key.0, self.key.1, self.next()), entries);
        let bytes = self.bytes + partition.len() + 4;
        if bytes > SLAB_BYTES_MAX && !self.partitions.is_empty() {
            return false;
        }
        self.bytes = bytes;
        self.partitions.push(partition);
        true
    }

    /// Key and stored form.
    pub(crate) fn finish(self) -> (SlabKey, Vec<u8>) {
        (self.key, slab_bytes(self.key, &self.partitions))
    }
}

/// One part of a run that is being made, read partition by partition.
struct PartReader {
    run: Run,
    /// The slab read last, and its key.
    slab: Option<(SlabKey, Vec<u8>)>,
}

impl PartReader {
    /// Adds the entries that belong to a partition of the parent, as they are there.
    fn entries(
        &mut self,
        spans: Spans,
        slabs: &impl Slabs,
        of_parent: u32,
        out: &mut Vec<Entry>,
    ) -> Result<(), ReadError> {
        let skipped = spans.skipped_bits(self.run.parent());
        let partition = of_parent >> skipped;
        let width = BUCKETS >> skipped;
        let from = usize::try_from(of_parent & ((1 << skipped) - 1)).unwrap_or(0) * width;
        let run = self.run;
        let read = self.partition(slabs, partition)?;
        out.extend(read.entries(from..from + width).map(|entry| risen(spans, run, entry)));
        Ok(())
    }

    fn partition(&mut self, slabs: &impl Slabs, partition: u32) -> Result<Partition<'_>, ReadError> {
        let run = self.run;
        let is_here = |(key, bytes): &(SlabKey, Vec<u8>)| {
            key.2 <= partition && SlabReader::of(*key, bytes).is_some_and(|slab| partition < slab.end())
        };
        if !self.slab.as_ref().is_some_and(is_here) {
            let row = slabs.range((run.level, run.index, 0)..=(run.level, run.index, partition))?.next_back();
            let (key, bytes) = row.ok_or_else(|| slab_damaged(run, partition))??;
            self.slab = Some((key.value(), bytes.value().to_vec()));
        }
        let slab = self.slab.as_ref().and_then(|(key, bytes)| SlabReader::of(*key, bytes));
        slab.and_then(|slab| slab.partition(partition)).ok_or_else(|| slab_damaged(run, partition))
    }
}

/// The next slab of a run that is being made of its parts.
pub(crate) fn merge_slab(
    spans: Spans,
    slabs: &impl Slabs,
    run: Run,
    first: u32,
) -> Result<(SlabKey, Vec<u8>), ReadError> {
    let mut parts: Vec<PartReader> = run.parts().map(|run| PartReader { run, slab: None }).collect();
    let (mut builder, mut entries) = (SlabBuilder::new(run, first), Vec::new());
    while builder.next() < spans.partitions(run.level) {
        entries.clear();
        for part in &mut parts {
            part.entries(spans, slabs, builder.next(), &mut entries)?;
        }
        entries.sort_unstable();
        if !builder.add(&entries) {
            break;
        }
    }
    Ok(builder.finish())
}
