//! What a verification found.

use crate::{Hash, Head};
use std::collections::BTreeMap;
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
    /// The idempotency index is not what the names of the records make it.
    Index => "idempotency_index_differs",
    /// The marks at records of the operators are at others.
    Act => "act_mark_differs",
    /// A counter differs from what is there.
    Count => "count_differs",
    /// A quarantine entry is not what was written.
    Quarantine => "quarantine_damaged",
    /// A hole is not what was written.
    HoleRow => "hole_damaged",
    /// The cursor cannot be.
    Cursor => "cursor_wrong",
    /// A decision about a quarantine entry is not what was written.
    Decision => "decision_damaged",
    /// A decision and the records differ.
    DecisionRecord => "decision_differs",
    /// What became of a quarantine entry is not what the decisions say.
    EntryState => "entry_state_differs",
    /// The quarantine tree recomputed from entries and decisions has another root than the stored one.
    QuarantineRoot => "quarantine_root_differs",
    /// A checkpoint is not what was written.
    Checkpoint => "checkpoint_damaged",
    /// Something that no ledger has.
    Unknown => "unknown_part",
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
    /// Quarantine entries read.
    pub quarantined: u64,
    /// Decisions about them read.
    pub decisions: u64,
    /// The root of the quarantine tree, recomputed; none where a part of it could not be read.
    pub quarantine_root_recomputed: Option<Hash>,
    /// The roots at the counts of records asked for, recomputed. Without those beyond the head, and empty where a record could
    /// not be read.
    pub roots_at: BTreeMap<u64, Hash>,
    /// The roots of the quarantine tree at the counts of leaves asked for, recomputed.
    pub quarantine_roots_at: BTreeMap<u64, Hash>,
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
