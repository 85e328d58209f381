//! Months that something in quarantine keeps from being whole.

use crate::failure::Failure;
use daybook_event::{Month, PartnerId, Payload};
use daybook_store::Snapshot;
use daybook_views::rows::ProvisionalRow;

/// Entries read at once.
const PAGE_ENTRIES: usize = 1_000;

/// The months that have something in quarantine now, sorted. Quarantine has no positions, so these flags are in no digest
/// and no statement: they are added when printing, and block a closing.
pub(super) fn of_quarantine(snapshot: &Snapshot, only: Option<&PartnerId>) -> Result<Vec<ProvisionalRow>, Failure> {
    let mut flags = Vec::new();
    let mut next = 1;
    loop {
        let page = snapshot.quarantine_list(next, PAGE_ENTRIES)?;
        for entry in &page {
            // Bytes that cannot be decoded name no partner: they stand in the quarantine list alone.
            let Ok(envelope) = daybook_proto::decode(&entry.bytes) else { continue };
            // A statement that was not taken says nothing that the records do not.
            let is_statement = matches!(envelope.payload, Payload::PinnedStatement(_));
            let Some(partner_id) = envelope.partner_id.filter(|_| !is_statement) else { continue };
            if only.is_none_or(|only| *only == partner_id) {
                let month = Month::of(envelope.effective_on);
                flags.push(ProvisionalRow { partner_id, month, why: "QUARANTINE".to_owned() });
            }
        }
        let Some(last) = page.last().filter(|_| page.len() == PAGE_ENTRIES) else { break };
        next = last.entry + 1;
    }
    flags.sort();
    flags.dedup();
    Ok(flags)
}
