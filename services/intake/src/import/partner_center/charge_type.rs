//! The charge types that Microsoft publishes, in its spelling: levers match them by it.

/// New commerce first, then legacy licences, legacy usage, credits and discounts.
const PUBLISHED: [&str; 30] = [
    "new",
    "renew",
    "cycleCharge",
    "addQuantity",
    "removeQuantity",
    "moveQuantity",
    "cancelImmediate",
    "convert",
    "changeBillingPlan",
    "customerCredit",
    "extendTerm",
    "Activation fee",
    "Cancel fee",
    "Cancel instance prorate",
    "Cycle fee",
    "Cycle instance prorate",
    "Prorate fees when cancel",
    "Prorate fees when convert away from current offering",
    "Prorate fees when convert to a new offering",
    "New purchase cycle fee",
    "Prorate fees when purchase",
    "Prorate fee when renew",
    "Prorate fees when activate",
    "Assess usage fee when cancel",
    "Assess usage fee for current cycle",
    "Offset a line item",
    "Activation discount",
    "Cycle discount",
    "Renew discount",
    "Cancel discount",
];

/// The published spelling, whichever way the file writes it (`New` is `new`); none where it is not published.
pub(super) fn published(text: &str) -> Option<&'static str> {
    PUBLISHED.iter().find(|name| name.eq_ignore_ascii_case(text)).copied()
}
