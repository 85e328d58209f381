//! Payloads that publishers write.

use super::values::{amount, currency, date, event_id, exchange_rate, month, one_of, product, text, text_required};
use crate::limits::SEALED_BYTES_MAX;
use daybook_event::{
    CertificationEarned, ChangeKind, ClaimState, CoopClaim, FxRate, LicenseSale, Opening, PartnerStanding, Reversal,
    Sealed, Segment, SourceManifest, StandingValue, SubscriptionChange,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

pub(super) fn license_sale() -> impl Strategy<Value = LicenseSale> {
    let who = (text_required(), text(), product(), of(one_of(&Segment::ALL)), any::<i32>());
    let money = (of(amount()), amount(), currency());
    let charge = (text(), of(date()), of(date()), text(), of(event_id()));
    (who, money, charge).prop_map(|(who, money, charge)| LicenseSale {
        customer_id: who.0,
        subscription_id: who.1,
        product: who.2,
        segment: who.3,
        quantity: who.4,
        metered_quantity: money.0,
        amount: money.1,
        currency: money.2,
        charge_type: charge.0,
        charge_start: charge.1,
        charge_end: charge.2,
        invoice_id: charge.3,
        credits: charge.4,
    })
}

pub(super) fn subscription_change() -> impl Strategy<Value = SubscriptionChange> {
    let who = (text_required(), text_required(), product(), of(one_of(&Segment::ALL)), of(event_id()));
    let what = (one_of(&ChangeKind::ALL), any::<i32>(), any::<i32>(), amount(), currency());
    (who, what).prop_map(|(who, what)| SubscriptionChange {
        customer_id: who.0,
        subscription_id: who.1,
        product: who.2,
        segment: who.3,
        credits: who.4,
        change: what.0,
        quantity_before: what.1,
        quantity_after: what.2,
        amount_delta: what.3,
        currency: what.4,
    })
}

pub(super) fn certification() -> impl Strategy<Value = CertificationEarned> {
    (text_required(), text_required(), text(), of(date()), vec(any::<u8>(), 0..=SEALED_BYTES_MAX)).prop_map(
        |(person_id, certification, competency_area, expires_on, sealed)| CertificationEarned {
            person_id,
            certification,
            competency_area,
            expires_on,
            sealed: Sealed::new(sealed),
        },
    )
}

pub(super) fn claim() -> impl Strategy<Value = CoopClaim> {
    let what = (text_required(), one_of(&ClaimState::ALL), text(), of(date()), of(date()));
    // An amount always has its currency; a currency may stand alone.
    let money = (amount(), currency());
    let money = prop_oneof![
        Just((None, None)),
        currency().prop_map(|currency| (None, Some(currency))),
        money.prop_map(|(amount, currency)| (Some(amount), Some(currency))),
    ];
    (what, money, text()).prop_map(|(what, (amount, currency), evidence)| CoopClaim {
        claim_id: what.0,
        state: what.1,
        activity: what.2,
        activity_start: what.3,
        activity_end: what.4,
        amount,
        currency,
        evidence,
    })
}

pub(super) fn standing() -> impl Strategy<Value = PartnerStanding> {
    let value =
        prop_oneof![Just(StandingValue::Held), Just(StandingValue::Lapsed), amount().prop_map(StandingValue::Number),];
    (text_required(), value).prop_map(|(fact, value)| PartnerStanding { fact, value })
}

pub(super) fn fx_rate() -> impl Strategy<Value = FxRate> {
    (currency(), month(), exchange_rate()).prop_map(|(currency, month, rate)| FxRate { currency, month, rate })
}

pub(super) fn reversal() -> impl Strategy<Value = Reversal> {
    (event_id(), text()).prop_map(|(reverses, reason)| Reversal { reverses, reason })
}

pub(super) fn opening() -> impl Strategy<Value = Opening> {
    let since = (text_required(), text_required(), date()).prop_map(|(customer_id, product_group, since_on)| {
        Opening::CustomerSince { customer_id, product_group, since_on }
    });
    let revenue = (text_required(), product(), month(), amount())
        .prop_map(|(customer_id, product, month, amount)| Opening::Revenue { customer_id, product, month, amount });
    let state = proptest::sample::select(vec!["open", "usable", "converted"]).prop_map(str::to_owned);
    let lot = (text_required(), amount(), state, amount())
        .prop_map(|(period, accrued, state, consumed)| Opening::Lot { period, accrued, state, consumed });
    let carry = amount().prop_map(|amount| Opening::Carry { amount });
    prop_oneof![since, revenue, lot, carry]
}

/// One sum a currency, in their order: how the border leaves them.
pub(super) fn manifest() -> impl Strategy<Value = SourceManifest> {
    let sums = proptest::collection::btree_map(currency(), amount(), 0..4);
    (any::<u64>(), sums).prop_map(|(count, sums)| SourceManifest { count, sums: sums.into_iter().collect() })
}
