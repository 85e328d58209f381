//! The printed form of a number or date, made without memory of its own: rows hold millions of them.

use chrono::{Datelike, NaiveDate};
use std::fmt::{self, Write as _};

/// Enough for every exact sum (41 bytes), month and date.
const BYTES_MAX: usize = 48;

/// Every two digits, in order.
const PAIRS: &[u8; 200] = b"00010203040506070809101112131415161718192021222324252627282930313233343536373839\
404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// A short text of plain ASCII.
#[derive(Clone, Copy)]
pub struct ShortText {
    bytes: [u8; BYTES_MAX],
    len: usize,
}

impl ShortText {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; BYTES_MAX], len: 0 }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Adds bytes; what does not fit is left out, which nothing printed here reaches.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let end = (self.len + bytes.len()).min(BYTES_MAX);
        let room = &mut self.bytes[self.len..end];
        room.copy_from_slice(&bytes[..room.len()]);
        self.len = end;
    }

    /// Adds a number without leading zeros.
    pub(crate) fn push_number(&mut self, number: u64) {
        let width = number.checked_ilog10().unwrap_or(0) as usize + 1;
        self.push_padded(number, width);
    }

    /// Adds the last `width` digits of a number, with leading zeros.
    pub(crate) fn push_padded(&mut self, mut number: u64, width: usize) {
        let end = (self.len + width).min(BYTES_MAX);
        let mut at = end;
        while at >= self.len + 2 {
            let pair = pair_at(number % 100);
            at -= 2;
            self.bytes[at..at + 2].copy_from_slice(pair);
            number /= 100;
        }
        if at > self.len {
            self.bytes[at - 1] = pair_at(number % 10)[1];
        }
        self.len = end;
    }

    /// Takes zeros off the end, as long as it stays at least so long.
    pub(crate) fn trim_zeros(&mut self, least: usize) {
        while self.len > least && self.bytes[self.len - 1] == b'0' {
            self.len -= 1;
        }
    }
}

fn pair_at(two_digits: u64) -> &'static [u8] {
    let at = usize::try_from(two_digits).unwrap_or(0) * 2;
    &PAIRS[at..at + 2]
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Adds `YYYY-MM`.
pub(crate) fn push_month(text: &mut ShortText, year: i32, month: u32) {
    match u64::try_from(year) {
        Ok(year @ 0..=9_999) => text.push_padded(year, 4),
        // Cannot fail: nothing refuses what is pushed.
        _ => write!(text, "{year:04}").unwrap_or_default(),
    }
    text.push(b"-");
    text.push_padded(u64::from(month), 2);
}

/// A date as it prints: `YYYY-MM-DD`.
#[must_use]
pub fn date_text(date: NaiveDate) -> ShortText {
    let mut text = ShortText::new();
    if (0..=9_999).contains(&date.year()) {
        push_month(&mut text, date.year(), date.month());
        text.push(b"-");
        text.push_padded(u64::from(date.day()), 2);
    } else {
        write!(text, "{date}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Month;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_as_many_digits_as_asked() {
        let mut text = ShortText::new();
        for number in [0, 7, 10, 999, 1_000, u64::MAX] {
            text.push_number(number);
            text.push(b" ");
        }
        text.len -= 1;
        assert_eq!(text.as_str(), "0 7 10 999 1000 18446744073709551615");
        let mut text = ShortText::new();
        text.push_padded(1_205, 7);
        text.push_padded(1_205, 2);
        assert_eq!(text.as_str(), "000120505");
    }

    proptest! {
        #[test]
        fn dates_and_months_print_as_their_library_prints_them(days in -1_000_000_i32..4_000_000) {
            let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let text = date_text(date);
            prop_assert_eq!(text.as_str(), date.to_string());
            let month = Month::of(date);
            prop_assert_eq!(month.to_string(), format!("{:04}-{:02}", month.year(), month.number()));
        }
    }
}
