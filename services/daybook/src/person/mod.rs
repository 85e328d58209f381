//! Personal data of a person whose certifications a publisher reports: sealed under a key of the person's own.
//!
//! The ledger keeps the sealed bytes for ever, the keys lie elsewhere. Destroying a person's key erases the data, and
//! leaves every record, proof and figure as it was.

mod blob;
mod forgotten;
mod keys;

pub(crate) use blob::{PLAIN_BYTES_MAX, open, plain_check, seal};
pub(crate) use forgotten::Forgotten;
pub(crate) use keys::{Forgetting, Keys};

use daybook_event::SourceId;
use sha2::{Digest, Sha256};

/// Keeps the names of key files apart from every other SHA-256 of the same bytes.
const NAME_DOMAIN: &[u8] = b"daybook person\0";

/// A person, as a publisher names them: the pseudonym means something within its source only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) source: SourceId,
    pub(crate) person_id: String,
}

impl Person {
    /// Both names, each behind its length, so that no two persons have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.source.as_str(), &self.person_id] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }

    /// The name of the person's files: it does not say who they are.
    fn file_stem(&self) -> String {
        hex::encode(Sha256::new().chain_update(NAME_DOMAIN).chain_update(self.bytes()).finalize())
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.source, self.person_id)
    }
}
