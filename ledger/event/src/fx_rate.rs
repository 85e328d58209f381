//! The exchange rate of a month.

use crate::{Currency, ExchangeRate, Month};

/// How much program currency one unit of a currency is worth in an earning month. A fact of no partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxRate {
    /// The foreign currency.
    pub currency: Currency,
    /// The earning month.
    pub month: Month,
    /// Program currency per unit.
    pub rate: ExchangeRate,
}
