//! What is kept of a fold once for all partners.

use crate::fx::FxTable;
use crate::rows::PartnerRows;
use chrono::NaiveDate;
use daybook_event::Month;
use serde::{Deserialize, Serialize};

/// What a kept fold is of, and what settles its partners beside what is kept of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptHead {
    /// The hash of the fold terms.
    pub terms: String,
    /// The through date.
    pub through: NaiveDate,
    /// The engine semantics of the fold.
    pub engine_semantics: u32,
    /// The exchange rates that count.
    pub fx: FxTable,
    /// The rows of no partner.
    pub of_no_partner: PartnerRows,
    /// What is closed, in words.
    pub closed: String,
    /// The last month in which anybody was billed; none where nobody was.
    pub last_billed: Option<Month>,
}

impl KeptHead {
    /// As bytes; none where a part has no form in bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    /// What these bytes keep; none where they keep nothing of this kind.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
