//! Event ids by row: sixteen bytes where the id is nothing but a number in hex, its text otherwise.

use super::{LinesError, Texts, ensure};
use daybook_event::EventId;
use std::borrow::Cow;

/// Event ids, one per row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventIds {
    /// How each is kept.
    forms: Vec<u8>,
    /// The number of each; of a text, where it stands among the texts.
    numbers: Vec<u128>,
    texts: Texts,
}

/// As text.
const TEXT: u8 = 0;
/// As 32 lower-case hex digits.
const HEX: u8 = 1;
/// As a lower-case GUID: hex digits in groups of 8, 4, 4, 4 and 12.
const GUID: u8 = 2;
/// Where a GUID has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl EventIds {
    /// The ids that these parts make.
    ///
    /// # Errors
    /// [`LinesError::Damaged`] where one of them is no id.
    pub fn from_parts(forms: Vec<u8>, numbers: Vec<u128>, texts: Texts) -> Result<Self, LinesError> {
        ensure(forms.len() == numbers.len(), "an event id has no form")?;
        ensure(forms.iter().all(|form| *form <= GUID), "the form of an event id is unknown")?;
        let texts_named = forms.iter().zip(&numbers).filter(|(form, _)| **form == TEXT).map(|(_, number)| *number);
        ensure(texts_named.eq(0..texts.len() as u128), "the texts of event ids are not in order")?;
        let all_ids = (0..texts.ends().len()).all(|at| {
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            EventId::parse(texts.get(number)).is_ok()
        });
        ensure(all_ids, "an event id is none")?;
        Ok(Self { forms, numbers, texts })
    }

    /// How each id is kept, for [`EventIds::from_parts`].
    #[must_use]
    pub fn forms(&self) -> &[u8] {
        &self.forms
    }

    /// The number of each id.
    #[must_use]
    pub fn numbers(&self) -> &[u128] {
        &self.numbers
    }

    /// The ids that are kept as texts.
    #[must_use]
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Adds an id.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where it does not fit.
    pub fn push(&mut self, id: &EventId) -> Result<(), LinesError> {
        let (form, number) = match packed(id.as_str()) {
            Some(packed) => packed,
            None => (TEXT, u128::from(self.texts.push(id.as_str())?)),
        };
        self.forms.push(form);
        self.numbers.push(number);
        Ok(())
    }

    /// The ids of these rows, in this order.
    pub(super) fn gathered(&self, rows: impl Iterator<Item = usize>) -> Result<Self, LinesError> {
        let mut gathered = Self::default();
        for row in rows {
            gathered.push_of(self, row)?;
        }
        Ok(gathered)
    }

    /// Adds the id of a row of another list.
    pub(super) fn push_of(&mut self, other: &Self, row: usize) -> Result<(), LinesError> {
        let form = other.forms[row];
        let number = if form == TEXT { u128::from(self.texts.push(&other.text(row))?) } else { other.numbers[row] };
        self.forms.push(form);
        self.numbers.push(number);
        Ok(())
    }

    /// The numbers of two rows, where these stand in the order of the texts: lower-case hex digits compare as they count.
    pub(super) fn packed_pair(&self, one: usize, two: usize) -> Option<(u128, u128)> {
        let form = self.forms[one];
        (form != TEXT && form == self.forms[two]).then(|| (self.numbers[one], self.numbers[two]))
    }

    /// The form and number of an id that is kept without its text; none where the id of the row is kept as text.
    pub(super) fn packed_at(&self, row: usize) -> Option<(u8, u128)> {
        let form = self.forms[row];
        (form != TEXT).then(|| (form, self.numbers[row]))
    }

    /// About how many bytes they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.forms.len() * (1 + size_of::<u128>()) + self.texts.bytes().len()
    }

    /// Whether the ids of two rows, of this list and of another, are the same.
    #[must_use]
    pub fn is_same(&self, row: usize, other: &Self, other_row: usize) -> bool {
        let (one, two) = (self.forms[row], other.forms[other_row]);
        one == two
            && if one == TEXT {
                self.text(row) == other.text(other_row)
            } else {
                self.numbers[row] == other.numbers[other_row]
            }
    }

    /// The text of the id of a row.
    #[must_use]
    pub fn text(&self, row: usize) -> Cow<'_, str> {
        match (self.forms[row], self.numbers[row]) {
            (form @ (HEX | GUID), number) => Cow::Owned(hex(number, form == GUID)),
            (_, number) => Cow::Borrowed(self.texts.get(u32::try_from(number).unwrap_or(u32::MAX))),
        }
    }

    /// The id of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> EventId {
        match EventId::parse(&self.text(row)) {
            Ok(id) => id,
            // Ids are pushed as ids, and checked where they come from outside.
            Err(_) => unreachable!("the event id of row {row} was checked"),
        }
    }
}

/// A number as 32 hex digits, in groups as in a GUID or in one piece.
fn hex(number: u128, grouped: bool) -> String {
    let mut text = String::with_capacity(36);
    for byte in number.to_be_bytes() {
        if grouped && HYPHENS.contains(&text.len()) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

/// The form and number of an id that is a number in hex.
pub(super) fn packed(text: &str) -> Option<(u8, u128)> {
    let bytes = text.as_bytes();
    let form = match bytes.len() {
        32 => HEX,
        36 => GUID,
        _ => return None,
    };
    let mut number = 0_u128;
    for (at, byte) in bytes.iter().enumerate() {
        if form == GUID && HYPHENS.contains(&at) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | u128::from(digit);
    }
    Some((form, number))
}
