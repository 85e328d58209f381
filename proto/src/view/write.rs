//! The canonical protobuf form: fields in the order of their numbers, each where it is not empty.

use super::schema::Message;
use super::value::Value;
use super::{Fields, Head};
use daybook_event::wire_date_text;

/// Room for what most envelopes take.
const CAPACITY_BYTES: usize = 384;

/// Writes an envelope.
pub(super) fn write(head: &Head<'_>, message: &Message, fields: &Fields<'_>) -> Vec<u8> {
    let mut envelope = Vec::with_capacity(CAPACITY_BYTES);
    let out = &mut envelope;
    let Head { source, event_id, partner_id, effective_on, seq, source_seq } = *head;
    text(1, source, out);
    text(2, event_id, out);
    text(3, partner_id, out);
    text(4, effective_on, out);
    if seq != 0 {
        key(5, 0, out);
        varint(u64::from(seq), out);
    }
    if let Some(source_seq) = source_seq {
        key(6, 0, out);
        varint(source_seq, out);
    }
    key(message.number, 2, out);
    payload(message, fields, out);
    envelope
}

/// The payload behind its length. Nearly all of them take two bytes for it.
fn payload(message: &Message, fields: &Fields<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; LENGTH_BYTES]);
    for (number, value) in (1..).zip(fields.iter().take(message.fields.len())) {
        value_push(number, value, out);
    }
    let (length, bytes) = varint_of((out.len() - start - LENGTH_BYTES) as u64);
    if bytes == LENGTH_BYTES {
        out[start..start + LENGTH_BYTES].copy_from_slice(&length[..LENGTH_BYTES]);
    } else {
        out.splice(start..start + LENGTH_BYTES, length[..bytes].iter().copied());
    }
}

const LENGTH_BYTES: usize = 2;

fn value_push(number: u8, value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Absent | Value::Int(0) => {}
        Value::Int(int) => {
            key(number, 0, out);
            varint(i64::from(*int).cast_unsigned(), out);
        }
        Value::Text(value) => text(number, value, out),
        Value::Bytes(value) => delimited(number, value, out),
        Value::Date(date) => match wire_date_text(*date) {
            Some(date) => text(number, date.as_str(), out),
            None => text(number, &date.to_string(), out),
        },
        Value::Amount(amount) => text(number, amount.text().as_str(), out),
        Value::ExchangeRate(rate) => text(number, &rate.to_string(), out),
    }
}

/// Text; nothing for none.
fn text(number: u8, value: &str, out: &mut Vec<u8>) {
    if !value.is_empty() {
        delimited(number, value.as_bytes(), out);
    }
}

fn delimited(number: u8, value: &[u8], out: &mut Vec<u8>) {
    key(number, 2, out);
    varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

fn key(number: u8, layout: u64, out: &mut Vec<u8>) {
    varint(u64::from(number) << 3 | layout, out);
}

fn varint(number: u64, out: &mut Vec<u8>) {
    // Keys and lengths mostly take one byte.
    if let Some(byte) = u8::try_from(number).ok().filter(|byte| *byte < 0x80) {
        out.push(byte);
        return;
    }
    let (varint, bytes) = varint_of(number);
    out.extend_from_slice(&varint[..bytes]);
}

/// A number in base 128, and how many bytes it takes.
fn varint_of(mut number: u64) -> ([u8; 10], usize) {
    let (mut varint, mut bytes) = ([0; 10], 0);
    while number >= 0x80 {
        varint[bytes] = u8::try_from(number & 0x7f).unwrap_or(0) | 0x80;
        (number, bytes) = (number >> 7, bytes + 1);
    }
    varint[bytes] = u8::try_from(number).unwrap_or(0);
    (varint, bytes + 1)
}
