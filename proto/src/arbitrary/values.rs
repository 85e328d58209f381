//! Single values within the limits of the border.

use daybook_event::{Amount, Currency, EventId, ExchangeRate, IdError, Month, NaiveDate, Product};
use proptest::prelude::*;
use std::fmt::Debug;

pub(super) fn id<T: Debug + 'static>(parse: fn(&str) -> Result<T, IdError>) -> impl Strategy<Value = T> {
    "[A-Za-z0-9_.-]{1,64}".prop_filter_map("'_' alone is reserved", move |text| parse(&text).ok())
}

pub(super) fn event_id() -> impl Strategy<Value = EventId> {
    id(EventId::parse)
}

/// Printable text, any script; may be empty.
pub(super) fn text() -> impl Strategy<Value = String> {
    "\\PC{0,40}"
}

/// Printable text that is there.
pub(super) fn text_required() -> impl Strategy<Value = String> {
    "\\PC{1,40}"
}

pub(super) fn hex_digest() -> impl Strategy<Value = String> {
    "[0-9a-f]{64}"
}

pub(super) fn date() -> impl Strategy<Value = NaiveDate> {
    (month(), 1_u32..=31).prop_map(|(month, day)| month.day(day))
}

pub(super) fn month() -> impl Strategy<Value = Month> {
    (1990_i32 * 12..2200 * 12).prop_map(Month::from_index)
}

pub(super) fn amount() -> impl Strategy<Value = Amount> {
    let parts = (any::<bool>(), 0_u64..1_000_000_000_000, 0_u32..1_000_000_000);
    let any_amount = parts.prop_filter_map("an amount", |(negative, whole, billionths)| {
        let sign = if negative { "-" } else { "" };
        Amount::parse(&format!("{sign}{whole}.{billionths:09}")).ok()
    });
    prop_oneof![1 => Just(Amount::ZERO), 9 => any_amount]
}

pub(super) fn currency() -> impl Strategy<Value = Currency> {
    "[A-Z]{3}".prop_filter_map("three capitals", |text| Currency::parse(&text).ok())
}

pub(super) fn exchange_rate() -> impl Strategy<Value = ExchangeRate> {
    (0_u32..1_000_000, 1_u64..10_000_000_000)
        .prop_filter_map("a rate", |(whole, parts)| ExchangeRate::parse(&format!("{whole}.{parts:010}")).ok())
}

pub(super) fn product() -> impl Strategy<Value = Product> {
    (text(), text(), text(), text()).prop_map(|(product_id, sku_id, product_name, product_family)| Product {
        product_id,
        sku_id,
        product_name,
        product_family,
    })
}

/// One word of a closed list.
pub(super) fn one_of<T: Copy + Debug + 'static>(words: &'static [(T, &'static str)]) -> impl Strategy<Value = T> {
    proptest::sample::select(words).prop_map(|(word, _)| word)
}
