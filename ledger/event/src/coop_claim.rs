//! One step of a co-op claim.

use crate::{Amount, Currency};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where a claim stands after the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the documentation
pub enum ClaimState {
    Submitted,
    ActionRequired,
    Approved,
    Rejected,
    Disputed,
    Paid,
    Withdrawn,
}

impl ClaimState {
    /// Every state with its wire name.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Submitted, "submitted"),
        (Self::ActionRequired, "action_required"),
        (Self::Approved, "approved"),
        (Self::Rejected, "rejected"),
        (Self::Disputed, "disputed"),
        (Self::Paid, "paid"),
        (Self::Withdrawn, "withdrawn"),
    ];

    /// Reads the wire name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(state, _)| *state)
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

/// A claim on co-op money moved to a state on the envelope's `effective_on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoopClaim {
    /// The claim, unique within the partner.
    pub claim_id: String,
    /// The state that it moved to.
    pub state: ClaimState,
    /// The activity claimed for.
    pub activity: String,
    /// First day of the activity.
    pub activity_start: Option<NaiveDate>,
    /// Last day of the activity.
    pub activity_end: Option<NaiveDate>,
    /// The money of this step; none: the amount last submitted.
    pub amount: Option<Amount>,
    /// The currency of `amount`.
    pub currency: Option<Currency>,
    /// Where the evidence is kept: a reference, never the document.
    pub evidence: String,
}
