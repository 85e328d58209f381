//! Notes of other people's tools, and whatever a hand may change in one.

use super::*;
use proptest::prelude::*;

const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str, kind: KeyKind, seed: u8) -> SignerKey {
    SignerKey::of_seed(KeyName::parse(name).unwrap(), kind, &[seed; 32])
}

#[test]
fn the_note_of_gos_own_tests_is_read_verified_and_made() {
    let (public, secret) = (VerifierKey::parse(PUBLIC).unwrap(), SignerKey::parse(SECRET).unwrap());
    let note = SignedNote::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&public)).unwrap().len(), 1);
    assert_eq!(note.to_string(), NOTE);
    let mut made = SignedNote::unsigned(note.text().to_owned()).unwrap();
    assert_eq!(made.verify(&[public]), Err(NoteError::Unknown("nobody".to_owned())));
    made.sign(&secret).unwrap();
    made.sign(&secret).unwrap();
    assert_eq!(made.to_string(), NOTE);
}

#[test]
fn signatures_of_strangers_are_kept_and_count_for_nothing() {
    let (log, witness, stranger) =
        (key("log", KeyKind::Log, 1), key("w", KeyKind::Witness, 2), key("log", KeyKind::Log, 3));
    let mut note = SignedNote::unsigned("log\n0\n".to_owned()).unwrap();
    note.sign(&stranger).unwrap();
    note.sign(&log).unwrap();
    note.cosign(&witness, 1_679_315_147).unwrap();
    let note = SignedNote::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(note.signatures().len(), 3);
    let keys = [log.public().clone(), witness.public().clone()];
    let signed = note.verify(&keys).unwrap();
    let who: Vec<_> = signed.iter().map(|one| (one.name.as_str(), one.kind, one.at_seconds)).collect();
    assert_eq!(who, [("log", KeyKind::Log, None), ("w", KeyKind::Witness, Some(1_679_315_147))]);
    let other = key("elsewhere", KeyKind::Log, 1);
    assert!(matches!(note.verify(&[other.public().clone()]), Err(NoteError::Unknown(names)) if names.contains("w+")));
    assert!(matches!(note.verify(&[]), Err(NoteError::Unknown(_))));
}

#[test]
fn a_wrong_signature_of_a_known_key_spoils_the_note() {
    let (log, witness) = (key("log", KeyKind::Log, 1), key("w", KeyKind::Witness, 2));
    let mut note = SignedNote::unsigned("log\n0\n".to_owned()).unwrap();
    note.sign(&log).unwrap();
    note.cosign(&witness, 5).unwrap();
    let forged = |at: usize, byte: usize| {
        let mut note = note.clone();
        note.signatures[at].bytes[byte] ^= 1;
        note.verify(&[log.public().clone(), witness.public().clone()])
    };
    for byte in (0..64).step_by(9) {
        assert_eq!(forged(0, byte), Err(NoteError::Forged(log.public().name().clone())), "{byte}");
    }
    for byte in (0..72).step_by(5) {
        assert_eq!(forged(1, byte), Err(NoteError::Forged(witness.public().name().clone())), "{byte}");
    }
    let mut short = note.clone();
    short.signatures[0].bytes.pop();
    assert!(short.verify(&[log.public().clone()]).is_err());
    // A signature said twice counts once; one key's signature does not pass for another's.
    let mut twice = note.clone();
    twice.signatures.push(twice.signatures[0].clone());
    assert_eq!(twice.verify(&[log.public().clone()]).unwrap().len(), 1);
    assert_eq!(note.clone().sign(&witness), Err(NoteError::Kind(witness.public().name().clone())));
    assert_eq!(note.clone().cosign(&log, 1), Err(NoteError::Kind(log.public().name().clone())));
}

#[test]
fn a_right_signature_beside_a_wrong_one_of_the_same_key_counts() {
    let (log, witness) = (key("log", KeyKind::Log, 1), key("w", KeyKind::Witness, 2));
    let keys = [log.public().clone(), witness.public().clone()];
    let mut note = SignedNote::unsigned("log\n0\n".to_owned()).unwrap();
    note.sign(&log).unwrap();
    note.cosign(&witness, 5).unwrap();
    note.signatures[1].bytes[20] ^= 1;
    assert_eq!(note.verify(&keys), Err(NoteError::Forged(witness.public().name().clone())));
    note.cosign(&witness, 6).unwrap();
    assert_eq!((note.signatures().len(), note.verify(&keys).unwrap().len()), (3, 2));
    assert_eq!(note.verify(&keys).unwrap()[1].at_seconds, Some(6));
}

#[test]
fn only_a_log_key_of_the_logs_own_name_makes_its_checkpoint_trusted() {
    let (log, other, witness) =
        (key("log", KeyKind::Log, 1), key("other", KeyKind::Log, 3), key("w", KeyKind::Witness, 2));
    let mut note = SignedNote::unsigned("log\n0\n".to_owned()).unwrap();
    note.sign(&log).unwrap();
    note.sign(&other).unwrap();
    note.cosign(&witness, 5).unwrap();
    let of = |keys: &[&SignerKey]| {
        let keys: Vec<_> = keys.iter().map(|key| key.public().clone()).collect();
        note.verify_log(log.public().name(), &keys).map(|signed| signed.len())
    };
    assert_eq!((of(&[&log]), of(&[&log, &other]), of(&[&log, &other, &witness])), (Ok(1), Ok(1), Ok(2)));
    for keys in [[&other].as_slice(), &[&witness], &[&other, &witness]] {
        assert!(matches!(of(keys), Err(NoteError::Unknown(_))), "{keys:?}");
    }
}

#[test]
fn bytes_all_over_a_note_matter() {
    let public = VerifierKey::parse(PUBLIC).unwrap();
    for at in (0..NOTE.len()).step_by(2) {
        let mut bytes = NOTE.as_bytes().to_vec();
        bytes[at] ^= 1 << (at % 7);
        let verified = SignedNote::parse(&bytes).and_then(|note| note.verify(std::slice::from_ref(&public)));
        assert!(verified.is_err(), "byte {at}");
        let cut = SignedNote::parse(&NOTE.as_bytes()[..at]).and_then(|note| note.verify(std::slice::from_ref(&public)));
        assert!(cut.is_err(), "cut at {at}");
    }
}

#[test]
fn what_is_no_note_is_refused() {
    let line = NOTE.lines().last().unwrap();
    let wrong = [
        String::new(),
        "\n".to_owned(),
        "text\n".to_owned(),
        "text\n\n".to_owned(),
        format!("text\n\n{line}"),
        format!("text\n{line}\n"),
        format!("text\n\n{line}\n\n"),
        format!("te\rxt\n\n{line}\n"),
        format!("text\n\n{}\n", line.replace('\u{2014}', "-")),
        format!("text\n\n{line} \n"),
        "text\n\n\u{2014} name AAAA\n".to_owned(),
        format!("text\n\n{}", format!("{line}\n").repeat(NOTE_SIGNATURES_MAX + 1)),
    ];
    for wrong in wrong {
        assert!(matches!(SignedNote::parse(wrong.as_bytes()), Err(NoteError::Form(_))), "{wrong:?}");
    }
    assert!(matches!(SignedNote::parse(&vec![b'x'; NOTE_BYTES_MAX + 1]), Err(NoteError::Long(_))));
    assert!(matches!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::Form(_))));
    assert!(SignedNote::unsigned("text".to_owned()).is_err());
}

/// A line of anything, often one that looks like a signature.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => "[a-z \u{2014}+=]{0,20}",
        2 => prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| format!("{DASH}name {}", base64_write(&bytes))),
        1 => Just(String::new()),
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n") + "\n")
}

proptest! {
    #[test]
    fn any_bytes_are_a_note_that_prints_the_same_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), text in lines()) {
        for bytes in [bytes, text.into_bytes()] {
            if let Ok(note) = SignedNote::parse(&bytes) {
                prop_assert_eq!(note.to_string().into_bytes(), bytes);
            }
        }
    }
}
