//! Calendar months and dates.

use crate::short_text::{ShortText, date_text, push_month};
use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Reads `YYYY-MM-DD`, and only that.
#[must_use]
pub fn date_parse(text: &str) -> Option<NaiveDate> {
    let well_shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !well_shaped {
        return None;
    }
    let digits = |from: usize, to: usize| text[from..to].bytes().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
    NaiveDate::from_ymd_opt(i32::try_from(digits(0, 4)).ok()?, digits(5, 7), digits(8, 10))
}

/// The text that [`date_parse`] reads; none of a year that has not four digits.
#[must_use]
pub fn wire_date_text(date: NaiveDate) -> Option<ShortText> {
    (0..=9999).contains(&date.year()).then(|| date_text(date))
}

/// A calendar month, counted from January of year 0. Printed `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Month(i32);

impl Month {
    /// The month that holds the date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self(date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0))
    }

    /// Reads `YYYY-MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut first_day = *b"0000-00-01";
        first_day[..7].copy_from_slice(text.as_bytes().get(..7).filter(|_| text.len() == 7)?);
        date_parse(std::str::from_utf8(&first_day).ok()?).map(Self::of)
    }

    /// The count of months since January of year 0: for stored forms.
    #[must_use]
    pub const fn index(self) -> i32 {
        self.0
    }

    /// The inverse of [`Month::index`].
    #[must_use]
    pub const fn from_index(index: i32) -> Self {
        Self(index)
    }

    /// The month so many months later (earlier, if negative).
    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// The next month.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// How many months this one is after `other`.
    #[must_use]
    pub const fn since(self, other: Self) -> i32 {
        self.0 - other.0
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.day(1)
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        self.next().first_day() - Days::new(1)
    }

    /// Its day of that number, or its last day where it has fewer.
    #[must_use]
    pub fn day(self, day: u32) -> NaiveDate {
        let month = u32::try_from(self.0.rem_euclid(12)).unwrap_or(0) + 1;
        let year = self.0.div_euclid(12);
        NaiveDate::from_ymd_opt(year, month, day).unwrap_or_else(|| {
            // Only the end of a month can be missing; years outside chrono's range are refused where dates are parsed.
            NaiveDate::from_ymd_opt(year, month, 28).map_or(NaiveDate::MAX, |near_end| {
                let mut last = near_end;
                while let Some(next) = last.succ_opt().filter(|d| d.month() == month) {
                    last = next;
                }
                last
            })
        })
    }

    /// The calendar year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// The month's number, 1 to 12.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// As it prints.
    #[must_use]
    pub fn text(self) -> ShortText {
        let mut text = ShortText::new();
        push_month(&mut text, self.year(), self.number().unsigned_abs());
        text
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl TryFrom<String> for Month {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a month: YYYY-MM"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_print_as_they_read() {
        let month = Month::parse("2022-02").unwrap();
        assert_eq!(month.to_string(), "2022-02");
        assert_eq!(month.first_day().to_string(), "2022-02-01");
        assert_eq!(month.last_day().to_string(), "2022-02-28");
        assert_eq!(month.day(31).to_string(), "2022-02-28");
        assert_eq!(month.plus(-2).to_string(), "2021-12");
        assert!(Month::parse("2022-13").is_none());
        assert!(Month::parse("2022-1").is_none());
    }

    #[test]
    fn dates_have_one_shape() {
        assert!(date_parse("2022-02-28").is_some());
        for bad in ["2022-2-28", "2022-02-30", "22-02-28", "2022/02/28", "2022-02-28T00:00:00", "+022-02-28"] {
            assert!(date_parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_date_reads_as_the_calendar_says() {
        for text in ["2022-02-28", "2022-02-29", "2024-02-29", "0000-01-01", "9999-12-31", "2022-13-01", "2022-00-10"] {
            let date = date_parse(text);
            assert_eq!(date, NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(), "{text}");
            let printed = date.and_then(wire_date_text);
            assert_eq!(printed.as_ref().map(ShortText::as_str), date.map(|_| text));
        }
        for text in ["2022-1-010", "20220110", "2022-01-1\u{e9}", "+022-01-10", " 022-01-10"] {
            assert_eq!(date_parse(text), None, "{text}");
        }
        assert_eq!(Month::parse("2022-0\u{e9}"), None);
        assert_eq!([NaiveDate::MAX, NaiveDate::MIN].map(|date| wire_date_text(date).is_none()), [true, true]);
    }
}
