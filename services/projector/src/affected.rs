//! Which partners a step folds again, and from which month.

use crate::ProjectError;
use crate::partner::PartnerMeta;
use crate::views::partner_parse;
use daybook_event::{Currency, Month, PartnerId};
use daybook_store::DerivedRead;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Adds every partner, from a month on.
pub(crate) fn affected_all(
    read: &impl DerivedRead,
    from: Month,
    affected: &mut BTreeMap<PartnerId, Month>,
) -> Result<(), ProjectError> {
    for partner in read.partners()? {
        let first = affected.entry(partner_parse(&partner)?).or_insert(from);
        *first = from.min(*first);
    }
    Ok(())
}

/// Adds the partners whose figures depend on rates that changed.
pub(crate) fn affected_by_rates(
    read: &impl DerivedRead,
    changed: &BTreeSet<(Currency, Month)>,
    settled: Month,
    affected: &mut BTreeMap<PartnerId, Month>,
) -> Result<(), ProjectError> {
    if changed.is_empty() {
        return Ok(());
    }
    read.partners_all(|partner, meta: PartnerMeta| {
        if let Some(month) = meta.currencies.affected_by(changed, settled) {
            let first = affected.entry(partner_parse(&partner)?).or_insert(month);
            *first = month.min(*first);
        }
        Ok::<_, ProjectError>(ControlFlow::Continue(()))
    })
}
