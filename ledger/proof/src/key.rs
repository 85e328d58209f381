//! Names and keys that sign notes: the text forms of C2SP signed-note, and of Go's for secret keys.

use crate::encoding::{base64_read, base64_write};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The longest key name: a line of a checkpoint, not a document.
pub const KEY_NAME_BYTES_MAX: usize = 200;
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// The name of a key, and of the log whose origin it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name, if it is one: not empty, without spaces, plus signs and control characters.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let is_fit = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        if text.is_empty() || text.len() > KEY_NAME_BYTES_MAX || !text.chars().all(is_fit) {
            return Err(KeyError::Name(text.chars().take(80).collect()));
        }
        Ok(Self(text.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name cannot be one.
    #[error(
        "{0:?} is no key name: write up to {KEY_NAME_BYTES_MAX} characters without spaces and plus signs, such as example.org/ledger"
    )]
    Name(String),
    /// The text has another form.
    #[error("this is no {0}: copy the whole line, as it was printed")]
    Form(&'static str),
    /// The short hash is not that of name and key.
    #[error("the key's short hash is {stated:08x}, but name and key make {actual:08x}: a character was changed")]
    Id {
        /// As written.
        stated: u32,
        /// As computed.
        actual: u32,
    },
    /// The algorithm is another one.
    #[error("the key is of algorithm {0}, and only 1 (Ed25519) and 4 (Ed25519 cosignature) are known here")]
    Algorithm(u8),
    /// No point of the curve.
    #[error("the key's bytes are no Ed25519 key: a character was changed")]
    Point,
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Notes, as the log itself does.
    Log,
    /// Checkpoints with the time, as a witness does.
    Witness,
}

impl KeyKind {
    /// The byte that names the algorithm.
    fn algorithm(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }

    fn of_algorithm(algorithm: u8) -> Result<Self, KeyError> {
        match algorithm {
            1 => Ok(Self::Log),
            4 => Ok(Self::Witness),
            other => Err(KeyError::Algorithm(other)),
        }
    }
}

/// A public key with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    id: u32,
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: KeyName, kind: KeyKind, key: VerifyingKey) -> Self {
        let id = key_id(&name, kind, &key);
        Self { name, kind, id, key }
    }

    /// The key in a line `name+hash+base64`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let (name, stated, bytes) = parts(line).ok_or(KeyError::Form("public key"))?;
        let (kind, bytes) = algorithm_split(&bytes, "public key")?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Point)?;
        let read = Self::new(KeyName::parse(name)?, kind, key);
        if read.id == stated { Ok(read) } else { Err(KeyError::Id { stated, actual: read.id }) }
    }

    /// Whose key it is.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The short hash that signatures name it by.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether the signature is this key's over these bytes. Weak keys and odd encodings are refused.
    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.algorithm()];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, base64_write(&bytes))
    }
}

/// A secret key with its name. Its memory is cleared when it is dropped, and it is never printed by accident.
pub struct SignerKey {
    key: SigningKey,
    public: VerifierKey,
}

impl SignerKey {
    /// A key of 32 random bytes, which the caller draws.
    #[must_use]
    pub fn of_seed(name: KeyName, kind: KeyKind, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = VerifierKey::new(name, kind, key.verifying_key());
        Self { key, public }
    }

    /// The key in a line `PRIVATE+KEY+name+hash+base64`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let rest = line.strip_prefix(SECRET_PREFIX).ok_or(KeyError::Form("secret key"))?;
        let (name, stated, bytes) = parts(rest).ok_or(KeyError::Form("secret key"))?;
        let bytes = Zeroizing::new(bytes);
        let (kind, seed) = algorithm_split(&bytes, "secret key")?;
        let read = Self::of_seed(KeyName::parse(name)?, kind, seed);
        let actual = read.public.id;
        if actual == stated { Ok(read) } else { Err(KeyError::Id { stated, actual }) }
    }

    /// The line that keeps it. Whoever reads it can sign.
    #[must_use]
    pub fn to_secret_line(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![self.public.kind.algorithm()]);
        bytes.extend_from_slice(&*Zeroizing::new(self.key.to_bytes()));
        let mut text = base64_write(&bytes);
        let line = format!("{SECRET_PREFIX}{}+{:08x}+{text}", self.public.name, self.public.id);
        text.zeroize();
        Zeroizing::new(line)
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The first four bytes of the hash of name, newline, algorithm and public key.
fn key_id(name: &KeyName, kind: KeyKind, key: &VerifyingKey) -> u32 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name.as_str())
        .chain_update([b'\n', kind.algorithm()])
        .chain_update(key.as_bytes())
        .finalize()
        .into();
    let [first, second, third, fourth, ..] = digest;
    u32::from_be_bytes([first, second, third, fourth])
}

/// Name, short hash and bytes of `name+hash+base64`.
fn parts(line: &str) -> Option<(&str, u32, Vec<u8>)> {
    let (name, rest) = line.split_once('+')?;
    let (id, bytes) = rest.split_once('+')?;
    let is_hex = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| is_hex)?;
    Some((name, id, base64_read(bytes)?))
}

fn algorithm_split<'b>(bytes: &'b [u8], what: &'static str) -> Result<(KeyKind, &'b [u8; 32]), KeyError> {
    let (algorithm, key) = bytes.split_first().ok_or(KeyError::Form(what))?;
    let kind = KeyKind::of_algorithm(*algorithm)?;
    Ok((kind, key.try_into().map_err(|_| KeyError::Form(what))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    #[test]
    fn the_keys_of_gos_own_tests() {
        let public = VerifierKey::parse(PUBLIC).unwrap();
        assert_eq!((public.name().as_str(), public.id(), public.kind()), ("PeterNeumann", 0xc74f_20a3, KeyKind::Log));
        assert_eq!(public.to_string(), PUBLIC);
        let secret = SignerKey::parse(SECRET).unwrap();
        assert_eq!(secret.public(), &public);
        assert_eq!(*secret.to_secret_line(), SECRET);
        assert!(!format!("{secret:?}").contains("YEKFALVFGyN"), "a secret key was printed");
    }

    #[test]
    fn a_key_that_was_changed_is_refused() {
        for (at, from, to) in [(0, "P", "Q"), (13, "c7", "c8"), (30, "QcUPDh", "QcUPDg")] {
            let changed = PUBLIC.replacen(from, to, 1);
            assert_ne!(changed, PUBLIC);
            let why = VerifierKey::parse(&changed).unwrap_err();
            assert!(matches!(why, KeyError::Id { .. } | KeyError::Point), "{at}: {why}");
        }
        let of_other_algorithm = format!("{}+{}", "x+00000000", base64_write(&[[6].as_slice(), &[0; 32]].concat()));
        assert_eq!(VerifierKey::parse(&of_other_algorithm), Err(KeyError::Algorithm(6)));
        for wrong in ["", "a", "a+b", "a+00000000+", "a+0000000+AA==", "a+C74F20A3+AA==", &PUBLIC[..60]] {
            assert!(VerifierKey::parse(wrong).is_err(), "{wrong:?}");
            assert!(SignerKey::parse(&format!("{SECRET_PREFIX}{wrong}")).is_err(), "{wrong:?}");
        }
        assert!(SignerKey::parse(PUBLIC).is_err());
    }

    #[test]
    fn a_witness_and_a_log_of_one_seed_have_other_ids() {
        let name = KeyName::parse("example.org/w").unwrap();
        let log = SignerKey::of_seed(name.clone(), KeyKind::Log, &[7; 32]);
        let witness = SignerKey::of_seed(name, KeyKind::Witness, &[7; 32]);
        assert_ne!(log.public().id(), witness.public().id());
        assert_eq!(SignerKey::parse(&witness.to_secret_line()).unwrap().public(), witness.public());
    }

    #[test]
    fn names_that_would_break_a_line_are_refused() {
        for wrong in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\u{7f}", &"x".repeat(KEY_NAME_BYTES_MAX + 1)] {
            assert!(KeyName::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(KeyName::parse("daybook/0011").is_ok());
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_printed_the_same(text in ".{0,90}", seed in any::<[u8; 32]>(), cut in 0_usize..90) {
            if let Ok(key) = VerifierKey::parse(&text) { prop_assert_eq!(key.to_string(), text.clone()); }
            let _ = SignerKey::parse(&text);
            let key = SignerKey::of_seed(KeyName::parse("n").unwrap(), KeyKind::Log, &seed).public().to_string();
            prop_assert_eq!(VerifierKey::parse(&key).unwrap().to_string(), key.clone());
            prop_assert!(VerifierKey::parse(&key[..cut.min(key.len() - 1)]).is_err());
        }
    }
}
