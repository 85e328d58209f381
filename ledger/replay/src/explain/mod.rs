//! From one figure back to records, rule lines, dates and rounding.
//!
//! An explanation is recomputed from the facts, not read from rows, and then checked against them: its own arithmetic
//! must give the figure it explains.

mod bucket;
mod change;
mod claim;
mod claim_change;
mod closed;
mod event;
mod event_line;
mod event_money;
mod event_shared;
mod gates;
mod line;
mod lot;
mod lot_change;
mod meaning;
mod month;
mod payout;
mod standing;
mod subject;
mod text;
mod unmatched;
mod why_not;

pub use bucket::{BucketExplanation, CapUsed};
pub use change::{Need, SmallestChange};
pub use claim::{ClaimExplanation, ExplainedCheck, ExplainedStep, LotBalance};
pub use closed::ClosedMonth;
pub use event::{EventExplanation, EventUse};
pub use gates::{ExplainedRequirement, GateExplanation};
pub use line::{ExchangeUsed, ExplainedContribution, ExplainedGrowth, ExplainedLine};
pub use lot::{ClaimPart, ClaimStepPart, LotExplanation, LotPart};
pub use meaning::FlagExplanation;
pub use month::{MonthExplanation, PostingExplanation};
pub use payout::{PayoutExplanation, PayoutPart};
pub use standing::StandingExplanation;
pub use unmatched::NearLever;
pub use why_not::DayWhyNot;

use crate::histories::Histories;
use daybook_event::{EventRef, Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::calendar::Period;
use daybook_rules::model::{RuleBook, RuleSet};
use daybook_views::{ClosedMonths, ClosedTerms};
use serde::Serialize;

/// Explains figures of these records, under this book, on this through date.
#[derive(Debug)]
pub struct Explainer<'a> {
    histories: &'a Histories,
    book: &'a RuleBook,
    through: NaiveDate,
    closed: Option<ClosedMonths<'a>>,
}

impl<'a> Explainer<'a> {
    /// Of figures as if nothing were closed.
    #[must_use]
    pub fn new(histories: &'a Histories, book: &'a RuleBook, through: NaiveDate) -> Self {
        Self { histories, book, through, closed: None }
    }

    /// Of figures that keep what is closed. `terms` say how the book came from the one of the last closing that counts.
    #[must_use]
    pub fn keeping(histories: &'a Histories, book: &'a RuleBook, terms: &'a ClosedTerms, through: NaiveDate) -> Self {
        let closed = ClosedMonths::of(histories.of_no_partner(), book, terms, through);
        Self { histories, book, through, closed }
    }

    /// A month of a partner: all its postings or those of one lever, and what did not earn.
    ///
    /// # Errors
    /// [`ExplainError`] when there is nothing to explain, saying what there is instead.
    pub fn month(
        &self,
        partner_id: &PartnerId,
        month: Month,
        lever: Option<&str>,
    ) -> Result<MonthExplanation, ExplainError> {
        month::explain(self, partner_id, month, lever)
    }

    /// The lot of a partner's earning period.
    ///
    /// # Errors
    /// [`ExplainError`] when there is no such lot.
    pub fn lot(&self, partner_id: &PartnerId, period: Period) -> Result<LotExplanation, ExplainError> {
        lot::explain(self, partner_id, period)
    }

    /// A claim of a partner.
    ///
    /// # Errors
    /// [`ExplainError`] when there is no such claim, naming those that there are.
    pub fn claim(&self, partner_id: &PartnerId, claim_id: &str) -> Result<ClaimExplanation, ExplainError> {
        claim::explain(self, partner_id, claim_id)
    }

    /// A partner's standing on a date.
    ///
    /// # Errors
    /// [`ExplainError`] when the partner has no facts, or the date is still to come.
    pub fn standing(&self, partner_id: &PartnerId, on: NaiveDate) -> Result<StandingExplanation, ExplainError> {
        standing::explain(self, partner_id, on)
    }

    /// The payout of a partner's month.
    ///
    /// # Errors
    /// [`ExplainError`] when there is none.
    pub fn payout(&self, partner_id: &PartnerId, month: Month) -> Result<PayoutExplanation, ExplainError> {
        payout::explain(self, partner_id, month)
    }

    /// What an event of a partner is part of.
    ///
    /// # Errors
    /// [`ExplainError`] when the partner has no such event.
    pub fn event(&self, partner_id: &PartnerId, event: &EventRef) -> Result<EventExplanation, ExplainError> {
        event::explain(self, partner_id, event)
    }
}

/// Explains a month of a partner as if nothing were closed.
///
/// # Errors
/// As for [`Explainer::month`].
pub fn explain_month(
    histories: &Histories,
    book: &RuleBook,
    through: NaiveDate,
    partner_id: &PartnerId,
    month: Month,
    lever: Option<&str>,
) -> Result<MonthExplanation, ExplainError> {
    Explainer::new(histories, book, through).month(partner_id, month, lever)
}

/// Explains the lot of a partner's earning period as if nothing were closed.
///
/// # Errors
/// As for [`Explainer::lot`].
pub fn explain_lot(
    histories: &Histories,
    book: &RuleBook,
    through: NaiveDate,
    partner_id: &PartnerId,
    period: Period,
) -> Result<LotExplanation, ExplainError> {
    Explainer::new(histories, book, through).lot(partner_id, period)
}

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
    /// No such claim.
    #[error("partner {partner_id} has no claim {claim_id} by {through}; it has: {known}")]
    NoClaim {
        /// The partner.
        partner_id: String,
        /// The claim asked for.
        claim_id: String,
        /// The through date.
        through: daybook_event::NaiveDate,
        /// The claims that there are.
        known: String,
    },
    /// No payout row.
    #[error(
        "partner {partner_id} has no payout for {month}; `daybook views --view payouts` lists those that there are"
    )]
    NoPayout {
        /// The partner.
        partner_id: String,
        /// The month.
        month: Month,
    },
    /// No such event.
    #[error("partner {partner_id} has no event {event} in this window; `daybook receipt` says what became of an event")]
    NoEvent {
        /// The partner.
        partner_id: String,
        /// The event asked for.
        event: String,
    },
    /// The date is still to come.
    #[error("{on} is after the through date {through}: ask for an earlier date, or give --through")]
    NotYet {
        /// The date asked for.
        on: daybook_event::NaiveDate,
        /// The through date.
        through: daybook_event::NaiveDate,
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
    /// A parameter with the value that its file states.
    fn stated(set: &RuleSet, path: &str) -> Self {
        let value = set.origins.get(path).map(|origin| origin.value.clone()).unwrap_or_default();
        Self::of(set, path, value)
    }

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
#[allow(clippy::large_enum_variant)] // there is one at a time
pub enum Explanation {
    /// Of a month's postings and of what did not earn.
    Month(MonthExplanation),
    /// Of a lot.
    Lot(LotExplanation),
    /// Of a claim.
    Claim(ClaimExplanation),
    /// Of a partner's standing on a date.
    Standing(StandingExplanation),
    /// Of a payout.
    Payout(PayoutExplanation),
    /// Of an event: the figures that it is part of.
    Event(EventExplanation),
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Month(month) => text::month(f, month),
            Self::Lot(lot) => text::lot(f, lot),
            Self::Claim(claim) => text::claim(f, claim),
            Self::Standing(standing) => text::standing(f, standing),
            Self::Payout(payout) => text::payout(f, payout),
            Self::Event(event) => text::event(f, event),
        }
    }
}
