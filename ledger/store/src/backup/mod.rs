//! Backups: a folder of immutable files beside the ledger's, made while it is written, and ledgers built again from them.
//!
//! Each run adds one part with what is new, and one mark that says what the ledger was then. The manifest names both and is
//! replaced last: killed at any moment, the folder is the earlier backup or the new one. A part holds frames and rows as the
//! ledger stores them; what can be computed from them (tree, idempotency entries) is computed again by a restore.
//!
//! Never in a backup: the signing key.

mod error;
mod manifest;
mod part;
mod read;
mod restore;
mod verify;
mod write;

pub use error::BackupError;
pub use read::{Backup, BackupMark};
pub use restore::{RestoreOptions, Restored};
pub use write::{BackupDone, BackupOptions, backup};

/// The file that says what a backup holds.
const MANIFEST_FILE: &str = "manifest.json";
/// The newest checkpoint's note, for whoever wants to carry it elsewhere.
const NOTE_FILE: &str = "checkpoint.note";
/// The public keys, as they stand beside the ledger.
pub const PUBLIC_KEYS_FILE: &str = "signing.pub";
/// How the files of a run are named: this, its number, and the ending.
const PART_START: &str = "part-";
const CHECKPOINTS_START: &str = "checkpoints-";
const BLOCKS_END: &str = ".blocks";
/// What a file is called until it is whole.
const NEW_END: &str = ".new";

/// Whether a file of this name is ours.
fn is_ours(name: &str) -> bool {
    let whole = name.strip_suffix(NEW_END).unwrap_or(name);
    let is_blocks = |start: &str| whole.starts_with(start) && whole.ends_with(BLOCKS_END);
    [MANIFEST_FILE, NOTE_FILE, PUBLIC_KEYS_FILE].contains(&whole)
        || is_blocks(PART_START)
        || is_blocks(CHECKPOINTS_START)
}
