//! Readers of stored bytes, for fuzzing: what they take must be what would be written for it.
//!
//! A stored value begins with a checksum, and random bytes never have the right one. So each reader is also given the bytes
//! behind a checksum made for them: what a damaged program, not a damaged disk, would leave.

use crate::block::Block;
use crate::format_v1::{
    CHECK_BYTES, IdentityRow, SEGMENT_HEAD_BYTES, SegmentHead, StateRow, checked_value, frame_split, frontier_read,
    frontier_row, packed_read, packed_row, quarantine_read, quarantine_row, segment_bytes,
};
use crate::format_v2::{
    checkpoint_read, checkpoint_row, decision_read, decision_row, entry_state_read, entry_state_row, kept_read,
    kept_row, quarantine_frontier_read, quarantine_frontier_row,
};
use crate::format_v3::{
    BUCKETS, Entry, SlabKey, SlabReader, keys_read, keys_row, names_read, names_row, partition_bytes, partition_sealed,
    slab_bytes,
};
use daybook_event::{Instant, Position};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// The key under which a row is read: it is part of the checksum, not of the row.
const KEY: u64 = 7;

/// Reads a segment from the bytes as they are, and from the same bytes with the right checksum. Whether one was taken.
///
/// # Errors
/// A sentence, when something was taken that is no segment.
pub fn segment(bytes: &[u8]) -> Result<bool, String> {
    let taken = segment_load(bytes)?;
    let Some((head, packed)) = head_of(bytes) else { return Ok(taken) };
    Ok(segment_load(&segment_bytes(&head, packed))? || taken)
}

/// The bytes as a head without its format and checksum, and what is packed behind it.
fn head_of(bytes: &[u8]) -> Option<(SegmentHead, &[u8])> {
    let (head, packed) = bytes.split_at_checked(SEGMENT_HEAD_BYTES - CHECK_BYTES - 1)?;
    let (&codec, head) = head.split_first()?;
    let (first, head) = head.split_first_chunk::<8>()?;
    let (count, head) = head.split_first_chunk::<4>()?;
    let (raw_bytes, head) = head.split_first_chunk::<4>()?;
    let (first_at, last_at) = head.split_first_chunk::<8>()?;
    let head = SegmentHead {
        codec,
        first: Position::new(u64::from_be_bytes(*first)),
        count: u32::from_be_bytes(*count),
        raw_bytes: u32::from_be_bytes(*raw_bytes),
        first_at: Instant::from_micros(i64::from_be_bytes(*first_at)),
        last_at: Instant::from_micros(i64::from_be_bytes(*last_at.first_chunk()?)),
    };
    Some((head, packed))
}

fn segment_load(stored: &[u8]) -> Result<bool, String> {
    let mut block = Block::new().map_err(|error| error.to_string())?;
    // The key is the first position: with another, the segment is refused before it is looked at.
    let key = stored.get(2..10).and_then(|bytes| bytes.first_chunk::<8>()).map_or(0, |key| u64::from_be_bytes(*key));
    let Ok(head) = block.load(key, stored) else { return Ok(false) };
    let mut next = head.first;
    for frame in block.frames() {
        let Ok(frame) = frame else { return Ok(false) };
        match frame_split(frame.bytes) {
            Ok((again, [])) if again == frame && frame.position == next => next = next.next(),
            other => return Err(format!("the frame at {} reads again as {other:?}", frame.position)),
        }
    }
    if next.number() != head.end() {
        return Err(format!("a segment of {} frames ends before position {next}", head.count));
    }
    Ok(true)
}

/// Reads a row of one kind from the bytes as they are, and from the same bytes with the right checksum. Whether one was
/// taken.
///
/// # Errors
/// A sentence, when what was taken is written so that it reads as something else.
pub fn row(kind: u8, bytes: &[u8]) -> Result<bool, String> {
    match kind % 12 {
        0 => packed::<StateRow>(b"state", bytes),
        1 => packed::<IdentityRow>(b"identity", bytes),
        2 => both(b"frontier", bytes, frontier_read, |frontier| Some(frontier_row(frontier))),
        3 => both(&keyed(b"quarantine"), bytes, |row| quarantine_read(KEY, row), quarantine_row),
        4 => both(&keyed(b"decision"), bytes, |row| decision_read(KEY, row), |row| Some(decision_row(KEY, row))),
        5 => {
            let write = |decision: &u64| Some(entry_state_row(KEY, *decision));
            both(&keyed(b"entry state"), bytes, |row| entry_state_read(KEY, row), write)
        }
        6 => {
            let write = |note: &String| Some(checkpoint_row(KEY, note));
            both(&keyed(b"checkpoint"), bytes, |row| checkpoint_read(KEY, row), write)
        }
        7 => both(b"kept", bytes, kept_read, |kept| Some(kept_row(kept))),
        8 => both(b"quarantine frontier", bytes, quarantine_frontier_read, |at| Some(quarantine_frontier_row(at))),
        9 => {
            let read = |row: &[u8]| names_read(KEY, row).map(|names| names.as_flattened().to_vec());
            both(&keyed(b"names"), bytes, read, |names| Some(names_row(KEY, names)))
        }
        10 => both(b"keys", bytes, keys_read, |keys| Some(keys_row(keys))),
        _ => slab(bytes),
    }
}

/// The key under which a slab is read.
const SLAB: SlabKey = (1, KEY, 3);

/// A slab from the bytes as they are, and one of a single partition with the right checksums around them.
fn slab(bytes: &[u8]) -> Result<bool, String> {
    let made = slab_bytes(SLAB, &[partition_sealed(SLAB, bytes)]);
    Ok(slab_load(&made)? | slab_load(bytes)?)
}

/// Whether every partition was taken. What is taken is written so that it reads the same.
fn slab_load(stored: &[u8]) -> Result<bool, String> {
    let Some(slab) = SlabReader::of(SLAB, stored) else { return Ok(false) };
    for number in SLAB.2..slab.end() {
        let Some(partition) = slab.partition(number) else { return Ok(false) };
        let entries: Vec<Entry> = partition.entries(0..BUCKETS).collect();
        let again = slab_bytes(SLAB, &[partition_bytes(SLAB, &entries)]);
        let same = SlabReader::of(SLAB, &again)
            .and_then(|again| Some(again.partition(SLAB.2)?.entries(0..BUCKETS).eq(entries.iter().copied())));
        if same != Some(true) {
            return Err(format!("partition {number} is written so that it reads as others: {entries:?}"));
        }
    }
    Ok(true)
}

/// The domain of a row that has a key.
fn keyed(table: &[u8]) -> Vec<u8> {
    [table, &KEY.to_be_bytes()].concat()
}

fn packed<T: Serialize + DeserializeOwned + PartialEq + Debug>(domain: &[u8], bytes: &[u8]) -> Result<bool, String> {
    both(domain, bytes, |row| packed_read::<T>(domain, row), |value| packed_row(domain, value))
}

/// What is read is written so that it reads the same, with and without a checksum made for it.
fn both<T: PartialEq + Debug>(
    domain: &[u8],
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
    write: impl Fn(&T) -> Option<Vec<u8>>,
) -> Result<bool, String> {
    let mut taken = false;
    for row in [bytes.to_vec(), checked_value(domain, bytes)] {
        let Some(value) = read(&row) else { continue };
        taken = true;
        let again = write(&value).and_then(|row| read(&row));
        if again.as_ref() != Some(&value) {
            return Err(format!("{value:?} is written so that it reads as {again:?}"));
        }
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format_v1::{CODEC_RAW, frame_push};
    use crate::format_v2::{DecisionRow, KeptRow};
    use crate::format_v3::KeysRow;
    use crate::{Binding, Frontier, Origin, QuarantineEntry, QuarantineReason, Verdict};

    /// Without this the readers could refuse everything, and fuzzing would find nothing for ever.
    #[test]
    fn what_is_written_is_taken() {
        let mut frames = Vec::new();
        frame_push(&mut frames, Position::new(1), Instant::from_micros(5), b"abc").unwrap();
        let head = SegmentHead {
            codec: CODEC_RAW,
            first: Position::new(1),
            count: 1,
            raw_bytes: u32::try_from(frames.len()).unwrap(),
            first_at: Instant::from_micros(5),
            last_at: Instant::from_micros(5),
        };
        let stored = segment_bytes(&head, &frames);
        assert_eq!(segment(&stored), Ok(true));
        let bare = [&stored[1..SEGMENT_HEAD_BYTES - CHECK_BYTES], &frames].concat();
        assert_eq!(segment(&bare), Ok(true));
        assert_eq!(segment(&stored[..stored.len() - 1]), Ok(false));

        let identity = IdentityRow {
            intake_semantics: 1,
            created_at: Instant::from_micros(7),
            ledger_id: [9; 16],
            binding: Binding::Stream { name: "S".into() },
        };
        let entry = QuarantineEntry {
            entry: KEY,
            reason: QuarantineReason::Invalid { detail: "amount: x".into() },
            id: None,
            recorded_at: Instant::from_micros(5),
            origin: Origin::default(),
            bytes: vec![0xff, 0],
        };
        let decision = DecisionRow {
            entry: 3,
            verdict: Verdict::Retry,
            position: Position::new(8),
            resolved: Position::new(9),
            leaf: 1,
        };
        let rows = [
            packed_row(b"state", &StateRow::default()).unwrap(),
            packed_row(b"identity", &identity).unwrap(),
            frontier_row(&Frontier::from_parts(1, vec![[1; 32]]).unwrap()),
            quarantine_row(&entry).unwrap(),
            decision_row(KEY, &decision),
            entry_state_row(KEY, 5),
            checkpoint_row(KEY, "a note"),
            kept_row(&KeptRow { decisions: 1, checkpoints: 2 }),
            quarantine_frontier_row(&Frontier::from_parts(1, vec![[1; 32]]).unwrap()),
            names_row(KEY, &[5; 64]),
            keys_row(&KeysRow { span_bits: 16, acts_from: 1 }),
        ];
        for (kind, stored) in (0..).zip(rows) {
            assert_eq!(row(kind, &stored), Ok(true), "kind {kind} as stored");
            assert_eq!(row(kind, &stored[CHECK_BYTES..]), Ok(true), "kind {kind} without its checksum");
            assert_eq!(row(kind, &stored[..stored.len() - 1]), Ok(false), "kind {kind} cut");
        }
        let partition = partition_bytes(SLAB, &[Entry(7), Entry(1 << 60)]);
        let stored = slab_bytes(SLAB, std::slice::from_ref(&partition));
        assert_eq!((slab(&stored), slab(&partition[8..])), (Ok(true), Ok(true)));
        assert_eq!(
            (slab(&stored[..stored.len() - 1]), slab(&partition[8..partition.len() - 1])),
            (Ok(false), Ok(false))
        );
    }
}
