//! What a third party verifies: the Merkle tree over records, its proofs, signed notes and checkpoints. Pure: bytes in, bytes out.
//!
//! The formats are those of transparency logs, so that other people's tools read them.

mod checkpoint;
mod encoding;
mod evidence;
mod file;
mod key;
mod multi;
mod note;
mod path;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, ClosedLine, ClosedMonth, EXTENSION_LINES_MAX, QuarantineTree};
pub use evidence::{EVIDENCE_BYTES_MAX, EVIDENCE_HEAD, EvidenceFile};
pub use file::{
    CONSISTENCY_HEAD, ConsistencyFile, INCLUSION_HEAD, InclusionFile, PROOF_BYTES_MAX, ProofFileError, Trusted,
    growth_verify,
};
pub use key::{KEY_NAME_BYTES_MAX, KeyError, KeyKind, KeyName, SignerKey, VerifierKey};
pub use multi::{multi_path, multi_verify};
pub use note::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteError, NoteSignature, Signed, SignedNote};
pub use path::{
    Nodes, PATH_HASHES_MAX, ProofError, consistency_path, consistency_verify, inclusion_path, inclusion_root,
    inclusion_verify,
};
pub use tree::{Frontier, Hash, TILE_HEIGHT, TileSink, leaf_hash, node_hash, root_empty};
