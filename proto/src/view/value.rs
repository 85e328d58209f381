//! Values of single fields, read in place. None means "not the common form": the long way says what is wrong, if anything is.

use super::schema::Form;
use crate::limits::{LONG_TEXT_BYTES_MAX, NUMBER_BYTES_MAX, SEALED_BYTES_MAX, TEXT_BYTES_MAX, YEAR_MAX, YEAR_MIN};
use daybook_event::{Amount, Currency, ExchangeRate, Month, NaiveDate, date_parse, id_check};

/// A value that passed its check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Value<'a> {
    #[default]
    Absent,
    Text(&'a str),
    Bytes(&'a [u8]),
    Int(i32),
    Amount(Amount),
    /// Of an envelope that is written; what is read stays text.
    Date(NaiveDate),
    ExchangeRate(ExchangeRate),
}

/// A value, and whether what was read is how it is written.
type Spelled<'a> = (Value<'a>, bool);

/// Reads text that is not empty.
pub(super) fn text_value(form: Form, text: &str) -> Option<Spelled<'_>> {
    let is_fit = match form {
        Form::Text | Form::TextOptional => is_text(text, TEXT_BYTES_MAX),
        Form::TextLongOptional => is_text(text, LONG_TEXT_BYTES_MAX),
        Form::Id | Form::IdOptional => id_check(text).is_ok(),
        Form::Word(is_known) | Form::WordOptional(is_known) => is_known(text),
        Form::Currency | Form::CurrencyOptional => Currency::parse(text).is_ok(),
        Form::Amount | Form::AmountOptional | Form::AmountOrZero => {
            let amount = Amount::parse(number(text)?).ok()?;
            return Some((Value::Amount(amount), amount.text().as_str() == text));
        }
        Form::ExchangeRate => {
            let rate = ExchangeRate::parse(number(text)?).ok()?;
            return Some((Value::ExchangeRate(rate), rate.to_string() == text));
        }
        // A date and a month have one spelling: they stay text.
        Form::DateOptional => date(text).is_some(),
        Form::Month => Month::parse(text).is_some_and(|month| in_range(month.year())),
        Form::IntOptional | Form::SealedOptional => false,
    };
    is_fit.then_some((Value::Text(text), true))
}

/// Reads bytes that are not empty.
pub(super) fn bytes_value(form: Form, bytes: &[u8]) -> Option<Spelled<'_>> {
    match form {
        Form::SealedOptional if bytes.len() <= SEALED_BYTES_MAX => Some((Value::Bytes(bytes), true)),
        Form::SealedOptional => None,
        _ => text_value(form, std::str::from_utf8(bytes).ok()?),
    }
}

/// What an absent field stands for, where it may be absent.
pub(super) fn absent_value(form: Form) -> Option<Spelled<'static>> {
    match form {
        Form::AmountOrZero => Some((Value::Amount(Amount::ZERO), false)),
        Form::TextOptional
        | Form::TextLongOptional
        | Form::SealedOptional
        | Form::IntOptional
        | Form::AmountOptional
        | Form::CurrencyOptional
        | Form::DateOptional
        | Form::IdOptional
        | Form::WordOptional(_) => Some((Value::Absent, true)),
        Form::Text | Form::Amount | Form::ExchangeRate | Form::Currency | Form::Month | Form::Id | Form::Word(_) => {
            None
        }
    }
}

/// A date in the years that events may be dated in.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    date_parse(text).filter(|date| in_range(Month::of(*date).year()))
}

fn in_range(year: i32) -> bool {
    (YEAR_MIN..=YEAR_MAX).contains(&year)
}

fn number(text: &str) -> Option<&str> {
    (text.len() <= NUMBER_BYTES_MAX).then_some(text)
}

fn is_text(text: &str, bytes_max: usize) -> bool {
    // Most text is plain ASCII, of which many bytes are looked at at once.
    let is_printable = text.bytes().fold(true, |printable, byte| printable & (b' '..0x7f).contains(&byte));
    text.len() <= bytes_max && (is_printable || !text.contains(char::is_control))
}
