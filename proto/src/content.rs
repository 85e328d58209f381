//! What makes two envelopes the same: the hash behind duplicate and conflict.

use crate::encode;
use daybook_event::Envelope;
use sha2::{Digest, Sha256};

/// Keeps this hash apart from every other SHA-256 of the same bytes.
const CONTENT_DOMAIN: &[u8] = b"daybook.v1 content\0";

/// The hash of what an envelope says: SHA-256 of its canonical form. `550.0` and `550.00` say the same.
#[must_use]
pub fn content_hash(envelope: &Envelope) -> [u8; 32] {
    content_hash_of(&encode(envelope))
}

/// The same of a canonical form that is there already.
#[must_use]
pub fn content_hash_of(canonical: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(CONTENT_DOMAIN).chain_update(canonical).finalize().into()
}

/// The `Nats-Msg-Id` header: source, event id and content hash. With the hash, the broker drops a resend of the same
/// content, and a conflicting one still reaches the ledger.
#[must_use]
pub fn nats_msg_id(envelope: &Envelope) -> String {
    format!("{}/{}", envelope.id, hex::encode(content_hash(envelope)))
}
