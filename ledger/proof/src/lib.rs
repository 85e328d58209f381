//! What a third party verifies: the Merkle tree over records, its proofs, signed notes and checkpoints. Pure: bytes in, bytes out.
//!
//! The formats are those of transparency logs, so that other people's tools read them.

mod tree;

pub use tree::{Frontier, Hash, TILE_HEIGHT, TileSink, leaf_hash, node_hash, root_empty};
