//! What the writer keeps in memory of a run: where buckets end, and the tags. A new name is told from the stored ones by these alone,
//! but for one in several thousand.

use crate::format_v3::{BUCKETS, Partition};
use std::ops::Range;

/// Buckets and tags of consecutive partitions.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// The partition of the first bucket.
    first: u32,
    ends: Vec<u32>,
    tags: Vec<u16>,
}

impl Filter {
    pub(crate) fn from(first: u32) -> Self {
        Self { first, ..Self::default() }
    }

    /// Adds the next partition.
    pub(crate) fn add(&mut self, partition: &Partition<'_>) {
        let base = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        self.ends.extend(partition.ends.iter().map(|end| base.saturating_add(*end)));
        self.tags.extend(partition.tags());
    }

    /// The partition behind the last.
    pub(crate) fn end(&self) -> u32 {
        self.first + u32::try_from(self.ends.len() / BUCKETS).unwrap_or(u32::MAX)
    }

    /// Whether an entry of the bucket has the tag.
    pub(crate) fn has(&self, partition: u32, bucket: usize, tag: u16) -> bool {
        let tags = self.bucket(partition, bucket).and_then(|range| self.tags.get(range));
        tags.is_some_and(|tags| tags.contains(&tag))
    }

    fn bucket(&self, partition: u32, bucket: usize) -> Option<Range<usize>> {
        let at = usize::try_from(partition.checked_sub(self.first)?).ok()? * BUCKETS + bucket;
        let from = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        Some(usize::try_from(from).ok()?..usize::try_from(*self.ends.get(at)?).ok()?)
    }
}
