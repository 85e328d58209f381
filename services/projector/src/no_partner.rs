//! Facts of no partner: kept as records in the derived file, and whole in memory, since there are few of them.

use crate::ProjectError;
use crate::checkpoint::NO_PARTNER;
use crate::chunk::FactMonths;
use daybook_event::Month;
use daybook_rules::Adoptions;
use daybook_store::{DerivedRead, DerivedWrite};
use daybook_views::FactsOfNoPartner;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

const MONTHS: &str = "facts_of_no_partner";

/// Reads them all; adoptions for themselves, since they decide nothing but the rule book.
pub(crate) fn no_partner_load(read: &impl DerivedRead) -> Result<(FactsOfNoPartner, Adoptions), ProjectError> {
    let months: FactMonths = read.global(MONTHS)?.unwrap_or_default();
    let (mut facts, mut adoptions) = (FactsOfNoPartner::default(), Adoptions::default());
    for month in months.newest_first() {
        months.visit(read, NO_PARTNER, month, |entry| {
            let position = entry.position;
            let decoded = daybook_proto::decode(entry.envelope);
            let envelope = decoded.map_err(|fault| ProjectError::Undecodable { position, fault })?;
            facts.add(position, &envelope);
            adoptions.add(position, &envelope);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok((facts, adoptions))
}

/// Puts the records of a batch, by month, behind those that are there.
pub(crate) fn no_partner_append(
    write: &mut DerivedWrite,
    chunks: &BTreeMap<Month, Vec<u8>>,
) -> Result<(), ProjectError> {
    if chunks.is_empty() {
        return Ok(());
    }
    let mut months: FactMonths = write.global(MONTHS)?.unwrap_or_default();
    for (month, chunk) in chunks {
        months.append(write, NO_PARTNER, *month, chunk)?;
    }
    Ok(write.global_put(MONTHS, &months)?)
}
