//! A list of texts in one piece.

use super::{LinesError, count, ensure};

/// Texts by number, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// The list that these bytes and ends make.
    ///
    /// # Errors
    /// [`LinesError::Damaged`] where an end is not one.
    pub fn from_parts(bytes: Vec<u8>, ends: Vec<u32>) -> Result<Self, LinesError> {
        let text = String::from_utf8(bytes).map_err(|_| LinesError::Damaged { what: "a text is not UTF-8" })?;
        ensure(ends.last().map_or(0, |end| *end as usize) == text.len(), "texts do not end where they should")?;
        ensure(ends.is_sorted(), "texts are not in order")?;
        ensure(ends.iter().all(|end| text.is_char_boundary(*end as usize)), "a text ends within a character")?;
        Ok(Self { text, ends })
    }

    /// All texts, one behind the other.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Where each text ends.
    #[must_use]
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of that number; empty where there is none.
    #[must_use]
    pub fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends.get(before).map_or(0, |end| *end as usize));
        let end = self.ends.get(at).map_or(0, |end| *end as usize);
        self.text.get(start..end).unwrap_or_default()
    }

    /// Adds a text, and tells its number.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where it does not fit.
    pub fn push(&mut self, text: &str) -> Result<u32, LinesError> {
        let number = count(self.ends.len())?;
        let end = count(self.text.len() + text.len())?;
        self.text.push_str(text);
        self.ends.push(end);
        Ok(number)
    }
}
