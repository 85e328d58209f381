//! What a third party needs to check a statement: the records that it follows from, with one proof for all of them.

use crate::closed;
use crate::failure::Failure;
use crate::signing::of_position;
use crate::verbs::prove::closing_of;
use daybook_event::{Month, PartnerId, Position};
use daybook_proof::{EvidenceFile, multi_path};
use daybook_store::{ReadError, RecordRef, Snapshot, frame_bytes};
use std::ops::ControlFlow;

/// The partner's records and those of no partner, up to the closing of the month; then the statement and the closing.
pub(super) fn evidence(snapshot: &Snapshot, partner_id: &PartnerId, month: Month) -> Result<EvidenceFile, Failure> {
    let closing = closing_of(snapshot, month)?;
    let pinned = closed::pinned_at(snapshot, &closing, partner_id)?.ok_or_else(|| {
        Failure::Input(format!("{partner_id} has no statement of {month}: it had nothing in that month"))
    })?;
    let stored = of_position(snapshot, closing.recorded.number())?;
    let (mut frames, mut indices) = (Vec::new(), Vec::new());
    snapshot.scan(Position::new(1), closing.recorded, |record: RecordRef<'_>| {
        let is_fact = record.position <= closing.position
            && daybook_proto::peek_partner(record.envelope).is_none_or(|of| of == *partner_id);
        if is_fact || record.position == pinned || record.position == closing.recorded {
            frames.push(frame_bytes(&record)?);
            indices.push(record.position.number() - 1);
        }
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    })?;
    let path = multi_path(&snapshot.tree_nodes(), &indices, stored.checkpoint.size)?.unwrap_or_default();
    Ok(EvidenceFile { partner: partner_id.to_string(), month: month.to_string(), frames, path, note: stored.note })
}
