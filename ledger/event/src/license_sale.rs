//! A license sale: one billed line.

use crate::{Amount, Currency, EventId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Which kind of customer the line was sold to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// A business.
    Commercial,
    /// A registered charity.
    Nonprofit,
    /// A school or university.
    Education,
    /// Public sector.
    Government,
}

impl Segment {
    /// Every segment with its wire name.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Commercial, "commercial"),
        (Self::Nonprofit, "nonprofit"),
        (Self::Education, "education"),
        (Self::Government, "government"),
    ];

    /// Reads the wire name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(segment, _)| *segment)
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(segment, _)| *segment == self).map_or("", |(_, name)| name)
    }
}

/// What was sold, as the publisher names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Product {
    /// Microsoft's product id.
    pub product_id: String,
    /// Microsoft's SKU id.
    pub sku_id: String,
    /// The product's printed name.
    pub product_name: String,
    /// The product family; empty where the publisher does not know it, then the rule book's catalogue names it.
    pub product_family: String,
}

/// One line that a distributor billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseSale {
    /// The customer.
    pub customer_id: String,
    /// The subscription; empty for one-time purchases.
    pub subscription_id: String,
    /// What was sold.
    pub product: Product,
    /// The customer's segment; none where the publisher does not know it (never guessed).
    pub segment: Option<Segment>,
    /// Whole seats or units.
    pub quantity: i32,
    /// The exact quantity where it is no whole number (metered usage).
    pub metered_quantity: Option<Amount>,
    /// What was billed before tax, signed.
    pub amount: Amount,
    /// The currency of `amount`.
    pub currency: Currency,
    /// Partner Center's charge type, such as `new` or `cycleCharge`.
    pub charge_type: String,
    /// First day charged for.
    pub charge_start: Option<NaiveDate>,
    /// Last day charged for.
    pub charge_end: Option<NaiveDate>,
    /// The invoice the line stands on.
    pub invoice_id: String,
    /// The line that this one credits.
    pub credits: Option<EventId>,
}
