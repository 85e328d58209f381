//! What rule files carry: shares of an amount.

use super::{MoneyError, decimal_parse, serde_as_text};
use rust_decimal::Decimal;
use std::fmt;

/// A share of an amount, in whole millionths: `4.75%` is 47,500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    millionths: i64,
}

impl Rate {
    /// Everything: 100 %.
    pub const ONE: Self = Self { millionths: 1_000_000 };

    /// A rate of so many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self { millionths }
    }

    /// Reads a percentage such as `4.75%`: not negative, at most four decimals, at most 1000 %.
    ///
    /// # Errors
    /// [`MoneyError`] naming the text and what is wrong with it.
    pub fn parse_percent(text: &str) -> Result<Self, MoneyError> {
        let number = text.strip_suffix('%').ok_or_else(|| MoneyError::NotANumber(text.to_owned()))?;
        let value = decimal_parse(number)?;
        if value.scale() > 4 {
            return Err(MoneyError::Decimals { text: text.to_owned(), most: 4 });
        }
        let millionths = value.mantissa() * 10_i128.pow(4 - value.scale());
        match i64::try_from(millionths) {
            Ok(millionths @ 0..=10_000_000) => Ok(Self { millionths }),
            _ => Err(MoneyError::Range { text: text.to_owned(), range: "0% to 1000%" }),
        }
    }

    /// The rate in millionths.
    #[must_use]
    pub const fn millionths(&self) -> i64 {
        self.millionths
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", Decimal::new(self.millionths, 4).normalize())
    }
}

serde_as_text!(Rate, Rate::parse_percent);
