//! What stood before the ledger's first event.

use crate::{Amount, Month, Product};
use chrono::NaiveDate;

/// One opening balance of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// A customer that is not new: since when, in which product group.
    CustomerSince {
        /// The customer.
        customer_id: String,
        /// The product group.
        product_group: String,
        /// Since when.
        since_on: NaiveDate,
    },
    /// Revenue of an earlier month, in program currency.
    Revenue {
        /// The customer.
        customer_id: String,
        /// The product.
        product: Product,
        /// The month.
        month: Month,
        /// The sum, in program currency.
        amount: Amount,
    },
    /// A lot that stood open or usable.
    Lot {
        /// The earning period's label, such as `FY21H1`.
        period: String,
        /// Co-op accrued so far, in program currency.
        accrued: Amount,
        /// `open`, `usable` or `converted`.
        state: String,
        /// Consumed by claims so far, in program currency.
        consumed: Amount,
    },
    /// A payout carried in.
    Carry {
        /// The carried amount, in program currency.
        amount: Amount,
    },
}
