//! Envelopes of the common kinds written without the structs of the wire between: the same bytes in both forms.

use super::schema::{MESSAGES, Message};
use super::value::Value;
use super::{Fields, Head, write, write_json};
use daybook_event::{
    CertificationEarned, CoopClaim, Currency, Envelope, EventId, LicenseSale, NaiveDate, PartnerStanding, Payload,
    Segment, StandingValue, SubscriptionChange, wire_date_text,
};

/// The canonical protobuf form; none of a kind that takes the long way.
pub(crate) fn encode(envelope: &Envelope) -> Option<Vec<u8>> {
    let on = wire_date_text(envelope.effective_on)?;
    let (message, fields) = fields_of(&envelope.payload)?;
    Some(write::write(&head_of(envelope, on.as_str()), message, &fields))
}

/// Adds the NDJSON form, without a line break; false, and nothing added, of a kind that takes the long way.
pub(crate) fn encode_json(envelope: &Envelope, out: &mut Vec<u8>) -> bool {
    let Some(on) = wire_date_text(envelope.effective_on) else { return false };
    let Some((message, fields)) = fields_of(&envelope.payload) else { return false };
    // Bytes are base64 there.
    if fields.iter().any(|value| matches!(value, Value::Bytes(_))) {
        return false;
    }
    write_json::write(&head_of(envelope, on.as_str()), message, &fields, out);
    true
}

fn head_of<'a>(envelope: &'a Envelope, effective_on: &'a str) -> Head<'a> {
    Head {
        source: envelope.id.source.as_str(),
        event_id: envelope.id.event_id.as_str(),
        partner_id: envelope.partner_id.as_ref().map_or("", |id| id.as_str()),
        effective_on,
        seq: envelope.seq,
        source_seq: envelope.source_seq,
    }
}

fn fields_of(payload: &Payload) -> Option<(&'static Message, Fields<'_>)> {
    let mut fields = Fields::default();
    match payload {
        Payload::LicenseSale(sale) => fields = sale_fields(sale),
        Payload::SubscriptionChange(change) => fields[..13].copy_from_slice(&change_fields(change)),
        Payload::CoopClaim(claim) => fields[..8].copy_from_slice(&claim_fields(claim)),
        Payload::CertificationEarned(earned) => fields[..5].copy_from_slice(&certification_fields(earned)),
        Payload::PartnerStanding(standing) => fields[..3].copy_from_slice(&standing_fields(standing)),
        Payload::Reversal(reversal) => {
            fields[..2].copy_from_slice(&[text(reversal.reverses.as_str()), text(&reversal.reason)]);
        }
        _ => return None,
    }
    let kind = payload.kind();
    Some((MESSAGES.iter().find(|message| message.kind == kind)?, fields))
}

fn sale_fields(sale: &LicenseSale) -> Fields<'_> {
    [
        text(&sale.customer_id),
        text(&sale.subscription_id),
        text(&sale.product.product_id),
        text(&sale.product.sku_id),
        text(&sale.product.product_name),
        text(&sale.product.product_family),
        segment(sale.segment),
        Value::Int(sale.quantity),
        Value::Amount(sale.amount),
        currency(Some(&sale.currency)),
        text(&sale.charge_type),
        date(sale.charge_start),
        date(sale.charge_end),
        text(&sale.invoice_id),
        event_id(sale.credits.as_ref()),
        sale.metered_quantity.map_or(Value::Absent, Value::Amount),
    ]
}

fn change_fields(change: &SubscriptionChange) -> [Value<'_>; 13] {
    [
        text(&change.customer_id),
        text(&change.subscription_id),
        text(change.change.as_str()),
        Value::Int(change.quantity_before),
        Value::Int(change.quantity_after),
        Value::Amount(change.amount_delta),
        currency(Some(&change.currency)),
        segment(change.segment),
        text(&change.product.product_id),
        text(&change.product.sku_id),
        text(&change.product.product_name),
        text(&change.product.product_family),
        event_id(change.credits.as_ref()),
    ]
}

fn claim_fields(claim: &CoopClaim) -> [Value<'_>; 8] {
    [
        text(&claim.claim_id),
        text(claim.state.as_str()),
        text(&claim.activity),
        date(claim.activity_start),
        date(claim.activity_end),
        claim.amount.map_or(Value::Absent, Value::Amount),
        currency(claim.currency.as_ref()),
        text(&claim.evidence),
    ]
}

fn certification_fields(earned: &CertificationEarned) -> [Value<'_>; 5] {
    let sealed = earned.sealed.as_bytes();
    [
        text(&earned.person_id),
        text(&earned.certification),
        text(&earned.competency_area),
        date(earned.expires_on),
        if sealed.is_empty() { Value::Absent } else { Value::Bytes(sealed) },
    ]
}

fn standing_fields(standing: &PartnerStanding) -> [Value<'_>; 3] {
    let (status, number) = match standing.value {
        StandingValue::Held => (Value::Text("held"), Value::Absent),
        StandingValue::Lapsed => (Value::Text("lapsed"), Value::Absent),
        StandingValue::Number(number) => (Value::Absent, Value::Amount(number)),
    };
    [text(&standing.fact), status, number]
}

fn text(text: &str) -> Value<'_> {
    if text.is_empty() { Value::Absent } else { Value::Text(text) }
}

fn date(date: Option<NaiveDate>) -> Value<'static> {
    date.map_or(Value::Absent, Value::Date)
}

fn event_id(id: Option<&EventId>) -> Value<'_> {
    id.map_or(Value::Absent, |id| Value::Text(id.as_str()))
}

fn currency(currency: Option<&Currency>) -> Value<'_> {
    currency.map_or(Value::Absent, |currency| Value::Text(currency.as_str()))
}

fn segment(segment: Option<Segment>) -> Value<'static> {
    segment.map_or(Value::Absent, |segment| Value::Text(segment.as_str()))
}
