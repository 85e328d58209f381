//! One segment in memory: checked, unpacked, and read frame by frame without a copy.

use crate::ReadError;
use crate::format_v1::{CODEC_RAW, CODEC_ZSTD, Frame, SegmentHead, frame_split, segment_read};
use crate::{PAYLOAD_BYTES_MAX, seal::SEGMENT_RAW_BYTES_MAX};
use daybook_event::{Instant, Position};
use zstd::bulk::Decompressor;

/// The most a segment may unpack to: one frame of the largest envelope on top of a full one.
const UNPACKED_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + 2 * SEGMENT_RAW_BYTES_MAX;

/// A buffer that segments are unpacked into, one after the other.
pub(crate) struct Block {
    unpacker: Decompressor<'static>,
    raw: Vec<u8>,
    head: Option<SegmentHead>,
}

fn damaged(key: u64, fault: impl std::fmt::Display) -> ReadError {
    ReadError::damaged(format!("the segment that begins at position {key}: {fault}"))
}

impl Block {
    pub(crate) fn new() -> Result<Self, ReadError> {
        let unpacker = Decompressor::new().map_err(|error| ReadError::Storage { source: Box::new(error) })?;
        Ok(Self { unpacker, raw: Vec::new(), head: None })
    }

    /// Checks and unpacks the segment stored under the key.
    pub(crate) fn load(&mut self, key: u64, stored: &[u8]) -> Result<SegmentHead, ReadError> {
        self.head = None;
        let (head, packed) = segment_read(stored).map_err(|fault| damaged(key, fault))?;
        if head.first.number() != key || head.count == 0 {
            return Err(damaged(key, "its head names other positions"));
        }
        let raw_bytes = usize::try_from(head.raw_bytes).unwrap_or(usize::MAX);
        if raw_bytes > UNPACKED_BYTES_MAX {
            return Err(damaged(key, "it would unpack to more than a segment holds"));
        }
        self.raw.clear();
        match head.codec {
            CODEC_RAW => self.raw.extend_from_slice(packed),
            CODEC_ZSTD => {
                self.raw.reserve(raw_bytes);
                self.unpacker.decompress_to_buffer(packed, &mut self.raw).map_err(|error| damaged(key, error))?;
            }
            other => return Err(damaged(key, format!("its codec {other} is unknown"))),
        }
        if self.raw.len() != raw_bytes {
            return Err(damaged(key, "it unpacks to another length than its head says"));
        }
        self.head = Some(head);
        Ok(head)
    }

    /// The frames of the segment loaded last, in order. The first fault ends them.
    pub(crate) fn frames(&self) -> Frames<'_> {
        match self.head {
            Some(head) => Frames {
                key: head.first.number(),
                rest: &self.raw,
                next: head.first,
                left: head.count,
                last_at: head.first_at,
                end_at: head.last_at,
            },
            None => Frames {
                key: 0,
                rest: &[],
                next: Position::ZERO,
                left: 0,
                last_at: Instant::default(),
                end_at: Instant::default(),
            },
        }
    }
}

/// The frames of one segment.
pub(crate) struct Frames<'a> {
    key: u64,
    rest: &'a [u8],
    next: Position,
    left: u32,
    last_at: Instant,
    end_at: Instant,
}

impl<'a> Frames<'a> {
    fn take_one(&mut self) -> Result<Frame<'a>, ReadError> {
        let (frame, rest) = frame_split(self.rest).map_err(|fault| damaged(self.key, fault))?;
        if frame.position != self.next {
            return Err(damaged(self.key, format!("position {} where {} belongs", frame.position, self.next)));
        }
        if frame.recorded_at < self.last_at || frame.recorded_at > self.end_at {
            return Err(damaged(self.key, format!("recorded_at of position {} is out of order", frame.position)));
        }
        self.left -= 1;
        if frame.position.number() == self.key && frame.recorded_at != self.last_at {
            return Err(damaged(self.key, "its first frame has another recorded_at than its head says"));
        }
        if self.left == 0 && frame.recorded_at != self.end_at {
            return Err(damaged(self.key, "its last frame has another recorded_at than its head says"));
        }
        if self.left == 0 && !rest.is_empty() {
            return Err(damaged(self.key, "bytes after its last frame"));
        }
        (self.rest, self.next, self.last_at) = (rest, self.next.next(), frame.recorded_at);
        Ok(frame)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let one = self.take_one();
        if one.is_err() {
            self.left = 0;
        }
        Some(one)
    }
}
