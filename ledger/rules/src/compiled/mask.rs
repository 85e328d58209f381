//! A set of gates by number.

use serde::{Deserialize, Serialize};

/// Which of a rule set's gates: a bit each, in file order. Sets of up to 64 gates take no memory of their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct GateMask {
    low: u64,
    /// Those from the 65th on, 64 to a word; no word is zero at its end.
    rest: Box<[u64]>,
}

const BITS: usize = 64;

impl GateMask {
    /// Puts a gate in.
    pub fn insert(&mut self, gate: usize) {
        if gate < BITS {
            self.low |= 1 << gate;
            return;
        }
        let (word, bit) = (gate / BITS - 1, gate % BITS);
        let mut rest = std::mem::take(&mut self.rest).into_vec();
        rest.resize(rest.len().max(word + 1), 0);
        rest[word] |= 1 << bit;
        self.rest = rest.into();
    }

    /// Whether a gate is in it.
    #[must_use]
    pub fn contains(&self, gate: usize) -> bool {
        self.word(gate / BITS) >> (gate % BITS) & 1 == 1
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low == 0 && self.rest.is_empty()
    }

    /// The first gate that is in both.
    #[must_use]
    pub fn first_in(&self, other: &Self) -> Option<usize> {
        let low = self.low & other.low;
        if low != 0 {
            return Some(low.trailing_zeros() as usize);
        }
        let words = 1..=self.rest.len().min(other.rest.len());
        let mut common = words.map(|at| (at, self.word(at) & other.word(at))).filter(|(_, common)| *common != 0);
        common.next().map(|(at, common)| at * BITS + common.trailing_zeros() as usize)
    }

    /// The gates that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let low = self.low & other.low;
        if self.rest.is_empty() || other.rest.is_empty() {
            return Self { low, rest: Box::default() };
        }
        Self { low, rest: trimmed(self.rest.iter().zip(&other.rest).map(|(a, b)| a & b)) }
    }

    /// The gates that are in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let (low, words) = (self.low | other.low, 1..=self.rest.len().max(other.rest.len()));
        if self.rest.is_empty() && other.rest.is_empty() {
            return Self { low, rest: Box::default() };
        }
        Self { low, rest: trimmed(words.map(|at| self.word(at) | other.word(at))) }
    }

    /// The gates in it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        let words = std::iter::once(self.low).chain(self.rest.iter().copied()).enumerate();
        words.flat_map(|(at, word)| (0..BITS).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * BITS + bit))
    }

    fn word(&self, at: usize) -> u64 {
        if at == 0 { self.low } else { self.rest.get(at - 1).copied().unwrap_or(0) }
    }
}

fn trimmed(words: impl Iterator<Item = u64>) -> Box<[u64]> {
    let mut words: Vec<u64> = words.collect();
    words.truncate(words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1));
    words.into()
}

impl FromIterator<usize> for GateMask {
    fn from_iter<I: IntoIterator<Item = usize>>(gates: I) -> Self {
        let mut mask = Self::default();
        gates.into_iter().for_each(|gate| mask.insert(gate));
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_set;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// However many gates there are: a mask is the set of their numbers.
        #[test]
        fn a_mask_is_a_set(a in btree_set(0_usize..200, 0..9), b in btree_set(0_usize..200, 0..9), most in 1_usize..200) {
            let small = |set: &BTreeSet<usize>| set.iter().map(|gate| gate % most).collect::<BTreeSet<usize>>();
            let (a, b) = (small(&a), small(&b));
            let mask = |set: &BTreeSet<usize>| set.iter().copied().collect::<GateMask>();
            let (of_a, of_b) = (mask(&a), mask(&b));
            prop_assert_eq!(of_a.iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(of_a.is_empty(), a.is_empty());
            prop_assert!((0..200).all(|gate| of_a.contains(gate) == a.contains(&gate)));
            prop_assert_eq!(of_a.first_in(&of_b), a.intersection(&b).next().copied());
            prop_assert_eq!(of_a.and(&of_b), mask(&a.intersection(&b).copied().collect()));
            prop_assert_eq!(of_a.or(&of_b), mask(&a.union(&b).copied().collect()));
        }
    }
}
