//! The smallest parts of kept values as bytes: numbers, amounts, dates, names.
//!
//! Nothing that is read is trusted: what does not agree is nothing, never a figure.

use super::KeptNames;
use chrono::{Datelike, NaiveDate};
use daybook_event::{Exact, Month, Name};

/// Units of 10^-25 in a hundredth: most amounts are whole counts of it.
const HUNDREDTH: i128 = 10_i128.pow(23);
/// Units of 10^-25 in a billionth: what an amount can have at most of decimals.
const BILLIONTH: i128 = 10_i128.pow(16);

/// Months that dates can lie in.
const MONTHS: std::ops::Range<i32> = 0..120_000;

/// How the bytes of an amount are read.
mod tag {
    pub(super) const ZERO: u8 = 0;
    pub(super) const HUNDREDTHS: u8 = 1;
    pub(super) const BILLIONTHS: u8 = 2;
    pub(super) const WHOLE: u8 = 3;
}

/// Puts values behind each other.
#[derive(Debug)]
pub(super) struct Writer<'n> {
    pub(super) out: Vec<u8>,
    names: &'n KeptNames,
}

impl<'n> Writer<'n> {
    pub(super) fn new(names: &'n KeptNames) -> Self {
        Self { out: Vec::new(), names }
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.out.push((number & 0x7f) as u8);
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(super) fn list<T>(&mut self, items: &[T], mut put: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| put(self, item));
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The number of a known name, or zero and the text.
    pub(super) fn name(&mut self, name: &Name) {
        match self.names.number(name) {
            Some(number) => self.number(number + 1),
            None => {
                self.number(0);
                self.text(name);
            }
        }
    }

    pub(super) fn month(&mut self, month: Month) {
        self.signed(i64::from(month.index()));
    }

    pub(super) fn date(&mut self, date: NaiveDate) {
        self.signed(i64::from(date.num_days_from_ce()));
    }

    pub(super) fn exact(&mut self, amount: Exact) {
        let raw = amount.raw();
        let whole = |unit: i128| i64::try_from(raw / unit).ok().filter(|_| raw % unit == 0);
        if raw == 0 {
            self.out.push(tag::ZERO);
        } else if let Some(hundredths) = whole(HUNDREDTH) {
            self.out.push(tag::HUNDREDTHS);
            self.signed(hundredths);
        } else if let Some(billionths) = whole(BILLIONTH) {
            self.out.push(tag::BILLIONTHS);
            self.signed(billionths);
        } else {
            self.out.push(tag::WHOLE);
            self.out.extend_from_slice(&raw.to_le_bytes());
        }
    }
}

/// Takes values off the front.
#[derive(Debug)]
pub(super) struct Reader<'n, 'b> {
    left: &'b [u8],
    names: &'n KeptNames,
}

impl<'n, 'b> Reader<'n, 'b> {
    pub(super) fn new(bytes: &'b [u8], names: &'n KeptNames) -> Self {
        Self { left: bytes, names }
    }

    pub(super) fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn list<T>(&mut self, mut take: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        // Every item takes a byte at least: a count that is not true takes no memory.
        let count = usize::try_from(self.number()?).ok().filter(|count| *count <= self.left.len())?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(take(self)?);
        }
        Some(items)
    }

    pub(super) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.left.split_at_checked(length)?;
        self.left = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn name(&mut self) -> Option<Name> {
        match self.number()?.checked_sub(1) {
            Some(number) => self.names.named(number),
            None => self.text().map(Name::from),
        }
    }

    pub(super) fn month(&mut self) -> Option<Month> {
        i32::try_from(self.signed()?).ok().filter(|index| MONTHS.contains(index)).map(Month::from_index)
    }

    pub(super) fn date(&mut self) -> Option<NaiveDate> {
        NaiveDate::from_num_days_from_ce_opt(i32::try_from(self.signed()?).ok()?)
    }

    pub(super) fn exact(&mut self) -> Option<Exact> {
        Some(Exact::from_raw(match self.byte()? {
            tag::ZERO => 0,
            tag::HUNDREDTHS => i128::from(self.signed()?).checked_mul(HUNDREDTH)?,
            tag::BILLIONTHS => i128::from(self.signed()?).checked_mul(BILLIONTH)?,
            tag::WHOLE => {
                let (raw, rest) = self.left.split_first_chunk::<16>()?;
                self.left = rest;
                // The one number that has no opposite.
                Some(i128::from_le_bytes(*raw)).filter(|raw| *raw != i128::MIN)?
            }
            _ => return None,
        }))
    }
}
