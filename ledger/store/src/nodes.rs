//! Hashes of the record tree as it was at any size: roots of the past, and the nodes that proofs are made of.

use crate::file::caught;
use crate::format_v1::{frame_push, tile_read};
use crate::tables::TILES;
use crate::{Frontier, Hash, ReadError, Snapshot};
use daybook_event::Position;
use daybook_proof::{Nodes, TILE_HEIGHT, leaf_hash};
use std::ops::ControlFlow;

impl Snapshot {
    /// The root of the tree as it was at a position; none beyond the head. Costs some hundred tile hashes and the records
    /// after the last full tile.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn root_at(&self, position: Position) -> Result<Option<Hash>, ReadError> {
        if position > self.head().position {
            return Ok(None);
        }
        if position == self.head().position {
            return Ok(Some(self.frontier().root()));
        }
        let mut frontier = caught("reading tile hashes", || self.frontier_of_tiles(position.number()))?;
        let from = Position::new(frontier.size() + 1);
        self.leaves(from, position, |leaf| frontier.push(leaf, &mut |_: u8, _: u64, _: &Hash| {}))?;
        Ok(Some(frontier.root()))
    }

    /// The frontier of the full tiles within the first `size` leaves.
    fn frontier_of_tiles(&self, size: u64) -> Result<Frontier, ReadError> {
        let table = self.transaction().open_table(TILES)?;
        let mut frontier = Frontier::default();
        for level in (1_u8..=7).rev() {
            let height = u32::from(level) * TILE_HEIGHT;
            let leaves = 1_u64 << height;
            while size - frontier.size() >= leaves {
                let index = frontier.size() / leaves;
                let hash = table.get((level, index))?.and_then(|row| tile_read(level, index, &row.value()));
                let pushed = hash.is_some_and(|hash| frontier.push_subtree(height, hash));
                if !pushed {
                    return Err(tile_damaged(level, index));
                }
            }
        }
        Ok(frontier)
    }

    /// The hash of the full subtree of 2^level leaves with this index on its level; none where the records do not fill it.
    /// Costs at most 128 tile hashes, or 128 records.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn node_hash(&self, level: u32, index: u64) -> Result<Option<Hash>, ReadError> {
        let leaves = 1_u64.checked_shl(level);
        let end = leaves.and_then(|leaves| index.checked_add(1)?.checked_mul(leaves));
        let (Some(leaves), Some(end)) = (leaves, end) else { return Ok(None) };
        if end > self.head().position.number() {
            return Ok(None);
        }
        let mut subtree = Frontier::default();
        let first = end - leaves;
        match u8::try_from(level / TILE_HEIGHT) {
            Ok(0) => self.leaves(Position::new(first + 1), Position::new(end), |leaf| {
                subtree.push(leaf, &mut |_: u8, _: u64, _: &Hash| {});
            })?,
            Ok(tile_level) => caught("reading tile hashes", || {
                let table = self.transaction().open_table(TILES)?;
                let height = level % TILE_HEIGHT;
                for index in index << height..(index + 1) << height {
                    let row = table.get((tile_level, index))?;
                    let hash = row.and_then(|row| tile_read(tile_level, index, &row.value()));
                    subtree
                        .push(hash.ok_or_else(|| tile_damaged(tile_level, index))?, &mut |_: u8, _: u64, _: &Hash| {});
                }
                Ok(())
            })?,
            Err(_) => return Ok(None),
        }
        Ok(Some(subtree.root()))
    }

    /// The leaf hashes of the records from one position to another, both included.
    fn leaves(&self, from: Position, to: Position, mut take: impl FnMut(Hash)) -> Result<(), ReadError> {
        let mut frame = Vec::new();
        self.scan(from, to, |record| {
            frame.clear();
            frame_push(&mut frame, record.position, record.recorded_at, record.envelope)
                .map_err(|fault| ReadError::damaged(fault.to_string()))?;
            take(leaf_hash(&frame));
            Ok::<_, ReadError>(ControlFlow::Continue(()))
        })
    }
}

/// What proofs are made of.
impl Nodes for Snapshot {
    type Error = ReadError;

    fn node(&self, level: u32, index: u64) -> Result<Hash, ReadError> {
        let beyond = || format!("node {index} of level {level} is beyond the records");
        self.node_hash(level, index)?.ok_or_else(|| ReadError::Storage { source: beyond().into() })
    }
}

fn tile_damaged(level: u8, index: u64) -> ReadError {
    ReadError::damaged(format!("the tile hash {index} of level {level}"))
}
