//! One proof for many leaves: the hashes of whatever lies between them, once each.
//!
//! The hashes stand in the order in which the tree is walked from the left, and the walk follows from the size and the
//! indices alone: nothing but hashes is needed. For k leaves of n it has at most k x log2(n/k) + k hashes.

use crate::path::{ProofError, range_root, split};
use crate::{Hash, Nodes, node_hash, root_empty};

/// The hashes beside the leaves of these indices, which ascend. None unless they do, or where one is beyond the tree.
///
/// # Errors
/// As [`Nodes::node`].
pub fn multi_path<N: Nodes + ?Sized>(nodes: &N, indices: &[u64], size: u64) -> Result<Option<Vec<Hash>>, N::Error> {
    if !are_ascending(indices) || indices.last().is_some_and(|last| *last >= size) {
        return Ok(None);
    }
    let mut path = Vec::new();
    if size > 0 {
        walk(nodes, indices, 0, size, &mut path)?;
    }
    Ok(Some(path))
}

fn walk<N: Nodes + ?Sized>(
    nodes: &N,
    indices: &[u64],
    from: u64,
    to: u64,
    path: &mut Vec<Hash>,
) -> Result<(), N::Error> {
    if indices.is_empty() {
        path.push(range_root(nodes, from, to)?);
        return Ok(());
    }
    if to - from == 1 {
        return Ok(());
    }
    let middle = from + split(to - from);
    let (left, right) = indices.split_at(indices.partition_point(|index| *index < middle));
    walk(nodes, left, from, middle, path)?;
    walk(nodes, right, middle, to, path)
}

/// Checks that these leaves, each with its index, ascending, stand in the tree with this size and root.
///
/// # Errors
/// [`ProofError`].
pub fn multi_verify(leaves: &[(u64, Hash)], size: u64, path: &[Hash], root: &Hash) -> Result<(), ProofError> {
    let indices: Vec<u64> = leaves.iter().map(|(index, _)| *index).collect();
    if !are_ascending(&indices) {
        return Err(ProofError::Length(path.len()));
    }
    if let Some(index) = indices.last().filter(|last| **last >= size) {
        return Err(ProofError::Beyond { index: *index, size });
    }
    let mut hashes = path.iter();
    let found = match size {
        0 => root_empty(),
        _ => again(leaves, 0, size, &mut hashes).ok_or(ProofError::Length(path.len()))?,
    };
    if hashes.next().is_some() {
        return Err(ProofError::Length(path.len()));
    }
    if found == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// The hash of a part of the tree; none where the hashes run out.
fn again<'h>(leaves: &[(u64, Hash)], from: u64, to: u64, hashes: &mut impl Iterator<Item = &'h Hash>) -> Option<Hash> {
    let Some((_, first)) = leaves.first() else { return hashes.next().copied() };
    if to - from == 1 {
        return Some(*first);
    }
    let middle = from + split(to - from);
    let (left, right) = leaves.split_at(leaves.partition_point(|(index, _)| *index < middle));
    let left = again(left, from, middle, hashes)?;
    Some(node_hash(&left, &again(right, middle, to, hashes)?))
}

fn are_ascending(indices: &[u64]) -> bool {
    indices.is_sorted_by(|one, next| one < next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::tests::Leaves;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn any_leaves_are_proven_and_no_other(size in 1_usize..300, picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40), flip in any::<prop::sample::Index>()) {
            let tree = Leaves::new(size);
            let indices: BTreeSet<u64> = picks.iter().map(|pick| pick.index(size) as u64).collect();
            let indices: Vec<u64> = indices.into_iter().collect();
            let path = multi_path(&tree, &indices, tree.size()).unwrap().unwrap();
            let mut leaves: Vec<(u64, Hash)> = indices.iter().map(|index| (*index, tree.leaf(*index))).collect();
            let root = tree.root();
            prop_assert_eq!(multi_verify(&leaves, tree.size(), &path, &root), Ok(()));
            let mut longer = path.clone();
            longer.push([0; 32]);
            prop_assert!(multi_verify(&leaves, tree.size(), &longer, &root).is_err());
            if !path.is_empty() {
                prop_assert!(multi_verify(&leaves, tree.size(), &path[1..], &root).is_err());
                let mut other = path.clone();
                other[flip.index(path.len())][0] ^= 1;
                prop_assert!(multi_verify(&leaves, tree.size(), &other, &root).is_err());
            }
            if !leaves.is_empty() {
                let at = flip.index(leaves.len());
                leaves[at].1[31] ^= 1;
                prop_assert!(multi_verify(&leaves, tree.size(), &path, &root).is_err());
            }
        }
    }

    #[test]
    fn the_size_of_a_proof_is_linear_in_the_leaves() {
        let tree = Leaves::new(1024);
        let indices: Vec<u64> = (0..1024).step_by(16).collect();
        let path = multi_path(&tree, &indices, 1024).unwrap().unwrap();
        assert_eq!((indices.len(), path.len()), (64, 64 * 4));
        assert!(multi_path(&tree, &(0..1024).collect::<Vec<_>>(), 1024).unwrap().unwrap().is_empty());
    }

    #[test]
    fn leaves_that_do_not_ascend_or_are_beyond_the_tree_are_refused() {
        let tree = Leaves::new(5);
        for indices in [&[1, 1][..], &[2, 1], &[5], &[0, 9]] {
            assert_eq!(multi_path(&tree, indices, 5), Ok(None), "{indices:?}");
            let leaves: Vec<(u64, Hash)> = indices.iter().map(|index| (*index, tree.leaf(*index % 5))).collect();
            assert!(multi_verify(&leaves, 5, &[], &tree.root()).is_err());
        }
        assert_eq!(multi_path(&tree, &[], 0), Ok(Some(Vec::new())));
        assert_eq!(multi_verify(&[], 0, &[], &root_empty()), Ok(()));
        assert_eq!(multi_verify(&[], 5, &[tree.root()], &tree.root()), Ok(()));
    }
}
