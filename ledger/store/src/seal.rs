//! Sealing: cutting the unsealed frames into segments that redb stores without waste.
//!
//! redb gives a large value the next power of two of bytes: 65,400 take 65,671, but 65,536 take 131,207. So a segment is cut
//! to end up just under a power of two once packed. How much raw input that is, is guessed from how the last segment packed,
//! tried, and corrected.

use crate::ReadError;
use crate::format_v1::{CODEC_RAW, CODEC_ZSTD, SEGMENT_HEAD_BYTES, SegmentHead, segment_bytes};
use daybook_event::{Instant, Position};
use zstd::bulk::Compressor;

/// The largest stored segment: 2^16 less what redb adds.
pub(crate) const SEGMENT_STORED_BYTES_MAX: usize = 65_400;
/// The most raw frames in a segment: bounds what one read unpacks, however well the frames pack.
pub(crate) const SEGMENT_RAW_BYTES_MAX: usize = 1024 * 1024;
/// The fastest level: segments are written on the hot path.
const ZSTD_LEVEL: i32 = 1;
/// Tries to make a segment fuller before the fullest so far is taken.
const FILL_TRIES: u32 = 3;

/// Frames in no segment yet.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// The position before the first.
    pub(crate) sealed_to: Position,
    /// The frames, one after the other.
    pub(crate) raw: Vec<u8>,
    /// Where each ends in `raw`, and its recorded_at.
    pub(crate) frames: Vec<(usize, Instant)>,
}

impl Tail {
    /// The frame at an index, as bytes.
    pub(crate) fn frame(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.frames[at - 1].0 };
        &self.raw[start..self.frames[at].0]
    }

    /// The position of the frame at an index.
    pub(crate) fn position(&self, at: usize) -> Position {
        Position::new(self.sealed_to.number() + at as u64 + 1)
    }

    /// Drops the first frames: they are in segments now.
    pub(crate) fn drop_sealed(&mut self, sealed: &[Sealed]) {
        let count: usize = sealed.iter().map(|segment| segment.count).sum();
        if count == 0 {
            return;
        }
        let end = self.frames[count - 1].0;
        self.sealed_to = self.position(count - 1);
        self.raw.drain(..end);
        self.frames.drain(..count);
        self.frames.iter_mut().for_each(|(frame_end, _)| *frame_end -= end);
    }
}

/// Packs frames into segments.
pub(crate) struct Sealer {
    stored_bytes_max: usize,
    packer: Compressor<'static>,
    /// Packed bytes of 1,024 raw bytes, as the last try went.
    packed_per_kib: usize,
}

/// One try: so many frames, packed.
struct Cut {
    count: usize,
    raw_bytes: usize,
    codec: u8,
    packed: Vec<u8>,
}

/// A segment ready to be stored under its first position.
pub(crate) struct Sealed {
    pub(crate) first: Position,
    pub(crate) count: usize,
    pub(crate) stored: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new(stored_bytes_max: usize) -> Result<Self, ReadError> {
        let packer = Compressor::new(ZSTD_LEVEL).map_err(|error| ReadError::Storage { source: Box::new(error) })?;
        Ok(Self { stored_bytes_max: stored_bytes_max.max(4 * SEGMENT_HEAD_BYTES), packer, packed_per_kib: 512 })
    }

    /// Every full segment of the tail, which keeps its frames.
    pub(crate) fn seal(&mut self, tail: &Tail) -> Result<Vec<Sealed>, ReadError> {
        let mut sealed = Vec::new();
        let mut from = 0;
        while let Some(cut) = self.cut(tail, from)? {
            let head = SegmentHead {
                codec: cut.codec,
                first: tail.position(from),
                count: narrow(cut.count)?,
                raw_bytes: narrow(cut.raw_bytes)?,
                first_at: tail.frames[from].1,
                last_at: tail.frames[from + cut.count - 1].1,
            };
            sealed.push(Sealed { first: head.first, count: cut.count, stored: segment_bytes(&head, &cut.packed) });
            from += cut.count;
        }
        Ok(sealed)
    }

    fn packed_bytes_max(&self) -> usize {
        self.stored_bytes_max - SEGMENT_HEAD_BYTES
    }

    /// How much raw input should fill a segment: 2 % less than the last try's packing says.
    fn raw_goal(&self) -> usize {
        let goal = self.packed_bytes_max() * 1_003 / self.packed_per_kib.max(1);
        goal.clamp(1, SEGMENT_RAW_BYTES_MAX)
    }

    /// The next segment from frame `from` on; none while there is not enough for a full one.
    fn cut(&mut self, tail: &Tail, from: usize) -> Result<Option<Cut>, ReadError> {
        let base = if from == 0 { 0 } else { tail.frames[from - 1].0 };
        let ends = &tail.frames[from..];
        let (mut fullest, mut too_many): (Option<Cut>, _) = (None, ends.len() + 1);
        for _ in 0..FILL_TRIES {
            let goal = self.raw_goal();
            if tail.raw.len() - base < goal {
                // Too few for a full one as far as known; the guess is better from here on.
                return Ok(None);
            }
            let fitting = ends.partition_point(|(end, _)| end - base <= goal);
            let mut count = fitting.clamp(1, too_many - 1);
            if fullest.as_ref().is_some_and(|cut| cut.count >= count) {
                break;
            }
            let mut cut = self.pack(tail, base, ends, count)?;
            while cut.packed.len() > self.packed_bytes_max() && count > 1 {
                too_many = count;
                count -= count.div_ceil(32);
                cut = self.pack(tail, base, ends, count)?;
            }
            let full_enough = cut.packed.len() >= self.packed_bytes_max() / 16 * 15;
            if fullest.as_ref().is_none_or(|fullest| cut.count > fullest.count) {
                fullest = Some(cut);
            }
            if full_enough {
                break;
            }
        }
        Ok(fullest)
    }

    fn pack(&mut self, tail: &Tail, base: usize, ends: &[(usize, Instant)], count: usize) -> Result<Cut, ReadError> {
        let raw = &tail.raw[base..ends[count - 1].0];
        let packed = self.packer.compress(raw).map_err(|error| ReadError::Storage { source: Box::new(error) })?;
        self.packed_per_kib = packed.len().saturating_mul(1_024).div_ceil(raw.len()).clamp(1, 1_100);
        let (codec, packed) = if packed.len() < raw.len() { (CODEC_ZSTD, packed) } else { (CODEC_RAW, raw.to_vec()) };
        Ok(Cut { count, raw_bytes: raw.len(), codec, packed })
    }
}

fn narrow(number: usize) -> Result<u32, ReadError> {
    u32::try_from(number).map_err(|error| ReadError::Storage { source: Box::new(error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::format_v1::frame_push;

    /// Frames of which each byte is random under a mask.
    fn tail_of(count: u64, envelope_bytes: usize, mask: u8) -> Tail {
        let mut tail = Tail::default();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for number in 1..=count {
            let envelope: Vec<u8> = (0..envelope_bytes)
                .map(|_| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    random.to_be_bytes()[0] & mask
                })
                .collect();
            let at = Instant::from_micros(i64::try_from(number).unwrap());
            frame_push(&mut tail.raw, Position::new(number), at, &envelope).unwrap();
            tail.frames.push((tail.raw.len(), at));
        }
        tail
    }

    fn check(count: u64, envelope_bytes: usize, mask: u8, filled_from: usize) {
        let mut tail = tail_of(count, envelope_bytes, mask);
        let all = tail.raw.clone();
        let mut sealer = Sealer::new(SEGMENT_STORED_BYTES_MAX).unwrap();
        let sealed = sealer.seal(&tail).unwrap();
        tail.drop_sealed(&sealed);
        assert!(!sealed.is_empty());
        let (mut block, mut unpacked, mut next) = (Block::new().unwrap(), Vec::new(), 1);
        for segment in &sealed {
            assert_eq!(segment.first.number(), next);
            next += segment.count as u64;
            assert!(segment.stored.len() <= SEGMENT_STORED_BYTES_MAX);
            assert!(segment.stored.len() >= filled_from, "{}", segment.stored.len());
            block.load(segment.first.number(), &segment.stored).unwrap();
            block.frames().for_each(|frame| unpacked.extend_from_slice(frame.unwrap().bytes));
        }
        assert_eq!(tail.sealed_to.number() + 1, next);
        unpacked.extend_from_slice(&tail.raw);
        assert_eq!(unpacked, all);
    }

    #[test]
    fn segments_end_just_under_the_power_of_two() {
        check(6_000, 200, 0x0f, SEGMENT_STORED_BYTES_MAX / 16 * 15);
        check(6_000, 90, 0x7f, SEGMENT_STORED_BYTES_MAX / 16 * 15);
        check(3_000, 200, 0xff, SEGMENT_STORED_BYTES_MAX / 16 * 15);
    }

    #[test]
    fn frames_that_pack_to_nothing_still_fill_no_more_than_the_raw_bound() {
        check(30_000, 200, 0, 1_000);
    }

    #[test]
    fn one_frame_larger_than_a_segment_is_a_segment_of_its_own() {
        let mut tail = tail_of(2, 200_000, 0xff);
        let sealed = Sealer::new(SEGMENT_STORED_BYTES_MAX).unwrap().seal(&tail).unwrap();
        tail.drop_sealed(&sealed);
        assert_eq!(sealed.iter().map(|segment| segment.count).collect::<Vec<_>>(), [1, 1]);
        assert!(tail.frames.is_empty() && tail.raw.is_empty());
    }

    #[test]
    fn too_few_frames_wait() {
        let tail = tail_of(100, 200, 0xff);
        assert!(Sealer::new(SEGMENT_STORED_BYTES_MAX).unwrap().seal(&tail).unwrap().is_empty());
    }
}
