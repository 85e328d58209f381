//! The NDJSON form, as the generated mapping writes it: the proto's own names in the order of their numbers.

use super::schema::Message;
use super::value::Value;
use super::{Fields, Head};
use daybook_event::wire_date_text;

/// Writes an envelope, whose fields hold no bytes.
pub(super) fn write(head: &Head<'_>, message: &Message, fields: &Fields<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (name, text) in [
        ("source", head.source),
        ("event_id", head.event_id),
        ("partner_id", head.partner_id),
        ("effective_on", head.effective_on),
    ] {
        if !text.is_empty() {
            name_push(name, out);
            text_push(text, out);
        }
    }
    if head.seq != 0 {
        name_push("seq", out);
        digits_push(u64::from(head.seq), out);
    }
    if let Some(source_seq) = head.source_seq {
        // A number of 64 bits is text: a float would not hold it.
        name_push("source_seq", out);
        out.push(b'"');
        digits_push(source_seq, out);
        out.push(b'"');
    }
    name_push(message.kind.as_str(), out);
    out.push(b'{');
    for (field, value) in message.fields.iter().zip(fields) {
        value_push(field.name, value, out);
    }
    out.extend_from_slice(b"}}");
}

fn value_push(name: &str, value: &Value<'_>, out: &mut Vec<u8>) {
    if matches!(value, Value::Absent | Value::Bytes(_) | Value::Int(0)) {
        return;
    }
    name_push(name, out);
    match value {
        Value::Absent | Value::Bytes(_) => {}
        Value::Int(int) => {
            if *int < 0 {
                out.push(b'-');
            }
            digits_push(u64::from(int.unsigned_abs()), out);
        }
        Value::Text(text) => text_push(text, out),
        Value::Amount(amount) => text_push(amount.text().as_str(), out),
        Value::Date(date) => match wire_date_text(*date) {
            Some(date) => text_push(date.as_str(), out),
            None => text_push(&date.to_string(), out),
        },
        Value::ExchangeRate(rate) => text_push(&rate.to_string(), out),
    }
}

/// A name, behind a comma unless it is the first of its object.
fn name_push(name: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn text_push(text: &str, out: &mut Vec<u8>) {
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    if text.bytes().fold(false, |any, byte| any | is_special(byte)) {
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn digits_push(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
