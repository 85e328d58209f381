//! Chance for tests: seeded, so that a failure can be had again as far as its seed decides it.

use std::time::{SystemTime, UNIX_EPOCH};

/// A seeded source of chance (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Chance from this seed on.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    /// A place in a list of this length, which must not be empty.
    pub fn place(&mut self, length: usize) -> usize {
        let places = u64::try_from(length).expect("a list has a countable length");
        usize::try_from(self.roll() % places).expect("a place in a list is a usize")
    }

    /// Brings a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.place(at + 1));
        }
    }
}

/// The seed of a test whose every run shall differ: `DAYBOOK_TEST_SEED`, else the clock. Whoever takes it prints it.
#[must_use]
pub fn seed_of_run() -> u64 {
    let named = std::env::var("DAYBOOK_TEST_SEED").ok();
    named.map_or_else(
        || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        |text| text.parse().unwrap_or_else(|_| panic!("DAYBOOK_TEST_SEED={text:?} is no whole number")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_everything_and_moves_most() {
        let mut list: Vec<u32> = (0..1_000).collect();
        Dice::new(7).shuffle(&mut list);
        let stayed = (0..1_000).zip(&list).filter(|(at, value)| at == *value).count();
        assert!(stayed < 20, "{stayed} stayed");
        list.sort_unstable();
        assert_eq!(list, (0..1_000).collect::<Vec<_>>());
    }
}
