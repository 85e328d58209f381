//! A segment: an immutable, checksummed, lossless block of frames.
//!
//! Head: format, codec, first position, count of frames, bytes of frames, first and last recorded_at, checksum. Then the
//! frames as the codec packed them. The checksum is over the rest of the head and the packed bytes.

use super::{CHECK_BYTES, check};
use daybook_event::{Instant, Position};

/// Bytes before the packed frames.
pub(crate) const SEGMENT_HEAD_BYTES: usize = 1 + 1 + 8 + 4 + 4 + 8 + 8 + CHECK_BYTES;
/// Frames as they are.
pub(crate) const CODEC_RAW: u8 = 0;
/// Frames packed by zstd.
pub(crate) const CODEC_ZSTD: u8 = 1;

const SEGMENT_FORMAT: u8 = 1;
const UNCHECKED_BYTES: usize = SEGMENT_HEAD_BYTES - CHECK_BYTES;
const DOMAIN: &[u8] = b"daybook segment 1";

/// The head of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHead {
    pub(crate) codec: u8,
    pub(crate) first: Position,
    pub(crate) count: u32,
    pub(crate) raw_bytes: u32,
    pub(crate) first_at: Instant,
    pub(crate) last_at: Instant,
}

impl SegmentHead {
    /// The position after its last.
    pub(crate) fn end(&self) -> u64 {
        self.first.number().saturating_add(u64::from(self.count))
    }

    fn unchecked(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(SEGMENT_HEAD_BYTES);
        head.extend_from_slice(&[SEGMENT_FORMAT, self.codec]);
        head.extend_from_slice(&self.first.number().to_be_bytes());
        head.extend_from_slice(&self.count.to_be_bytes());
        head.extend_from_slice(&self.raw_bytes.to_be_bytes());
        head.extend_from_slice(&self.first_at.micros().to_be_bytes());
        head.extend_from_slice(&self.last_at.micros().to_be_bytes());
        head
    }
}

/// Why stored bytes are not a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SegmentFault {
    #[error("its head is cut off")]
    Short,
    #[error("its checksum does not match its bytes")]
    Checksum,
    #[error("it has the format {0}, not {SEGMENT_FORMAT}")]
    Format(u8),
}

/// The stored form: head and packed frames.
pub(crate) fn segment_bytes(head: &SegmentHead, packed: &[u8]) -> Vec<u8> {
    let mut bytes = head.unchecked();
    let sum = check::<CHECK_BYTES>(DOMAIN, &[&bytes, packed]);
    bytes.reserve_exact(CHECK_BYTES + packed.len());
    bytes.extend_from_slice(&sum);
    bytes.extend_from_slice(packed);
    bytes
}

/// Checks the stored form and takes it apart.
pub(crate) fn segment_read(bytes: &[u8]) -> Result<(SegmentHead, &[u8]), SegmentFault> {
    let (unchecked, rest) = bytes.split_first_chunk::<UNCHECKED_BYTES>().ok_or(SegmentFault::Short)?;
    let (sum, packed) = rest.split_first_chunk::<CHECK_BYTES>().ok_or(SegmentFault::Short)?;
    if *sum != check::<CHECK_BYTES>(DOMAIN, &[unchecked, packed]) {
        return Err(SegmentFault::Checksum);
    }
    if unchecked[0] != SEGMENT_FORMAT {
        return Err(SegmentFault::Format(unchecked[0]));
    }
    let mut at = 2;
    let head = SegmentHead {
        codec: unchecked[1],
        first: Position::new(u64::from_be_bytes(field(unchecked, &mut at))),
        count: u32::from_be_bytes(field(unchecked, &mut at)),
        raw_bytes: u32::from_be_bytes(field(unchecked, &mut at)),
        first_at: Instant::from_micros(i64::from_be_bytes(field(unchecked, &mut at))),
        last_at: Instant::from_micros(i64::from_be_bytes(field(unchecked, &mut at))),
    };
    Ok((head, packed))
}

/// The next N bytes of a head. The callers stay within its fixed length.
fn field<const N: usize>(head: &[u8; UNCHECKED_BYTES], at: &mut usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&head[*at..*at + N]);
    *at += N;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> SegmentHead {
        SegmentHead {
            codec: CODEC_RAW,
            first: Position::new(7),
            count: 2,
            raw_bytes: 3,
            first_at: Instant::from_micros(10),
            last_at: Instant::from_micros(11),
        }
    }

    #[test]
    fn golden_bytes() {
        let bytes = segment_bytes(&head(), b"xyz");
        assert_eq!(
            hex::encode(&bytes),
            "010000000000000000070000000200000003000000000000000a000000000000000b\
             40ae1a49f4e5fdb188e2f3e910bc84ff78797a"
        );
        assert_eq!(segment_read(&bytes).unwrap(), (head(), &b"xyz"[..]));
        assert_eq!(head().end(), 9);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let bytes = segment_bytes(&head(), b"xyz");
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(segment_read(&bad).is_err(), "{bit}");
        }
        for length in 0..bytes.len() {
            assert!(segment_read(&bytes[..length]).is_err(), "{length}");
        }
    }
}
