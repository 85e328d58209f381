//! A person passed an exam.

use chrono::NaiveDate;
use std::fmt;

/// A person of the partner's earned a certification on the envelope's `effective_on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationEarned {
    /// A pseudonym of the publisher's: never a name.
    pub person_id: String,
    /// The certification.
    pub certification: String,
    /// The competency area that it counts for.
    pub competency_area: String,
    /// The first day on which it no longer holds; none: the validity in force on the day it was earned applies.
    pub expires_on: Option<NaiveDate>,
    /// Personal data that the publisher sealed; no figure depends on it.
    pub sealed: Sealed,
}

/// Personal data that only the holder of its person's key can read: bytes that nothing here looks into.
///
/// The ledger keeps it for ever, as it keeps everything; destroying the key is what erases it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Bytes as the publisher sealed them; empty for none.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Says how long it is: a page of bytes in a log would tell nobody anything.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
