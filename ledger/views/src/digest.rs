//! One number for all rows: equal digests mean equal rows.

use crate::rows::PartnerRows;
use crate::rows_json::write_rows;
use daybook_event::PartnerId;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// SHA-256 over rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The digest of one partner's rows: over their JSON, whose key order and number form are fixed by the row structs.
#[must_use]
pub fn digest_of_partner(partner_id: &PartnerId, rows: &PartnerRows) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(b"daybook/partner-rows/1\0");
    hasher.update(partner_id.as_str());
    hasher.update(b"\0");
    write_rows(rows, &mut |piece| hasher.update(piece));
    Digest(hasher.finalize().into())
}

/// The digest of all views: over the partners' digests in order of partner, and the findings on facts of no partner.
/// It does not depend on which thread folded which partner.
///
/// # Panics
/// Never: rows hold nothing that JSON cannot.
#[must_use]
pub fn digest_of_views<'a>(
    partners: impl Iterator<Item = (&'a PartnerId, Digest)>,
    of_no_partner: &PartnerRows,
) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(b"daybook/views/1\0");
    for (partner_id, digest) in partners {
        hasher.update(partner_id.as_str());
        hasher.update(b"\0");
        hasher.update(digest.0);
    }
    #[allow(clippy::expect_used)] // rows are plain structs of text and maps with text keys
    hasher.update(serde_json::to_vec(of_no_partner).expect("rows are JSON"));
    Digest(hasher.finalize().into())
}
