//! Amounts as people read them: digits in threes, a sign where it is a change, a short form for axes.

use daybook_event::Exact;

/// One unit of program currency in thousandths of it: what axes compute with.
pub(crate) const UNIT: i128 = 1_000;

/// An amount in thousandths, cut off beyond them. For places on axes, never for figures.
pub(crate) fn thousandths(amount: Exact) -> i128 {
    amount.raw() / (Exact::from_units(1).raw() / UNIT)
}

/// In full, the digits before the point in threes: `-1,234.50`.
pub(crate) fn grouped(amount: Exact) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "00"));
    format!("{sign}{}.{decimals}", in_threes(whole))
}

/// The same with a plus where it rises.
pub(crate) fn signed(amount: Exact) -> String {
    let plus = if amount.is_positive() { "+" } else { "" };
    format!("{plus}{}", grouped(amount))
}

/// A count, its digits in threes.
pub(crate) fn count(number: usize) -> String {
    in_threes(&number.to_string())
}

fn in_threes(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

/// A short form for axes: `-25k`, `1.5M`. Takes thousandths; what does not fit the form is cut off.
pub(crate) fn short(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.abs();
    let steps = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"), (1, "")];
    let (size, letter) = steps.into_iter().find(|(size, _)| magnitude >= size * UNIT).unwrap_or((1, ""));
    let tenths = magnitude * 10 / (size * UNIT);
    if tenths == 0 && magnitude > 0 {
        return "~0".to_owned();
    }
    if tenths % 10 == 0 {
        format!("{sign}{}{letter}", tenths / 10)
    } else {
        format!("{sign}{}.{}{letter}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        for (amount, text) in [
            ("0.00", "0.00"),
            ("999.50", "999.50"),
            ("1000.00", "1,000.00"),
            ("-1234567.891", "-1,234,567.891"),
            ("-0.01", "-0.01"),
        ] {
            assert_eq!(grouped(Exact::parse(amount).unwrap()), text);
        }
        assert_eq!(signed(Exact::parse("12.00").unwrap()), "+12.00");
        assert_eq!(signed(Exact::ZERO), "0.00");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn axes_have_short_forms() {
        for (units, text) in
            [(0, "0"), (25, "25"), (2_500, "2.5k"), (-25_000, "-25k"), (1_500_000, "1.5M"), (3_000_000_000, "3G")]
        {
            assert_eq!(short(units * UNIT), text);
        }
        assert_eq!((short(500), short(-10)), ("0.5".to_owned(), "~0".to_owned()));
    }
}
