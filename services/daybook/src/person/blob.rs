//! The sealed bytes: version 1, 24 random bytes, then XChaCha20-Poly1305 with the person's names as associated data.

use super::Person;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use daybook_event::Sealed;
use daybook_proto::limits::SEALED_BYTES_MAX;
use zeroize::Zeroizing;

/// A person's key.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

pub(super) const KEY_BYTES: usize = 32;
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The most that can be sealed, in bytes.
pub(crate) const PLAIN_BYTES_MAX: usize = SEALED_BYTES_MAX - 1 - NONCE_BYTES - TAG_BYTES;

/// Why bytes could not be sealed or opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BlobError {
    /// Nothing to seal.
    #[error("there is nothing to seal: write the personal data to standard input")]
    Empty,
    /// More than an event takes.
    #[error("at most {PLAIN_BYTES_MAX} bytes can be sealed: keep the rest elsewhere")]
    TooLong,
    /// The system gave no random numbers.
    #[error("the system gives no random numbers ({0}): a blob needs some")]
    Random(String),
    /// Too short to be a blob.
    #[error("the sealed bytes are cut short: {0} bytes are no blob")]
    Short(usize),
    /// Another version's.
    #[error(
        "the sealed bytes are of version {0}, and this program opens version {VERSION}: use a newer one, or the tool of the publisher that sealed them"
    )]
    Version(u8),
    /// Another key, another person, or other bytes.
    #[error("the sealed bytes do not open: they were sealed under another key or for another person, or were changed")]
    Refused,
}

/// Whether this can be sealed.
pub(crate) fn plain_check(plain: &[u8]) -> Result<(), BlobError> {
    match plain.len() {
        0 => Err(BlobError::Empty),
        bytes if bytes > PLAIN_BYTES_MAX => Err(BlobError::TooLong),
        _ => Ok(()),
    }
}

/// Seals under a person's key.
pub(crate) fn seal(person: &Person, key: &Key, plain: &[u8]) -> Result<Sealed, BlobError> {
    plain_check(plain)?;
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| BlobError::Random(error.to_string()))?;
    let payload = Payload { msg: plain, aad: &person.bytes() };
    let cipher = XChaCha20Poly1305::new(&(**key).into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| BlobError::TooLong)?;
    Ok(Sealed::new([&[VERSION], nonce.as_slice(), &sealed].concat()))
}

/// Opens what was sealed for this person under this key.
pub(crate) fn open(person: &Person, key: &Key, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, BlobError> {
    let bytes = sealed.as_bytes();
    let (&version, rest) = bytes.split_first().ok_or(BlobError::Short(0))?;
    if version != VERSION {
        return Err(BlobError::Version(version));
    }
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(BlobError::Short(bytes.len()))?;
    let payload = Payload { msg: sealed, aad: &person.bytes() };
    let cipher = XChaCha20Poly1305::new(&(**key).into());
    cipher.decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| BlobError::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::SourceId;

    fn person(source: &str, person_id: &str) -> Person {
        Person { source: SourceId::parse(source).unwrap(), person_id: person_id.to_owned() }
    }

    fn key(byte: u8) -> Key {
        Zeroizing::new([byte; KEY_BYTES])
    }

    #[test]
    fn what_is_sealed_opens_for_its_person_and_key_alone() {
        let anna = person("contoso", "p-1");
        let sealed = seal(&anna, &key(1), b"Anna").unwrap();
        assert_eq!(open(&anna, &key(1), &sealed).unwrap().as_slice(), b"Anna");
        assert_eq!(open(&anna, &key(2), &sealed).unwrap_err(), BlobError::Refused);
        assert_eq!(open(&person("contoso", "p-2"), &key(1), &sealed).unwrap_err(), BlobError::Refused);
        // The border between the two names is part of what is authenticated.
        assert_eq!(open(&person("contosop", "-1"), &key(1), &sealed).unwrap_err(), BlobError::Refused);
        assert!(!sealed.as_bytes().windows(4).any(|window| window == b"Anna"));
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_refused() {
        let anna = person("contoso", "p-1");
        let sealed = seal(&anna, &key(1), b"Anna").unwrap();
        for at in 0..sealed.as_bytes().len() * 8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(open(&anna, &key(1), &Sealed::new(bytes)).is_err(), "bit {at}");
        }
        for length in 0..sealed.as_bytes().len() {
            let cut = Sealed::new(sealed.as_bytes()[..length].to_vec());
            assert!(open(&anna, &key(1), &cut).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_same_words_twice_are_other_bytes() {
        let anna = person("contoso", "p-1");
        assert_ne!(seal(&anna, &key(1), b"Anna").unwrap(), seal(&anna, &key(1), b"Anna").unwrap());
    }

    #[test]
    fn the_longest_that_is_sealed_is_what_an_event_takes() {
        let anna = person("contoso", "p-1");
        let longest = seal(&anna, &key(1), &[b'x'; PLAIN_BYTES_MAX]).unwrap();
        assert_eq!(longest.as_bytes().len(), SEALED_BYTES_MAX);
        assert_eq!(seal(&anna, &key(1), &[b'x'; PLAIN_BYTES_MAX + 1]).unwrap_err(), BlobError::TooLong);
        assert_eq!(seal(&anna, &key(1), b"").unwrap_err(), BlobError::Empty);
    }

    #[test]
    fn a_blob_of_version_1_opens() {
        let anna = person("contoso", "p-1");
        let sealed = Sealed::new(hex::decode(GOLDEN).unwrap());
        assert_eq!(open(&anna, &key(7), &sealed).unwrap().as_slice(), b"Anna Example");
        assert_eq!(open(&anna, &key(7), &Sealed::new(vec![2; 60])).unwrap_err(), BlobError::Version(2));
    }

    /// Made by another implementation: key of sevens, nonce counting up, and the same person.
    const GOLDEN: &str =
        "01000102030405060708090a0b0c0d0e0f1011121314151617e979c5e4da5923c448b7ed22fe4310b18f03c5bd3706f3dac50e219d";
}
