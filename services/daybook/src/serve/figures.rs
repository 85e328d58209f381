//! The figures of this moment for `/metrics`: put together when somebody asks, from what intake, projector and ledger say.

use super::config::Config;
use crate::import;
use daybook_console::metrics::{self, Figures};
use daybook_event::{Instant, Position};
use daybook_intake::IntakeProgress;
use daybook_projector::ViewCheckpoint;
use daybook_store::{DERIVED_FILE, Durations, LEDGER_FILE, LedgerReader, ReadError};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// How far a stream reaches, as the broker said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct StreamEdges {
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
    /// Whether it removes old messages by itself.
    pub(super) is_limited: bool,
}

impl StreamEdges {
    /// Whether messages that wait for the ledger are among the oldest tenth of a stream that removes old ones: they will be
    /// gone soon.
    pub(super) fn is_retention_near(&self, cursor_sequence: u64) -> bool {
        let waiting = self.last_sequence.saturating_sub(cursor_sequence);
        let held = self.last_sequence.saturating_sub(self.first_sequence);
        let before_us = (cursor_sequence + 1).saturating_sub(self.first_sequence);
        self.is_limited && waiting > 0 && before_us <= held / 10
    }
}

/// Where the figures come from.
pub(super) struct Measured {
    ledger: LedgerReader,
    dir: PathBuf,
    pub(super) progress: watch::Receiver<IntakeProgress>,
    pub(super) published: watch::Receiver<Option<ViewCheckpoint>>,
    pub(super) steps: watch::Receiver<Durations>,
    /// None where the ledger takes its records from files.
    pub(super) stream: Option<watch::Receiver<StreamEdges>>,
    quarantine: Mutex<Quarantine>,
}

/// The entries of the quarantine by reason, counted up to one of them: entries never go away, so each is read once.
#[derive(Default)]
struct Quarantine {
    counted: u64,
    by_reason: BTreeMap<&'static str, u64>,
}

/// Entries read at once.
const PAGE_ENTRIES: usize = 1_000;

impl Measured {
    pub(super) fn new(
        config: &Config,
        ledger: LedgerReader,
        progress: watch::Receiver<IntakeProgress>,
        projecting: &super::Projecting,
        stream: Option<watch::Receiver<StreamEdges>>,
    ) -> Self {
        let (published, steps) = (projecting.published.clone(), projecting.steps.clone());
        let (dir, quarantine) = (config.ledger.clone(), Mutex::default());
        Self { ledger, dir, progress, published, steps, stream, quarantine }
    }

    fn projected(&self) -> Position {
        self.published.borrow().as_ref().map_or(Position::ZERO, |checkpoint| checkpoint.position)
    }

    fn of_intake(&self, figures: &mut Figures) {
        let progress = self.progress.borrow().clone();
        figures.set(&metrics::IS_FOLLOWING, u64::from(progress.is_following));
        figures.set(&metrics::LAG_MESSAGES, progress.stream_pending);
        let lag_seconds = if progress.stream_pending == 0 { 0 } else { age_seconds(progress.recorded_at) };
        figures.set(&metrics::LAG_SECONDS, lag_seconds);
        figures.set(&metrics::BATCHES, progress.batches);
        figures.set(&metrics::RESTARTS, progress.restarts);
        figures.set_durations(&metrics::COMMIT_SECONDS, &progress.commits);
        if let Some(stream) = &self.stream {
            let edges = *stream.borrow();
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
        // The tally is never left half changed.
        let mut quarantine = self.quarantine.lock().unwrap_or_else(PoisonError::into_inner);
        while quarantine.counted < counts.quarantined {
            let page = snapshot.quarantine_list(quarantine.counted + 1, PAGE_ENTRIES)?;
            let Some(last) = page.last().map(|entry| entry.entry) else { break };
            for entry in &page {
                *quarantine.by_reason.entry(entry.reason.code()).or_default() += 1;
            }
            quarantine.counted = last;
        }
        for (reason, count) in &quarantine.by_reason {
            figures.set_of(&metrics::QUARANTINE, &[reason], *count);
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

#[cfg(test)]
mod tests {
    use super::StreamEdges;

    #[test]
    fn retention_is_near_when_waiting_messages_are_among_the_oldest() {
        let edges = StreamEdges { first_sequence: 1_001, last_sequence: 2_001, is_limited: true };
        assert!(edges.is_retention_near(1_000) && edges.is_retention_near(1_100) && edges.is_retention_near(500));
        assert!(!edges.is_retention_near(1_101), "an eleventh of the stream lies before what is due");
        assert!(!edges.is_retention_near(2_001), "nothing waits");
        assert!(!StreamEdges { is_limited: false, ..edges }.is_retention_near(1_000), "nothing is ever removed");
    }
}
