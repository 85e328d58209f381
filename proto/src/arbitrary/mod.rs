//! Proptest strategies: any valid envelope, of any kind. For tests here and, with the feature `test-strategies`, in
//! other crates.

mod acts;
mod facts;
mod values;

use daybook_event::{Envelope, EventRef, PartnerId, Payload, PayloadKind, SourceId};
use proptest::prelude::*;

/// A valid envelope of any kind.
pub fn envelope() -> BoxedStrategy<Envelope> {
    proptest::sample::select(PayloadKind::ALL.as_slice()).prop_flat_map(|(kind, _)| envelope_of(kind)).boxed()
}

/// A valid envelope of one kind.
pub fn envelope_of(kind: PayloadKind) -> BoxedStrategy<Envelope> {
    let heading = (source(kind), values::event_id(), partner(kind), values::date());
    let counts = (any::<u32>(), proptest::option::of(any::<u64>()));
    (heading, counts, payload(kind))
        .prop_map(|((source, event_id, partner_id, effective_on), (seq, source_seq), mut payload)| {
            if let (Payload::PinnedStatement(statement), Some(partner_id)) = (&mut payload, &partner_id) {
                statement.partner_id = partner_id.clone();
            }
            let id = EventRef { source, event_id };
            Envelope { id, partner_id, effective_on, seq, source_seq, payload }
        })
        .boxed()
}

/// Operators' acts come from `ledger`, reversals from anyone, all else from anyone but `ledger`.
fn source(kind: PayloadKind) -> BoxedStrategy<SourceId> {
    let ledger = Just(SourceId::LEDGER.to_owned()).prop_filter_map("an id", |text| SourceId::parse(&text).ok());
    let publisher = values::id(SourceId::parse).prop_filter("a publisher", |source| !source.is_ledger());
    match kind {
        PayloadKind::Reversal => prop_oneof![ledger, publisher].boxed(),
        kind if kind.is_ledger_act() => ledger.boxed(),
        _ => publisher.boxed(),
    }
}

fn partner(kind: PayloadKind) -> BoxedStrategy<Option<PartnerId>> {
    let some = values::id(PartnerId::parse).prop_map(Some);
    match kind {
        PayloadKind::Reversal => prop_oneof![Just(None), some].boxed(),
        kind if kind.is_of_no_partner() => Just(None).boxed(),
        _ => some.boxed(),
    }
}

fn payload(kind: PayloadKind) -> BoxedStrategy<Payload> {
    match kind {
        PayloadKind::LicenseSale => facts::license_sale().prop_map(Payload::LicenseSale).boxed(),
        PayloadKind::SubscriptionChange => facts::subscription_change().prop_map(Payload::SubscriptionChange).boxed(),
        PayloadKind::CertificationEarned => facts::certification().prop_map(Payload::CertificationEarned).boxed(),
        PayloadKind::CoopClaim => facts::claim().prop_map(Payload::CoopClaim).boxed(),
        PayloadKind::PartnerStanding => facts::standing().prop_map(Payload::PartnerStanding).boxed(),
        PayloadKind::FxRate => facts::fx_rate().prop_map(Payload::FxRate).boxed(),
        PayloadKind::Reversal => facts::reversal().prop_map(Payload::Reversal).boxed(),
        PayloadKind::Opening => facts::opening().prop_map(Payload::Opening).boxed(),
        PayloadKind::Manifest => facts::manifest().prop_map(Payload::SourceManifest).boxed(),
        PayloadKind::ManualAdjustment => acts::adjustment().prop_map(Payload::ManualAdjustment).boxed(),
        PayloadKind::RuleBookAdopted => acts::adopted().prop_map(Payload::RuleBookAdopted).boxed(),
        PayloadKind::PeriodClosed => acts::closed().prop_map(Payload::PeriodClosed).boxed(),
        PayloadKind::PinnedStatement => acts::statement().prop_map(Payload::PinnedStatement).boxed(),
        PayloadKind::QuarantineDecision => acts::decision().prop_map(Payload::QuarantineDecision).boxed(),
    }
}
