//! Which runs there are at a position, and how far each is: arithmetic alone.

use std::fmt;

/// The highest level. Runs of it stay as they are.
pub(crate) const LEVEL_MAX: u8 = 7;
/// Runs of one level that become one of the next, as a binary logarithm.
const FAN_BITS: u32 = 2;
/// Entries that a partition has on average, as a binary logarithm.
const PARTITION_BITS: u32 = 9;

/// One run: the entries of a span of positions, in order of the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) level: u8,
    /// Which span of that length, from 0.
    pub(crate) index: u64,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of level {}", self.index, self.level)
    }
}

impl Run {
    /// The run that this one becomes a part of.
    pub(crate) fn parent(self) -> Self {
        Self { level: self.level + 1, index: self.index >> FAN_BITS }
    }

    /// The runs that this one is made of; level 0 has none.
    pub(crate) fn parts(self) -> impl Iterator<Item = Self> {
        let count = if self.level == 0 { 0 } else { 1 << FAN_BITS };
        (0..count).map(move |at| Self { level: self.level - 1, index: (self.index << FAN_BITS) + at })
    }
}

/// The lengths of spans of one ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spans {
    bits: u32,
}

impl Spans {
    pub(crate) const fn new(span_bits: u8) -> Self {
        Self { bits: span_bits as u32 }
    }

    /// Bits of a place within a span of the level.
    pub(crate) const fn place_bits(self, level: u8) -> u32 {
        self.bits + FAN_BITS * level as u32
    }

    /// Positions in a span of the level.
    pub(crate) const fn length(self, level: u8) -> u64 {
        1 << self.place_bits(level)
    }

    /// Bits of the hash that number the partitions of a run.
    pub(crate) const fn partition_bits(self, level: u8) -> u32 {
        self.place_bits(level).saturating_sub(PARTITION_BITS)
    }

    /// Bits more that number the partitions of a run than those of its parts.
    pub(crate) const fn skipped_bits(self, run: Run) -> u32 {
        self.partition_bits(run.level) - self.partition_bits(run.level - 1)
    }

    /// Partitions of a run.
    pub(crate) const fn partitions(self, level: u8) -> u32 {
        1 << self.partition_bits(level)
    }

    /// The position before the first of a run.
    pub(crate) const fn before(self, run: Run) -> u64 {
        run.index << self.place_bits(run.level)
    }

    /// The last position of the lowest level's runs.
    pub(crate) const fn runs_to(self, at: u64) -> u64 {
        at >> self.bits << self.bits
    }

    /// Positions at which work may become due: each must be stopped at on the way.
    pub(crate) const fn stop_after(self, at: u64) -> u64 {
        let stride = self.bits - 1;
        ((at >> stride) + 1) << stride
    }

    /// How many runs of a level are whole at a position. A run of a higher level is whole when half its span has passed behind it.
    pub(crate) const fn whole(self, level: u8, at: u64) -> u64 {
        let length = self.length(level);
        if level == 0 { at / length } else { at.saturating_sub(length / 2) / length }
    }

    /// How many runs of a level have been begun. A run of a higher level begins when its parts are whole.
    pub(crate) const fn begun(self, level: u8, at: u64) -> u64 {
        let length = self.length(level);
        if level == 0 { at / length } else { at.saturating_sub(length / 8 + 1) / length }
    }

    /// How many runs of a level are gone, because what they became a part of is whole.
    pub(crate) const fn gone(self, level: u8, at: u64) -> u64 {
        if level == LEVEL_MAX { 0 } else { self.whole(level + 1, at) << FAN_BITS }
    }

    /// How many partitions of a run must be there at a position: its work spreads evenly over three eighths of its length.
    pub(crate) const fn partitions_due(self, run: Run, at: u64) -> u32 {
        let (all, length) = (self.partitions(run.level), self.length(run.level));
        if run.index < self.whole(run.level, at) {
            return all;
        }
        if run.index >= self.begun(run.level, at) {
            return 0;
        }
        let passed = at - (run.index + 1) * length - length / 8;
        let due = (passed * all as u64).div_ceil(length / 8 * 3);
        #[allow(clippy::cast_possible_truncation)] // no more than all of them
        let due = due as u32;
        due
    }

    /// Every run of which something may be stored at a position, highest level first.
    pub(crate) fn runs(self, at: u64) -> impl Iterator<Item = Run> {
        (0..=LEVEL_MAX)
            .rev()
            .flat_map(move |level| (self.gone(level, at)..self.begun(level, at)).map(move |index| Run { level, index }))
    }

    /// The partition of a run that a hash belongs to.
    pub(crate) fn partition(self, level: u8, hash: u64) -> u32 {
        u32::try_from(hash.checked_shr(64 - self.partition_bits(level)).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// The first hash of a partition; none behind the last one.
    pub(crate) fn hash_from(self, level: u8, partition: u32) -> Option<u64> {
        let is_one = partition < self.partitions(level);
        is_one.then(|| u64::from(partition).checked_shl(64 - self.partition_bits(level)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_position_each_record_below_is_in_one_run_or_behind_them() {
        for bits in [6, 9, 16] {
            let spans = Spans::new(bits);
            let step = (spans.length(0) / 8).max(1);
            for at in (0..spans.length(0) * 200).step_by(usize::try_from(step).unwrap()) {
                let mut whole: Vec<Run> = spans.runs(at).filter(|run| run.index < spans.whole(run.level, at)).collect();
                // Without those that are still being made, runs follow each other without a gap.
                whole.sort_by_key(|run| spans.before(*run));
                let mut next = 0;
                for run in whole {
                    assert_eq!(spans.before(run), next, "{bits} bits, at {at}: {run}");
                    next += spans.length(run.level);
                }
                assert_eq!(next, spans.runs_to(at), "{bits} bits, at {at}");
            }
        }
    }

    #[test]
    fn a_run_is_made_when_its_parts_are_whole_and_before_the_next_of_its_level_begins() {
        let spans = Spans::new(7);
        for level in 1..4 {
            for index in 0..5 {
                let run = Run { level, index };
                let end = (index + 1) * spans.length(level);
                let first = (end..).find(|at| spans.partitions_due(run, *at) > 0).unwrap();
                let last = (end..).find(|at| spans.partitions_due(run, *at) == spans.partitions(level)).unwrap();
                assert!(run.parts().all(|part| part.index < spans.whole(part.level, first)));
                assert!(last <= end + spans.length(level) / 2 && first > end);
                let due = (first..=last).map(|at| spans.partitions_due(run, at));
                assert!(due.is_sorted());
                assert_eq!(spans.begun(level, end + spans.length(level) / 2), index + 1);
            }
        }
    }

    #[test]
    fn a_hash_belongs_to_the_partition_that_its_first_bits_number() {
        let spans = Spans::new(16);
        assert_eq!((spans.partitions(0), spans.partitions(2)), (128, 2_048));
        assert_eq!((spans.partition(0, u64::MAX), spans.partition(0, 0)), (127, 0));
        assert_eq!((spans.hash_from(0, 1), spans.hash_from(0, 128)), (Some(1 << 57), None));
        let tiny = Spans::new(6);
        assert_eq!((tiny.partitions(0), tiny.partition(0, u64::MAX), tiny.hash_from(0, 0)), (1, 0, Some(0)));
    }
}
