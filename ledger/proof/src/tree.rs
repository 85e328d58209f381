//! The Merkle tree over frames: RFC 6962, SHA-256, with the leaf prefix 0x00 and the node prefix 0x01.
//!
//! The writer keeps only the *frontier*: the roots of the full subtrees that the size's binary digits name. Every 256th
//! hash of a level is kept as a *tile hash*, on levels 8, 16, 24 and so on, so that the root at an earlier size, or a proof,
//! costs a few hundred hashes and no scan. Leaf hashes are not kept: they are computed from frames.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Tree levels between two levels of tile hashes: a tile is the root of 2^8 hashes of the tile level below.
pub const TILE_HEIGHT: u32 = 8;

/// Receives (tile level, index within it, hash) for each tile that becomes full. Tile level 1 covers 256 leaves.
pub trait TileSink {
    /// Takes one full tile's hash.
    fn tile(&mut self, level: u8, index: u64, hash: &Hash);
}

impl<F: FnMut(u8, u64, &Hash)> TileSink for F {
    fn tile(&mut self, level: u8, index: u64, hash: &Hash) {
        self(level, index, hash);
    }
}

/// The hash of a leaf: of one frame.
#[must_use]
pub fn leaf_hash(frame: &[u8]) -> Hash {
    Sha256::new().chain_update([0x00]).chain_update(frame).finalize().into()
}

/// The hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves: the hash of nothing.
#[must_use]
pub fn root_empty() -> Hash {
    Sha256::new().finalize().into()
}

/// The roots of the full subtrees of a tree, largest first, and its size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// A frontier from its parts; none unless there is one root for each binary one of the size.
    #[must_use]
    pub fn from_parts(size: u64, roots: Vec<Hash>) -> Option<Self> {
        (usize::try_from(size.count_ones()).ok()? == roots.len()).then_some(Self { size, roots })
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its full subtrees, largest first.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds one leaf, and hands each tile that this completes to the sink.
    pub fn push(&mut self, leaf: Hash, sink: &mut impl TileSink) {
        self.merge(0, leaf, sink);
    }

    /// Adds a full subtree of 2^level leaves. False, with nothing changed, if the size is not a multiple of that.
    #[must_use]
    pub fn push_subtree(&mut self, level: u32, root: Hash) -> bool {
        let leaves = 1_u64.checked_shl(level).unwrap_or(0);
        if leaves == 0 || !self.size.is_multiple_of(leaves) {
            return false;
        }
        self.merge(level, root, &mut |_: u8, _: u64, _: &Hash| {});
        true
    }

    fn merge(&mut self, from_level: u32, root: Hash, sink: &mut impl TileSink) {
        let (mut level, mut hash, mut index) = (from_level, root, self.size >> from_level);
        while index & 1 == 1 {
            // A one in the size is a root in the frontier: `from_parts` and this loop keep it so.
            let Some(left) = self.roots.pop() else { break };
            hash = node_hash(&left, &hash);
            level += 1;
            index >>= 1;
            if level.is_multiple_of(TILE_HEIGHT) {
                sink.tile(u8::try_from(level / TILE_HEIGHT).unwrap_or(u8::MAX), index, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1 << from_level;
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.roots.iter().rev();
        let Some(smallest) = smallest_first.next() else { return root_empty() };
        smallest_first.fold(*smallest, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Section 2.1 of the RFC, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => root_empty(),
            [one] => *one,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
            }
        }
    }

    fn no_tiles() -> impl TileSink {
        |_: u8, _: u64, _: &Hash| {}
    }

    #[test]
    fn known_vectors_of_certificate_transparency() {
        let leaves =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        assert_eq!(hex::encode(frontier.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (leaf, root) in leaves.iter().zip(roots) {
            frontier.push(leaf_hash(&hex::decode(leaf).unwrap()), &mut no_tiles());
            assert_eq!(hex::encode(frontier.root()), root);
        }
    }

    #[test]
    fn a_frontier_needs_one_root_for_each_one_of_its_size() {
        assert!(Frontier::from_parts(5, vec![[0; 32]; 2]).is_some());
        assert!(Frontier::from_parts(5, vec![[0; 32]; 3]).is_none());
        assert!(Frontier::from_parts(0, vec![]).is_some());
    }

    #[test]
    fn a_subtree_goes_only_where_it_fits() {
        let mut frontier = Frontier::default();
        frontier.push(leaf_hash(b"a"), &mut no_tiles());
        let before = frontier.clone();
        assert!(!frontier.push_subtree(8, [1; 32]));
        assert!(!frontier.push_subtree(64, [1; 32]));
        assert_eq!(frontier, before);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn equals_the_naive_tree_and_its_tiles_build_it_again(size in 0_usize..1200) {
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            let mut tiles = BTreeMap::new();
            let mut frontier = Frontier::default();
            for leaf in &leaves {
                frontier.push(*leaf, &mut |level: u8, index: u64, hash: &Hash| {
                    tiles.insert((level, index), *hash);
                });
            }
            prop_assert_eq!(frontier.root(), naive_root(&leaves));
            prop_assert_eq!(tiles.len(), size / 256);
            let mut rebuilt = Frontier::default();
            for ((_, index), hash) in &tiles {
                let at = usize::try_from(*index).unwrap() * 256;
                prop_assert_eq!(*hash, naive_root(&leaves[at..at + 256]));
                prop_assert!(rebuilt.push_subtree(TILE_HEIGHT, *hash));
            }
            for leaf in &leaves[tiles.len() * 256..] {
                rebuilt.push(*leaf, &mut no_tiles());
            }
            prop_assert_eq!(rebuilt, frontier);
        }
    }
}
