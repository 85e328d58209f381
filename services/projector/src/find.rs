//! Looking a partner's facts up by event id, without an index of ids.

use crate::ProjectError;
use crate::chunk::FactMonths;
use crate::partner::{PartnerMeta, pinned_owner};
use daybook_event::{EventRef, Month, PartnerId};
use daybook_store::DerivedRead;
use daybook_views::{Fact, Known};
use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

/// Finds facts by id in a range of months, the newest month first, and takes what it finds off `wanted`.
///
/// It reads every month from the newest until all are found: the price of keeping no index of ids on disk. What is
/// looked for is nearly always recent (a credit of last month's line, a reversal of last week's), and whoever asks
/// asks once for everything that it wants.
pub(crate) fn facts_find(
    read: &impl DerivedRead,
    owner: &str,
    facts: &FactMonths,
    within: &Range<Month>,
    wanted: &mut BTreeSet<EventRef>,
) -> Result<Vec<Fact>, ProjectError> {
    let mut found = Vec::new();
    for month in facts.newest_first().filter(|month| within.contains(month)) {
        if wanted.is_empty() {
            break;
        }
        facts.visit(read, owner, month, |entry| {
            let is_wanted = daybook_proto::peek_id(entry.envelope).is_some_and(|id| wanted.remove(&id));
            if is_wanted {
                found.extend(fact_read(entry)?);
            }
            Ok(if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
    }
    Ok(found)
}

/// Notes which of the events wanted are pinned statements, and takes these off `wanted`.
pub(crate) fn pinned_find(
    read: &impl DerivedRead,
    partner_id: &PartnerId,
    meta: &mut PartnerMeta,
    wanted: &mut BTreeSet<EventRef>,
) -> Result<(), ProjectError> {
    // Only operators write them: nobody else can name one.
    if !wanted.iter().any(|id| id.source.is_ledger()) {
        return Ok(());
    }
    let mut found = Vec::new();
    for month in meta.pinned.newest_first() {
        meta.pinned.visit(read, &pinned_owner(partner_id), month, |entry| {
            found.extend(daybook_proto::peek_id(entry.envelope).filter(|id| wanted.remove(id)));
            Ok(ControlFlow::Continue(()))
        })?;
    }
    found.iter().for_each(|id| meta.reversals.note_known(id, Known::Closing));
    Ok(())
}

/// The fact that a record is; none for a record that is no fact.
pub(crate) fn fact_read(entry: crate::chunk::Entry<'_>) -> Result<Option<Fact>, ProjectError> {
    let position = entry.position;
    let envelope =
        daybook_proto::decode(entry.envelope).map_err(|fault| ProjectError::Undecodable { position, fault })?;
    Ok(Fact::of(envelope, position))
}
