//! Checks of single fields: text in, vocabulary out. A fault names the field and says what may stand there.

use crate::fault::{Checked, DecodeFault};
use crate::limits::{LONG_TEXT_BYTES_MAX, NUMBER_BYTES_MAX, TEXT_BYTES_MAX, YEAR_MAX, YEAR_MIN};
use daybook_event::{Amount, Currency, EventId, ExchangeRate, IdError, Month, NaiveDate, date_parse};
use std::fmt::Display;

/// What every absent field is told.
const MISSING: &str = "is missing";

/// Text of ordinary length; may be empty.
pub(crate) fn text(field: &str, value: String) -> Checked<String> {
    text_within(field, value, TEXT_BYTES_MAX)
}

/// Text of ordinary length that must be there.
pub(crate) fn text_required(field: &str, value: String) -> Checked<String> {
    text(field, present(field, value)?)
}

/// A reason or a reference to evidence; may be empty.
pub(crate) fn text_long(field: &str, value: String) -> Checked<String> {
    text_within(field, value, LONG_TEXT_BYTES_MAX)
}

/// A reason that must be there.
pub(crate) fn text_long_required(field: &str, value: String) -> Checked<String> {
    text_long(field, present(field, value)?)
}

fn present(field: &str, value: String) -> Checked<String> {
    if value.is_empty() { Err(DecodeFault::invalid(field, MISSING)) } else { Ok(value) }
}

fn text_within(field: &str, value: String, bytes_max: usize) -> Checked<String> {
    length_check(field, value.len(), bytes_max)?;
    // A line break or an escape sequence in a stored name would reach terminals, logs and CSV files.
    match value.chars().find(|c| c.is_control()) {
        Some(bad) => Err(DecodeFault::invalid(field, format!("has the control character {bad:?}"))),
        None => Ok(value),
    }
}

/// Bytes that nothing looks into; may be empty.
pub(crate) fn bytes(field: &str, value: Vec<u8>, bytes_max: usize) -> Checked<Vec<u8>> {
    length_check(field, value.len(), bytes_max)?;
    Ok(value)
}

fn length_check(field: &str, bytes: usize, bytes_max: usize) -> Checked<()> {
    if bytes > bytes_max {
        return Err(DecodeFault::invalid(field, format!("has {bytes} bytes; at most {bytes_max} may stand")));
    }
    Ok(())
}

/// An id, by its own parser.
pub(crate) fn id<T>(field: &str, value: &str, parse: fn(&str) -> Result<T, IdError>) -> Checked<T> {
    if value.is_empty() {
        return Err(DecodeFault::invalid(field, MISSING));
    }
    parse(value).map_err(|error| DecodeFault::invalid(field, error.to_string()))
}

/// An id that may be empty for none.
pub(crate) fn id_optional<T>(field: &str, value: &str, parse: fn(&str) -> Result<T, IdError>) -> Checked<Option<T>> {
    if value.is_empty() { Ok(None) } else { id(field, value, parse).map(Some) }
}

/// The event that a credit names, if any.
pub(crate) fn credits(value: &str) -> Checked<Option<EventId>> {
    id_optional("credits", value, EventId::parse)
}

/// A currency code.
pub(crate) fn currency(value: &str) -> Checked<Currency> {
    let field = "currency";
    short(field, value)?;
    Currency::parse(value).map_err(|error| DecodeFault::invalid(field, format!("{value:?} {error}")))
}

/// A currency code that may be empty for none.
pub(crate) fn currency_optional(value: &str) -> Checked<Option<Currency>> {
    if value.is_empty() { Ok(None) } else { currency(value).map(Some) }
}

/// A calendar date.
pub(crate) fn date(field: &str, value: &str) -> Checked<NaiveDate> {
    short(field, value)?;
    let date =
        date_parse(value).ok_or_else(|| DecodeFault::invalid(field, format!("{value:?} is not a date: YYYY-MM-DD")))?;
    year_check(field, value, Month::of(date))?;
    Ok(date)
}

/// A calendar date that may be empty for none.
pub(crate) fn date_optional(field: &str, value: &str) -> Checked<Option<NaiveDate>> {
    if value.is_empty() { Ok(None) } else { date(field, value).map(Some) }
}

/// A calendar month.
pub(crate) fn month(value: &str) -> Checked<Month> {
    let field = "month";
    short(field, value)?;
    let month =
        Month::parse(value).ok_or_else(|| DecodeFault::invalid(field, format!("{value:?} is not a month: YYYY-MM")))?;
    year_check(field, value, month)?;
    Ok(month)
}

fn year_check(field: &str, value: &str, month: Month) -> Checked<()> {
    if (YEAR_MIN..=YEAR_MAX).contains(&month.year()) {
        return Ok(());
    }
    Err(DecodeFault::invalid(field, format!("{value:?} is out of range: years {YEAR_MIN} to {YEAR_MAX}")))
}

/// An amount that must be there.
pub(crate) fn amount(field: &str, value: &str) -> Checked<Amount> {
    decimal(field, value, Amount::parse)
}

/// An amount that may be empty for none.
pub(crate) fn amount_optional(field: &str, value: &str) -> Checked<Option<Amount>> {
    if value.is_empty() { Ok(None) } else { amount(field, value).map(Some) }
}

/// An amount that may be empty for zero.
pub(crate) fn amount_or_zero(field: &str, value: &str) -> Checked<Amount> {
    if value.is_empty() { Ok(Amount::ZERO) } else { amount(field, value) }
}

/// An exchange rate.
pub(crate) fn exchange_rate(field: &str, value: &str) -> Checked<ExchangeRate> {
    decimal(field, value, ExchangeRate::parse)
}

fn decimal<T, E: Display>(field: &str, value: &str, parse: fn(&str) -> Result<T, E>) -> Checked<T> {
    short(field, value)?;
    parse(value).map_err(|error| DecodeFault::invalid(field, error.to_string()))
}

/// Present, and short enough that a fault may quote it.
fn short(field: &str, value: &str) -> Checked<()> {
    if value.is_empty() {
        return Err(DecodeFault::invalid(field, MISSING));
    }
    length_check(field, value.len(), NUMBER_BYTES_MAX)
}

/// One of a closed list of words.
pub(crate) fn word<T: Copy>(field: &str, value: &str, allowed: &[(T, &'static str)]) -> Checked<T> {
    short(field, value)?;
    allowed.iter().find(|(_, name)| *name == value).map(|(word, _)| *word).ok_or_else(|| {
        let names: Vec<&str> = allowed.iter().map(|(_, name)| *name).collect();
        DecodeFault::invalid(field, format!("{value:?} is none of {}", names.join(", ")))
    })
}

/// One of a closed list of words, or empty for none.
pub(crate) fn word_optional<T: Copy>(field: &str, value: &str, allowed: &[(T, &'static str)]) -> Checked<Option<T>> {
    if value.is_empty() { Ok(None) } else { word(field, value, allowed).map(Some) }
}
