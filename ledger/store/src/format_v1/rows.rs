//! The small rows: unsealed frames, idempotency keys, tile hashes, quarantine, and the fixed rows of a ledger.

use super::{CHECK_BYTES, check, checked_read, checked_value};
use crate::{Binding, Cursor, Frontier, Hash, Origin, QuarantineEntry, QuarantineReason};
use daybook_event::{EventRef, Instant, Position};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Bytes of an idempotency row: position, content hash, checksum.
pub(crate) const KEY_ROW_BYTES: usize = 8 + 16 + 4;
/// Bytes of a tile row: hash, checksum.
pub(crate) const TILE_ROW_BYTES: usize = 32 + 4;

/// What is fixed at creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IdentityRow {
    pub(crate) intake_semantics: u32,
    pub(crate) created_at: Instant,
    pub(crate) ledger_id: [u8; 16],
    pub(crate) binding: Binding,
}

/// What every append moves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct StateRow {
    pub(crate) position: Position,
    pub(crate) recorded_at: Instant,
    /// The last position in a segment.
    pub(crate) sealed_to: Position,
    pub(crate) duplicates: u64,
    pub(crate) quarantined: u64,
    pub(crate) holes: u64,
    pub(crate) cursor: Option<Cursor>,
}

/// A value in msgpack, checked. None only if the value cannot be written as msgpack.
pub(crate) fn packed_row<T: Serialize>(domain: &[u8], value: &T) -> Option<Vec<u8>> {
    Some(checked_value(domain, &rmp_serde::to_vec_named(value).ok()?))
}

/// The value of a checked msgpack row; none if damaged.
pub(crate) fn packed_read<T: DeserializeOwned>(domain: &[u8], row: &[u8]) -> Option<T> {
    rmp_serde::from_slice(checked_read(domain, row)?).ok()
}

const FRONTIER: &[u8] = b"frontier";

/// A frontier's bytes without their checksum: size, then its roots.
pub(crate) fn frontier_content(frontier: &Frontier) -> Vec<u8> {
    let mut content = frontier.size().to_be_bytes().to_vec();
    frontier.roots().iter().for_each(|root| content.extend_from_slice(root));
    content
}

/// The stored form of the tree's frontier.
pub(crate) fn frontier_row(frontier: &Frontier) -> Vec<u8> {
    checked_value(FRONTIER, &frontier_content(frontier))
}

/// The frontier of a row; none if damaged.
pub(crate) fn frontier_read(row: &[u8]) -> Option<Frontier> {
    frontier_of_content(checked_read(FRONTIER, row)?)
}

/// The frontier of its bytes without their checksum; none if there is not one root for each binary one of the size.
pub(crate) fn frontier_of_content(content: &[u8]) -> Option<Frontier> {
    let (size, roots) = content.split_first_chunk::<8>()?;
    let (roots, rest) = roots.as_chunks::<32>();
    if !rest.is_empty() {
        return None;
    }
    Frontier::from_parts(u64::from_be_bytes(*size), roots.to_vec())
}

fn unsealed_domain(position: Position) -> [u8; 16] {
    let mut domain = *b"unsealed........";
    domain[8..].copy_from_slice(&position.number().to_be_bytes());
    domain
}

/// The stored form of a frame that is in no segment yet.
pub(crate) fn unsealed_row(position: Position, frame: &[u8]) -> Vec<u8> {
    checked_value(&unsealed_domain(position), frame)
}

/// The frame of an unsealed row; none if damaged.
pub(crate) fn unsealed_read(position: Position, row: &[u8]) -> Option<&[u8]> {
    checked_read(&unsealed_domain(position), row)
}

/// The stored form of an idempotency entry, as builds up to format 2 wrote it.
#[cfg(test)]
fn key_row(key: &[u8; 16], position: Position, content: &[u8; 16]) -> [u8; KEY_ROW_BYTES] {
    let number = position.number().to_be_bytes();
    let mut row = [0; KEY_ROW_BYTES];
    row[..8].copy_from_slice(&number);
    row[8..24].copy_from_slice(content);
    row[24..].copy_from_slice(&check::<4>(key, &[&number, content]));
    row
}

/// Position and content hash of an idempotency row; none if damaged.
pub(crate) fn key_row_read(key: &[u8; 16], row: &[u8; KEY_ROW_BYTES]) -> Option<(Position, [u8; 16])> {
    let (number, rest) = row.split_first_chunk::<8>()?;
    let (content, sum) = rest.split_first_chunk::<16>()?;
    (*sum == check::<4>(key, &[number, content])).then(|| (Position::new(u64::from_be_bytes(*number)), *content))
}

fn tile_domain(level: u8, index: u64) -> [u8; 9] {
    let mut domain = [level; 9];
    domain[1..].copy_from_slice(&index.to_be_bytes());
    domain
}

/// The stored form of a tile hash.
pub(crate) fn tile_row(level: u8, index: u64, hash: &Hash) -> [u8; TILE_ROW_BYTES] {
    let mut row = [0; TILE_ROW_BYTES];
    row[..32].copy_from_slice(hash);
    row[32..].copy_from_slice(&check::<4>(&tile_domain(level, index), &[hash]));
    row
}

/// The hash of a tile row; none if damaged.
pub(crate) fn tile_read(level: u8, index: u64, row: &[u8; TILE_ROW_BYTES]) -> Option<Hash> {
    let (hash, sum) = row.split_first_chunk::<32>()?;
    (*sum == check::<4>(&tile_domain(level, index), &[hash])).then_some(*hash)
}

/// A quarantine entry without its number and bytes.
#[derive(Serialize, Deserialize)]
struct QuarantineHead {
    reason: QuarantineReason,
    id: Option<EventRef>,
    recorded_at: Instant,
    origin: Origin,
}

fn quarantine_domain(entry: u64) -> [u8; 18] {
    let mut domain = *b"quarantine........";
    domain[10..].copy_from_slice(&entry.to_be_bytes());
    domain
}

/// The stored form of a quarantine entry: length of the head, head, bytes. None only if the head cannot be written.
pub(crate) fn quarantine_row(entry: &QuarantineEntry) -> Option<Vec<u8>> {
    let head = rmp_serde::to_vec_named(&QuarantineHead {
        reason: entry.reason.clone(),
        id: entry.id.clone(),
        recorded_at: entry.recorded_at,
        origin: entry.origin.clone(),
    })
    .ok()?;
    let mut content = u32::try_from(head.len()).ok()?.to_be_bytes().to_vec();
    content.extend_from_slice(&head);
    content.extend_from_slice(&entry.bytes);
    Some(checked_value(&quarantine_domain(entry.entry), &content))
}

/// A quarantine row without its checksum; none if damaged.
fn quarantine_content(entry: u64, row: &[u8]) -> Option<&[u8]> {
    checked_read(&quarantine_domain(entry), row)
}

/// The entry of a quarantine row; none if damaged.
pub(crate) fn quarantine_read(entry: u64, row: &[u8]) -> Option<QuarantineEntry> {
    let (length, rest) = quarantine_content(entry, row)?.split_first_chunk::<4>()?;
    let (head, bytes) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let head: QuarantineHead = rmp_serde::from_slice(head).ok()?;
    Some(QuarantineEntry {
        entry,
        reason: head.reason,
        id: head.id,
        recorded_at: head.recorded_at,
        origin: head.origin,
        bytes: bytes.to_vec(),
    })
}

const _: () = assert!(CHECK_BYTES == 16);

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::{EventId, SourceId};

    fn entry() -> QuarantineEntry {
        QuarantineEntry {
            entry: 3,
            reason: QuarantineReason::Invalid { detail: "amount: x".into() },
            id: Some(EventRef { source: SourceId::parse("s").unwrap(), event_id: EventId::parse("e").unwrap() }),
            recorded_at: Instant::from_micros(5),
            origin: Origin { line: Some(9), ..Origin::default() },
            bytes: vec![0xff, 0],
        }
    }

    #[test]
    fn golden_bytes() {
        let state = StateRow {
            position: Position::new(2),
            recorded_at: Instant::from_micros(5),
            cursor: Some(Cursor {
                stream: "S".into(),
                stream_created_at: Instant::from_micros(1),
                sequence: 4,
                message_at: None,
            }),
            ..StateRow::default()
        };
        let identity = IdentityRow {
            intake_semantics: 1,
            created_at: Instant::from_micros(7),
            ledger_id: [9; 16],
            binding: Binding::Stream { name: "S".into() },
        };
        let frontier = Frontier::from_parts(1, vec![[1; 32]]).unwrap();
        let golden = [
            ("state", packed_row(b"state", &state).unwrap()),
            ("identity", packed_row(b"identity", &identity).unwrap()),
            ("frontier", frontier_row(&frontier)),
            ("unsealed", unsealed_row(Position::new(1), b"f")),
            ("key", key_row(&[7; 16], Position::new(1), &[8; 16]).to_vec()),
            ("tile", tile_row(1, 2, &[3; 32]).to_vec()),
            ("quarantine", quarantine_row(&entry()).unwrap()),
        ]
        .map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes)))
        .concat();
        assert_eq!(golden, include_str!("golden.txt"));
    }

    #[test]
    fn rows_read_as_written_and_only_under_their_key() {
        let row = quarantine_row(&entry()).unwrap();
        assert_eq!(quarantine_read(3, &row), Some(entry()));
        assert_eq!(quarantine_read(4, &row), None);
        let row = key_row(&[7; 16], Position::new(1), &[8; 16]);
        assert_eq!(key_row_read(&[7; 16], &row), Some((Position::new(1), [8; 16])));
        assert_eq!(key_row_read(&[6; 16], &row), None);
        let row = tile_row(1, 2, &[3; 32]);
        assert_eq!(tile_read(1, 2, &row), Some([3; 32]));
        assert_eq!(tile_read(1, 3, &row), None);
        let row = unsealed_row(Position::new(1), b"f");
        assert_eq!(unsealed_read(Position::new(1), &row), Some(&b"f"[..]));
        assert_eq!(unsealed_read(Position::new(2), &row), None);
        let frontier = Frontier::from_parts(3, vec![[1; 32], [2; 32]]).unwrap();
        assert_eq!(frontier_read(&frontier_row(&frontier)), Some(frontier));
    }
}
