//! What events carry: amounts and exchange rates, within limits that are checked at the border.

use super::{EXACT_DECIMALS, Exact, MoneyError, Overflow, decimal_parse, serde_as_text};
use rust_decimal::Decimal;
use std::fmt;

/// Most decimals an [`Amount`] may have; Partner Center's files show nine.
pub const AMOUNT_DECIMALS_MAX: u32 = 9;
/// An [`Amount`]'s absolute value is below this many whole units.
pub const AMOUNT_WHOLE_MAX: i64 = 1_000_000_000_000;
const AMOUNT_RANGE: &str = "below 1000000000000 either way";
/// Most decimals an [`ExchangeRate`] may have.
pub const EXCHANGE_RATE_DECIMALS_MAX: u32 = 10;
/// An [`ExchangeRate`] is below this.
pub const EXCHANGE_RATE_WHOLE_MAX: i64 = 1_000_000;

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
            return Err(MoneyError::Range { text: text.to_owned(), range: AMOUNT_RANGE });
        }
        Ok(Self(value))
    }

    /// The amount of so many 10^-9; none where it is out of range.
    #[must_use]
    pub fn from_nanos(nanos: i128) -> Option<Self> {
        let value = Decimal::try_from_i128_with_scale(nanos, AMOUNT_DECIMALS_MAX).ok()?;
        (value.abs() < Decimal::from(AMOUNT_WHOLE_MAX)).then(|| Self(value.normalize()))
    }

    /// The count of 10^-9: for stored forms and sums.
    #[must_use]
    pub fn nanos(&self) -> i128 {
        self.0.mantissa() * 10_i128.pow(AMOUNT_DECIMALS_MAX - self.0.scale())
    }

    /// So many hundredths.
    ///
    /// # Errors
    /// [`MoneyError::Range`] as for [`Amount::parse`].
    pub fn from_cents(cents: i64) -> Result<Self, MoneyError> {
        if cents.unsigned_abs() >= AMOUNT_WHOLE_MAX.unsigned_abs() * 100 {
            return Err(MoneyError::Range { text: format!("{cents} cents"), range: AMOUNT_RANGE });
        }
        Ok(Self(Decimal::new(cents, 2).normalize()))
    }

    /// The decimal, without trailing zeros.
    #[must_use]
    pub fn decimal(&self) -> Decimal {
        self.0
    }

    /// The amount as it prints.
    #[must_use]
    pub fn text(&self) -> AmountText {
        AmountText::of(*self)
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
        Exact::from_raw(self.0.mantissa() * 10_i128.pow(EXACT_DECIMALS - self.0.scale()))
    }

    /// The amount in program currency at this exchange rate: the exact product.
    ///
    /// # Errors
    /// [`Overflow`] when the product leaves the range of [`Exact`].
    pub fn convert(&self, rate: ExchangeRate) -> Result<Exact, Overflow> {
        let product = self.0.mantissa().checked_mul(rate.0.mantissa()).ok_or(Overflow)?;
        let scale = self.0.scale() + rate.0.scale();
        product.checked_mul(10_i128.pow(EXACT_DECIMALS - scale)).map(Exact::from_raw).ok_or(Overflow)
    }
}

/// The longest text of an amount: a sign, twelve digits, the point and nine decimals.
const TEXT_BYTES_MAX: usize = 23;
/// Decimals that are always printed.
const DECIMALS_MIN: u32 = 2;

/// An amount as it prints, held without an allocation: in full, with at least two decimals.
#[derive(Debug, Clone, Copy)]
pub struct AmountText {
    bytes: [u8; TEXT_BYTES_MAX],
    start: usize,
}

impl AmountText {
    fn of(amount: Amount) -> Self {
        let value = amount.0;
        let mut text = Self { bytes: [0; TEXT_BYTES_MAX], start: TEXT_BYTES_MAX };
        let padded = 10_u128.pow(DECIMALS_MIN.saturating_sub(value.scale()));
        let mut rest = value.mantissa().unsigned_abs() * padded;
        let decimals = value.scale().max(DECIMALS_MIN);
        for at in 0.. {
            if at == decimals {
                text.push(b'.');
            }
            if at > decimals && rest == 0 {
                break;
            }
            rest = text.digit_push(rest);
        }
        if value.is_sign_negative() {
            text.push(b'-');
        }
        text
    }

    /// Puts the last digit in front, and gives back the digits before it.
    fn digit_push(&mut self, number: u128) -> u128 {
        // Nearly every amount fits a u64, whose division is much quicker.
        let (rest, digit) = match u64::try_from(number) {
            Ok(number) => (u128::from(number / 10), number % 10),
            Err(_) => (number / 10, u64::try_from(number % 10).unwrap_or(0)),
        };
        self.push(b'0' + u8::try_from(digit).unwrap_or(0));
        rest
    }

    fn push(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        self.bytes[self.start] = byte;
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or_default()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
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

serde_as_text!(Amount, Amount::parse);
serde_as_text!(ExchangeRate, ExchangeRate::parse);
