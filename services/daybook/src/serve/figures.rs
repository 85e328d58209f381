//! The figures of this moment for `/metrics`: put together when somebody asks, from what intake, projector and ledger say.

use super::config::Config;
use super::edges::StreamEdges;
use super::sources::Sources;
use crate::import;
use daybook_console::metrics::{self, Figures};
use daybook_event::{Instant, Position};
use daybook_intake::IntakeProgress;
use daybook_projector::ViewCheckpoint;
use daybook_store::{
    DERIVED_FILE, Durations, EntryState, LEDGER_FILE, LedgerReader, QuarantineEntry, ReadError, Snapshot,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// Where the figures come from.
pub(super) struct Measured {
    ledger: LedgerReader,
    dir: PathBuf,
    progress: watch::Receiver<IntakeProgress>,
    published: watch::Receiver<Option<ViewCheckpoint>>,
    steps: watch::Receiver<Durations>,
    /// Of a ledger that follows a stream: whether that removes old messages by itself.
    is_stream_limited: Option<bool>,
    quarantine: Mutex<Quarantine>,
    sources: Sources,
}

/// The entries of the quarantine by reason and state, counted up to one of them: entries never go away, so each that is settled
/// for good is read once.
#[derive(Default)]
struct Quarantine {
    counted: u64,
    settled: BTreeMap<(&'static str, &'static str), u64>,
    /// Those whose state may still change.
    unsettled: Vec<u64>,
}

/// Entries read at once.
const PAGE_ENTRIES: usize = 1_000;

impl Quarantine {
    /// Counts what is new, looks again at what was not settled, and returns the counts.
    fn count(&mut self, snapshot: &Snapshot) -> Result<BTreeMap<(&'static str, &'static str), u64>, ReadError> {
        let again = std::mem::take(&mut self.unsettled);
        let mut unsettled = BTreeMap::new();
        for entry in again {
            if let Some(entry) = snapshot.quarantine_entry(entry)? {
                self.take(snapshot, &entry, &mut unsettled)?;
            }
        }
        while self.counted < snapshot.counts().quarantined {
            let page = snapshot.quarantine_list(self.counted + 1, PAGE_ENTRIES)?;
            for entry in &page {
                self.take(snapshot, entry, &mut unsettled)?;
                self.counted = entry.entry;
            }
            if page.is_empty() {
                break;
            }
        }
        let mut counts = self.settled.clone();
        for (key, count) in unsettled {
            *counts.entry(key).or_default() += count;
        }
        Ok(counts)
    }

    fn take(
        &mut self,
        snapshot: &Snapshot,
        entry: &QuarantineEntry,
        unsettled: &mut BTreeMap<(&'static str, &'static str), u64>,
    ) -> Result<(), ReadError> {
        let reason = entry.reason.code();
        let (state, is_settled) = match snapshot.entry_state(entry)? {
            EntryState::Open => ("open", false),
            EntryState::Retried { .. } => ("retried", true),
            // It may still be retried.
            EntryState::Dismissed { .. } => ("dismissed", false),
            EntryState::Corrected { .. } => ("corrected", true),
        };
        let counts = if is_settled { &mut self.settled } else { unsettled };
        *counts.entry((reason, state)).or_default() += 1;
        if !is_settled {
            self.unsettled.push(entry.entry);
        }
        Ok(())
    }
}

impl Measured {
    pub(super) fn new(
        config: &Config,
        ledger: LedgerReader,
        progress: watch::Receiver<IntakeProgress>,
        projecting: &super::Projecting,
        is_stream_limited: Option<bool>,
    ) -> Self {
        let (published, steps) = (projecting.published.clone(), projecting.steps.clone());
        let (dir, quarantine) = (config.ledger.clone(), Mutex::default());
        Self { ledger, dir, progress, published, steps, is_stream_limited, quarantine, sources: Sources::default() }
    }

    fn projected(&self) -> Position {
        self.published.borrow().as_ref().map_or(Position::ZERO, |checkpoint| checkpoint.position)
    }

    fn of_intake(&self, figures: &mut Figures) {
        let progress = self.progress.borrow().clone();
        figures.set(&metrics::IS_FOLLOWING, u64::from(progress.is_following));
        figures.set(&metrics::DISK_TROUBLE, u64::from(progress.disk_trouble.is_some()));
        figures.set(&metrics::LAG_MESSAGES, progress.stream_pending);
        let lag_seconds = if progress.stream_pending == 0 { 0 } else { age_seconds(progress.recorded_at) };
        figures.set(&metrics::LAG_SECONDS, lag_seconds);
        figures.set(&metrics::BATCHES, progress.batches);
        figures.set(&metrics::RESTARTS, progress.restarts);
        figures.set_durations(&metrics::COMMIT_SECONDS, &progress.commits);
        if let Some(is_limited) = self.is_stream_limited {
            let edges = StreamEdges::of(&progress, is_limited);
            figures.set(&metrics::CURSOR, progress.stream_sequence);
            figures.set(&metrics::STREAM_FIRST, edges.first_sequence);
            figures.set(&metrics::STREAM_LAST, edges.last_sequence);
            figures.set(&metrics::STREAM_IS_LIMITED, u64::from(edges.is_limited));
            figures.set(&metrics::RETENTION_IS_NEAR, u64::from(edges.is_retention_near(progress.stream_sequence)));
        }
    }

    fn of_ledger(&self, figures: &mut Figures) -> Result<(), ReadError> {
        let snapshot = self.ledger.snapshot()?;
        let (head, counts, projected) = (snapshot.head(), snapshot.counts(), self.projected());
        figures.set(&metrics::RECORDS, counts.records);
        figures.set(&metrics::DUPLICATES, counts.duplicates);
        figures.set(&metrics::HOLES, counts.holes);
        figures.set(&metrics::PROJECTED, projected.number());
        figures.set(&metrics::VIEWS_LAG_RECORDS, head.position.number().saturating_sub(projected.number()));
        let oldest = snapshot.record(projected.next())?;
        figures.set(&metrics::VIEWS_LAG_SECONDS, oldest.map_or(0, |record| age_seconds(record.recorded_at)));
        figures.set(&metrics::CHECKPOINTS, snapshot.checkpoints_count()?);
        let last = snapshot.checkpoint_last()?;
        // The second line of a checkpoint is the size of its tree.
        let size = last.and_then(|last| last.note.lines().nth(1).and_then(|size| size.parse().ok()));
        figures.set(&metrics::CHECKPOINT_RECORDS, size.unwrap_or(0));
        let mut quarantine = self.quarantine.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = quarantine.count(&snapshot);
        if counted.is_err() {
            // What was counted in part is counted anew.
            *quarantine = Quarantine::default();
        }
        self.sources.tell(&self.ledger, figures);
        for ((reason, state), count) in counted? {
            figures.set_of(&metrics::QUARANTINE, &[reason, state], count);
        }
        Ok(())
    }

    fn of_disk(&self, figures: &mut Figures) {
        for (metric, file) in [(&metrics::LEDGER_BYTES, LEDGER_FILE), (&metrics::DERIVED_BYTES, DERIVED_FILE)] {
            if let Ok(file) = std::fs::metadata(self.dir.join(file)) {
                figures.set(metric, file.len());
            }
        }
        if let Ok(disk) = rustix::fs::statvfs(&self.dir) {
            figures.set(&metrics::DISK_FREE_BYTES, disk.f_bavail.saturating_mul(disk.f_frsize));
        }
    }
}

impl daybook_console::Measure for Measured {
    fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        figures.set_of(&metrics::BUILD, &[env!("CARGO_PKG_VERSION")], 1);
        self.of_intake(&mut figures);
        figures.set_durations(&metrics::REFOLD_SECONDS, &self.steps.borrow());
        // What can be told is told, also of a ledger that cannot be read: the metrics that are missing are an alarm.
        if let Err(error) = self.of_ledger(&mut figures) {
            tracing::error!(%error, "the ledger cannot be read for its metrics");
        }
        self.of_disk(&mut figures);
        figures
    }
}

/// How long ago that was, in whole seconds; nothing for what is yet to come.
fn age_seconds(at: Instant) -> u64 {
    u64::try_from((import::now().micros() - at.micros()) / 1_000_000).unwrap_or(0)
}
