//! Bytes of the ledger's file: whatever a disk gives back is read as what was written, or is refused.

use daybook_store::fuzz;

pub(super) fn segment(bytes: &[u8]) {
    if let Err(broken) = fuzz::segment(bytes) {
        panic!("{broken}");
    }
}

/// The first byte says which kind of row the rest is.
pub(super) fn rows(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else { return };
    if let Err(broken) = fuzz::row(kind, rest) {
        panic!("{broken}");
    }
}
