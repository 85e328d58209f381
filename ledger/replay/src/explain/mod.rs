//! From one figure back to records, rule lines, dates and rounding.
//!
//! An explanation is recomputed from the facts, not read from rows, and then checked against them: its own arithmetic
//! must give the figure it explains.

mod lot;
mod meaning;
mod month;
mod text;

pub use lot::{ClaimPart, ClaimStepPart, LotExplanation, LotPart, explain_lot};
pub use month::{
    BucketExplanation, ExchangeUsed, ExplainedContribution, ExplainedGrowth, ExplainedLine, MonthExplanation,
    PostingExplanation, explain_month,
};

use daybook_event::{Month, Overflow};
use daybook_rules::model::RuleSet;
use serde::Serialize;

/// Why a figure cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The partner has no facts.
    #[error("partner {0} has no facts in this window; `daybook views` lists the partners that have")]
    NoPartner(String),
    /// Nothing was billed in the month.
    #[error(
        "nothing was billed to partner {partner_id} in {month} up to {through}; `daybook views --partner {partner_id}` lists its months"
    )]
    NothingBilled {
        /// The partner.
        partner_id: String,
        /// The month.
        month: Month,
        /// The through date.
        through: daybook_event::NaiveDate,
    },
    /// No posting of that lever.
    #[error("partner {partner_id} has no posting of lever {lever} in {month}; it has: {known}")]
    NoLever {
        /// The partner.
        partner_id: String,
        /// The month.
        month: Month,
        /// The lever asked for.
        lever: String,
        /// The levers that there are.
        known: String,
    },
    /// No lot for that period.
    #[error(
        "partner {partner_id} has no co-op lot for {period}; `daybook views --partner {partner_id}` lists its lots"
    )]
    NoLot {
        /// The partner.
        partner_id: String,
        /// The period.
        period: String,
    },
    /// A sum left the range of exact money.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// A number of the rule book with where it stands and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cited {
    /// The path, such as `lever.core_azure.rate`.
    pub path: String,
    /// The value.
    pub value: String,
    /// The rule set.
    pub rule_set: String,
    /// Rule file and line.
    pub at: String,
    /// The change that set it, where one did.
    pub change: Option<String>,
    /// Who says so.
    pub source: String,
}

impl Cited {
    fn of(set: &RuleSet, path: &str, value: impl ToString) -> Self {
        let origin = set.origins.get(path);
        Self {
            path: path.to_owned(),
            value: value.to_string(),
            rule_set: set.version.clone(),
            at: origin.map(|origin| format!("{}:{}", origin.file, origin.line)).unwrap_or_default(),
            change: origin.and_then(|origin| origin.change_id.clone()),
            source: origin.map(|origin| origin.source_title.clone()).unwrap_or_default(),
        }
    }
}

/// Any explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Explanation {
    /// Of a month's postings and of what did not earn.
    Month(MonthExplanation),
    /// Of a lot.
    Lot(LotExplanation),
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Month(month) => text::month(f, month),
            Self::Lot(lot) => text::lot(f, lot),
        }
    }
}
