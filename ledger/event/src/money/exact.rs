//! What the fold computes with, and the one place where it rounds.

use super::{Amount, EXACT_DECIMALS, MoneyError, Overflow, Rate, serde_as_text};
use std::fmt;

const EXACT_ONE: i128 = 10_i128.pow(EXACT_DECIMALS);
const MILLION: i128 = 1_000_000;

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
    /// Multiplies before it divides where that fits, so that a base of any number of decimals (growth, caps) stays
    /// exact as long as the product is a whole count of 10^-25; a converted amount has at most 19 decimals, so its
    /// product with a rate of 6 always is.
    ///
    /// # Errors
    /// [`Overflow`] when the product leaves the range or would need more than 25 decimals.
    pub fn times(self, rate: Rate) -> Result<Self, Overflow> {
        let millionths = i128::from(rate.millionths());
        if self.0 % MILLION == 0 {
            return (self.0 / MILLION).checked_mul(millionths).map(Self).ok_or(Overflow);
        }
        let product = self.0.checked_mul(millionths).ok_or(Overflow)?;
        if product % MILLION == 0 { Ok(Self(product / MILLION)) } else { Err(Overflow) }
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
}

impl fmt::Display for Exact {
    /// In full, with at least two decimals and no other trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = (self.0 / EXACT_ONE).unsigned_abs();
        let fraction = format!("{:025}", (self.0 % EXACT_ONE).unsigned_abs());
        let kept = fraction.trim_end_matches('0').len().max(2);
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{whole}.{}", &fraction[..kept]))
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
        let rest = value.0.rem_euclid(unit);
        let up = match (rest * 2).cmp(&unit) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => whole.rem_euclid(2),
        };
        Exact((whole + up) * unit)
    }
}

serde_as_text!(Exact, Exact::parse);
