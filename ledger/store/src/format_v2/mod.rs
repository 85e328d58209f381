//! What format 2 stores beside the forms of format 1, frozen: a new form is a new module beside this one.
//!
//! Frames, segments and every row of format 1 are as they were. New are the second tree, over quarantine entries and decisions
//! about them, the rows of those decisions, and the checkpoints. Integers are big-endian, and every row begins with its checksum.

mod leaves;
mod rows;

pub(crate) use leaves::{decision_leaf, entry_leaf, entry_leaf_of_row};
pub(crate) use rows::{
    DecisionRow, KeptRow, checkpoint_read, checkpoint_row, decision_read, decision_row, entry_state_read,
    entry_state_row, kept_read, kept_row, quarantine_frontier_read, quarantine_frontier_row,
};

/// The number of this format, stored in every ledger of it.
pub(crate) const LEDGER_FORMAT: u32 = 2;
/// The first format with a second tree, decisions and checkpoints.
pub(crate) const FORMAT_WITH_DECISIONS: u32 = 2;
