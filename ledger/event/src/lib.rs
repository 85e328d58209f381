//! Pure vocabulary of the ledger: envelopes and records, one file per event kind, ids, money and periods.
//!
//! No I/O, no clock, no randomness, no float. Every other crate speaks in these types; the words are those of
//! `docs/glossary.md`.

pub mod ids;
pub mod money;
pub mod period;

mod certification_earned;
mod coop_claim;
mod envelope;
mod fx_rate;
mod ledger_acts;
mod license_sale;
mod name;
mod opening;
mod partner_standing;
mod printable;
mod record;
mod reversal;
mod short_text;
mod source_manifest;
mod subscription_change;

pub use certification_earned::{CertificationEarned, Sealed};
pub use chrono::NaiveDate;
pub use coop_claim::{ClaimState, CoopClaim};
pub use envelope::{Envelope, EventRef, Payload, PayloadKind};
pub use fx_rate::FxRate;
pub use ids::{Currency, EventId, ID_BYTES_MAX, IdError, PartnerId, SourceId, id_check};
pub use ledger_acts::{
    ManualAdjustment, PeriodClosed, PinnedStatement, QuarantineDecision, QuarantineVerdict, RuleBookAdopted, RuleFile,
};
pub use license_sale::{LicenseSale, Product, Segment};
pub use money::{Amount, AmountText, Exact, ExchangeRate, MoneyError, Overflow, Rate, Rounding};
pub use name::Name;
pub use opening::Opening;
pub use partner_standing::{PartnerStanding, StandingValue};
pub use period::{Month, date_parse, wire_date_text};
pub use printable::{PRINTABLE_BYTES_MAX, printable};
pub use record::{Instant, Position, Record};
pub use reversal::Reversal;
pub use short_text::{ShortText, date_text};
pub use source_manifest::SourceManifest;
pub use subscription_change::{CHARGE_TYPE_OF_CHANGE, ChangeKind, SubscriptionChange};
