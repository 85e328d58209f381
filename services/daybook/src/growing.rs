//! Histories that grow with the ledger: each record is read once, in order, and the histories are there at any position on
//! the way.

use crate::failure::Failure;
use crate::progress;
use crate::window::TakeError;
use daybook_event::Position;
use daybook_replay::Histories;
use daybook_store::{RecordRef, Snapshot};
use std::ops::ControlFlow;

/// Records between two moves of the bar.
const BAR_RECORDS: u64 = 8_192;

/// What was read so far.
#[derive(Default)]
pub(crate) struct Growing {
    histories: Histories,
}

impl Growing {
    /// The histories at a position, which must not be before the last one asked for.
    pub(crate) fn up_to(&mut self, snapshot: &Snapshot, last: Position) -> Result<&Histories, Failure> {
        let first = self.histories.position().next();
        let mut builder = std::mem::take(&mut self.histories).into_builder();
        let bar = progress::bar("reading", last.number());
        let scanned = snapshot.scan(first, last, |record: RecordRef<'_>| -> Result<ControlFlow<()>, TakeError> {
            let envelope = daybook_proto::decode(record.envelope)
                .map_err(|fault| TakeError::Decode { position: record.position, fault: fault.to_string() })?;
            builder.add(record.position, record.recorded_at, envelope);
            if record.position.number().is_multiple_of(BAR_RECORDS) {
                bar.set_position(record.position.number());
            }
            Ok(ControlFlow::Continue(()))
        });
        bar.finish_and_clear();
        scanned.map_err(Failure::input)?;
        self.histories = builder.finish();
        Ok(&self.histories)
    }
}
