//! An event with its sender's metadata, as published.

use crate::{
    CertificationEarned, CoopClaim, EventId, FxRate, LicenseSale, ManualAdjustment, Opening, PartnerId,
    PartnerStanding, PeriodClosed, PinnedStatement, QuarantineDecision, Reversal, RuleBookAdopted, SourceId,
    SourceManifest, SubscriptionChange,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The one name of an event: its source and its id there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventRef {
    /// Who published it.
    pub source: SourceId,
    /// Its id within the source.
    pub event_id: EventId,
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.event_id)
    }
}

/// A business fact with its sender's metadata. Immutable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Source and id: the idempotency key.
    pub id: EventRef,
    /// The account that the program pays; none for facts of no partner.
    pub partner_id: Option<PartnerId>,
    /// The business date of the fact (calendar date, UTC).
    pub effective_on: NaiveDate,
    /// Orders facts of one date.
    pub seq: u32,
    /// Dense count per source, where the source keeps one: a hole is a finding.
    pub source_seq: Option<u64>,
    /// What happened.
    pub payload: Payload,
}

/// What happened: one variant per event kind. Matched exhaustively everywhere, so a new kind fails to compile where it
/// matters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is documented at its struct
pub enum Payload {
    LicenseSale(LicenseSale),
    SubscriptionChange(SubscriptionChange),
    CertificationEarned(CertificationEarned),
    CoopClaim(CoopClaim),
    PartnerStanding(PartnerStanding),
    FxRate(FxRate),
    Reversal(Reversal),
    Opening(Opening),
    SourceManifest(SourceManifest),
    ManualAdjustment(ManualAdjustment),
    RuleBookAdopted(RuleBookAdopted),
    PeriodClosed(PeriodClosed),
    PinnedStatement(PinnedStatement),
    QuarantineDecision(QuarantineDecision),
}

/// The kind of a payload: the last token of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each variant is documented at its struct
pub enum PayloadKind {
    LicenseSale,
    SubscriptionChange,
    CertificationEarned,
    CoopClaim,
    PartnerStanding,
    FxRate,
    Reversal,
    Opening,
    Manifest,
    ManualAdjustment,
    RuleBookAdopted,
    PeriodClosed,
    PinnedStatement,
    QuarantineDecision,
}

impl PayloadKind {
    /// Every kind with its name in subjects.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::LicenseSale, "license_sale"),
        (Self::SubscriptionChange, "subscription_change"),
        (Self::CertificationEarned, "certification_earned"),
        (Self::CoopClaim, "coop_claim"),
        (Self::PartnerStanding, "partner_standing"),
        (Self::FxRate, "fx_rate"),
        (Self::Reversal, "reversal"),
        (Self::Opening, "opening"),
        (Self::Manifest, "manifest"),
        (Self::ManualAdjustment, "manual_adjustment"),
        (Self::RuleBookAdopted, "rule_book_adopted"),
        (Self::PeriodClosed, "period_closed"),
        (Self::PinnedStatement, "pinned_statement"),
        (Self::QuarantineDecision, "quarantine_decision"),
    ];

    /// The name in subjects.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// Reads the name in subjects.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind)
    }

    /// Whether only the ledger's operators may write it.
    #[must_use]
    pub fn is_ledger_act(self) -> bool {
        matches!(
            self,
            Self::ManualAdjustment
                | Self::RuleBookAdopted
                | Self::PeriodClosed
                | Self::PinnedStatement
                | Self::QuarantineDecision
        )
    }

    /// Whether it is a fact of no partner. A reversal may be either: it follows the event that it names.
    #[must_use]
    pub fn is_of_no_partner(self) -> bool {
        matches!(
            self,
            Self::FxRate | Self::Manifest | Self::RuleBookAdopted | Self::PeriodClosed | Self::QuarantineDecision
        )
    }
}

impl Payload {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> PayloadKind {
        match self {
            Self::LicenseSale(_) => PayloadKind::LicenseSale,
            Self::SubscriptionChange(_) => PayloadKind::SubscriptionChange,
            Self::CertificationEarned(_) => PayloadKind::CertificationEarned,
            Self::CoopClaim(_) => PayloadKind::CoopClaim,
            Self::PartnerStanding(_) => PayloadKind::PartnerStanding,
            Self::FxRate(_) => PayloadKind::FxRate,
            Self::Reversal(_) => PayloadKind::Reversal,
            Self::Opening(_) => PayloadKind::Opening,
            Self::SourceManifest(_) => PayloadKind::Manifest,
            Self::ManualAdjustment(_) => PayloadKind::ManualAdjustment,
            Self::RuleBookAdopted(_) => PayloadKind::RuleBookAdopted,
            Self::PeriodClosed(_) => PayloadKind::PeriodClosed,
            Self::PinnedStatement(_) => PayloadKind::PinnedStatement,
            Self::QuarantineDecision(_) => PayloadKind::QuarantineDecision,
        }
    }
}
