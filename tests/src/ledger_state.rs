//! Everything that two runs over the same records must have in common, read from the ledger's files.

use crate::daybook::PATIENCE;
use daybook_event::{PartnerId, Position};
use daybook_projector::{ProjectError, ViewCheckpoint, Views};
use daybook_store::{
    Counts, Cursor, DerivedOptions, DerivedReader, Hole, LedgerOptions, LedgerReader, QuarantineEntry, ReadError,
};
use daybook_views::PartnerRows;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(50);

/// What the ledger's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerState {
    /// The newest position.
    pub position: Position,
    /// The root of the tree there, in hex. It covers every frame: position, recorded_at and envelope.
    pub root: String,
    /// `recorded_at` of the newest record.
    pub recorded_at: daybook_event::Instant,
    /// Records, duplicates, quarantine entries, holes.
    pub counts: Counts,
    /// How far the stream was taken; none for files.
    pub cursor: Option<Cursor>,
    /// Sequences that the stream no longer had.
    pub holes: Vec<Hole>,
    /// What could not be appended, whole.
    pub quarantine: Vec<QuarantineEntry>,
}

impl LedgerState {
    /// Reads it.
    #[must_use]
    pub fn read(ledger: &Path) -> Self {
        let snapshot = reader(ledger).snapshot().unwrap_or_else(|error| panic!("{error}"));
        let head = snapshot.head();
        Self {
            position: head.position,
            root: hex::encode(head.root),
            recorded_at: head.recorded_at,
            counts: snapshot.counts(),
            cursor: snapshot.cursor().cloned(),
            holes: snapshot.holes().unwrap_or_else(|error| panic!("{error}")),
            quarantine: snapshot.quarantine_list(1, usize::MAX).unwrap_or_else(|error| panic!("{error}")),
        }
    }
}

/// The live views, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveViews {
    /// What they were computed from.
    pub checkpoint: ViewCheckpoint,
    /// One number for all rows, in hex.
    pub digest: String,
    /// Findings of no partner.
    pub of_no_partner: PartnerRows,
    /// Every partner's rows, in order.
    pub partners: Vec<(PartnerId, PartnerRows)>,
}

impl LiveViews {
    /// Where they are; none where the projector has made none yet.
    #[must_use]
    pub fn checkpoint(ledger: &Path) -> Option<ViewCheckpoint> {
        newest(ledger).map(|views| views.checkpoint().clone())
    }

    /// Reads them; none where the projector has made none yet.
    #[must_use]
    pub fn read(ledger: &Path) -> Option<Self> {
        let views = newest(ledger)?;
        let mut partners = Vec::new();
        let visited = views.rows_visit(|partner_id, rows| {
            partners.push((partner_id, rows));
            Ok::<_, ProjectError>(ControlFlow::Continue(()))
        });
        visited.unwrap_or_else(|error| panic!("{error}"));
        Some(Self {
            checkpoint: views.checkpoint().clone(),
            digest: views.digest().unwrap_or_else(|error| panic!("{error}")).to_string(),
            of_no_partner: views.rows_of_no_partner().unwrap_or_else(|error| panic!("{error}")),
            partners,
        })
    }

    /// Fails, naming the partner, where the other's rows differ.
    pub fn expect_same_rows(&self, other: &Self, what: &str) {
        assert_eq!(self.checkpoint.through, other.checkpoint.through, "{what}");
        assert_eq!(self.checkpoint.terms_hash, other.checkpoint.terms_hash, "{what}");
        assert_eq!(self.checkpoint.position, other.checkpoint.position, "{what}");
        assert_eq!(self.of_no_partner, other.of_no_partner, "{what}: findings of no partner");
        assert_eq!(self.partners.len(), other.partners.len(), "{what}: how many partners");
        for ((partner_id, rows), (other_id, other_rows)) in self.partners.iter().zip(&other.partners) {
            assert_eq!(partner_id, other_id, "{what}");
            assert_eq!(rows, other_rows, "{what}: rows of {partner_id}");
        }
        assert_eq!(self.digest, other.digest, "{what}: the same rows must have the same digest");
    }
}

fn newest(ledger: &Path) -> Option<Views> {
    let derived = DerivedReader::open(ledger, &DerivedOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    Views::newest(&derived).unwrap_or_else(|error| panic!("{error}"))
}

/// The records in order of position: their envelopes, without the moments at which they were taken.
#[must_use]
pub fn envelopes(ledger: &Path) -> Vec<Vec<u8>> {
    let mut envelopes = Vec::new();
    let scanned = reader(ledger).scan(Position::new(1), Position::new(u64::MAX), |record| {
        envelopes.push(record.envelope.to_vec());
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    });
    scanned.unwrap_or_else(|error| panic!("{error}"));
    envelopes
}

/// Waits, beside a `serve` at work, until this sequence of the stream is in the ledger and all of the ledger in the views.
pub fn wait_until_projected(ledger: &Path, sequence: u64) {
    let since = Instant::now();
    loop {
        let snapshot = reader(ledger).snapshot().unwrap_or_else(|error| panic!("{error}"));
        let taken = snapshot.cursor().map_or(0, |cursor| cursor.sequence);
        let position = snapshot.head().position;
        let projected = LiveViews::checkpoint(ledger).map(|checkpoint| checkpoint.position);
        if taken >= sequence && projected == Some(position) {
            return;
        }
        let at = format!("sequence {taken} of {sequence}, {projected:?} of position {position}");
        assert!(since.elapsed() < PATIENCE, "the views do not get there: {at}");
        std::thread::sleep(POLL);
    }
}

fn reader(ledger: &Path) -> LedgerReader {
    LedgerReader::open(ledger, &LedgerOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}
