//! Facts as they lie in the derived file: chunks of records, by owner and month.
//!
//! Every batch adds a chunk to the months that it touches. Where a month has too many small chunks they are merged, so a
//! month that is fed record by record is still read in few pieces.

use crate::ProjectError;
use daybook_event::{Month, Position};
use daybook_store::{DerivedRead, DerivedWrite};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// So many small chunks may a month have before they are merged.
const SMALL_CHUNKS_MAX: u32 = 16;
/// A chunk of at least this size is never merged again.
const FULL_CHUNK_BYTES_MIN: usize = 4 * 1024 * 1024;
/// Position and length before each envelope.
const HEAD_BYTES: usize = 16;

/// A record in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) position: Position,
    pub(crate) envelope: &'a [u8],
}

/// Adds a record to a chunk.
pub(crate) fn entry_push(chunk: &mut Vec<u8>, position: Position, envelope: &[u8]) {
    chunk.extend_from_slice(&position.number().to_be_bytes());
    chunk.extend_from_slice(&(envelope.len() as u64).to_be_bytes());
    chunk.extend_from_slice(envelope);
}

/// Takes the first record off a chunk; none where the bytes are no record.
fn entry_split(chunk: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (head, rest) = chunk.split_first_chunk::<HEAD_BYTES>()?;
    let (position, bytes) = head.split_first_chunk::<8>()?;
    let bytes = usize::try_from(u64::from_be_bytes(bytes.try_into().ok()?)).ok()?;
    let (envelope, rest) = rest.split_at_checked(bytes)?;
    Some((Entry { position: Position::new(u64::from_be_bytes(*position)), envelope }, rest))
}

fn last_position(chunk: &[u8]) -> Position {
    let entries = std::iter::successors(entry_split(chunk), |(_, rest)| entry_split(rest));
    entries.map(|(entry, _)| entry.position).max().unwrap_or_default()
}

/// Which months of an owner have facts, and in how many chunks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct FactMonths {
    months: BTreeMap<Month, Chunks>,
}

/// Chunks are numbered from 0, the full ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Chunks {
    full: u32,
    small: u32,
    /// The last position among their records.
    last: Position,
}

impl FactMonths {
    /// The first month with a fact.
    pub(crate) fn first(&self) -> Option<Month> {
        self.months.keys().next().copied()
    }

    /// The months with facts, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = Month> {
        self.months.keys().rev().copied()
    }

    /// The months up to one that have a record after a position, ascending.
    pub(crate) fn recorded_after(&self, after: Position, to: Month) -> Vec<Month> {
        let months = self.months.range(..=to).filter(|(_, chunks)| chunks.last > after);
        months.map(|(month, _)| *month).collect()
    }

    /// Puts a chunk behind those of the month.
    pub(crate) fn append(
        &mut self,
        write: &mut DerivedWrite,
        owner: &str,
        month: Month,
        chunk: &[u8],
    ) -> Result<(), ProjectError> {
        let chunks = self.months.entry(month).or_default();
        chunks.last = chunks.last.max(last_position(chunk));
        if chunks.small < SMALL_CHUNKS_MAX {
            write.facts_put(owner, month, chunks.full + chunks.small, chunk)?;
            chunks.small += 1;
            return Ok(());
        }
        let mut merged = Vec::new();
        for number in chunks.full..chunks.full + chunks.small {
            merged.extend_from_slice(&chunk_read(write, owner, month, number)?);
            write.facts_delete(owner, month, number)?;
        }
        merged.extend_from_slice(chunk);
        write.facts_put(owner, month, chunks.full, &merged)?;
        let is_full = merged.len() >= FULL_CHUNK_BYTES_MIN;
        *chunks = Chunks { full: chunks.full + u32::from(is_full), small: u32::from(!is_full), ..*chunks };
        Ok(())
    }

    /// Visits the month's records in the order in which the ledger has them.
    pub(crate) fn visit(
        &self,
        read: &impl DerivedRead,
        owner: &str,
        month: Month,
        mut visit: impl FnMut(Entry<'_>) -> Result<ControlFlow<()>, ProjectError>,
    ) -> Result<(), ProjectError> {
        let Some(chunks) = self.months.get(&month) else { return Ok(()) };
        for number in 0..chunks.full + chunks.small {
            let chunk = chunk_read(read, owner, month, number)?;
            let mut rest = chunk.as_slice();
            while !rest.is_empty() {
                let (entry, after) = entry_split(rest)
                    .ok_or_else(|| ProjectError::damaged(format!("chunk {number} of {owner:?} in {month}")))?;
                if visit(entry)?.is_break() {
                    return Ok(());
                }
                rest = after;
            }
        }
        Ok(())
    }
}

fn chunk_read(read: &impl DerivedRead, owner: &str, month: Month, number: u32) -> Result<Vec<u8>, ProjectError> {
    let missing = || ProjectError::damaged(format!("chunk {number} of {owner:?} in {month} is missing"));
    read.facts(owner, month, number)?.ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_store::{Derived, DerivedOptions};

    #[test]
    fn a_month_fed_record_by_record_keeps_few_chunks_and_every_record() {
        let dir = tempfile::tempdir().unwrap();
        let mut derived = Derived::create_or_open(dir.path(), &DerivedOptions::default()).unwrap();
        let mut write = derived.begin().unwrap();
        let month = Month::parse("2022-01").unwrap();
        let mut months = FactMonths::default();
        for number in 1..=100_u64 {
            let mut chunk = Vec::new();
            entry_push(&mut chunk, Position::new(number), format!("envelope {number}").as_bytes());
            months.append(&mut write, "P-1", month, &chunk).unwrap();
        }
        let mut seen = Vec::new();
        let visited = months.visit(&write, "P-1", month, |entry| {
            assert_eq!(entry.envelope, format!("envelope {}", entry.position).as_bytes());
            seen.push(entry.position.number());
            Ok(ControlFlow::Continue(()))
        });
        visited.unwrap();
        assert_eq!(seen, (1..=100).collect::<Vec<_>>());
        let (_, last) = write.facts_last("P-1", month).unwrap().unwrap();
        assert!(last <= SMALL_CHUNKS_MAX, "{last}");
    }

    #[test]
    fn a_full_chunk_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut derived = Derived::create_or_open(dir.path(), &DerivedOptions::default()).unwrap();
        let mut write = derived.begin().unwrap();
        let month = Month::parse("2022-01").unwrap();
        let mut months = FactMonths::default();
        let envelope = vec![7; FULL_CHUNK_BYTES_MIN / 16];
        for number in 1..=40_u64 {
            let mut chunk = Vec::new();
            entry_push(&mut chunk, Position::new(number), &envelope);
            months.append(&mut write, "P-1", month, &chunk).unwrap();
        }
        assert_eq!(months.months[&month], Chunks { full: 2, small: 6, last: Position::new(40) });
        assert_eq!(months.recorded_after(Position::new(39), month), [month]);
        assert_eq!(months.recorded_after(Position::new(40), month), []);
        assert_eq!(months.recorded_after(Position::ZERO, month.plus(-1)), []);
        let mut count = 0;
        let visited = months.visit(&write, "P-1", month, |_| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        });
        visited.unwrap();
        assert_eq!(count, 40);
    }

    #[test]
    fn cut_off_bytes_are_no_record() {
        let mut chunk = Vec::new();
        entry_push(&mut chunk, Position::new(3), b"abc");
        assert!(entry_split(&chunk).is_some_and(|(entry, rest)| entry.envelope == b"abc" && rest.is_empty()));
        for bytes in 0..chunk.len() {
            assert_eq!(entry_split(&chunk[..bytes]), None, "{bytes}");
        }
    }
}
