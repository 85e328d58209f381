//! What is missing of each source, read from a ledger.

use crate::failure::Failure;
use crate::progress;
use crate::waiting;
use crate::window::TakeError;
use daybook_event::SourceId;
use daybook_replay::{Completeness, QuarantinedInput};
use daybook_store::{RecordRef, Snapshot};
use indicatif::ProgressBar;
use std::ops::ControlFlow;

/// Records between two moves of the bar.
const BAR_RECORDS: u64 = 8_192;

/// What was read so far: each record is read once, so that `serve` can go on with the ledger.
#[derive(Default)]
pub(crate) struct Growing {
    completeness: Completeness,
    only: Option<SourceId>,
    /// Whether nobody watches a bar.
    is_quiet: bool,
}

impl Growing {
    /// Of one source, or of all.
    pub(crate) fn of(only: Option<SourceId>) -> Self {
        Self { completeness: Completeness::default(), only, is_quiet: false }
    }

    /// Of all, beside a service that logs to the same terminal.
    pub(crate) fn quiet() -> Self {
        Self { is_quiet: true, ..Self::default() }
    }

    /// Reads on, to the snapshot's head.
    pub(crate) fn up_to_head(&mut self, snapshot: &Snapshot) -> Result<&Completeness, Failure> {
        let (first, last) = (self.completeness.position().next(), snapshot.head().position);
        let bar = if self.is_quiet { ProgressBar::hidden() } else { progress::bar("looking for holes", last.number()) };
        let scanned = snapshot.scan(first, last, |record| {
            self.take(&record)?;
            if record.position.number().is_multiple_of(BAR_RECORDS) {
                bar.set_position(record.position.number());
            }
            Ok::<_, TakeError>(ControlFlow::Continue(()))
        });
        bar.finish_and_clear();
        scanned.map_err(Failure::input)?;
        Ok(&self.completeness)
    }

    fn take(&mut self, record: &RecordRef<'_>) -> Result<(), TakeError> {
        let is_wanted = |source: &SourceId| self.only.as_ref().is_none_or(|only| only == source);
        // Most of the work is in decoding, so what is not wanted is only looked at.
        if daybook_proto::peek_source(record.envelope).is_some_and(|source| !is_wanted(&source)) {
            self.completeness.pass_over(record.position);
            return Ok(());
        }
        let envelope = daybook_proto::decode(record.envelope)
            .map_err(|fault| TakeError::Decode { position: record.position, fault: fault.to_string() })?;
        self.completeness.add(record.position, &envelope);
        Ok(())
    }
}

/// What in quarantine may explain something that is missing: every entry whose source can be read.
pub(crate) fn quarantined(snapshot: &Snapshot) -> Result<Vec<QuarantinedInput>, Failure> {
    let mut inputs = Vec::new();
    waiting::entries(snapshot, |entry, _| {
        let head = daybook_proto::peek_head(&entry.bytes);
        if let Some(source) = head.source {
            let (source_seq, effective_on) = (head.source_seq, head.effective_on);
            inputs.push(QuarantinedInput { entry: entry.entry, source, source_seq, effective_on });
        }
        Ok(())
    })?;
    Ok(inputs)
}
