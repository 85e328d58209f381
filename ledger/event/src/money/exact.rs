//! What the fold computes with, and the one place where it rounds.

use super::{Amount, EXACT_DECIMALS, MoneyError, Overflow, Rate, deserialize_from_text};
use crate::short_text::ShortText;
use std::fmt;

const EXACT_ONE: i128 = 10_i128.pow(EXACT_DECIMALS);
const MILLION: i128 = 1_000_000;
const NANOS: u64 = 1_000_000_000;
const FIVE_16: u128 = 5_u128.pow(16);

/// Program currency as the fold computes with it: a whole count of 10^-25 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Exact(i128);

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole units of program currency.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units as i128 * EXACT_ONE)
    }

    /// Reads what [`fmt::Display`] prints.
    ///
    /// # Errors
    /// [`MoneyError`] when the text is no decimal, has more than 25 decimals, or does not fit.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::NotANumber(text.to_owned());
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
            return Err(bad());
        }
        if decimals.len() > EXACT_DECIMALS as usize {
            return Err(MoneyError::Decimals { text: text.to_owned(), most: EXACT_DECIMALS });
        }
        let out_of_range = |_| MoneyError::Range { text: text.to_owned(), range: "below 17000000000000 either way" };
        let padded = format!("{whole}{decimals:0<25}");
        let value: i128 = padded.parse().map_err(out_of_range)?;
        Ok(Self(if negative { -value } else { value }))
    }

    /// The count of 10^-25 units: for stored and hashed forms.
    #[must_use]
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// The inverse of [`Exact::raw`].
    #[must_use]
    pub const fn from_raw(raw: i128) -> Self {
        Self(raw)
    }

    /// Sum.
    ///
    /// # Errors
    /// [`Overflow`] when the sum leaves the range.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// Difference.
    ///
    /// # Errors
    /// [`Overflow`] when the difference leaves the range.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// The same magnitude with the other sign. In range: the type never holds `i128::MIN`.
    #[must_use]
    pub fn negate(self) -> Self {
        Self(-self.0)
    }

    /// The exact product with a rate.
    ///
    /// Multiplies before it divides, so that a base of any number of decimals (growth, caps) stays exact as long as the
    /// product is a whole count of 10^-25; a converted amount has at most 19 decimals, so its product with a rate of 6
    /// always is. Where the product does not fit before the division, a base of so few decimals is divided first.
    ///
    /// # Errors
    /// [`Overflow`] when the product leaves the range or would need more than 25 decimals.
    pub fn times(self, rate: Rate) -> Result<Self, Overflow> {
        let millionths = i128::from(rate.millionths());
        let Some(product) = self.0.checked_mul(millionths) else {
            let is_whole = self.0 % MILLION == 0;
            return (self.0 / MILLION).checked_mul(millionths).filter(|_| is_whole).map(Self).ok_or(Overflow);
        };
        // One division: its rest is found by multiplying, which costs a tenth of dividing again.
        let quotient = product / MILLION;
        if quotient * MILLION == product { Ok(Self(quotient)) } else { Err(Overflow) }
    }

    /// Whether it is exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// As it prints: in full, with at least two decimals and no other trailing zeros.
    #[must_use]
    pub fn text(self) -> ShortText {
        let mut text = ShortText::new();
        if self.0 < 0 {
            text.push(b"-");
        }
        // 10^16 is 2^16 x 5^16: shifted first, what is divided by fits a machine word.
        let raw = self.0.unsigned_abs();
        let all_nanos = (raw >> 16) / FIVE_16;
        let rest = raw - all_nanos * 10_u128.pow(16);
        let word = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
        let (whole, nanos) = match u64::try_from(all_nanos) {
            Ok(all) => (all / NANOS, all % NANOS),
            Err(_) => (word(all_nanos / u128::from(NANOS)), word(all_nanos % u128::from(NANOS))),
        };
        text.push_number(whole);
        text.push(b".");
        let least = text.as_bytes().len() + 2;
        text.push_padded(nanos, 9);
        if rest != 0 {
            text.push_padded(word(rest), 16);
        }
        text.trim_zeros(least);
        text
    }
}

impl fmt::Display for Exact {
    /// In full, with at least two decimals and no other trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl serde::Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

/// How a sum becomes payable money: the unit in program currency and the mode (the rule set's `[rounding]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    unit: Exact,
}

impl Rounding {
    /// Half-even rounding to the unit. The only mode any published or shipped rule set uses.
    ///
    /// # Errors
    /// [`MoneyError::Range`] when the unit is not positive.
    pub fn half_even(unit: Amount) -> Result<Self, MoneyError> {
        if !unit.is_positive() {
            return Err(MoneyError::Range { text: unit.to_string(), range: "above 0" });
        }
        Ok(Self { unit: unit.exact() })
    }

    /// The unit that results are whole multiples of.
    #[must_use]
    pub fn unit(&self) -> Exact {
        self.unit
    }

    /// The nearest multiple of the unit; of two equally near, the even one.
    #[must_use]
    pub fn round(&self, value: Exact) -> Exact {
        let unit = self.unit.0;
        let whole = value.0.div_euclid(unit);
        // Wrapping: the multiple below a value at the end of the range may lie outside, the rest never does.
        let rest = value.0.wrapping_sub(whole.wrapping_mul(unit));
        let up = match (rest * 2).cmp(&unit) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => whole.rem_euclid(2),
        };
        Exact((whole + up) * unit)
    }
}

deserialize_from_text!(Exact, Exact::parse);
