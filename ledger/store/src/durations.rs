//! How long something took, counted in fixed classes: whole numbers only.

use std::time::Duration;

/// Upper bounds of the classes in microseconds, from a tenth of a millisecond to half a minute.
pub const DURATION_BOUNDS_MICROS: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    10_000_000, 30_000_000,
];

/// A tally of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Durations {
    /// How many were at or below the bound of the same place and above the one before; the last: longer than all.
    counts: [u64; DURATION_BOUNDS_MICROS.len() + 1],
    sum_micros: u64,
}

impl Durations {
    /// Counts one.
    pub fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = DURATION_BOUNDS_MICROS.iter().position(|bound| micros <= *bound);
        if let Some(count) = self.counts.get_mut(class.unwrap_or(DURATION_BOUNDS_MICROS.len())) {
            *count += 1;
        }
        self.sum_micros = self.sum_micros.saturating_add(micros);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All of them together, in microseconds.
    #[must_use]
    pub fn sum_micros(&self) -> u64 {
        self.sum_micros
    }

    /// The bound of each class in microseconds and how many lie in it; the last class has none.
    pub fn classes(&self) -> impl Iterator<Item = (Option<u64>, u64)> + '_ {
        let bounds = DURATION_BOUNDS_MICROS.iter().copied().map(Some).chain([None]);
        bounds.zip(self.counts.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_lies_in_the_class_that_its_bound_closes() {
        let mut durations = Durations::default();
        for micros in [0, 100, 101, 30_000_000, 30_000_001] {
            durations.add(Duration::from_micros(micros));
        }
        let counts: Vec<u64> = durations.classes().map(|(_, count)| count).collect();
        assert_eq!((counts[0], counts[1], counts[15], counts[16]), (2, 1, 1, 1));
        assert_eq!((durations.count(), durations.sum_micros()), (5, 60_000_202));
        assert_eq!(durations.classes().last(), Some((None, 1)));
    }

    #[test]
    fn bounds_rise() {
        assert!(DURATION_BOUNDS_MICROS.is_sorted_by(|a, b| a < b));
    }
}
