//! The names behind the last run, in memory: a table from hashes to places.

use crate::idempotency::EventKey;

const EMPTY: u32 = u32::MAX;
/// An odd number without a pattern.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hashes of consecutive positions, and where each is.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// The position before the first.
    before: u64,
    hashes: Vec<u64>,
    /// Places in `hashes`, by hash; twice as many as there are hashes, or more.
    slots: Vec<u32>,
}

impl Tail {
    pub(crate) fn behind(before: u64) -> Self {
        Self { before, ..Self::default() }
    }

    pub(crate) fn before(&self) -> u64 {
        self.before
    }

    /// The last position.
    pub(crate) fn end(&self) -> u64 {
        self.before + self.hashes.len() as u64
    }

    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Adds the name of the next position.
    pub(crate) fn add(&mut self, hash: u64) {
        if self.slots.len() < 2 * (self.hashes.len() + 1) {
            self.grow();
        }
        self.hashes.push(hash);
        self.place(self.hashes.len() - 1);
    }

    fn grow(&mut self) {
        let slots = (4 * self.hashes.len()).next_power_of_two().max(64);
        self.slots = vec![EMPTY; slots];
        (0..self.hashes.len()).for_each(|at| self.place(at));
    }

    fn slot(&self, hash: u64) -> usize {
        let bits = self.slots.len().trailing_zeros();
        // Whoever chooses ids can choose first bits that are alike.
        usize::try_from(hash.wrapping_mul(MIX) >> (64 - bits)).unwrap_or(0)
    }

    fn place(&mut self, at: usize) {
        let (mut slot, mask) = (self.slot(self.hashes[at]), self.slots.len() - 1);
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = u32::try_from(at).unwrap_or(EMPTY);
    }

    /// Calls with every position whose name has this hash.
    pub(crate) fn find(&self, hash: u64, mut found: impl FnMut(u64)) {
        if self.slots.is_empty() {
            return;
        }
        let (mut slot, mask) = (self.slot(hash), self.slots.len() - 1);
        while self.slots[slot] != EMPTY {
            let at = usize::try_from(self.slots[slot]).unwrap_or(usize::MAX);
            if self.hashes.get(at) == Some(&hash) {
                found(self.before + at as u64 + 1);
            }
            slot = (slot + 1) & mask;
        }
    }
}

impl EventKey {
    /// The first bits, which are what names are sorted by.
    pub(crate) fn hash(&self) -> u64 {
        self.0.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_found_where_it_was_put_and_no_other() {
        let mut tail = Tail::behind(100);
        // Many alike fall behind each other.
        let hashes: Vec<u64> = (0..300_u64).map(|n| u64::MAX - n % 7 * 3).chain((0..300).map(|n| n << 40)).collect();
        hashes.iter().for_each(|hash| tail.add(*hash));
        for hash in hashes.iter().chain(&[1, 1 << 63]) {
            let expected: Vec<u64> = (101..).zip(&hashes).filter(|(_, of)| *of == hash).map(|(at, _)| at).collect();
            let mut found = Vec::new();
            tail.find(*hash, |position| found.push(position));
            found.sort_unstable();
            assert_eq!(found, expected);
        }
        assert_eq!(tail.end(), 700);
    }
}
