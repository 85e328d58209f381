//! The stored forms of format 1, frozen: a new form is a new module beside this one.
//!
//! Integers are big-endian. Whatever is stored begins with, or holds, the first bytes of a SHA-256 over a *domain* (which
//! table, which key) and the content, so that neither a flipped bit nor a block put in another's place is read as good.

mod frame;
mod rows;
mod segment;

pub(crate) use frame::{Frame, FrameFault, frame_push, frame_split};
pub(crate) use rows::{
    IdentityRow, KEY_ROW_BYTES, StateRow, TILE_ROW_BYTES, frontier_content, frontier_of_content, frontier_read,
    frontier_row, key_row_read, packed_read, packed_row, quarantine_read, quarantine_row, tile_read, tile_row,
    unsealed_read, unsealed_row,
};
pub(crate) use segment::{CODEC_RAW, CODEC_ZSTD, SEGMENT_HEAD_BYTES, SegmentHead, segment_bytes, segment_read};

use sha2::{Digest, Sha256};

/// The number of this format, stored in every ledger of it.
pub(crate) const LEDGER_FORMAT: u32 = 1;

/// Bytes of checksum before a stored value.
pub(crate) const CHECK_BYTES: usize = 16;

/// The first N bytes of the SHA-256 over domain, its length before it, and the parts.
pub(crate) fn check<const N: usize>(domain: &[u8], parts: &[&[u8]]) -> [u8; N] {
    let length = u32::try_from(domain.len()).unwrap_or(u32::MAX);
    let mut hasher = Sha256::new().chain_update(length.to_be_bytes()).chain_update(domain);
    for part in parts {
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut first = [0; N];
    first.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    first
}

/// The value with its checksum before it.
pub(crate) fn checked_value(domain: &[u8], content: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(CHECK_BYTES + content.len());
    value.extend_from_slice(&check::<CHECK_BYTES>(domain, &[content]));
    value.extend_from_slice(content);
    value
}

/// The content behind a checksum; none if it does not match.
pub(crate) fn checked_read<'a>(domain: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (stored, content) = value.split_first_chunk::<CHECK_BYTES>()?;
    (*stored == check::<CHECK_BYTES>(domain, &[content])).then_some(content)
}
