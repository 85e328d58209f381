//! Numbers of texts that are gathered one by one.

use super::{LinesError, Texts};
use std::hash::{DefaultHasher, Hash, Hasher};

const EMPTY: u32 = u32::MAX;

/// Texts, numbered in the order in which they first appear, without a second copy of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    texts: Texts,
    /// The hash of each text, by number.
    hashes: Vec<u64>,
    /// Numbers, each at the first free slot from the one that its hash says. At least twice as many slots as texts, a power of two.
    slots: Vec<u32>,
    /// The number that was asked for last: rows often name what the row before names.
    last: u32,
}

impl Numbers {
    /// The text's number, a new one if it was not seen before.
    pub(super) fn of(&mut self, text: &str) -> Result<u32, LinesError> {
        if !self.hashes.is_empty() && self.texts.get(self.last) == text {
            return Ok(self.last);
        }
        if self.slots.len() < 2 * (self.hashes.len() + 1) {
            self.grow();
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        let slot = self.slot_of(hash, |number| self.texts.get(number) == text);
        if self.slots[slot] == EMPTY {
            self.slots[slot] = self.texts.push(text)?;
            self.hashes.push(hash);
        }
        self.last = self.slots[slot];
        Ok(self.last)
    }

    /// The slot of the number with this hash that is the one, or the free slot where it would be.
    fn slot_of(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(hash & mask as u64).unwrap_or(0);
        while self.slots[slot] != EMPTY {
            let number = self.slots[slot];
            if self.hashes[number as usize] == hash && is_it(number) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY; (4 * self.hashes.len()).next_power_of_two().max(16)];
        for (number, hash) in (0..).zip(&self.hashes) {
            let slot = self.slot_of(*hash, |_| false);
            self.slots[slot] = number;
        }
    }

    /// The numbers here of the texts of a list.
    pub(super) fn of_all(&mut self, texts: &Texts) -> Result<Vec<u32>, LinesError> {
        let all = 0..u32::try_from(texts.len()).map_err(|_| LinesError::TooMany)?;
        all.map(|number| self.of(texts.get(number))).collect()
    }

    /// About how many bytes they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.texts.bytes().len() + self.texts.len() * NUMBER_BYTES
    }

    pub(super) fn into_texts(self) -> Texts {
        self.texts
    }
}

/// What a text takes beside itself: its end, its hash, and its places in the table.
const NUMBER_BYTES: usize = 32;

/// Gives the texts new numbers in the order in which rows name them, and leaves out those that no row names.
pub(super) fn renumbered(
    texts: Texts,
    column: &mut [u32],
    is_named: impl Fn(usize) -> bool,
) -> Result<Texts, LinesError> {
    let mut numbers: Vec<Option<u32>> = vec![None; texts.len()];
    let mut in_order = Texts::default();
    for (row, number) in column.iter_mut().enumerate() {
        if !is_named(row) {
            *number = 0;
            continue;
        }
        let known = numbers.get_mut(*number as usize).ok_or(LinesError::Damaged { what: "a row names no text" })?;
        *number = match *known {
            Some(new) => new,
            None => *known.insert(in_order.push(texts.get(*number))?),
        };
    }
    Ok(in_order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_number_of_its_first_appearance_however_many_there_are() {
        let mut numbers = Numbers::default();
        let texts: Vec<String> = (0..500_u32).map(|n| format!("C-{}", n * 7 % 300)).collect();
        let mut first: Vec<&str> = Vec::new();
        for text in &texts {
            let number = numbers.of(text).unwrap();
            let known = first.iter().position(|known| known == text);
            assert_eq!(number as usize, known.unwrap_or(first.len()));
            if known.is_none() {
                first.push(text);
            }
            assert_eq!(numbers.of(text).unwrap(), number, "asked for again");
        }
        assert_eq!(first.len(), 300);
        let texts = numbers.into_texts();
        assert!((0..300).all(|number| texts.get(number) == first[number as usize]));
    }
}
