//! What a third party verifies: the Merkle tree over records, its proofs, signed notes and checkpoints. Pure: bytes in, bytes out.
//!
//! The formats are those of transparency logs, so that other people's tools read them.

mod multi;
mod path;
mod tree;

pub use multi::{multi_path, multi_verify};
pub use path::{
    Nodes, PATH_HASHES_MAX, ProofError, consistency_path, consistency_verify, inclusion_path, inclusion_root,
    inclusion_verify,
};
pub use tree::{Frontier, Hash, TILE_HEIGHT, TileSink, leaf_hash, node_hash, root_empty};
