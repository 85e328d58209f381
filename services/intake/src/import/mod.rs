//! File importers: files become a stream of items. Parsing only: the caller appends or publishes.
//!
//! Three kinds of file: [`ndjson`], one event a line, and [`protobuf`], one event a message, both interchangeable with the
//! stream; and [`partner_center`], Microsoft's reconciliation files. All hand every line to a sink, as an event, as a fault or as skipped, so that the
//! report accounts for each. A bad line never stops a file; only a file that cannot be read as one does.

mod ahead;
mod catalogue;
mod chunk;
mod delimited;
mod earnings;
mod fault;
mod ndjson;
mod partner_center;
mod partner_map;
mod report;
mod supersede;
mod supersession;
mod webhook;

pub use ahead::{Judged, Read, ndjson_ahead, protobuf_ahead};
pub use catalogue::{Catalogue, NoCatalogue, Placement, ProductHint};
pub use delimited::protobuf;
pub use earnings::{EarningItem, EarningLine, EarningsFile, earnings};
pub use fault::{FaultReason, FileError, ImportError};
pub use ndjson::{LINE_BYTES_MAX, ndjson};
pub use partner_center::{
    Billing, FILE_BYTES_MAX, FILE_LINES_MAX, FileSummary, LineKind, PartnerCenterOptions, partner_center,
};
pub use partner_map::{PartnerMap, PartnerMapError};
pub use report::{FLAGGED_LISTED_MAX, FlaggedLine, ImportReport, Outcome, Sum, Tally};
pub use supersede::{
    Amendments, LineLeft, MovedCredit, Plan, Reissues, SUPERSEDED_ID_BYTES_MAX, SupersedeError, known_again,
};
pub use supersession::{LINES_LISTED_MAX, LineRefused, Supersession};
pub use webhook::Webhook;

use daybook_event::{Currency, Envelope, Payload};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::fmt;

/// Where an item stood. Provenance: never part of the event, so that one invoice from two files is one set of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// SHA-256 of the file; none for a file that is read line by line and never held whole.
    pub file_sha256: Option<[u8; 32]>,
    /// The line in the file, from 1; of a JSON document, the number of the item, from 1.
    pub line: u64,
}

/// An amount as a file shows it, for the report only: estimates may have more decimals than an event's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The currency of `value`.
    pub currency: Currency,
    /// The exact value.
    pub value: Decimal,
}

/// Why a line that is not faulty makes no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Not on an invoice yet: an estimate, never revenue.
    Unbilled,
    /// Daily usage: the same charges stand, rounded, on the invoice's own lines.
    UsageDetail,
    /// An object that is no invoice line, such as the invoice's head or a subscription.
    NotALine,
    /// A webhook: a notice without money.
    Webhook(Webhook),
}

impl SkipReason {
    /// The stable code; of a webhook, its published name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unbilled => "unbilled",
            Self::UsageDetail => "usage_detail",
            Self::NotALine => "not_a_line",
            Self::Webhook(webhook) => webhook.name(),
        }
    }
}

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// What is odd about a line that is taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagCode {
    /// No published formula gives the file's amount.
    AmountDiffers,
    /// The quantity has more decimals than an event holds and was rounded; no figure depends on it.
    QuantityRounded,
    /// A charge type that Microsoft has not published; kept as it stands.
    ChargeTypeUnknown,
    /// A partner earned credit that is neither none nor 15 %.
    EarnedCreditUnusual,
    /// A number or date of an estimate that could not be read.
    EstimateUnreadable,
}

impl FlagCode {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AmountDiffers => "amount_differs",
            Self::QuantityRounded => "quantity_rounded",
            Self::ChargeTypeUnknown => "charge_type_unknown",
            Self::EarnedCreditUnusual => "earned_credit_unusual",
            Self::EstimateUnreadable => "estimate_unreadable",
        }
    }
}

/// One oddity of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// What kind.
    pub code: FlagCode,
    /// What was seen and what was expected.
    pub detail: String,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportItem {
    /// An event, to append or publish.
    Event {
        /// The event.
        envelope: Box<Envelope>,
        /// Where it stood.
        origin: Origin,
        /// What is odd about it; changes no figure.
        flags: Vec<Flag>,
    },
    /// A line that makes no event because something is wrong with it: for quarantine.
    Faulty {
        /// Which fault: a stable code.
        reason: FaultReason,
        /// Which field and what is wrong with it.
        detail: String,
        /// Where it stood.
        origin: Origin,
        /// The line's bytes; of a CSV row, its header line first, so that the row can be read alone.
        bytes: Vec<u8>,
        /// The line's money, where that much could be read.
        money: Option<Money>,
    },
    /// A line that is right but is no event.
    Skipped {
        /// Why.
        why: SkipReason,
        /// Where it stood.
        origin: Origin,
        /// The line's money, where it has some.
        money: Option<Money>,
        /// What is odd about it.
        flags: Vec<Flag>,
    },
}

impl ImportItem {
    /// Where it stood.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Event { origin, .. } | Self::Faulty { origin, .. } | Self::Skipped { origin, .. } => *origin,
        }
    }

    /// What is odd about it.
    #[must_use]
    pub fn flags(&self) -> &[Flag] {
        match self {
            Self::Event { flags, .. } | Self::Skipped { flags, .. } => flags,
            Self::Faulty { .. } => &[],
        }
    }

    /// The billed money of the line: what the report adds up. An event that bills nothing has none.
    #[must_use]
    pub fn money(&self) -> Option<Money> {
        match self {
            Self::Event { envelope, .. } => envelope_money(envelope),
            Self::Faulty { money, .. } | Self::Skipped { money, .. } => *money,
        }
    }
}

fn envelope_money(envelope: &Envelope) -> Option<Money> {
    let (currency, amount) = match &envelope.payload {
        Payload::LicenseSale(sale) => (sale.currency, sale.amount),
        Payload::SubscriptionChange(change) => (change.currency, change.amount_delta),
        Payload::CertificationEarned(_)
        | Payload::CoopClaim(_)
        | Payload::PartnerStanding(_)
        | Payload::FxRate(_)
        | Payload::Reversal(_)
        | Payload::Opening(_)
        | Payload::SourceManifest(_)
        | Payload::ManualAdjustment(_)
        | Payload::RuleBookAdopted(_)
        | Payload::PeriodClosed(_)
        | Payload::PinnedStatement(_)
        | Payload::QuarantineDecision(_) => return None,
    };
    Some(Money { currency, value: amount.decimal() })
}
