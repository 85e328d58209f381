//! What proofs are made of: the bytes that the tree holds of a record, and the hashes of full subtrees.

use crate::format_v1::{frame_push, frame_split};
use crate::{Frontier, Hash, ReadError, RecordRef, Snapshot};
use daybook_event::Position;
use daybook_proof::{Nodes, TILE_HEIGHT, leaf_hash};
use std::cell::RefCell;
use std::ops::ControlFlow;

/// The frame of a record: the bytes that a leaf of the tree is the hash of.
///
/// # Errors
/// [`ReadError`] for an envelope longer than any frame holds.
pub fn frame_bytes(record: &RecordRef<'_>) -> Result<Vec<u8>, ReadError> {
    let mut frame = Vec::new();
    frame_push(&mut frame, record.position, record.recorded_at, record.envelope)
        .map_err(|fault| ReadError::damaged(fault.to_string()))?;
    Ok(frame)
}

/// The record in a frame that came from elsewhere; none unless the bytes are one frame, whole.
#[must_use]
pub fn frame_record(frame: &[u8]) -> Option<RecordRef<'_>> {
    let (frame, rest) = frame_split(frame).ok()?;
    let record = RecordRef { position: frame.position, recorded_at: frame.recorded_at, envelope: frame.envelope };
    rest.is_empty().then_some(record)
}

/// The nodes of a ledger's tree, for proofs. It remembers the tile that was read last: a proof asks for its parts one after
/// the other.
pub struct TreeNodes<'a> {
    snapshot: &'a Snapshot,
    tile: RefCell<(u64, Vec<Hash>)>,
}

impl Snapshot {
    /// The nodes of the tree, for making proofs.
    #[must_use]
    pub fn tree_nodes(&self) -> TreeNodes<'_> {
        TreeNodes { snapshot: self, tile: RefCell::new((u64::MAX, Vec::new())) }
    }
}

impl TreeNodes<'_> {
    /// The leaf hashes of one tile, as far as there are records.
    fn tile_read(&self, tile: u64) -> Result<(u64, Vec<Hash>), ReadError> {
        let first = tile << TILE_HEIGHT;
        let mut leaves = Vec::new();
        self.snapshot.scan(Position::new(first + 1), Position::new(first + (1 << TILE_HEIGHT)), |record| {
            leaves.push(leaf_hash(&frame_bytes(&record)?));
            Ok::<_, ReadError>(ControlFlow::Continue(()))
        })?;
        Ok((tile, leaves))
    }
}

impl Nodes for TreeNodes<'_> {
    type Error = ReadError;

    fn node(&self, level: u32, index: u64) -> Result<Hash, ReadError> {
        let missing = || ReadError::damaged(format!("the full subtree {index} of level {level}, which a proof needs"));
        if level >= TILE_HEIGHT {
            return self.snapshot.node_hash(level, index)?.ok_or_else(missing);
        }
        let tile = index >> (TILE_HEIGHT - level);
        if tile > self.snapshot.head().position.number() >> TILE_HEIGHT {
            return Err(missing());
        }
        if self.tile.borrow().0 != tile {
            *self.tile.borrow_mut() = self.tile_read(tile)?;
        }
        let from = usize::try_from((index << level) & ((1 << TILE_HEIGHT) - 1)).map_err(|_| missing())?;
        let mut subtree = Frontier::default();
        let kept = self.tile.borrow();
        for leaf in kept.1.get(from..from + (1 << level)).ok_or_else(missing)? {
            subtree.push(*leaf, &mut |_: u8, _: u64, _: &Hash| {});
        }
        Ok(subtree.root())
    }
}
