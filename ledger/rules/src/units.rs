//! Numbers as rule files write them: always text, always with a unit.

use daybook_event::{Amount, Currency, Rate};
use std::fmt;

/// A number with its unit, or the word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// `25000.00 USD`
    Money(Amount, Currency),
    /// `4.75%`
    Share(Rate),
    /// `365d`, `6mo`, `4 customers`, `2 people`
    Count(u32, CountUnit),
    /// `25 points`
    Points(Amount),
    /// `none`: there is no such limit. Not the same as zero.
    None,
}

/// What whole numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountUnit {
    Days,
    Months,
    Customers,
    People,
}

impl CountUnit {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Months, "mo"), (Self::Days, "d"), (Self::Customers, " customers"), (Self::People, " people")];

    /// What stands behind the number.
    pub(crate) fn suffix(self) -> &'static str {
        Self::ALL.iter().find(|(unit, _)| *unit == self).map_or("", |(_, suffix)| suffix)
    }
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QuantityError {
    /// A number and nothing else.
    NoUnit,
    /// No number at all.
    NotAQuantity,
    /// A number that the unit cannot hold.
    BadNumber(String),
}

impl Quantity {
    /// Reads a quantity.
    pub(crate) fn parse(text: &str) -> Result<Self, QuantityError> {
        if text == "none" {
            return Ok(Self::None);
        }
        let looks_like_a_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        if !looks_like_a_number || !text.contains(|c: char| c.is_ascii_digit()) {
            return Err(QuantityError::NotAQuantity);
        }
        if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'_' | b',' | b' ')) {
            return Err(QuantityError::NoUnit);
        }
        let bad = |error: String| QuantityError::BadNumber(error);
        if text.ends_with('%') {
            return Rate::parse_percent(text).map(Self::Share).map_err(|error| bad(error.to_string()));
        }
        for (unit, suffix) in CountUnit::ALL {
            let is_number = |number: &&str| !number.contains(|c: char| c == ' ' || c.is_ascii_alphabetic());
            if let Some(number) = text.strip_suffix(suffix).filter(is_number) {
                let counted = if number.bytes().all(|b| b.is_ascii_digit()) { number.parse().ok() } else { None };
                return counted
                    .map(|count| Self::Count(count, unit))
                    .ok_or_else(|| bad(format!("{number:?} is not a whole number")));
            }
        }
        let (number, unit) = text.split_once(' ').ok_or(QuantityError::NotAQuantity)?;
        let amount = Amount::parse(number).map_err(|error| bad(error.to_string()))?;
        if unit == "points" {
            return Ok(Self::Points(amount));
        }
        Currency::parse(unit).map(|currency| Self::Money(amount, currency)).map_err(|_| QuantityError::NotAQuantity)
    }

    /// What the number counts, in words.
    pub(crate) fn unit_name(self) -> String {
        match self {
            Self::Money(_, currency) => format!("an amount in {currency}"),
            Self::Share(_) => "a percentage".to_owned(),
            Self::Count(_, CountUnit::Days) => "a number of days".to_owned(),
            Self::Count(_, CountUnit::Months) => "a number of months".to_owned(),
            Self::Count(_, CountUnit::Customers) => "a number of customers".to_owned(),
            Self::Count(_, CountUnit::People) => "a number of people".to_owned(),
            Self::Points(_) => "a number of points".to_owned(),
            Self::None => "none".to_owned(),
        }
    }

    /// Whether one may stand where the other stood.
    pub(crate) fn same_unit(self, other: Self) -> bool {
        self == Self::None || other == Self::None || self.unit_name() == other.unit_name()
    }
}

impl fmt::Display for Quantity {
    /// One form for one value: `4%` for `4.00%`, `25000.00 USD` for `25000 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(amount, currency) => write!(f, "{amount} {currency}"),
            Self::Share(rate) => write!(f, "{rate}"),
            Self::Count(count, unit) => write!(f, "{count}{}", unit.suffix()),
            Self::Points(points) => write!(f, "{points} points"),
            Self::None => f.write_str("none"),
        }
    }
}

/// A text in the one form of its value, where it is a quantity; else as it is.
pub(crate) fn normal(text: &str) -> String {
    Quantity::parse(text).map_or_else(|_| text.to_owned(), |quantity| quantity.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_prints_in_one_form() {
        for (given, printed) in [
            ("25000 USD", "25000.00 USD"),
            ("25000.50 USD", "25000.50 USD"),
            ("4.00%", "4%"),
            ("4.75%", "4.75%"),
            ("365d", "365d"),
            ("006mo", "6mo"),
            ("4 customers", "4 customers"),
            ("2 people", "2 people"),
            ("25 points", "25.00 points"),
            ("none", "none"),
        ] {
            assert_eq!(Quantity::parse(given).unwrap().to_string(), printed, "{given}");
        }
    }

    #[test]
    fn a_number_alone_is_no_quantity() {
        for text in ["25000.00", "4", "-1", "1,000.00", "1 000"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::NoUnit), "{text}");
        }
        for text in ["", "billed_revenue", "dollars 4", "4 usd", "4 US", "4x"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::NotAQuantity), "{text}");
        }
        for text in ["4.12345%", "-4%", "1.5d", "-3d", "1e3d", "x4 USD"] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn none_may_stand_for_any_unit() {
        let quantity = |text| Quantity::parse(text).unwrap();
        assert!(quantity("none").same_unit(quantity("1 USD")));
        assert!(quantity("2 USD").same_unit(quantity("1 USD")));
        assert!(!quantity("2 EUR").same_unit(quantity("1 USD")));
        assert!(!quantity("365d").same_unit(quantity("1 USD")));
    }
}
