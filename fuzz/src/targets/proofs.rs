//! What third parties hand in: notes, keys, checkpoints, proof files. Each has one spelling, and nobody forges.

use super::message;
use daybook_proof::{
    Checkpoint, ConsistencyFile, EvidenceFile, Hash, InclusionFile, KeyKind, KeyName, SignedNote, SignerKey,
    VerifierKey, leaf_hash, node_hash,
};
use std::sync::OnceLock;

/// The leaves of the only ledger that the fuzzer's key ever signed for.
const LEAVES: [&[u8]; 5] = [b"one", b"two", b"three", b"four", b"five"];

/// The key that signs; its seed is public, and so the inputs can be made anew.
fn signer() -> SignerKey {
    SignerKey::of_seed(KeyName::parse("fuzz.example/ledger").expect("a name"), KeyKind::Log, &[7; 32])
}

/// The root of the first leaves.
fn root(leaves: &[&[u8]]) -> Hash {
    match leaves {
        [] => daybook_proof::root_empty(),
        [only] => leaf_hash(only),
        leaves => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&root(&leaves[..split]), &root(&leaves[split..]))
        }
    }
}

/// The tree over the leaves, for making proofs.
#[cfg(test)]
struct Tree;

#[cfg(test)]
impl daybook_proof::Nodes for Tree {
    type Error = std::convert::Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let from = usize::try_from(index << level).expect("a small tree");
        Ok(root(&LEAVES[from..from + (1 << level)]))
    }
}

/// The checkpoint of the first leaves, as the ledger signed it.
fn checkpoint_text(size: usize) -> String {
    let root = base64(&root(&LEAVES[..size]));
    format!("fuzz.example/ledger\n{size}\n{root}\n")
}

/// Standard base64 of a hash.
fn base64(hash: &Hash) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in hash.chunks(3) {
        let bits = part.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= part.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// What a reader trusts: deriving a key takes longer than most inputs.
fn keys() -> &'static [VerifierKey] {
    static KEYS: OnceLock<Vec<VerifierKey>> = OnceLock::new();
    KEYS.get_or_init(|| vec![signer().public().clone()])
}

/// Whether the key ever signed this text.
fn was_signed(text: &str) -> bool {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| (0..=LEAVES.len()).map(checkpoint_text).collect()).iter().any(|signed| signed == text)
}

pub(super) fn note(bytes: &[u8]) {
    match SignedNote::parse(bytes) {
        Ok(note) => {
            assert_eq!(note.to_string().as_bytes(), bytes, "a note has two spellings");
            match note.verify(keys()) {
                Ok(_) => assert!(was_signed(note.text()), "a forged note: {:?}", note.text()),
                Err(error) => message::check(&error),
            }
            checkpoint_check(note.text());
        }
        Err(error) => message::check(&error),
    }
}

pub(super) fn checkpoint(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        checkpoint_check(text);
    }
}

fn checkpoint_check(text: &str) {
    match Checkpoint::parse(text) {
        Ok(checkpoint) => assert_eq!(checkpoint.to_string(), text, "a checkpoint has two spellings"),
        Err(error) => message::check(&error),
    }
}

pub(super) fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match VerifierKey::parse(text) {
        Ok(key) => assert_eq!(key.to_string(), text, "a public key has two spellings"),
        Err(error) => message::check(&error),
    }
    match SignerKey::parse(text) {
        Ok(key) => assert_eq!(key.to_secret_line().as_str(), text, "a signing key has two spellings"),
        Err(error) => message::check(&error),
    }
}

pub(super) fn proof_file(bytes: &[u8]) {
    match InclusionFile::parse(bytes) {
        Ok(file) => {
            assert_eq!(file.to_string().as_bytes(), bytes, "an inclusion proof has two spellings");
            match file.verify(keys()) {
                Ok(trusted) => {
                    assert!(was_signed(file.note.text()), "a forged checkpoint");
                    assert!(file.index < trusted.checkpoint.size, "a record behind the end");
                    let at = usize::try_from(file.index).expect("a small tree");
                    assert_eq!(file.frame, LEAVES[at], "a record that is not in the tree");
                }
                Err(error) => message::check(&error),
            }
        }
        Err(error) => message::check(&error),
    }
    match ConsistencyFile::parse(bytes) {
        Ok(file) => {
            assert_eq!(file.to_string().as_bytes(), bytes, "a consistency proof has two spellings");
            match file.verify(keys()) {
                Ok((older, newer)) => assert!(older.checkpoint.size <= newer.checkpoint.size, "a tree that shrank"),
                Err(error) => message::check(&error),
            }
        }
        Err(error) => message::check(&error),
    }
    evidence(bytes);
}

fn evidence(bytes: &[u8]) {
    // The records of this tree are words: their places are their order.
    let position = |frame: &[u8]| LEAVES.iter().position(|leaf| *leaf == frame).map(|at| at as u64 + 1);
    match EvidenceFile::parse(bytes) {
        Ok(file) => {
            assert_eq!(file.to_string().as_bytes(), bytes, "a statement's evidence has two spellings");
            match file.verify(keys(), position) {
                Ok(_) => assert!(was_signed(file.note.text()), "a forged checkpoint"),
                Err(error) => message::check(&error),
            }
        }
        Err(error) => message::check(&error),
    }
}

/// Inputs that verify: the corpus begins with them, and the harness holds it to that.
#[cfg(test)]
pub(crate) fn valid() -> Vec<(&'static str, &'static str, String)> {
    use daybook_proof::{consistency_path, inclusion_path, multi_path};
    let signed = |size: usize| {
        let mut note = SignedNote::unsigned(checkpoint_text(size)).expect("a text");
        note.sign(&signer()).expect("room");
        note
    };
    let inclusion = InclusionFile {
        frame: LEAVES[2].to_vec(),
        index: 2,
        path: inclusion_path(&Tree, 2, 5).expect("no I/O").expect("in the tree"),
        note: signed(5),
    };
    let consistency = ConsistencyFile {
        path: consistency_path(&Tree, 3, 5).expect("no I/O").expect("it grew"),
        older: signed(3),
        newer: signed(5),
    };
    let evidence = EvidenceFile {
        partner: "P-AT".to_owned(),
        month: "2022-01".to_owned(),
        frames: vec![LEAVES[0].to_vec(), LEAVES[3].to_vec()],
        path: multi_path(&Tree, &[0, 3], 5).expect("no I/O").expect("in the tree"),
        note: signed(5),
    };
    let position = |frame: &[u8]| LEAVES.iter().position(|leaf| *leaf == frame).map(|at| at as u64 + 1);
    inclusion.verify(keys()).expect("an inclusion proof");
    consistency.verify(keys()).expect("a consistency proof");
    evidence.verify(keys(), position).expect("a statement's evidence");
    let month = "closed 2022-01 7 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752 -\n";
    let quarantine = format!("quarantine 5 {}\n", base64(&root(&LEAVES)));
    vec![
        ("note", "signed", signed(5).to_string()),
        ("checkpoint", "bare", checkpoint_text(5)),
        ("checkpoint", "ours", format!("{}{quarantine}{month}", checkpoint_text(5))),
        ("key", "public", keys()[0].to_string()),
        ("key", "secret", signer().to_secret_line().to_string()),
        ("proof_file", "inclusion", inclusion.to_string()),
        ("proof_file", "consistency", consistency.to_string()),
        ("proof_file", "evidence", evidence.to_string()),
    ]
}
