//! Verification: both trees recomputed from stored bytes, and every other part held against them.
//!
//! Nothing stops it: each fault is a finding, and the rest is looked at all the same. It trusts nothing but the stored bytes,
//! so whoever rewrites all of them alike is found only by a checkpoint: [`VerifyAt`] asks for the roots to hold one against.

mod index;
mod quarantine;
mod records;
mod rest;
mod tree;

use crate::file::caught;
use crate::{
    ContentHash, Decision, FindingCode, Frontier, Hash, LedgerReader, ReadError, Snapshot, StoredCheckpoint,
    VerifyReport,
};
use daybook_event::{EventRef, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// What an envelope says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// Its idempotency key.
    pub id: EventRef,
    /// The hash of its decoded canonical content, id included.
    pub content_hash: ContentHash,
    /// What it decides about a quarantine entry, if it is such a decision.
    pub decision: Option<Decision>,
}

/// The sizes at which a verification notes the roots, on its one way through the records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyAt {
    /// Counts of records.
    pub records: BTreeSet<u64>,
    /// Counts of leaves of the quarantine tree.
    pub quarantine: BTreeSet<u64>,
}

impl LedgerReader {
    /// Verifies the newest commit: every checksum, positions, recorded_at, both trees, tile hashes, idempotency entries and
    /// their index, quarantine, decisions, checkpoints, holes, counters and cursor. `identify` decodes an envelope. What a checkpoint's
    /// note says is the caller's to check.
    ///
    /// Never fails: what cannot be read is a finding.
    pub fn verify(&self, identify: impl Fn(&[u8]) -> Result<Identified, String>) -> VerifyReport {
        self.verify_at(identify, &VerifyAt::default())
    }

    /// The same, and notes the roots at these sizes.
    pub fn verify_at(&self, identify: impl Fn(&[u8]) -> Result<Identified, String>, at: &VerifyAt) -> VerifyReport {
        let mut report = VerifyReport::default();
        match self.snapshot_for_verify() {
            Ok((snapshot, damage)) => {
                match damage {
                    None => report.head = Some(snapshot.head()),
                    Some(damage) => report.find(FindingCode::Unreadable, "the head", damage),
                }
                Verification::new(&snapshot, &identify, at, &mut report).run();
            }
            Err(error) => report.find(FindingCode::Unreadable, "the file", error),
        }
        report
    }

    /// Every kept checkpoint that can be read, oldest first. What cannot is a finding of [`LedgerReader::verify`].
    #[must_use]
    pub fn checkpoints_readable(&self) -> Vec<StoredCheckpoint> {
        let Ok(snapshot) = self.snapshot() else { return Vec::new() };
        let count = snapshot.checkpoints_count().unwrap_or(0);
        (1..=count).filter_map(|number| snapshot.checkpoints(number, 1).ok()?.pop()).collect()
    }
}

struct Verification<'a, I> {
    snapshot: &'a Snapshot,
    identify: &'a I,
    at: &'a VerifyAt,
    report: &'a mut VerifyReport,
    frontier: Frontier,
    tiles: BTreeMap<(u8, u64), Hash>,
    /// The decisions among the records, by position.
    decided: BTreeMap<u64, Decision>,
    /// Where the operators wrote, among the records.
    acts: BTreeSet<u64>,
    /// The position that must come next.
    next: u64,
    last_at: Instant,
    /// Whether every record so far could be read, in its place.
    is_complete: bool,
}

impl<'a, I: Fn(&[u8]) -> Result<Identified, String>> Verification<'a, I> {
    fn new(snapshot: &'a Snapshot, identify: &'a I, at: &'a VerifyAt, report: &'a mut VerifyReport) -> Self {
        let frontier = Frontier::default();
        if at.records.contains(&0) {
            report.roots_at.insert(0, frontier.root());
        }
        Self {
            snapshot,
            identify,
            at,
            report,
            frontier,
            tiles: BTreeMap::new(),
            decided: BTreeMap::new(),
            acts: BTreeSet::new(),
            next: 1,
            last_at: Instant::from_micros(i64::MIN),
            is_complete: true,
        }
    }

    fn run(mut self) {
        self.step("tables", Self::tables);
        self.step("segments", Self::segments);
        self.step("unsealed records", Self::unsealed);
        self.step("holes", Self::holes);
        // Without a head there is nothing to hold the rest against.
        if self.is_head_known() {
            self.step("tree", Self::tree);
            self.step("tile hashes", Self::tile_hashes);
            self.step("counts and cursor", Self::counts);
            self.step("idempotency index", Self::index);
        }
        self.step("quarantine", Self::quarantine);
        self.step("checkpoints", Self::checkpoints);
        if !self.is_complete {
            // A root over fewer records than there were is the root of nothing.
            self.report.roots_at.clear();
        }
    }

    fn step(&mut self, part: &str, step: impl FnOnce(&mut Self) -> Result<(), ReadError>) {
        if let Err(error) = caught(part, || step(self)) {
            self.is_complete = false;
            self.report.find(FindingCode::Unreadable, part, error);
        }
    }

    fn is_head_known(&self) -> bool {
        self.report.head.is_some()
    }
}
