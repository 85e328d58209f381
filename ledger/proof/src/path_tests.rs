//! Proofs held against the definition, the vectors of certificate transparency, and a second implementation.

use super::*;
use crate::leaf_hash;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::prelude::*;
use sha2::Sha256;
use std::convert::Infallible;

/// What stands in a leaf of [`Leaves`].
pub(crate) fn leaf_bytes(index: u64) -> Vec<u8> {
    index.to_be_bytes().to_vec()
}

/// A tree of leaves that are in memory.
pub(crate) struct Leaves(Vec<Hash>);

impl Leaves {
    pub(crate) fn new(size: usize) -> Self {
        Self((0..size as u64).map(|index| leaf_hash(&leaf_bytes(index))).collect())
    }

    pub(crate) fn size(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn leaf(&self, index: u64) -> Hash {
        self.0[usize::try_from(index).unwrap()]
    }

    pub(crate) fn root(&self) -> Hash {
        self.root_of(self.size())
    }

    pub(crate) fn root_of(&self, size: u64) -> Hash {
        naive(&self.0[..usize::try_from(size).unwrap()])
    }
}

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        let leaves = 1 << level;
        let from = usize::try_from(index).unwrap() * leaves;
        Ok(naive(&self.0[from..from + leaves]))
    }
}

/// Section 2.1 of RFC 6962, word for word.
fn naive(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => root_empty(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive(left), &naive(right))
        }
    }
}

/// Section 2.1.1 of RFC 6962, word for word.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, last) = if index < k {
        (naive_path(index, &leaves[..k]), naive(&leaves[k..]))
    } else {
        (naive_path(index - k, &leaves[k..]), naive(&leaves[..k]))
    };
    path.push(last);
    path
}

/// Section 2.1.2 of RFC 6962, word for word.
fn naive_subproof(older: usize, leaves: &[Hash], is_whole: bool) -> Vec<Hash> {
    if older == leaves.len() {
        return if is_whole { Vec::new() } else { vec![naive(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, last) = if older <= k {
        (naive_subproof(older, &leaves[..k], is_whole), naive(&leaves[k..]))
    } else {
        (naive_subproof(older - k, &leaves[k..], false), naive(&leaves[..k]))
    };
    path.push(last);
    path
}

fn inclusion(tree: &Leaves, index: u64, size: u64) -> Vec<Hash> {
    inclusion_path(tree, index, size).unwrap().unwrap()
}

fn consistency(tree: &Leaves, older: u64, newer: u64) -> Vec<Hash> {
    consistency_path(tree, older, newer).unwrap().unwrap()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| hex::decode(text).unwrap().try_into().unwrap()).collect()
}

/// The tree of the vectors of certificate transparency.
fn known() -> Leaves {
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    Leaves(leaves.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect())
}

#[test]
fn known_paths_of_certificate_transparency() {
    let tree = known();
    assert_eq!(
        inclusion(&tree, 5, 8),
        hashes(&[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(inclusion(&tree, 2, 3), hashes(&["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]));
    assert_eq!(
        consistency(&tree, 6, 8),
        hashes(&[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(
        consistency(&tree, 2, 5),
        hashes(&[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ])
    );
}

/// A node of ours as the second implementation's.
fn theirs(hash: &Hash) -> sha2::digest::Output<Sha256> {
    let mut output = sha2::digest::Output::<Sha256>::default();
    output.copy_from_slice(hash);
    output
}

fn ct_root(root: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(theirs(root), size)
}

fn ct_tree(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|n| tree.push(n.to_be_bytes().to_vec()));
    tree
}

/// Both make every path the same, and each takes the other's.
#[test]
fn agrees_with_a_second_implementation() {
    let tree = Leaves::new(70);
    for size in 1..=70_u64 {
        let other = ct_tree(size);
        let root = tree.root_of(size);
        assert_eq!(other.root().as_bytes().as_slice(), root, "{size}");
        for index in 0..size {
            let ours = inclusion(&tree, index, size);
            let at = usize::try_from(index).unwrap();
            assert_eq!(other.prove_inclusion(at).as_bytes(), ours.concat(), "{index} of {size}");
            let proof = InclusionProof::<Sha256>::try_from_bytes(ours.concat()).unwrap();
            ct_root(&root, size).verify_inclusion(&index.to_be_bytes().to_vec(), index, &proof).unwrap();
            inclusion_verify(&tree.leaf(index), index, size, &ours, &root).unwrap();
        }
        for older in 1..size {
            let ours = consistency(&tree, older, size);
            let added = usize::try_from(size - older).unwrap();
            assert_eq!(other.prove_consistency(added).as_bytes(), ours.concat(), "{older} to {size}");
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(ours.concat()).unwrap();
            let root_older = tree.root_of(older);
            ct_root(&root, size).verify_consistency(&ct_root(&root_older, older), &proof).unwrap();
            consistency_verify((older, &root_older), (size, &root), &ours).unwrap();
        }
    }
}

#[test]
fn an_index_beyond_the_tree_has_no_proof_whatever_the_path() {
    let tree = Leaves::new(4);
    assert_eq!(inclusion_path(&tree, 4, 4), Ok(None));
    assert_eq!(inclusion_path(&tree, 0, 0), Ok(None));
    let leaf = tree.leaf(0);
    assert_eq!(
        inclusion_verify(&leaf, 0, 0, &[], &root_empty()),
        Err(ProofError::Beyond { index: 0, size: 0 }),
        "nothing is in the empty tree"
    );
    assert!(inclusion_verify(&leaf, u64::MAX, 4, &[], &leaf).is_err());
    assert!(inclusion_verify(&leaf, 4, 4, &inclusion(&tree, 0, 4), &tree.root()).is_err());
}

#[test]
fn an_empty_path_proves_only_the_one_leaf_of_a_tree_of_one() {
    let tree = Leaves::new(8);
    let leaf = tree.leaf(0);
    assert_eq!(inclusion_verify(&leaf, 0, 1, &[], &leaf), Ok(()));
    // The root given as if it were a leaf: only the size, which is signed, tells them apart.
    assert_eq!(inclusion_verify(&tree.root(), 0, 8, &[], &tree.root()), Err(ProofError::Length(0)));
    assert_eq!(inclusion_verify(&leaf, 0, 1, &[leaf], &leaf), Err(ProofError::Length(1)));
}

#[test]
fn from_nothing_and_to_itself_there_is_one_root_and_no_hash() {
    let tree = Leaves::new(8);
    let (root, four, empty) = (tree.root(), tree.root_of(4), root_empty());
    assert_eq!(consistency_path(&tree, 0, 8), Ok(Some(Vec::new())));
    assert_eq!(consistency_path(&tree, 8, 8), Ok(Some(Vec::new())));
    assert_eq!(consistency_path(&tree, 9, 8), Ok(None));
    assert_eq!(consistency_verify((0, &empty), (8, &root), &[]), Ok(()));
    assert_eq!(consistency_verify((0, &empty), (0, &empty), &[]), Ok(()));
    assert_eq!(consistency_verify((8, &root), (8, &root), &[]), Ok(()));
    assert_eq!(consistency_verify((0, &root), (8, &root), &[]), Err(ProofError::RootOlder));
    assert_eq!(consistency_verify((0, &empty), (0, &root), &[]), Err(ProofError::RootOlder));
    assert_eq!(consistency_verify((8, &four), (8, &root), &[]), Err(ProofError::RootOlder));
    assert_eq!(consistency_verify((0, &empty), (8, &root), &[root]), Err(ProofError::Length(1)));
    assert_eq!(consistency_verify((8, &root), (8, &root), &[root]), Err(ProofError::Length(1)));
    assert_eq!(consistency_verify((4, &four), (8, &root), &[]), Err(ProofError::Length(0)));
    assert_eq!(consistency_verify((3, &four), (8, &root), &[]), Err(ProofError::Length(0)));
    assert_eq!(consistency_verify((8, &root), (4, &four), &[]), Err(ProofError::Shrinks { from: 8, to: 4 }));
}

#[test]
fn sizes_at_the_end_of_the_range_end_in_an_error() {
    let (one, two) = ([1; 32], [2; 32]);
    let path = [[3; 32]; PATH_HASHES_MAX];
    for size in [u64::MAX, u64::MAX - 1, 1 << 63] {
        assert!(inclusion_verify(&one, size - 1, size, &path, &two).is_err());
        assert!(consistency_verify((size - 1, &one), (size, &two), &path).is_err());
        assert!(consistency_verify((1 << 63, &one), (size, &two), &path).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn equals_the_definition_and_no_other_path_passes(size in 1_usize..600, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
        let tree = Leaves::new(size);
        let (index, older) = (one.index(size), other.index(size) + 1);
        let (size_of, index_of, older_of) = (size as u64, index as u64, older as u64);
        let root = tree.root();
        let path = inclusion(&tree, index_of, size_of);
        prop_assert_eq!(&path, &naive_path(index, &tree.0));
        let leaf = tree.leaf(index_of);
        prop_assert_eq!(inclusion_verify(&leaf, index_of, size_of, &path, &root), Ok(()));
        prop_assert!(inclusion_verify(&leaf, index_of ^ 1, size_of, &path, &root).is_err() || size == 1);
        for at in 0..path.len() {
            let mut changed = path.clone();
            changed[at][one.index(32)] ^= 1 << other.index(8);
            prop_assert_eq!(inclusion_verify(&leaf, index_of, size_of, &changed, &root), Err(ProofError::Root));
            changed.remove(at);
            prop_assert!(inclusion_verify(&leaf, index_of, size_of, &changed, &root).is_err());
        }
        let steps = consistency(&tree, older_of, size_of);
        prop_assert_eq!(&steps, &naive_subproof(older, &tree.0, true));
        let root_older = tree.root_of(older_of);
        prop_assert_eq!(consistency_verify((older_of, &root_older), (size_of, &root), &steps), Ok(()));
        for at in 0..steps.len() {
            let mut changed = steps.clone();
            changed[at][other.index(32)] ^= 1 << one.index(8);
            prop_assert!(consistency_verify((older_of, &root_older), (size_of, &root), &changed).is_err());
            changed.remove(at);
            prop_assert!(consistency_verify((older_of, &root_older), (size_of, &root), &changed).is_err());
        }
        let mut longer = steps;
        longer.push(root);
        prop_assert!(consistency_verify((older_of, &root_older), (size_of, &root), &longer).is_err());
    }
}
