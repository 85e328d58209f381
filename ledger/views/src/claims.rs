//! Claims: the steps that each may take, our own check of a submission, and what each takes from its lot.

use crate::codes::Refusal;
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, CoopClaim, Currency, EventRef, Exact, Month};
use daybook_rules::calendar::Period;
use serde::{Deserialize, Serialize};

/// One step of a claim as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimStep {
    pub(crate) event: EventRef,
    pub(crate) on: NaiveDate,
    pub(crate) claim_id: String,
    pub(crate) state: ClaimState,
    pub(crate) activity: String,
    pub(crate) activity_start: Option<NaiveDate>,
    pub(crate) activity_end: Option<NaiveDate>,
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: Option<Currency>,
}

impl ClaimStep {
    pub(crate) fn of(event: &EventRef, on: NaiveDate, claim: &CoopClaim) -> Self {
        Self {
            event: event.clone(),
            on,
            claim_id: claim.claim_id.clone(),
            state: claim.state,
            activity: claim.activity.clone(),
            activity_start: claim.activity_start,
            activity_end: claim.activity_end,
            amount: claim.amount,
            currency: claim.currency,
        }
    }
}

/// Where a claim stands, our refusal included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Submitted,
    /// Our check refused the submission; what the outside decides still counts.
    Refused,
    ActionRequired,
    Rejected,
    Disputed,
    Approved,
    Paid,
    Withdrawn,
}

impl Stage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Refused => "refused",
            Self::ActionRequired => "action_required",
            Self::Rejected => "rejected",
            Self::Disputed => "disputed",
            Self::Approved => "approved",
            Self::Paid => "paid",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether the step to that state is one that a claim may take. `None` is a claim not seen before.
    pub(crate) fn may_go(from: Option<Self>, to: ClaimState) -> bool {
        use ClaimState as To;
        match from {
            None => to == To::Submitted,
            Some(Self::Submitted) => {
                matches!(to, To::ActionRequired | To::Approved | To::Paid | To::Rejected | To::Withdrawn)
            }
            Some(Self::ActionRequired) => {
                matches!(to, To::Submitted | To::Approved | To::Paid | To::Rejected | To::Withdrawn)
            }
            Some(Self::Refused) => matches!(to, To::Submitted | To::Approved | To::Paid),
            Some(Self::Rejected) => matches!(to, To::Disputed | To::Submitted),
            Some(Self::Disputed) => matches!(to, To::Approved | To::Paid | To::Rejected | To::ActionRequired),
            Some(Self::Approved) => matches!(to, To::Paid | To::Rejected | To::Withdrawn),
            Some(Self::Withdrawn) => to == To::Submitted,
            Some(Self::Paid) => false,
        }
    }
}

/// A claim as its steps left it.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) stage: Stage,
    /// The period whose lot it draws on; none where its dates name none.
    pub(crate) period: Option<Period>,
    pub(crate) activity: String,
    pub(crate) activity_start: Option<NaiveDate>,
    pub(crate) activity_end: Option<NaiveDate>,
    /// As last submitted, in its own currency.
    pub(crate) submitted: Option<Amount>,
    pub(crate) currency: Option<Currency>,
    /// The month of the last submission: whose exchange rate holds.
    pub(crate) submitted_in: Month,
    /// Program currency, as submitted, then as approved; none without a rate.
    pub(crate) amount: Option<Exact>,
    pub(crate) reserved: Exact,
    /// Overdrawn included.
    pub(crate) consumed: Exact,
    pub(crate) overdrawn: Exact,
    pub(crate) refused: Option<Refusal>,
}

/// One question of the check of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The refusal that it gives where it fails.
    pub code: Refusal,
    /// Whether it passes.
    pub passed: bool,
    /// What was held against what.
    pub against: Against,
}

/// What a check holds against what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A usable lot for the activity's first day; without one, this is the only check.
    Lot {
        /// The activity's first day.
        start: Option<NaiveDate>,
    },
    /// The submission's date against the claim window.
    Window {
        /// The date.
        on: NaiveDate,
        /// First day of the window.
        first: NaiveDate,
        /// Last day of the window.
        last: NaiveDate,
    },
    /// The activity's days against the usage period.
    Usage {
        /// The activity's first day.
        start: NaiveDate,
        /// Its last day.
        end: Option<NaiveDate>,
        /// First day of use.
        first: NaiveDate,
        /// Last day of use.
        last: NaiveDate,
    },
    /// The activity's name against those of the terms.
    Activity {
        /// The name.
        name: String,
    },
    /// The amount against zero.
    Amount {
        /// As submitted, in its own currency.
        amount: Option<Amount>,
    },
    /// The amount's exchange rate.
    Rate {
        /// Program currency; none without a rate.
        amount: Option<Exact>,
    },
    /// What the activity takes of the lot against its limit.
    Limit {
        /// What is asked for.
        amount: Exact,
        /// Reserved and consumed by other claims of the activity.
        used: Exact,
        /// The limit.
        limit: Exact,
    },
    /// What is asked for against what the lot has left.
    Balance {
        /// What is asked for.
        amount: Exact,
        /// What is left.
        left: Exact,
    },
}
