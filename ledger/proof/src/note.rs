//! Signed notes (C2SP signed-note): text, and who signed it.
//!
//! A note says nothing until a key that the reader trusts has signed it: [`SignedNote::verify`]. Signatures of keys that the
//! reader does not know are kept and count for nothing.

use crate::encoding::{base64_read, base64_write};
use crate::{KeyKind, KeyName, SignerKey, VerifierKey};
use std::collections::BTreeSet;
use std::fmt;

/// The largest note.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Signatures under a note at the most.
pub const NOTE_SIGNATURES_MAX: usize = 100;
const DASH: &str = "\u{2014} ";

/// Why text is not a note, or says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than any note is.
    #[error("the note has {0} bytes, more than the {NOTE_BYTES_MAX} that a note may have")]
    Long(usize),
    /// Not the form of a signed note.
    #[error("this is no signed note ({0}): copy the whole file, with its last newline")]
    Form(&'static str),
    /// A key that the reader trusts did not make the signature that bears its name.
    #[error("the signature of {0} is not over this text: the note was changed, or the signature is another note's")]
    Forged(KeyName),
    /// Nobody that the reader trusts.
    #[error("no signature is of a key that was given; it is signed by {0}: give the public key of one of them")]
    Unknown(String),
    /// One key, one kind of signature.
    #[error("the key of {0} signs other things: a log's key signs checkpoints, a witness's key cosigns them")]
    Kind(KeyName),
    /// The text has no room for more.
    #[error("the note has {NOTE_SIGNATURES_MAX} signatures already")]
    Full,
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: KeyName,
    /// The key's short hash.
    pub id: u32,
    /// What the key made; of a witness the time stands before it.
    pub bytes: Vec<u8>,
}

/// Who signed, as far as the reader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key's name.
    pub name: KeyName,
    /// The key's short hash.
    pub id: u32,
    /// A log or a witness.
    pub kind: KeyKind,
    /// Of a witness: when, in seconds since 1970.
    pub at_seconds: Option<u64>,
}

/// Text with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// A note that nobody has signed yet.
    ///
    /// # Errors
    /// [`NoteError::Form`] unless the text ends with a newline and has no other control characters.
    pub fn unsigned(text: String) -> Result<Self, NoteError> {
        text_check(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    /// The note in these bytes.
    ///
    /// # Errors
    /// [`NoteError`]; that it can be read says nothing about who signed it.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Long(bytes.len()));
        }
        let whole = str::from_utf8(bytes).map_err(|_| NoteError::Form("it is not UTF-8"))?;
        let split = whole.rfind("\n\n").ok_or(NoteError::Form("no empty line before its signatures"))?;
        let (text, lines) = (&whole[..=split], &whole[split + 2..]);
        text_check(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form("its last line has no newline"))?;
        let signatures = lines.split('\n').map(signature_read).collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or(NoteError::Form("a signature line is not one"))?;
        if signatures.len() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::Form("it has too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// What is signed, up to its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every signature, known or not.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a log's signature, unless it is there.
    ///
    /// # Errors
    /// [`NoteError`]: a witness's key, or no room.
    pub fn sign(&mut self, key: &SignerKey) -> Result<(), NoteError> {
        kind_check(key, KeyKind::Log)?;
        let bytes = key.sign(self.text.as_bytes()).to_vec();
        self.add(NoteSignature { name: key.public().name().clone(), id: key.public().id(), bytes })
    }

    /// Adds a witness's signature (C2SP tlog-cosignature, Ed25519), made at this time.
    ///
    /// # Errors
    /// [`NoteError`]: a log's key, or no room.
    pub fn cosign(&mut self, key: &SignerKey, at_seconds: u64) -> Result<(), NoteError> {
        kind_check(key, KeyKind::Witness)?;
        let mut bytes = at_seconds.to_be_bytes().to_vec();
        bytes.extend_from_slice(&key.sign(&cosigned(at_seconds, &self.text)));
        self.add(NoteSignature { name: key.public().name().clone(), id: key.public().id(), bytes })
    }

    /// Adds a signature line, unless it is there.
    ///
    /// # Errors
    /// [`NoteError::Full`].
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= NOTE_SIGNATURES_MAX {
            return Err(NoteError::Full);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Who of these keys signed the text. A key counts once.
    ///
    /// # Errors
    /// [`NoteError::Forged`] where a known key's signature is wrong and no right one of it is there, [`NoteError::Unknown`] where no known key signed.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Signed>, NoteError> {
        let (mut seen, mut signed, mut wrong) = (BTreeSet::new(), Vec::new(), Vec::new());
        for signature in &self.signatures {
            let is_its = |key: &&VerifierKey| *key.name() == signature.name && key.id() == signature.id;
            let Some(key) = keys.iter().find(is_its) else { continue };
            let Some(at_seconds) = self.check(key, &signature.bytes) else {
                wrong.push((&signature.name, signature.id));
                continue;
            };
            if seen.insert((&signature.name, signature.id)) {
                signed.push(Signed { name: signature.name.clone(), id: key.id(), kind: key.kind(), at_seconds });
            }
        }
        // Anybody can add a line: a wrong one does not undo a right one of the same key.
        if let Some((name, _)) = wrong.into_iter().find(|wrong| !seen.contains(wrong)) {
            return Err(NoteError::Forged(name.clone()));
        }
        if signed.is_empty() { Err(NoteError::Unknown(self.signers())) } else { Ok(signed) }
    }

    /// Who of these keys signed the checkpoint of a log: at least one key of that log, which bears its name. Keys of other
    /// logs count for nothing here, and witnesses alone do not vouch for a log.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_log(&self, origin: &KeyName, keys: &[VerifierKey]) -> Result<Vec<Signed>, NoteError> {
        let mut signed = self.verify(keys)?;
        signed.retain(|one| one.kind == KeyKind::Witness || one.name == *origin);
        let is_log = signed.iter().any(|one| one.kind == KeyKind::Log);
        if is_log { Ok(signed) } else { Err(NoteError::Unknown(self.signers())) }
    }

    /// The time of the signature, if it is a witness's; none at all unless it is the key's.
    fn check(&self, key: &VerifierKey, bytes: &[u8]) -> Option<Option<u64>> {
        match key.kind() {
            KeyKind::Log => key.is_signed(self.text.as_bytes(), bytes.try_into().ok()?).then_some(None),
            KeyKind::Witness => {
                let (at, signature) = bytes.split_first_chunk::<8>()?;
                let at = u64::from_be_bytes(*at);
                key.is_signed(&cosigned(at, &self.text), signature.try_into().ok()?).then_some(Some(at))
            }
        }
    }

    /// The names under the note, for a message.
    fn signers(&self) -> String {
        let names: Vec<String> =
            self.signatures.iter().take(8).map(|one| format!("{}+{:08x}", one.name, one.id)).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.to_be_bytes().as_slice(), &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, base64_write(&bytes))
    }
}

/// What a witness signs.
fn cosigned(at_seconds: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {at_seconds}\n{text}").into_bytes()
}

fn kind_check(key: &SignerKey, kind: KeyKind) -> Result<(), NoteError> {
    if key.public().kind() == kind { Ok(()) } else { Err(NoteError::Kind(key.public().name().clone())) }
}

fn text_check(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Form("its text does not end with a newline"));
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Form("it holds control characters"));
    }
    Ok(())
}

fn signature_read(line: &str) -> Option<NoteSignature> {
    let (name, text) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = base64_read(text)?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    let name = KeyName::parse(name).ok()?;
    (!bytes.is_empty()).then(|| NoteSignature { name, id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
}

#[cfg(test)]
#[path = "note_tests.rs"]
mod tests;
