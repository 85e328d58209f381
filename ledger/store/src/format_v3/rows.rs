//! Names of records, the positions of what the operators wrote, and the fixed row about both.

use crate::format_v1::{check, checked_read, checked_value};

/// Bytes of a name: 16 of the hash of the id, 16 of the hash of the content.
pub(crate) const NAME_BYTES: usize = 32;
/// Names in a row: as many as fit a page of the storage engine.
pub(crate) const NAMES_PER_ROW: u64 = 120;

/// What tells one record from another: hashes of its id and of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) key: [u8; 16],
    pub(crate) content: [u8; 16],
}

impl Name {
    pub(crate) fn bytes(&self) -> [u8; NAME_BYTES] {
        let mut bytes = [0; NAME_BYTES];
        bytes[..16].copy_from_slice(&self.key);
        bytes[16..].copy_from_slice(&self.content);
        bytes
    }

    pub(crate) fn of_bytes(bytes: &[u8; NAME_BYTES]) -> Self {
        let (mut key, mut content) = ([0; 16], [0; 16]);
        key.copy_from_slice(&bytes[..16]);
        content.copy_from_slice(&bytes[16..]);
        Self { key, content }
    }
}

fn domain(table: &[u8], key: u64) -> Vec<u8> {
    [table, &key.to_be_bytes()].concat()
}

/// The stored form of the names of a row, from the name bytes of its records in order.
pub(crate) fn names_row(row: u64, names: &[u8]) -> Vec<u8> {
    checked_value(&domain(b"names", row), names)
}

/// The names of a row; none if damaged, empty or longer than a row.
pub(crate) fn names_read(row: u64, stored: &[u8]) -> Option<&[[u8; NAME_BYTES]]> {
    let (names, rest) = checked_read(&domain(b"names", row), stored)?.as_chunks::<NAME_BYTES>();
    let fits = !names.is_empty() && names.len() as u64 <= NAMES_PER_ROW;
    (rest.is_empty() && fits).then_some(names)
}

/// The stored form of the mark at a position that the operators wrote what stands there.
pub(crate) fn act_row(position: u64) -> [u8; 4] {
    check::<4>(&domain(b"act", position), &[])
}

/// Whether the mark is one of this position.
pub(crate) fn act_read(position: u64, stored: [u8; 4]) -> bool {
    stored == act_row(position)
}

/// What is fixed about names and slabs when they are first kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeysRow {
    /// The binary logarithm of the positions in a span of the lowest level.
    pub(crate) span_bits: u8,
    /// The first position from which on the operators' records are marked.
    pub(crate) acts_from: u64,
}

const KEYS: &[u8] = b"keys";

/// The stored form of the fixed row.
pub(crate) fn keys_row(keys: &KeysRow) -> Vec<u8> {
    checked_value(KEYS, &[&[keys.span_bits][..], &keys.acts_from.to_be_bytes()].concat())
}

/// The fixed row; none if damaged or beyond what any build writes.
pub(crate) fn keys_read(stored: &[u8]) -> Option<KeysRow> {
    let (span_bits, rest) = checked_read(KEYS, stored)?.split_first()?;
    let acts_from = u64::from_be_bytes(rest.try_into().ok()?);
    (6..=16).contains(span_bits).then_some(KeysRow { span_bits: *span_bits, acts_from })
}
