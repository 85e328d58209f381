//! What amounts are worth in program currency, by currency and earning month.

use crate::fx::FxTable;
use daybook_event::{Currency, Exact, Month, Overflow};

/// Counts of 10^-25 in one of 10^-9.
const EXACT_OF_NANO: i128 = 10_i128.pow(16);

/// Above every amount of 64 bits.
pub(crate) const NARROW_MAX: u64 = 1 << 63;

/// How amounts of one currency convert in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conversion {
    /// Counts of 10^-25 of program currency in one of 10^-9 of the currency.
    factor: i128,
}

impl Conversion {
    /// That of a currency in a month; none without a rate.
    pub(crate) fn of(fx: &FxTable, program: Currency, currency: Currency, month: Month) -> Option<Self> {
        if currency == program {
            return Some(Self::own());
        }
        let rate = fx.rate(currency, month)?.0.decimal();
        // A rate has at most ten decimals, so that with nine of the amount 19 are taken and six are left.
        let factor = rate.mantissa() * 10_i128.pow(16_u32.saturating_sub(rate.scale()));
        Some(Self { factor })
    }

    /// That of an amount in its own currency.
    pub(crate) fn own() -> Self {
        Self { factor: EXACT_OF_NANO }
    }

    /// One amount; none where the product cannot be held, as if it had no rate.
    pub(crate) fn amount(&self, nanos: i128) -> Option<Exact> {
        nanos.checked_mul(self.factor).filter(|raw| *raw != i128::MIN).map(Exact::from_raw)
    }

    /// A sum of amounts that convert one by one.
    pub(crate) fn sum(&self, nanos: i128) -> Result<Exact, Overflow> {
        nanos.checked_mul(self.factor).map(Exact::from_raw).ok_or(Overflow)
    }

    /// Counts of 10^-25 of program currency in one of 10^-9 of the currency.
    pub(crate) fn factor(&self) -> i128 {
        self.factor
    }

    /// Below this, whatever the sign, every amount of 64 bits converts.
    pub(crate) fn narrow_max(&self) -> u64 {
        if self.factor <= i128::from(NARROW_MAX) {
            return NARROW_MAX;
        }
        u64::try_from(i128::MAX / self.factor).unwrap_or(NARROW_MAX).min(NARROW_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fx::tests::table;
    use daybook_event::{Amount, ExchangeRate};
    use proptest::prelude::*;

    proptest! {
        /// What converts, and to what, is what the amount itself says.
        #[test]
        fn an_amount_converts_as_it_says(nanos in -10_i128.pow(21) + 1..10_i128.pow(21), rate in 1_i64..10_i64.pow(16), scale in 0_u32..11) {
            let text = rust_decimal_text(rate, scale);
            let Ok(rate) = ExchangeRate::parse(&text) else { return Ok(()) };
            let (euro, month) = (Currency::parse("EUR").unwrap(), Month::parse("2021-01").unwrap());
            let conversion = Conversion::of(&table(euro, month, rate), Currency::USD, euro, month).unwrap();
            let amount = Amount::from_nanos(nanos).unwrap();
            prop_assert_eq!(conversion.amount(nanos), amount.convert(rate).ok());
            prop_assert_eq!(Conversion::own().amount(nanos), Some(amount.exact()));
            prop_assert_eq!(amount.nanos(), nanos);
        }
    }

    /// A rate of so many units of the last of its decimals.
    fn rust_decimal_text(units: i64, scale: u32) -> String {
        let digits = format!("{units:0>width$}", width = scale as usize + 1);
        let (whole, decimals) = digits.split_at(digits.len() - scale as usize);
        if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") }
    }
}
