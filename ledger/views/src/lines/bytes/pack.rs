//! Numbers and texts in bytes.

use crate::lines::{LinesError, Texts, count};
use chrono::{Datelike, NaiveDate};
use daybook_event::{Amount, Currency, EventId, EventRef, Month, Position, SourceId};

/// The bytes are not what was written.
pub(super) const fn damaged(what: &'static str) -> LinesError {
    LinesError::Damaged { what }
}

pub(super) fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

pub(super) fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

pub(super) fn put_count(out: &mut Vec<u8>, length: usize) -> Result<(), LinesError> {
    put_u32(out, count(length)?);
    Ok(())
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), LinesError> {
    put_count(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) -> Result<(), LinesError> {
    put_bytes(out, text.as_bytes())
}

pub(super) fn put_day(out: &mut Vec<u8>, day: NaiveDate) {
    out.extend_from_slice(&day.num_days_from_ce().to_le_bytes());
}

/// Whether there is a date, and the date.
pub(super) fn put_day_maybe(out: &mut Vec<u8>, day: Option<NaiveDate>) {
    out.push(u8::from(day.is_some()));
    if let Some(day) = day {
        put_day(out, day);
    }
}

pub(super) fn put_month(out: &mut Vec<u8>, month: Month) {
    out.extend_from_slice(&month.index().to_le_bytes());
}

pub(super) fn put_amount(out: &mut Vec<u8>, amount: Amount) {
    out.extend_from_slice(&amount.nanos().to_le_bytes());
}

pub(super) fn put_event(out: &mut Vec<u8>, event: &EventRef) -> Result<(), LinesError> {
    put_text(out, event.source.as_str())?;
    put_text(out, event.event_id.as_str())
}

pub(super) fn put_texts(out: &mut Vec<u8>, texts: &Texts) -> Result<(), LinesError> {
    put_bytes(out, texts.bytes())?;
    put_count(out, texts.len())?;
    texts.ends().iter().for_each(|end| put_u32(out, *end));
    Ok(())
}

/// Numbers in as many bytes each as the largest needs, which come first.
pub(super) fn put_numbers(out: &mut Vec<u8>, numbers: &[u32]) {
    let most = numbers.iter().copied().max().unwrap_or(0);
    if u8::try_from(most).is_ok() {
        out.push(1);
        out.extend(numbers.iter().map(|number| number.to_le_bytes()[0]));
    } else if u16::try_from(most).is_ok() {
        out.push(2);
        out.extend(numbers.iter().flat_map(|number| [number.to_le_bytes()[0], number.to_le_bytes()[1]]));
    } else {
        out.push(4);
        out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
}

/// The rest of some bytes.
pub(super) struct Taker<'a>(pub(super) &'a [u8]);

const CUT_OFF: LinesError = damaged("its bytes are cut off");

impl<'a> Taker<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], LinesError> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], LinesError> {
        let (first, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(first)
    }

    /// So many arrays one behind the other.
    pub(super) fn arrays<const N: usize>(&mut self, length: usize) -> Result<&'a [[u8; N]], LinesError> {
        let bytes = self.slice(length.checked_mul(N).ok_or(CUT_OFF)?)?;
        Ok(bytes.as_chunks().0)
    }

    pub(super) fn u8(&mut self) -> Result<u8, LinesError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, LinesError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, LinesError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn count(&mut self) -> Result<usize, LinesError> {
        self.u32().map(|count| count as usize)
    }

    pub(super) fn position(&mut self) -> Result<Position, LinesError> {
        self.array().map(u64::from_le_bytes).map(Position::new)
    }

    pub(super) fn i128(&mut self) -> Result<i128, LinesError> {
        self.array().map(i128::from_le_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], LinesError> {
        let length = self.count()?;
        self.slice(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, LinesError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| damaged("a text is not UTF-8"))
    }

    pub(super) fn day(&mut self) -> Result<NaiveDate, LinesError> {
        NaiveDate::from_num_days_from_ce_opt(self.i32()?).ok_or(damaged("a date is none"))
    }

    pub(super) fn flag(&mut self) -> Result<bool, LinesError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(damaged("a flag is neither yes nor no")),
        }
    }

    pub(super) fn day_maybe(&mut self) -> Result<Option<NaiveDate>, LinesError> {
        if self.flag()? { self.day().map(Some) } else { Ok(None) }
    }

    pub(super) fn month(&mut self) -> Result<Month, LinesError> {
        let index = self.i32()?;
        if MONTHS.contains(&index) { Ok(Month::from_index(index)) } else { Err(damaged("a month is none")) }
    }

    pub(super) fn amount(&mut self) -> Result<Amount, LinesError> {
        Amount::from_nanos(self.i128()?).ok_or(damaged("an amount is out of range"))
    }

    pub(super) fn currency(&mut self) -> Result<Currency, LinesError> {
        let code = self.array::<3>()?;
        let code = std::str::from_utf8(&code).ok().and_then(|code| Currency::parse(code).ok());
        code.ok_or(damaged("a currency is none"))
    }

    pub(super) fn event(&mut self) -> Result<EventRef, LinesError> {
        let source = SourceId::parse(self.text()?).map_err(|_| damaged("a source is no id"))?;
        Ok(EventRef { source, event_id: self.event_id()? })
    }

    pub(super) fn event_id(&mut self) -> Result<EventId, LinesError> {
        EventId::parse(self.text()?).map_err(|_| damaged("an event id is none"))
    }

    pub(super) fn texts(&mut self) -> Result<Texts, LinesError> {
        let bytes = self.bytes()?.to_vec();
        let length = self.count()?;
        let ends = self.arrays(length)?.iter().map(|end| u32::from_le_bytes(*end)).collect();
        Texts::from_parts(bytes, ends)
    }

    /// What [`put_numbers`] put.
    pub(super) fn numbers(&mut self, length: usize) -> Result<Vec<u32>, LinesError> {
        match self.u8()? {
            1 => Ok(self.slice(length)?.iter().map(|number| u32::from(*number)).collect()),
            2 => Ok(self.arrays(length)?.iter().map(|number| u32::from(u16::from_le_bytes(*number))).collect()),
            4 => Ok(self.arrays(length)?.iter().map(|number| u32::from_le_bytes(*number)).collect()),
            _ => Err(damaged("a column has an unknown width")),
        }
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), LinesError> {
        if self.0.is_empty() { Ok(()) } else { Err(damaged("bytes follow its end")) }
    }
}

/// Months whose days are dates, with room on both sides: the years 1 to 9999, as the wire allows.
const MONTHS: std::ops::RangeInclusive<i32> = 12..=9_999 * 12 + 11;
