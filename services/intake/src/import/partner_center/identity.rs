//! The ids of lines that have none: a hash of what tells one line of an invoice from another.
//!
//! Identical lines on one invoice are genuine (two added seats on one day), so the key counts which of its likes a line
//! is: in order of amount, then quantity, then everything else that the event holds, never of rows. So the same invoice
//! from another file, with other rows around it or in another format, gives the same ids.

use super::line::BilledLine;
use daybook_event::EventId;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Hex digits of the hash that make an id: 128 bits.
const ID_DIGITS: usize = 32;

/// The id of each line, in the order given.
pub(super) fn event_ids(lines: &[BilledLine]) -> Vec<EventId> {
    let mut likes: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        likes.entry(key_of(line)).or_default().push(at);
    }
    let mut ids: Vec<Option<EventId>> = vec![None; lines.len()];
    for (key, mut group) in likes {
        if group.len() > 1 {
            group.sort_by_cached_key(|at| order_of(&lines[*at]));
        }
        for (occurrence, at) in (1_u64..).zip(group) {
            ids[at] = Some(id_of(&key, occurrence));
        }
    }
    ids.into_iter().flatten().collect()
}

fn key_of(line: &BilledLine) -> Vec<u8> {
    let sale = &line.sale;
    let day = |date: Option<chrono::NaiveDate>| date.map_or_else(String::new, |date| date.to_string());
    let sign = match sale.amount.decimal().cmp(&Decimal::ZERO) {
        std::cmp::Ordering::Less => "-",
        std::cmp::Ordering::Equal => "0",
        std::cmp::Ordering::Greater => "+",
    };
    let mut key = Vec::with_capacity(256);
    for part in [
        sale.invoice_id.as_str(),
        &line.order_id,
        &sale.product.product_id,
        &sale.product.sku_id,
        &sale.subscription_id,
        &sale.charge_type,
        &day(sale.charge_start),
        &day(sale.charge_end),
        &line.reference_id,
        sign,
    ] {
        part_add(&mut key, part);
    }
    key
}

/// A length in front of each part keeps two parts from reading as two others.
fn part_add(key: &mut Vec<u8>, part: &str) {
    key.extend((part.len() as u64).to_be_bytes());
    key.extend(part.as_bytes());
}

fn order_of(line: &BilledLine) -> (Decimal, Decimal, String) {
    let content = format!("{:?} {} {:?}", line.sale, line.effective_on, line.partner);
    (line.sale.amount.decimal(), line.quantity, content)
}

fn id_of(key: &[u8], occurrence: u64) -> EventId {
    let mut whole = key.to_vec();
    part_add(&mut whole, &occurrence.to_string());
    let digits = hex::encode(Sha256::digest(&whole));
    EventId::parse(&digits[..ID_DIGITS]).expect("hex digits make an id")
}
