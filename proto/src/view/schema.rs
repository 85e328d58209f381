//! What the kinds of the common form look like: their fields, in the order of their numbers, each with its check.

use daybook_event::{ChangeKind, ClaimState, PayloadKind, Segment};

/// What a field may hold. The checks are those of [`crate::field`]; a form without "optional" in its name must be there.
#[derive(Clone, Copy)]
pub(super) enum Form {
    TextOptional,
    Text,
    TextLongOptional,
    SealedOptional,
    IntOptional,
    Amount,
    AmountOptional,
    /// Absent is zero, and zero is written.
    AmountOrZero,
    ExchangeRate,
    Currency,
    CurrencyOptional,
    DateOptional,
    Month,
    Id,
    IdOptional,
    Word(fn(&str) -> bool),
    WordOptional(fn(&str) -> bool),
}

impl Form {
    pub(super) fn is_int(self) -> bool {
        matches!(self, Self::IntOptional)
    }
}

/// One field of a payload.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) form: Form,
}

/// One kind of payload. The number of a field is its place, from 1.
pub(super) struct Message {
    pub(super) kind: PayloadKind,
    /// The payload's own number in the envelope.
    pub(super) number: u8,
    pub(super) fields: &'static [Field],
}

/// The most fields that a kind of the common form has.
pub(super) const FIELDS_MAX: usize = 16;

const fn field(name: &'static str, form: Form) -> Field {
    Field { name, form }
}

fn is_segment(word: &str) -> bool {
    Segment::ALL.iter().any(|(_, name)| *name == word)
}

fn is_change(word: &str) -> bool {
    ChangeKind::ALL.iter().any(|(_, name)| *name == word)
}

fn is_claim_state(word: &str) -> bool {
    ClaimState::ALL.iter().any(|(_, name)| *name == word)
}

fn is_status(word: &str) -> bool {
    matches!(word, "held" | "lapsed")
}

/// The kinds that are nearly all of a ledger, the most frequent first. Every other takes the long way.
pub(super) const MESSAGES: [Message; 7] = [
    Message { kind: PayloadKind::LicenseSale, number: 10, fields: &LICENSE_SALE },
    Message { kind: PayloadKind::SubscriptionChange, number: 11, fields: &SUBSCRIPTION_CHANGE },
    Message { kind: PayloadKind::CoopClaim, number: 13, fields: &COOP_CLAIM },
    Message { kind: PayloadKind::Reversal, number: 15, fields: &REVERSAL },
    Message { kind: PayloadKind::CertificationEarned, number: 12, fields: &CERTIFICATION_EARNED },
    Message { kind: PayloadKind::PartnerStanding, number: 14, fields: &PARTNER_STANDING },
    Message { kind: PayloadKind::FxRate, number: 16, fields: &FX_RATE },
];

const LICENSE_SALE: [Field; 16] = [
    field("customer_id", Form::Text),
    field("subscription_id", Form::TextOptional),
    field("product_id", Form::TextOptional),
    field("sku_id", Form::TextOptional),
    field("product_name", Form::TextOptional),
    field("product_family", Form::TextOptional),
    field("segment", Form::WordOptional(is_segment)),
    field("quantity", Form::IntOptional),
    field("amount", Form::Amount),
    field("currency", Form::Currency),
    field("charge_type", Form::TextOptional),
    field("charge_start", Form::DateOptional),
    field("charge_end", Form::DateOptional),
    field("invoice_id", Form::TextOptional),
    field("credits", Form::IdOptional),
    field("metered_quantity", Form::AmountOptional),
];

const SUBSCRIPTION_CHANGE: [Field; 13] = [
    field("customer_id", Form::Text),
    field("subscription_id", Form::Text),
    field("change", Form::Word(is_change)),
    field("quantity_before", Form::IntOptional),
    field("quantity_after", Form::IntOptional),
    field("amount_delta", Form::AmountOrZero),
    field("currency", Form::Currency),
    field("segment", Form::WordOptional(is_segment)),
    field("product_id", Form::TextOptional),
    field("sku_id", Form::TextOptional),
    field("product_name", Form::TextOptional),
    field("product_family", Form::TextOptional),
    field("credits", Form::IdOptional),
];

const COOP_CLAIM: [Field; 8] = [
    field("claim_id", Form::Text),
    field("state", Form::Word(is_claim_state)),
    field("activity", Form::TextOptional),
    field("activity_start", Form::DateOptional),
    field("activity_end", Form::DateOptional),
    field("amount", Form::AmountOptional),
    field("currency", Form::CurrencyOptional),
    field("evidence", Form::TextLongOptional),
];

const REVERSAL: [Field; 2] = [field("reverses", Form::Id), field("reason", Form::TextLongOptional)];

const CERTIFICATION_EARNED: [Field; 5] = [
    field("person_id", Form::Text),
    field("certification", Form::Text),
    field("competency_area", Form::TextOptional),
    field("expires_on", Form::DateOptional),
    field("sealed", Form::SealedOptional),
];

/// One of the last two, which [`super::View`] checks.
const PARTNER_STANDING: [Field; 3] =
    [field("fact", Form::Text), field("status", Form::WordOptional(is_status)), field("number", Form::AmountOptional)];

const FX_RATE: [Field; 3] =
    [field("currency", Form::Currency), field("month", Form::Month), field("rate", Form::ExchangeRate)];
