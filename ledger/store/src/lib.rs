//! The ledger on disk: records in sealed segments, permanent idempotency, two Merkle trees, quarantine, checkpoints, cursor. I/O: files in one folder.
//!
//! A ledger is a folder. `ledger.redb` is precious: records are added to it and never changed or removed.
//! `derived.redb` and column files hold what is computed from the records and may be deleted at any time.
//!
//! One [`Ledger`] writes. Any number of [`LedgerReader`]s, in this process or in others, read while it does: each call sees
//! the last committed transaction, and a [`Snapshot`] holds one of them still.
//!
//! Everything that an append changes is in one transaction: records, idempotency keys, both trees, quarantine and decisions
//! about it, counters and the broker cursor. What is stored carries its own checksum, checked on every read, because redb does not check pages on read;
//! a panic of redb on damaged bytes is caught here and comes back as an error.
//!
//! This is the only crate that knows redb and msgpack. It has no async: the caller gives it a thread.

mod append;
mod backup;
mod block;
mod checkpoints;
mod columns;
mod crash;
mod create;
mod decide;
mod derived;
mod durations;

mod entries;
mod error;
mod file;
mod finding;
mod format_v1;
mod format_v2;
mod format_v3;
#[doc(hidden)]
pub mod fuzz;
mod idempotency;
mod incoming;
mod keys;
mod ledger;
mod medium;
mod names;
mod nodes;
mod proving;
mod quarantine;
mod reader;
mod seal;
mod snapshot;
mod tables;
mod trouble;
mod upgrade;
mod usage;
mod verify;

pub use backup::{
    Backup, BackupDone, BackupError, BackupMark, BackupOptions, PUBLIC_KEYS_FILE, RestoreOptions, Restored, backup,
};
pub use checkpoints::StoredCheckpoint;
pub use columns::{
    BLOCK_PARTS, BlockHead, COLUMNS_FOLDER, Columns, ColumnsError, ColumnsOptions, ColumnsWriter, Covering, Part, Run,
    RunFile, RunHead, RunWriter, Unusable, columns_delete,
};
pub use crash::{
    CRASH_POINTS, CRASH_POINTS_OF_CHECKPOINTS, CRASH_POINTS_OF_UPGRADE, CrashWatcher, crash_point, crash_points_watch,
};
pub use daybook_proof::{Frontier, Hash, TileSink, leaf_hash, node_hash, root_empty};
pub use decide::Judge;
pub use derived::{
    Derived, DerivedError, DerivedOpened, DerivedOptions, DerivedRead, DerivedReader, DerivedSnapshot, DerivedWrite,
    FactsChunk, derived_delete,
};
pub use durations::{DURATION_BOUNDS_MICROS, Durations};
pub use entries::EntryState;
pub use error::{AppendError, CloseError, OpenError, ReadError};
pub use finding::{Finding, FindingCode, VerifyReport};
pub use format_v3::LEDGER_FORMAT;
pub use idempotency::ContentHash;
pub use incoming::{
    Appended, Binding, Counts, Cursor, Decision, Head, Hole, Identity, Incoming, Origin, Outcome, PAYLOAD_BYTES_MAX,
    RecordRef, Verdict,
};
pub use ledger::{Ledger, LedgerOptions};
pub use medium::{Medium, MediumAccess, MediumFile, MediumLocks};
pub use proving::{TreeNodes, frame_bytes, frame_record};
pub use quarantine::{QuarantineEntry, QuarantineReason};
pub use reader::LedgerReader;
pub use snapshot::Snapshot;
pub use trouble::DiskTrouble;
pub use usage::DiskUsage;
pub use verify::{Identified, VerifyAt};

/// The precious file of a ledger, in its folder.
pub const LEDGER_FILE: &str = "ledger.redb";
/// The file of derived data, in the same folder.
pub const DERIVED_FILE: &str = "derived.redb";
