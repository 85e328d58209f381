//! Numbers of texts that are gathered one by one.

use super::{LinesError, Texts};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Texts, numbered in the order in which they first appear, without a second copy of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    texts: Texts,
    /// Numbers by hash; of those that share one, the next stands under the hash after it.
    by_hash: BTreeMap<u64, u32>,
}

impl Numbers {
    /// The text's number, a new one if it was not seen before.
    pub(super) fn of(&mut self, text: &str) -> Result<u32, LinesError> {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mut hash = hasher.finish();
        while let Some(&number) = self.by_hash.get(&hash) {
            if self.texts.get(number) == text {
                return Ok(number);
            }
            hash = hash.wrapping_add(1);
        }
        let number = self.texts.push(text)?;
        self.by_hash.insert(hash, number);
        Ok(number)
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

/// What a text takes beside itself: its end, and its place in the table.
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
