//! The tables of a ledger's file.

use crate::format_v1::{KEY_ROW_BYTES, TILE_ROW_BYTES};
use redb::TableDefinition;

/// Fixed rows, by name.
pub(crate) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Frames in no segment yet, by position.
pub(crate) const UNSEALED: TableDefinition<u64, &[u8]> = TableDefinition::new("unsealed");
/// Segments, by first position.
pub(crate) const SEGMENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("segments");
/// Idempotency entries, by the hash of (source, event_id).
pub(crate) const EVENT_KEYS: TableDefinition<[u8; 16], [u8; KEY_ROW_BYTES]> = TableDefinition::new("event_keys");
/// Tile hashes, by level and index.
pub(crate) const TILES: TableDefinition<(u8, u64), [u8; TILE_ROW_BYTES]> = TableDefinition::new("tiles");
/// Quarantine entries, by number.
pub(crate) const QUARANTINE: TableDefinition<u64, &[u8]> = TableDefinition::new("quarantine");
/// Holes of the stream, by number.
pub(crate) const HOLES: TableDefinition<u64, &[u8]> = TableDefinition::new("holes");

/// Decisions about quarantine entries, by number. Since format 2.
pub(crate) const DECISIONS: TableDefinition<u64, &[u8]> = TableDefinition::new("decisions");
/// The decision that made each decided entry's state, by entry. Since format 2.
pub(crate) const ENTRY_STATES: TableDefinition<u64, &[u8]> = TableDefinition::new("entry_states");
/// Signed checkpoints, by number. Since format 2.
pub(crate) const CHECKPOINTS: TableDefinition<u64, &[u8]> = TableDefinition::new("checkpoints");

/// The row of `META` with the format's number, which every later daybook can read: four bytes, big-endian.
pub(crate) const META_FORMAT: &str = "format";
/// The row of `META` with what was fixed at creation.
pub(crate) const META_IDENTITY: &str = "identity";
/// The row of `META` with what every append moves.
pub(crate) const META_STATE: &str = "state";
/// The row of `META` with the tree's frontier.
pub(crate) const META_FRONTIER: &str = "frontier";
/// The row of `META` with the quarantine tree's frontier. Since format 2.
pub(crate) const META_QUARANTINE_FRONTIER: &str = "quarantine_frontier";
/// The row of `META` with the counts of decisions and checkpoints. Since format 2.
pub(crate) const META_KEPT: &str = "kept";

/// The names of the tables of every ledger.
pub(crate) const TABLES: [&str; 7] = ["meta", "unsealed", "segments", "event_keys", "tiles", "quarantine", "holes"];
/// The names of the tables that format 2 adds.
pub(crate) const TABLES_SINCE_2: [&str; 3] = ["decisions", "entry_states", "checkpoints"];
/// The rows of `META` in every ledger.
pub(crate) const META_ROWS: [&str; 4] = [META_FORMAT, META_IDENTITY, META_STATE, META_FRONTIER];
/// The rows of `META` that format 2 adds.
pub(crate) const META_ROWS_SINCE_2: [&str; 2] = [META_QUARANTINE_FRONTIER, META_KEPT];
