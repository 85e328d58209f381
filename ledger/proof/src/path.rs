//! Inclusion and consistency proofs: made over whatever can name the hash of a full subtree, verified from hashes alone.
//!
//! Made as RFC 6962, sections 2.1.1 and 2.1.2, say; verified as RFC 9162, sections 2.1.3.2 and 2.1.4.2, say. The two share no
//! code, so that a mistake in one is found by the other.

use crate::{Hash, node_hash, root_empty};

/// Hashes in a proof at the most: one for each level of the largest tree.
pub const PATH_HASHES_MAX: usize = 64;

/// Where the hashes of full subtrees come from.
pub trait Nodes {
    /// Why a hash cannot be had.
    type Error;

    /// The hash of the full subtree of 2^level leaves that begins at leaf `index` x 2^level.
    ///
    /// # Errors
    /// Whatever keeps the source from reading it.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index is beyond the tree.
    #[error("leaf {index} is not in a tree of {size} leaves: ask for a proof to a later checkpoint")]
    Beyond {
        /// The leaf's index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The newer tree is the smaller one.
    #[error("a tree of {from} leaves cannot grow into one of {to}: the older checkpoint comes first")]
    Shrinks {
        /// Size of the older tree.
        from: u64,
        /// Size of the newer tree.
        to: u64,
    },
    /// Too few or too many hashes.
    #[error("the proof has {0} hashes, which is not what trees of these sizes need: it was cut, or is of another tree")]
    Length(usize),
    /// The hashes lead to another root.
    #[error("the proof leads to another root than the checkpoint's: what it is about is not what was signed")]
    Root,
    /// The hashes lead to another older root.
    #[error("the proof leads to another root than the older checkpoint's: history was changed between the two")]
    RootOlder,
}

/// The hash of the leaves from one to another, the second not included. The first is a multiple of the power of two that the
/// number of leaves rounds up to, as every part of a split tree is.
pub(crate) fn range_root<N: Nodes + ?Sized>(nodes: &N, from: u64, to: u64) -> Result<Hash, N::Error> {
    let mut roots = Vec::new();
    let mut at = from;
    while at < to {
        let level = (to - at).ilog2();
        roots.push(nodes.node(level, at >> level)?);
        at += 1 << level;
    }
    let mut smallest_first = roots.into_iter().rev();
    let Some(smallest) = smallest_first.next() else { return Ok(root_empty()) };
    Ok(smallest_first.fold(smallest, |right, left| node_hash(&left, &right)))
}

/// Where a tree of more than one leaf splits: the largest power of two below its number of leaves.
pub(crate) fn split(leaves: u64) -> u64 {
    1 << (leaves.max(2) - 1).ilog2()
}

/// The path from the leaf's sibling up to a child of the root. None if the tree has no such leaf.
///
/// # Errors
/// As [`Nodes::node`].
pub fn inclusion_path<N: Nodes + ?Sized>(nodes: &N, index: u64, size: u64) -> Result<Option<Vec<Hash>>, N::Error> {
    if index >= size {
        return Ok(None);
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// The hashes that show that a tree is the beginning of a larger one. None if it is larger itself. From nothing, and from a
/// tree to itself, there is nothing to show: the path is empty.
///
/// # Errors
/// As [`Nodes::node`].
pub fn consistency_path<N: Nodes + ?Sized>(nodes: &N, older: u64, newer: u64) -> Result<Option<Vec<Hash>>, N::Error> {
    if older > newer {
        return Ok(None);
    }
    let mut path = Vec::new();
    if older == 0 {
        return Ok(Some(path));
    }
    // The verifier knows the older root: it need not be told where the older tree is one part whole.
    let (mut from, mut to, mut is_older_root) = (0, newer, true);
    while older != to {
        let middle = from + split(to - from);
        if older <= middle {
            path.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(nodes, from, middle)?);
            from = middle;
            is_older_root = false;
        }
    }
    if !is_older_root {
        path.push(range_root(nodes, from, to)?);
    }
    path.reverse();
    Ok(Some(path))
}

/// The root that a leaf and its path lead to in a tree of the size.
///
/// # Errors
/// [`ProofError`]: the index is beyond the tree, or the number of hashes is not the tree's.
pub fn inclusion_root(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Result<Hash, ProofError> {
    if index >= size {
        return Err(ProofError::Beyond { index, size });
    }
    let (mut at, mut last, mut root) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length(path.len()));
        }
        if at & 1 == 1 || at == last {
            root = node_hash(sibling, &root);
            // A node without a right sibling is its parent: it rises until it is a right child.
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = node_hash(&root, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 { Ok(root) } else { Err(ProofError::Length(path.len())) }
}

/// Checks that a leaf stands at an index of the tree with this size and root.
///
/// # Errors
/// [`ProofError`].
pub fn inclusion_verify(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if inclusion_root(leaf, index, size, path)? == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the older tree is the beginning of the newer one.
///
/// # Errors
/// [`ProofError`].
pub fn consistency_verify(older: (u64, &Hash), newer: (u64, &Hash), path: &[Hash]) -> Result<(), ProofError> {
    let ((from, root_older), (to, root_newer)) = (older, newer);
    if from > to {
        return Err(ProofError::Shrinks { from, to });
    }
    if from == to || from == 0 {
        return consistency_of_nothing(older, newer, path);
    }
    let first = from.is_power_of_two().then_some(root_older);
    let mut hashes = first.into_iter().chain(path);
    let Some(seed) = hashes.next() else { return Err(ProofError::Length(0)) };
    let shift = (from - 1).trailing_ones();
    let (mut at, mut last) = (shifted(from - 1, shift), shifted(to - 1, shift));
    let (mut root_from, mut root_to) = (*seed, *seed);
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length(path.len()));
        }
        if at & 1 == 1 || at == last {
            root_from = node_hash(hash, &root_from);
            root_to = node_hash(hash, &root_to);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root_to = node_hash(&root_to, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length(path.len()));
    }
    if root_from != *root_older {
        return Err(ProofError::RootOlder);
    }
    if root_to == *root_newer { Ok(()) } else { Err(ProofError::Root) }
}

/// From nothing, or from a tree to itself: an empty path, and the one root that there can be.
fn consistency_of_nothing(older: (u64, &Hash), newer: (u64, &Hash), path: &[Hash]) -> Result<(), ProofError> {
    if !path.is_empty() {
        return Err(ProofError::Length(path.len()));
    }
    let expected = if older.0 == 0 { root_empty() } else { *newer.1 };
    let is_newer_right = newer.0 != 0 || *newer.1 == root_empty();
    if *older.1 == expected && is_newer_right { Ok(()) } else { Err(ProofError::RootOlder) }
}

/// Shifts by up to 64 binary digits.
fn shifted(number: u64, by: u32) -> u64 {
    number.checked_shr(by).unwrap_or(0)
}

#[cfg(test)]
#[path = "path_tests.rs"]
pub(crate) mod tests;
