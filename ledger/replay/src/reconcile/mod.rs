//! Reconciliation: what Microsoft's statement says against what our rules say, line by line, and why they differ.
//!
//! A variance is theirs less ours. Every variance has one class, and by class, partner and month they add up to the total
//! difference, to the last digit.

mod classes;
mod matching;
mod ours;
mod partner;
mod summary;
#[cfg(test)]
mod tests;
mod theirs;

pub use ours::{OurContribution, OurLine, lines_of_partner};
pub use partner::{OurFigures, PartnerReconciliation, reconcile_partner};
pub use summary::{ClassTotal, MonthTotal, Reconciliation};
pub use theirs::{EarningPart, TheirRow};

use daybook_event::{Exact, Month, PartnerId};
use serde::Serialize;
use std::fmt;

/// Why theirs and ours differ. In the order in which outputs show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VarianceClass {
    /// One side pays on a line that the other holds not to earn.
    Eligibility,
    /// The amount that the rate applies to differs.
    Base,
    /// The exchange rate differs.
    Fx,
    /// The rate differs.
    Rate,
    /// Rebate and co-op are split differently; together they agree.
    Split,
    /// The same line counts in another month.
    Timing,
    /// We have it, they do not.
    Missing,
    /// They have it, we do not.
    TheirsOnly,
    /// A correction that only one side has.
    Adjustment,
    /// They round each row, we round once a month.
    Rounding,
}

impl VarianceClass {
    /// Every class, in order.
    pub const ALL: [Self; 10] = [
        Self::Eligibility,
        Self::Base,
        Self::Fx,
        Self::Rate,
        Self::Split,
        Self::Timing,
        Self::Missing,
        Self::TheirsOnly,
        Self::Adjustment,
        Self::Rounding,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
            Self::Base => "base",
            Self::Fx => "fx",
            Self::Rate => "rate",
            Self::Split => "split",
            Self::Timing => "timing",
            Self::Missing => "missing",
            Self::TheirsOnly => "theirs_only",
            Self::Adjustment => "adjustment",
            Self::Rounding => "rounding",
        }
    }

    /// What to ask whoever pays.
    #[must_use]
    pub fn question(self) -> &'static str {
        match self {
            Self::Eligibility => {
                "Why does this line earn, or not earn? Name the requirement and the date on which it was judged."
            }
            Self::Base => "Which transaction amount was the rate applied to, and which charges or credits are in it?",
            Self::Fx => "Which exchange rate was used, of which date, and where is it published?",
            Self::Rate => "Which rate was applied, under which version of the program guide and from which date?",
            Self::Split => "How was the earning split between rebate and co-op, and under which terms?",
            Self::Timing => "Why does this transaction count in another month?",
            Self::Missing => {
                "We sold this and find that it earns. Was the transaction received, and why does it earn nothing?"
            }
            Self::TheirsOnly => "What is this earning for? We know of no such transaction.",
            Self::Adjustment => "Which earnings does this adjustment correct, of which month, and why?",
            Self::Rounding => "Nothing: each row is rounded by itself.",
        }
    }

    /// Whether it is worth a question: rounding alone is none.
    #[must_use]
    pub fn is_disputed(self) -> bool {
        self != Self::Rounding
    }
}

impl fmt::Display for VarianceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One difference, theirs less ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Variance {
    /// The partner.
    pub partner_id: PartnerId,
    /// The month that it counts in.
    pub month: Month,
    /// Why.
    pub class: VarianceClass,
    /// The rebate part.
    pub rebate: Exact,
    /// The co-op part.
    pub coop: Exact,
    /// Our lever; theirs as named where we know no such.
    pub lever: String,
    /// The customer.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The product.
    pub product: String,
    /// Our event; empty where we have none.
    pub event: String,
    /// Their earning ids; empty where they have none.
    pub earning_ids: Vec<String>,
    /// Both sides in words.
    pub note: String,
}
