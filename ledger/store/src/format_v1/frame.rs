//! A frame: what of a record is hashed. Format byte, position, recorded_at, length of the envelope, envelope.

use super::LEDGER_FORMAT;
use daybook_event::{Instant, Position};

/// Bytes before the envelope.
pub(crate) const FRAME_HEAD_BYTES: usize = 1 + 8 + 8 + 4;

/// The first byte of a frame.
const FRAME_FORMAT: u8 = 1;
const _: () = assert!(FRAME_FORMAT as u32 == LEDGER_FORMAT);

/// A record's frame, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) position: Position,
    pub(crate) recorded_at: Instant,
    pub(crate) envelope: &'a [u8],
    /// All of it: the leaf of the tree.
    pub(crate) bytes: &'a [u8],
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameFault {
    #[error("a frame is cut off")]
    Short,
    #[error("a frame has the format {0}, not {FRAME_FORMAT}")]
    Format(u8),
    #[error("an envelope of {0} bytes does not fit a frame")]
    Long(usize),
}

/// Adds a frame to the buffer.
pub(crate) fn frame_push(
    buffer: &mut Vec<u8>,
    position: Position,
    recorded_at: Instant,
    envelope: &[u8],
) -> Result<(), FrameFault> {
    let length = u32::try_from(envelope.len()).map_err(|_| FrameFault::Long(envelope.len()))?;
    buffer.reserve(FRAME_HEAD_BYTES + envelope.len());
    buffer.push(FRAME_FORMAT);
    buffer.extend_from_slice(&position.number().to_be_bytes());
    buffer.extend_from_slice(&recorded_at.micros().to_be_bytes());
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(envelope);
    Ok(())
}

/// Takes the first frame off the bytes: it, and what follows.
pub(crate) fn frame_split(bytes: &[u8]) -> Result<(Frame<'_>, &[u8]), FrameFault> {
    let (&format, rest) = bytes.split_first().ok_or(FrameFault::Short)?;
    if format != FRAME_FORMAT {
        return Err(FrameFault::Format(format));
    }
    let (position, rest) = rest.split_first_chunk::<8>().ok_or(FrameFault::Short)?;
    let (recorded_at, rest) = rest.split_first_chunk::<8>().ok_or(FrameFault::Short)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(FrameFault::Short)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| FrameFault::Short)?;
    let (envelope, rest) = rest.split_at_checked(length).ok_or(FrameFault::Short)?;
    let frame = Frame {
        position: Position::new(u64::from_be_bytes(*position)),
        recorded_at: Instant::from_micros(i64::from_be_bytes(*recorded_at)),
        envelope,
        bytes: &bytes[..FRAME_HEAD_BYTES + length],
    };
    Ok((frame, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_bytes() {
        let mut bytes = Vec::new();
        frame_push(&mut bytes, Position::new(258), Instant::from_micros(-2), b"abc").unwrap();
        assert_eq!(hex::encode(&bytes), "010000000000000102fffffffffffffffe00000003616263");
        let (frame, rest) = frame_split(&bytes).unwrap();
        assert_eq!((frame.position.number(), frame.recorded_at.micros(), frame.envelope), (258, -2, &b"abc"[..]));
        assert_eq!((frame.bytes, rest), (&bytes[..], &b""[..]));
    }

    #[test]
    fn a_cut_frame_is_a_fault_at_every_length() {
        let mut bytes = Vec::new();
        frame_push(&mut bytes, Position::new(1), Instant::from_micros(0), b"abc").unwrap();
        for length in 0..bytes.len() {
            assert_eq!(frame_split(&bytes[..length]), Err(FrameFault::Short), "{length}");
        }
        bytes[0] = 2;
        assert_eq!(frame_split(&bytes), Err(FrameFault::Format(2)));
    }
}
