//! The tables of a ledger's file.

use crate::format_v1::{KEY_ROW_BYTES, TILE_ROW_BYTES};
use crate::format_v3::SlabKey;
use redb::TableDefinition;

/// Fixed rows, by name.
pub(crate) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Frames in no segment yet, by position.
pub(crate) const UNSEALED: TableDefinition<u64, &[u8]> = TableDefinition::new("unsealed");
/// Segments, by first position.
pub(crate) const SEGMENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("segments");
/// Idempotency entries, by the hash of (source, event_id). Up to format 2.
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

/// Names of records, by row. Since format 3.
pub(crate) const NAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("names");
/// Slabs of the idempotency index, by level, run and first partition. Since format 3.
pub(crate) const SLABS: TableDefinition<SlabKey, &[u8]> = TableDefinition::new("slabs");
/// Marks at the positions of records that the operators wrote. Since format 3.
pub(crate) const ACTS: TableDefinition<u64, [u8; 4]> = TableDefinition::new("acts");

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

/// The row of `META` with what is fixed about names and slabs. Since format 3.
pub(crate) const META_KEYS: &str = "keys";

/// The names of the tables of every ledger.
const TABLES: [&str; 6] = ["meta", "unsealed", "segments", "tiles", "quarantine", "holes"];
/// The names of the tables that format 2 adds.
const TABLES_SINCE_2: [&str; 3] = ["decisions", "entry_states", "checkpoints"];
/// The names of the tables that formats before 3 have, and of those that it has instead.
const TABLES_TO_2: [&str; 1] = ["event_keys"];
const TABLES_SINCE_3: [&str; 3] = ["names", "slabs", "acts"];
/// The rows of `META` in every ledger.
const META_ROWS: [&str; 4] = [META_FORMAT, META_IDENTITY, META_STATE, META_FRONTIER];
/// The rows of `META` that formats 2 and 3 add.
const META_ROWS_SINCE_2: [&str; 2] = [META_QUARANTINE_FRONTIER, META_KEPT];
const META_ROWS_SINCE_3: [&str; 1] = [META_KEYS];

/// Whether ledgers of the format have a table of this name.
pub(crate) fn is_table_of(format: u32, name: &str) -> bool {
    TABLES.contains(&name)
        || (format >= 2 && TABLES_SINCE_2.contains(&name))
        || (format <= 2 && TABLES_TO_2.contains(&name))
        || (format >= 3 && TABLES_SINCE_3.contains(&name))
}

/// Whether ledgers of the format have a row of `META` of this name.
pub(crate) fn is_meta_row_of(format: u32, name: &str) -> bool {
    META_ROWS.contains(&name)
        || (format >= 2 && META_ROWS_SINCE_2.contains(&name))
        || (format >= 3 && META_ROWS_SINCE_3.contains(&name))
}
