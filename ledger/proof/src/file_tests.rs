//! Proof files: made, read again, and changed in every place.

use super::*;
use crate::path::tests::{Leaves, leaf_bytes};
use crate::{KeyKind, KeyName, QuarantineTree, SignerKey, consistency_path, inclusion_path};
use proptest::prelude::*;

pub(crate) const KEY_NAME: &str = "daybook/test";

pub(crate) fn log_key() -> SignerKey {
    SignerKey::of_seed(KeyName::parse(KEY_NAME).unwrap(), KeyKind::Log, &[9; 32])
}

/// A signed checkpoint of the first leaves of a tree.
pub(crate) fn note_of(tree: &Leaves, size: u64) -> SignedNote {
    let quarantine = QuarantineTree { leaves: 0, root: crate::root_empty() };
    let checkpoint =
        Checkpoint::new(KeyName::parse(KEY_NAME).unwrap(), size, tree.root_of(size), quarantine, Vec::new());
    let mut note = SignedNote::unsigned(checkpoint.to_string()).unwrap();
    note.sign(&log_key()).unwrap();
    note
}

/// The text with a few bytes replaced, or cut, or with a line twice.
pub(crate) fn scramble(text: String) -> impl Strategy<Value = Vec<u8>> {
    let length = text.len();
    let change = (0..length, prop::collection::vec(any::<u8>(), 0..4), any::<bool>());
    prop::collection::vec(change, 0..3).prop_map(move |changes| {
        let mut bytes = text.clone().into_bytes();
        for (at, by, is_cut) in changes {
            let end = (at + by.len()).min(bytes.len());
            bytes.splice(at.min(end)..end, by);
            if is_cut && at % 5 == 0 {
                bytes.truncate(at);
            }
        }
        bytes
    })
}

fn inclusion(index: u64, size: u64) -> InclusionFile {
    let tree = Leaves::new(20);
    let path = inclusion_path(&tree, index, size).unwrap().unwrap();
    InclusionFile { frame: leaf_bytes(index), index, path, note: note_of(&tree, size) }
}

fn consistency(older: u64, newer: u64) -> ConsistencyFile {
    let tree = Leaves::new(20);
    let path = consistency_path(&tree, older, newer).unwrap().unwrap();
    ConsistencyFile { path, older: note_of(&tree, older), newer: note_of(&tree, newer) }
}

#[test]
fn a_record_is_proven_by_the_file_and_the_public_key_alone() {
    let keys = [log_key().public().clone()];
    for (index, size) in [(0, 1), (0, 20), (19, 20), (16, 17), (6, 13)] {
        let text = inclusion(index, size).to_string();
        let read = InclusionFile::parse(text.as_bytes()).unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!(read.verify(&keys).unwrap().checkpoint.size, size);
    }
    let text = inclusion(6, 13).to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra AAAAAAAAAAY=\nindex 6\n"), "{text}");
    assert!(matches!(inclusion(6, 13).verify(&[]), Err(ProofFileError::Note(NoteError::Unknown(_)))));
    let mut elsewhere = inclusion(6, 13);
    elsewhere.index = 7;
    assert_eq!(elsewhere.verify(&keys), Err(ProofFileError::Proof(ProofError::Root)));
    let mut other = inclusion(6, 13);
    other.frame[0] ^= 1;
    assert_eq!(other.verify(&keys), Err(ProofFileError::Proof(ProofError::Root)));
    let bare = InclusionFile { frame: Vec::new(), ..inclusion(6, 13) };
    assert_eq!(InclusionFile::parse(bare.to_string().as_bytes()).unwrap(), bare);
    assert_eq!(bare.verify(&keys), Err(ProofFileError::NoRecord));
}

#[test]
fn growth_is_proven_by_the_file_and_the_public_key_alone() {
    let keys = [log_key().public().clone()];
    for (older, newer) in [(0, 20), (1, 20), (20, 20), (8, 20), (13, 14)] {
        let text = consistency(older, newer).to_string();
        let read = ConsistencyFile::parse(text.as_bytes()).unwrap();
        assert_eq!(read.to_string(), text);
        let (one, other) = read.verify(&keys).unwrap();
        assert_eq!((one.checkpoint.size, other.checkpoint.size), (older, newer));
    }
    let file = consistency(8, 20);
    let backwards = ConsistencyFile { older: file.newer.clone(), newer: file.older.clone(), ..file.clone() };
    assert!(matches!(backwards.verify(&keys), Err(ProofFileError::Proof(ProofError::Shrinks { .. }))));
    let other = ConsistencyFile { older: note_of(&Leaves::new(20), 9), ..file.clone() };
    assert!(other.verify(&keys).is_err());
    let name = KeyName::parse("daybook/other").unwrap();
    let mut foreign = Checkpoint::parse(file.older.text()).unwrap();
    let foreign_key = SignerKey::of_seed(name.clone(), KeyKind::Log, &[8; 32]);
    foreign.origin = name;
    let mut note = SignedNote::unsigned(foreign.to_string()).unwrap();
    note.sign(&foreign_key).unwrap();
    let keys = [log_key().public().clone(), foreign_key.public().clone()];
    let mixed = ConsistencyFile { older: note, ..file };
    assert!(matches!(mixed.verify(&keys), Err(ProofFileError::Origins(..))));
}

#[test]
fn a_key_of_another_log_or_a_witness_alone_proves_nothing() {
    let other = SignerKey::of_seed(KeyName::parse("daybook/other").unwrap(), KeyKind::Log, &[8; 32]);
    let witness = SignerKey::of_seed(KeyName::parse("w").unwrap(), KeyKind::Witness, &[7; 32]);
    let mut file = inclusion(6, 13);
    file.note.sign(&other).unwrap();
    file.note.cosign(&witness, 5).unwrap();
    for keys in [vec![&other], vec![&witness], vec![&other, &witness]] {
        let keys: Vec<VerifierKey> = keys.iter().map(|key| key.public().clone()).collect();
        assert!(matches!(file.verify(&keys), Err(ProofFileError::Note(NoteError::Unknown(_)))));
    }
    let all = [log_key().public().clone(), other.public().clone(), witness.public().clone()];
    assert_eq!(file.verify(&all).unwrap().signed.len(), 2);
}

#[test]
fn growth_is_of_the_quarantine_too() {
    let tree = Leaves::new(20);
    let of = |size: u64, quarantine: Option<(u64, Hash)>| {
        let mut checkpoint = Checkpoint::parse(note_of(&tree, size).text()).unwrap();
        checkpoint.quarantine = quarantine.map(|(leaves, root)| QuarantineTree { leaves, root });
        checkpoint
    };
    let path = consistency_path(&tree, 8, 20).unwrap().unwrap();
    let grown = |older, newer| growth_verify(&of(8, older), &of(20, newer), &path);
    let (one, other) = (Some((2, [1; 32])), Some((2, [2; 32])));
    for (older, newer) in [(None, one), (None, None), (one, one), (one, Some((3, [9; 32])))] {
        assert_eq!(grown(older, newer), Ok(()));
    }
    for (older, newer) in [(one, None), (one, Some((1, [1; 32]))), (one, other)] {
        assert!(matches!(grown(older, newer), Err(ProofFileError::Quarantine(_))));
    }
}

#[test]
fn bytes_all_over_a_proof_file_matter() {
    let keys = [log_key().public().clone()];
    for text in [inclusion(6, 13).to_string(), consistency(6, 13).to_string()] {
        for at in (0..text.len()).step_by(7) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << (at % 7);
            let is_proof = InclusionFile::parse(&bytes).is_ok_and(|file| file.verify(&keys).is_ok())
                || ConsistencyFile::parse(&bytes).is_ok_and(|file| file.verify(&keys).is_ok());
            assert!(!is_proof, "byte {at}");
            assert!(InclusionFile::parse(&text.as_bytes()[..at]).is_err(), "cut at {at}");
        }
    }
}

#[test]
fn what_is_no_proof_file_is_refused() {
    let text = inclusion(6, 13).to_string();
    let hash = text.lines().nth(3).unwrap();
    let wrong = [
        text.replacen("@v1", "@v2", 1),
        text.replacen("extra A", "extra  A", 1),
        text.replacen("extra AAAAAAAAAAY=", "extra ", 1),
        text.replacen("index 6", "index 06", 1),
        text.replacen("index 6\n", "", 1),
        text.replacen(hash, &hash[1..], 1),
        text.replacen(&format!("{hash}\n"), &format!("{hash}\n").repeat(PATH_HASHES_MAX + 1), 1),
        String::new(),
    ];
    for wrong in wrong {
        assert!(matches!(InclusionFile::parse(wrong.as_bytes()), Err(ProofFileError::Form(_))), "{wrong}");
    }
    let one_note = format!("{CONSISTENCY_HEAD}\n\n{}", inclusion(6, 13).note);
    assert!(ConsistencyFile::parse(one_note.as_bytes()).is_err());
    assert!(matches!(InclusionFile::parse(&vec![b'\n'; PROOF_BYTES_MAX + 1]), Err(ProofFileError::Long { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_a_file_that_prints_the_same_or_an_error(
        one in scramble(inclusion(6, 13).to_string()),
        other in scramble(consistency(6, 13).to_string()),
    ) {
        if let Ok(file) = InclusionFile::parse(&one) {
            prop_assert_eq!(file.to_string().into_bytes(), one);
        }
        if let Ok(file) = ConsistencyFile::parse(&other) {
            prop_assert_eq!(file.to_string().into_bytes(), other);
        }
    }
}
