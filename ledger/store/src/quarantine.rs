//! Where an input that cannot be appended waits, with its reason.

use crate::Origin;
use daybook_event::{EventRef, Instant};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $code:literal,)+) => {
        /// Why an input cannot be appended. The codes are stored and printed: they never change.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "code")]
        pub enum QuarantineReason {
            $(
                $(#[$doc])*
                #[serde(rename = $code)]
                $name {
                    /// Names the field and the fault.
                    detail: String,
                },
            )+
        }

        impl QuarantineReason {
            /// Every code.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The stable code.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)+ }
            }

            /// Names the field and the fault.
            #[must_use]
            pub fn detail(&self) -> &str {
                match self { $(Self::$name { detail } => detail,)+ }
            }
        }
    };
}

reasons! {
    /// The bytes are not an envelope.
    Undecodable => "undecodable",
    /// A field has a value that it may not have.
    Invalid => "invalid",
    /// The subject and the envelope disagree.
    SubjectMismatch => "subject_mismatch",
    /// More bytes than an input may have.
    TooLarge => "too_large",
    /// A source that only the ledger's operators may use, or a kind that only they may publish.
    ReservedSource => "reserved_source",
    /// Another content stands under the same id.
    Conflict => "conflict",
    /// A line that names no partner, and no map that does.
    PartnerUnknown => "partner_unknown",
    /// A line whose segment cannot be told.
    SegmentUnknown => "segment_unknown",
    /// A kind of line that the importer does not know.
    Unsupported => "unsupported",
}

impl fmt::Display for QuarantineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.detail())
    }
}

/// One input in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// Its number, dense from 1.
    pub entry: u64,
    /// Why.
    pub reason: QuarantineReason,
    /// The id that it claims, where one could be read.
    pub id: Option<EventRef>,
    /// When the ledger took it.
    pub recorded_at: Instant,
    /// Where it came from.
    pub origin: Origin,
    /// Its bytes as they came.
    pub bytes: Vec<u8>,
}
