//! What a verification found.

use crate::{Hash, Head};
use std::fmt;

macro_rules! finding_codes {
    ($($(#[$doc:meta])* $name:ident => $code:literal,)+) => {
        /// What kind of fault a finding is. The codes never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingCode { $($(#[$doc])* $name,)+ }

        impl fmt::Display for FindingCode {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $code,)+ })
            }
        }
    };
}

finding_codes! {
    /// A part cannot be read at all.
    Unreadable => "unreadable",
    /// A segment is not what was written.
    Segment => "segment_damaged",
    /// An unsealed record is not what was written.
    Unsealed => "unsealed_damaged",
    /// A position is missing or twice there.
    Positions => "positions_not_dense",
    /// `recorded_at` decreases.
    RecordedAt => "recorded_at_decreases",
    /// The tree recomputed from the records has another root than the stored one.
    Root => "root_differs",
    /// A tile hash differs from the recomputed one, or is missing.
    Tile => "tile_differs",
    /// An envelope does not decode.
    Envelope => "envelope_undecodable",
    /// A record has no idempotency entry, or one that names another position or content.
    Key => "idempotency_entry_wrong",
    /// A counter differs from what is there.
    Count => "count_differs",
    /// A quarantine entry is not what was written.
    Quarantine => "quarantine_damaged",
    /// A hole is not what was written.
    HoleRow => "hole_damaged",
    /// The cursor cannot be.
    Cursor => "cursor_wrong",
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub code: FindingCode,
    /// Where.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, self.place, self.what)
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Every fault, in the order found. None: the ledger is whole.
    pub findings: Vec<Finding>,
    /// The head as stored.
    pub head: Option<Head>,
    /// The root recomputed from the stored bytes; none where a record could not be read.
    pub root_recomputed: Option<Hash>,
    /// Records read.
    pub records: u64,
    /// Segments read.
    pub segments: u64,
}

impl VerifyReport {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn find(&mut self, code: FindingCode, place: impl Into<String>, what: impl fmt::Display) {
        self.findings.push(Finding { code, place: place.into(), what: what.to_string() });
    }
}
