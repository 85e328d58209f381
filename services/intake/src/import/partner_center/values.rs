//! Numbers, dates and ids in the forms in which Microsoft's files and documentation print them.

use super::super::FaultReason;
use super::super::fault::LineFault;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};
use daybook_event::Amount;
use rust_decimal::Decimal;

/// Dates outside these years are faults, not facts: the program began in 2014.
const YEARS: std::ops::RangeInclusive<i32> = 2010..=2100;

/// Most digits before the exponent.
const SCIENTIFIC_DIGITS_MAX: usize = 24;

/// Reads a number: plain, scientific (`0.00E+00`), with thousands separators (`1,209.6`), with a dollar sign. Never by
/// way of a float.
pub(crate) fn number(text: &str) -> Option<Decimal> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let digits = digits.strip_prefix('$').unwrap_or(digits);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || digits.contains('_') {
        return None;
    }
    let plain = separators_remove(digits)?;
    let value = match plain.find(['e', 'E']) {
        // The reader of scientific notation rounds digits that it cannot hold: with so many it is no number for us.
        Some(digits) if digits > SCIENTIFIC_DIGITS_MAX => return None,
        Some(_) => Decimal::from_scientific(&plain).ok()?,
        None => Decimal::from_str_exact(&plain).ok()?,
    };
    let value = value.normalize();
    Some(if negative { -value } else { value })
}

/// Takes out commas that group thousands. Any other comma, such as a decimal one, makes the text no number.
fn separators_remove(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let (whole, rest) = text.find(['.', 'e', 'E']).map_or((text, ""), |at| text.split_at(at));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let well_grouped = (1..=3).contains(&first.len()) && digits(first) && groups.all(|g| g.len() == 3 && digits(g));
    (well_grouped && !rest.contains(',')).then(|| format!("{}{rest}", whole.replace(',', "")))
}

/// Reads an amount that an event can hold. Nothing is rounded: more decimals than nine are a fault.
pub(crate) fn amount(field: &str, text: &str) -> Result<Amount, LineFault> {
    let fault = |what: String| LineFault::new(FaultReason::AmountInvalid, format!("{field}: {what}"));
    let value = number(text).ok_or_else(|| fault(format!("{text:?} is not a number")))?;
    Amount::parse(&value.to_string()).map_err(|e| fault(e.to_string()))
}

/// Reads a date; blank, and the placeholders of year 1 and year 9999, are no date.
///
/// Forms: `2021-06-18`, with a time, with an offset (then the date in UTC); `6/18/2021` and `06/18/2021`, month first as
/// in every published file, with a time or without; `June 18, 2021`.
pub(crate) fn date(field: &str, text: &str) -> Result<Option<NaiveDate>, LineFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let Some(date) = date_any(text) else {
        return Err(LineFault::new(FaultReason::DateInvalid, format!("{field}: {text:?} is not a date")));
    };
    match date.year() {
        1 | 9999 => Ok(None),
        year if YEARS.contains(&year) => Ok(Some(date)),
        _ => {
            let (first, last) = (YEARS.start(), YEARS.end());
            let what = format!("{field}: {text:?} is not between {first} and {last}");
            Err(LineFault::new(FaultReason::DateOutOfRange, what))
        }
    }
}

fn date_any(text: &str) -> Option<NaiveDate> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.naive_utc().date());
    }
    let with_time =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"];
    let date_only = ["%Y-%m-%d", "%m/%d/%Y", "%B %d, %Y"];
    let timed = || with_time.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let dated = || date_only.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    dated().or_else(|| timed().map(|at| at.date()))
}

/// An id as all files agree on it: GUIDs in lower case, whichever way a file writes them, without the `org:` that some
/// put before a customer's. Other ids as they stand: they may tell upper from lower case.
pub(crate) fn identifier(text: &str) -> String {
    let text = text.trim();
    let bare = text.strip_prefix("org:").unwrap_or(text);
    if guid_is(bare) { bare.to_ascii_lowercase() } else { text.to_owned() }
}

fn guid_is(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// A Microsoft partner id; `0`, `-1` and `NA` stand for none.
pub(super) fn mpn(text: &str) -> Option<&str> {
    let none = ["", "0", "-1", "na", "n/a"];
    (!none.iter().any(|blank| text.eq_ignore_ascii_case(blank))).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_published_form() {
        for (text, value) in [
            ("100.8", "100.8"),
            ("-94.08", "-94.08"),
            ("1,209.6", "1209.6"),
            ("-1,209,600.25", "-1209600.25"),
            ("2,500", "2500"),
            ("0.00E+00", "0"),
            ("1.5E+03", "1500"),
            ("3.2258065E-02", "0.032258065"),
            ("0.032258065", "0.032258065"),
            ("$0.0808", "0.0808"),
            ("-$5", "-5"),
            (".5", "0.5"),
        ] {
            assert_eq!(number(text).map(|n| n.to_string()).as_deref(), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "",
            "-",
            "--1",
            "1,5",
            "1,2345",
            "12,34,567",
            ",100",
            "1.000,00",
            "0x1",
            "1_000",
            "NaN",
            "1e",
            "1e99",
            "1e-99",
            "1e99999999999",
            "0.1234567890123456789012345e1",
            "+1",
            "(5)",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_never_rounded() {
        assert_eq!(amount("Subtotal", "0.032258065").unwrap().to_string(), "0.032258065");
        let fault = amount("Subtotal", "94.080000000000013").unwrap_err();
        assert_eq!(fault.detail, "Subtotal: 94.080000000000013 has more than 9 decimals");
        assert_eq!(amount("Subtotal", "1000000000000").unwrap_err().reason, FaultReason::AmountInvalid);
    }

    #[test]
    fn dates_in_every_published_form() {
        let expected = NaiveDate::from_ymd_opt(2021, 6, 8);
        for text in [
            "2021-06-08",
            "6/8/2021",
            "06/08/2021",
            "6/8/2021 0:00",
            "6/8/2021 23:59",
            "06/08/2021 12:00:00 AM",
            "2021-06-08T00:00:00",
            "2021-06-08T22:57:14.8241474Z",
            "2021-06-08 10:00:00",
            "2021-06-07T19:00:00-08:00",
            "June 8, 2021",
        ] {
            assert_eq!(date("d", text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn placeholders_are_no_dates_and_absurd_ones_are_faults() {
        for text in ["", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z"] {
            assert_eq!(date("d", text).unwrap(), None, "{text}");
        }
        for (text, reason) in [
            ("13/31/2021", FaultReason::DateInvalid),
            ("yesterday", FaultReason::DateInvalid),
            ("2021-02-30", FaultReason::DateInvalid),
            ("6/8/21", FaultReason::DateOutOfRange),
            ("1899-12-30", FaultReason::DateOutOfRange),
            ("2101-01-01", FaultReason::DateOutOfRange),
        ] {
            assert_eq!(date("d", text).unwrap_err().reason, reason, "{text}");
        }
    }

    #[test]
    fn ids_are_the_same_in_every_file() {
        let guid = "74221236-d09c-4870-ac1d-33e155e9aebe";
        assert_eq!(identifier("74221236-D09C-4870-AC1D-33E155E9AEBE"), guid);
        assert_eq!(identifier(&format!("org:{guid}")), guid);
        assert_eq!(identifier("4KIKawEAAAAAAAEA"), "4KIKawEAAAAAAAEA");
        for none in ["", "0", "-1", "NA", "N/A"] {
            assert_eq!(mpn(none), None, "{none}");
        }
        assert_eq!(mpn("6048879"), Some("6048879"));
    }
}
