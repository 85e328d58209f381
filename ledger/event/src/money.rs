//! Money and rates: exact at every step.
//!
//! Three forms meet here. [`Amount`] and [`ExchangeRate`] are what events carry: decimals within limits that are
//! checked at the border. [`Rate`] is what rule files carry: a fraction in whole millionths. [`Exact`] is what the fold
//! computes with: an integer count of 10^-25, so that amount (9 decimals) x exchange rate (10) x rate (6) is exact.

mod amount;
mod exact;
mod rate;
#[cfg(test)]
mod tests;

pub use amount::{
    AMOUNT_DECIMALS_MAX, AMOUNT_WHOLE_MAX, Amount, AmountText, EXCHANGE_RATE_DECIMALS_MAX, EXCHANGE_RATE_WHOLE_MAX,
    ExchangeRate,
};
pub use exact::{Exact, Rounding};
pub use rate::Rate;

use rust_decimal::Decimal;

/// Decimals of [`Exact`].
pub const EXACT_DECIMALS: u32 = 25;

/// Why a text is not an amount, an exchange rate or a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("{0:?} is not a decimal number")]
    NotANumber(String),
    /// More decimals than the form holds.
    #[error("{text} has more than {most} decimals")]
    Decimals {
        /// The number as given.
        text: String,
        /// How many decimals may stand.
        most: u32,
    },
    /// Too large, or not positive where it must be.
    #[error("{text} is out of range: {range}")]
    Range {
        /// The number as given.
        text: String,
        /// The range that holds.
        range: &'static str,
    },
}

/// A sum left the range of [`Exact`] (about 1.7 x 10^13 units). A finding, never a wrong figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sum is too large to hold exactly")]
pub struct Overflow;

/// Most bytes of a number that is read as an `i64`: whatever its digits are, they fit.
const PLAIN_BYTES_MAX: usize = 18;

/// Reads the common spelling at once: digits, perhaps with a sign before and a point between them. None for any other,
/// which is not said to be wrong.
fn plain_parse(text: &str) -> Option<Decimal> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let ([first, .., last] | [first @ last]) = digits.as_bytes() else { return None };
    if digits.len() > PLAIN_BYTES_MAX || !first.is_ascii_digit() || !last.is_ascii_digit() {
        return None;
    }
    let (mut mantissa, mut scale, mut is_fraction) = (0_i64, 0_u32, false);
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                scale += u32::from(is_fraction);
            }
            b'.' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    if mantissa == 0 {
        return Some(Decimal::ZERO);
    }
    while scale > 0 && mantissa % 10 == 0 {
        (mantissa, scale) = (mantissa / 10, scale - 1);
    }
    Some(Decimal::new(if is_negative { -mantissa } else { mantissa }, scale))
}

/// Reads a plain or scientific decimal (`550.0`, `0.00E+00`) without passing through a float.
fn decimal_parse(text: &str) -> Result<Decimal, MoneyError> {
    plain_parse(text).map_or_else(|| any_parse(text), Ok)
}

/// Reads every spelling.
fn any_parse(text: &str) -> Result<Decimal, MoneyError> {
    let bad = || MoneyError::NotANumber(text.to_owned());
    // `from_str_exact` refuses what it would have to round; a leading '+' or '_' is refused by us.
    if text.starts_with('+') || text.contains('_') {
        return Err(bad());
    }
    let parsed = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
    parsed.map(|d| d.normalize()).map_err(|_| bad())
}

/// A number that is text in every outside form.
macro_rules! serde_as_text {
    ($name:ident, $parse:path) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        super::deserialize_from_text!($name, $parse);
    };
}

macro_rules! deserialize_from_text {
    ($name:ident, $parse:path) => {
        impl<'de> serde::Deserialize<'de> for $name {
            /// Only from text: a bare number in JSON or TOML may have been a float.
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl serde::de::Visitor<'_> for TextVisitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a number written as text")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }
    };
}

use {deserialize_from_text, serde_as_text};
