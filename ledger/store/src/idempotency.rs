//! Permanent idempotency: which event stands under (source, event_id), for ever.
//!
//! The key is the first 16 bytes of a SHA-256 over both ids, their lengths before them. Two of 10^10 ids share a key with a
//! probability of about 2^-62. Even then no event is lost in silence: the content hash covers the id, so the later
//! of the two is quarantined as a conflict and never taken for a duplicate.
//!
//! Up to format 2 a table has an entry for each key. Since format 3 names lie in order of positions, and an index finds them.

use crate::ReadError;
use crate::format_v1::{KEY_ROW_BYTES, key_row_read};
use daybook_event::{EventRef, ID_BYTES_MAX, Position};
use redb::ReadableTable;
use sha2::{Digest, Sha256};
use std::fmt;

/// The hash of an event's decoded canonical content, id included: tells a duplicate from a conflict. 16 bytes of a SHA-256:
/// it only ever decides between two contents of one id, and whoever could find two that collide owns that id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 16]);

impl ContentHash {
    /// From the bytes kept.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// From a whole SHA-256 digest: its first 16 bytes.
    #[must_use]
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }

    /// The hash of the canonical content's bytes.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self::of_digest(&Sha256::digest(content).into())
    }

    /// The bytes kept.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of (source, event_id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventKey(pub(crate) [u8; 16]);

impl EventKey {
    pub(crate) fn of(id: &EventRef) -> Self {
        // Ids are short: put together, they are hashed at once.
        let (mut bytes, mut end) = ([0; 2 * (4 + ID_BYTES_MAX)], 0);
        for part in [id.source.as_str(), id.event_id.as_str()] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
            for piece in [&length[..], part.as_bytes()] {
                bytes[end..end + piece.len()].copy_from_slice(piece);
                end += piece.len();
            }
        }
        Self(*ContentHash::of(&bytes[..end]).as_bytes())
    }
}

/// The event that stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) position: Position,
    pub(crate) content: ContentHash,
}

/// Reads one entry of the table that ledgers up to format 2 have.
pub(crate) fn key_find(
    table: &impl ReadableTable<[u8; 16], [u8; KEY_ROW_BYTES]>,
    key: EventKey,
) -> Result<Option<Standing>, ReadError> {
    let Some(row) = table.get(key.0)? else { return Ok(None) };
    let (position, content) = key_row_read(&key.0, &row.value())
        .ok_or_else(|| ReadError::damaged(format!("the idempotency entry {}", hex::encode(key.0))))?;
    Ok(Some(Standing { position, content: ContentHash(content) }))
}

/// What an event of a batch meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// Nothing: it will be a record.
    New,
    /// A record of an earlier batch.
    Stored(Standing),
    /// An event earlier in this batch, by its place among the events.
    Earlier(usize),
}

/// For each event of a batch, in order, what it meets, from what stands under each of their keys.
pub(crate) fn batch_met(keys: &[EventKey], found: &[Option<Standing>]) -> Vec<Met> {
    let mut met: Vec<Met> = found.iter().map(|found| found.map_or(Met::New, Met::Stored)).collect();
    let mut new: Vec<(u64, usize)> =
        (0..keys.len()).filter(|at| found[*at].is_none()).map(|at| (keys[at].hash(), at)).collect();
    new.sort_unstable();
    for alike in new.chunk_by(|(a, _), (b, _)| a == b).filter(|alike| alike.len() > 1) {
        for (nth, (_, at)) in alike.iter().enumerate() {
            let first = alike[..nth].iter().find(|(_, first)| keys[*first] == keys[*at]);
            if let Some((_, first)) = first {
                met[*at] = Met::Earlier(*first);
            }
        }
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::{EventId, SourceId};
    fn key(source: &str, event_id: &str) -> EventKey {
        EventKey::of(&EventRef {
            source: SourceId::parse(source).unwrap(),
            event_id: EventId::parse(event_id).unwrap(),
        })
    }

    #[test]
    fn the_parts_of_an_id_do_not_run_together() {
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_eq!(hex::encode(key("s", "e").0), "db5bd7894eb95424c2ee27a1ec685397");
    }

    #[test]
    fn the_first_of_a_batch_stands() {
        let standing = Standing { position: Position::new(4), content: ContentHash::new([1; 16]) };
        let batch = [key("s", "b"), key("s", "old"), key("s", "a"), key("s", "b"), key("s", "b")];
        let met = batch_met(&batch, &[None, Some(standing), None, None, None]);
        assert_eq!(met, [Met::New, Met::Stored(standing), Met::New, Met::Earlier(0), Met::Earlier(0)]);
    }
}
