//! Opening balances and hand-made corrections: money that enters beside the revenue lines.

use daybook_event::{Exact, Month};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stood before the first event, where it settles with the months.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OpeningBalances {
    /// Lots by the first month of their earning period.
    pub(crate) lots: BTreeMap<Month, OpeningLot>,
    /// Carried-in payouts by month.
    pub(crate) carry: BTreeMap<Month, Exact>,
}

/// A lot as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OpeningLot {
    pub(crate) accrued: Exact,
    pub(crate) consumed: Exact,
}
