//! Money and rates: exact at every step.
//!
//! Three forms meet here. [`Amount`] and [`ExchangeRate`] are what events carry: decimals within limits that are
//! checked at the border. [`Rate`] is what rule files carry: a fraction in whole millionths. [`Exact`] is what the fold
//! computes with: an integer count of 10^-25, so that amount (9 decimals) x exchange rate (10) x rate (6) is exact.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Most decimals an [`Amount`] may have; Partner Center's files show nine.
pub const AMOUNT_DECIMALS_MAX: u32 = 9;
/// An [`Amount`]'s absolute value is below this many whole units.
pub const AMOUNT_WHOLE_MAX: i64 = 1_000_000_000_000;
/// Most decimals an [`ExchangeRate`] may have.
pub const EXCHANGE_RATE_DECIMALS_MAX: u32 = 10;
/// An [`ExchangeRate`] is below this.
pub const EXCHANGE_RATE_WHOLE_MAX: i64 = 1_000_000;
/// Decimals of [`Exact`].
pub const EXACT_DECIMALS: u32 = 25;

const EXACT_ONE: i128 = 10_i128.pow(EXACT_DECIMALS);
const MILLION: i128 = 1_000_000;

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

/// Reads a plain or scientific decimal (`550.0`, `0.00E+00`) without passing through a float.
fn decimal_parse(text: &str) -> Result<Decimal, MoneyError> {
    let bad = || MoneyError::NotANumber(text.to_owned());
    // `from_str_exact` refuses what it would have to round; a leading '+' or '_' is refused by us.
    if text.starts_with('+') || text.contains('_') {
        return Err(bad());
    }
    let parsed = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
    parsed.map(|d| d.normalize()).map_err(|_| bad())
}

/// A money amount as an event carries it: exact, signed, in the event's own currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Reads an amount: at most nine decimals, below 10^12 whole units, plain or scientific notation.
    ///
    /// # Errors
    /// [`MoneyError`] naming the text and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let value = decimal_parse(text)?;
        if value.scale() > AMOUNT_DECIMALS_MAX {
            return Err(MoneyError::Decimals { text: text.to_owned(), most: AMOUNT_DECIMALS_MAX });
        }
        if value.abs() >= Decimal::from(AMOUNT_WHOLE_MAX) {
            return Err(MoneyError::Range { text: text.to_owned(), range: "below 1000000000000 either way" });
        }
        Ok(Self(value))
    }

    /// The decimal, without trailing zeros.
    #[must_use]
    pub fn decimal(&self) -> Decimal {
        self.0
    }

    /// Whether it is exactly zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// The same amount in the fold's form. Always in range: 10^12 units fit.
    #[must_use]
    pub fn exact(&self) -> Exact {
        Exact(self.0.mantissa() * 10_i128.pow(EXACT_DECIMALS - self.0.scale()))
    }

    /// The amount in program currency at this exchange rate: the exact product.
    ///
    /// # Errors
    /// [`Overflow`] when the product leaves the range of [`Exact`].
    pub fn convert(&self, rate: ExchangeRate) -> Result<Exact, Overflow> {
        let product = self.0.mantissa().checked_mul(rate.0.mantissa()).ok_or(Overflow)?;
        let scale = self.0.scale() + rate.0.scale();
        product.checked_mul(10_i128.pow(EXACT_DECIMALS - scale)).map(Exact).ok_or(Overflow)
    }
}

/// Prints in full, with at least two decimals.
fn decimal_text(value: Decimal) -> String {
    if value.scale() < 2 { format!("{value:.2}") } else { value.to_string() }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal_text(self.0))
    }
}

/// How much program currency one unit of a currency is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeRate(Decimal);

impl ExchangeRate {
    /// Reads a rate: positive, at most ten decimals, below a million.
    ///
    /// # Errors
    /// [`MoneyError`] naming the text and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let value = decimal_parse(text)?;
        if value.scale() > EXCHANGE_RATE_DECIMALS_MAX {
            return Err(MoneyError::Decimals { text: text.to_owned(), most: EXCHANGE_RATE_DECIMALS_MAX });
        }
        if value <= Decimal::ZERO || value >= Decimal::from(EXCHANGE_RATE_WHOLE_MAX) {
            return Err(MoneyError::Range { text: text.to_owned(), range: "above 0 and below 1000000" });
        }
        Ok(Self(value))
    }

    /// The decimal, without trailing zeros.
    #[must_use]
    pub fn decimal(&self) -> Decimal {
        self.0
    }
}

impl fmt::Display for ExchangeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
        let millionths = i128::from(rate.millionths);
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

macro_rules! serde_as_text {
    ($name:ident, $parse:path) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            /// Only from text: a bare number in JSON or TOML may have been a float.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl de::Visitor<'_> for TextVisitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a number written as text")
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }
    };
}

serde_as_text!(Amount, Amount::parse);
serde_as_text!(ExchangeRate, ExchangeRate::parse);
serde_as_text!(Rate, Rate::parse_percent);
serde_as_text!(Exact, Exact::parse);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn amounts_of_real_files_are_read_exactly() {
        assert_eq!(Amount::parse("0.00E+00").unwrap(), Amount::ZERO);
        assert_eq!(Amount::parse("0.032258065").unwrap().to_string(), "0.032258065");
        assert_eq!(Amount::parse("550.0").unwrap(), Amount::parse("550.00").unwrap());
        assert_eq!(Amount::parse("550").unwrap().to_string(), "550.00");
        assert_eq!(Amount::parse("-94.08").unwrap().exact(), exact("-94.08"));
        assert_eq!(Amount::parse("1.5E+2").unwrap().to_string(), "150.00");
    }

    #[test]
    fn amounts_at_the_limit_pass_and_one_beyond_fails() {
        assert!(Amount::parse("999999999999.999999999").is_ok());
        assert!(matches!(Amount::parse("1000000000000"), Err(MoneyError::Range { .. })));
        assert!(Amount::parse("0.000000001").is_ok());
        assert!(matches!(Amount::parse("0.0000000001"), Err(MoneyError::Decimals { .. })));
        for bad in ["", "abc", "1,000.00", "+1", "1_0", "NaN", "1e", "--1"] {
            assert!(matches!(Amount::parse(bad), Err(MoneyError::NotANumber(_))), "{bad}");
        }
    }

    #[test]
    fn rates_are_percentages() {
        assert_eq!(Rate::parse_percent("4.75%").unwrap().millionths(), 47_500);
        assert_eq!(Rate::parse_percent("4.75%").unwrap().to_string(), "4.75%");
        assert_eq!(Rate::parse_percent("60%").unwrap().to_string(), "60%");
        assert!(Rate::parse_percent("4.75").is_err());
        assert!(Rate::parse_percent("0.00001%").is_err());
        assert!(Rate::parse_percent("-1%").is_err());
    }

    #[test]
    fn a_converted_amount_times_a_rate_is_exact_to_the_last_digit() {
        let amount = Amount::parse("0.000000001").unwrap();
        let fx = ExchangeRate::parse("0.0000000001").unwrap();
        let product = amount.convert(fx).unwrap().times(Rate::from_millionths(1)).unwrap();
        assert_eq!(product.raw(), 1);
        assert_eq!(product.to_string(), "0.0000000000000000000000001");
    }

    #[test]
    fn conversion_out_of_range_is_an_overflow() {
        let amount = Amount::parse("999999999999").unwrap();
        assert_eq!(amount.convert(ExchangeRate::parse("999999").unwrap()), Err(Overflow));
    }

    #[test]
    fn half_even_goes_to_the_even_cent_on_both_sides_of_zero() {
        let cents = Rounding::half_even(Amount::parse("0.01").unwrap()).unwrap();
        for (given, expected) in [
            ("0.005", "0.00"),
            ("0.015", "0.02"),
            ("0.025", "0.02"),
            ("0.0250000001", "0.03"),
            ("-0.005", "0.00"),
            ("-0.015", "-0.02"),
            ("-0.025", "-0.02"),
            ("24999.97", "24999.97"),
        ] {
            assert_eq!(cents.round(exact(given)).to_string(), expected, "{given}");
        }
    }

    #[test]
    fn money_is_never_read_from_a_bare_number() {
        assert!(serde_json_like("12.5").is_err());
    }

    /// A deserializer that offers a float, as TOML and JSON readers do for bare numbers.
    fn serde_json_like(text: &str) -> Result<Amount, de::value::Error> {
        use de::IntoDeserializer;
        let float: f64 = text.parse().unwrap();
        Amount::deserialize(IntoDeserializer::<de::value::Error>::into_deserializer(float))
    }

    proptest! {
        #[test]
        fn exact_text_round_trips(raw in -1_000_000_000_000_000_000_000_000_000_000_i128..1_000_000_000_000_000_000_000_000_000_000) {
            let value = Exact::from_raw(raw);
            prop_assert_eq!(Exact::parse(&value.to_string()).unwrap(), value);
        }

        #[test]
        fn rounding_is_never_more_than_half_a_unit_away(raw in -1_000_000_000_000_000_000_000_000_000_000_i128..1_000_000_000_000_000_000_000_000_000_000) {
            let cents = Rounding::half_even(Amount::parse("0.01").unwrap()).unwrap();
            let value = Exact::from_raw(raw);
            let rounded = cents.round(value);
            let distance = rounded.minus(value).unwrap().raw().abs();
            prop_assert!(distance * 2 <= cents.unit().raw());
            prop_assert_eq!(rounded.raw() % cents.unit().raw(), 0);
        }
    }
}
