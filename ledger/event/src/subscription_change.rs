//! A change of a subscription, with money only where no license sale bills it.

use crate::{Amount, Currency, EventId, Product, Segment};
use serde::{Deserialize, Serialize};

/// What happened to the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the documentation
pub enum ChangeKind {
    Created,
    Renewed,
    QuantityChanged,
    Upgraded,
    Suspended,
    Reactivated,
    Cancelled,
    Expired,
    TransferredIn,
    TransferredOut,
}

impl ChangeKind {
    /// Every kind with its wire name.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Created, "created"),
        (Self::Renewed, "renewed"),
        (Self::QuantityChanged, "quantity_changed"),
        (Self::Upgraded, "upgraded"),
        (Self::Suspended, "suspended"),
        (Self::Reactivated, "reactivated"),
        (Self::Cancelled, "cancelled"),
        (Self::Expired, "expired"),
        (Self::TransferredIn, "transferred_in"),
        (Self::TransferredOut, "transferred_out"),
    ];

    /// Reads the wire name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind)
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// The charge type that levers see for the money of a subscription change.
pub const CHARGE_TYPE_OF_CHANGE: &str = "change";

/// A subscription began, ended, moved or changed its seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// The customer.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// What happened.
    pub change: ChangeKind,
    /// Seats before.
    pub quantity_before: i32,
    /// Seats after.
    pub quantity_after: i32,
    /// Money that no license sale bills; zero otherwise.
    pub amount_delta: Amount,
    /// The currency of `amount_delta`.
    pub currency: Currency,
    /// The customer's segment, where known.
    pub segment: Option<Segment>,
    /// The product.
    pub product: Product,
    /// The line that this one credits.
    pub credits: Option<EventId>,
}
