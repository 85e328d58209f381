//! Another generation of the views: built beside the live one from the facts, then switched in.

use crate::ProjectError;
use crate::checkpoint::{Generation, NO_PARTNER, checkpoint, live_put, stale_put};
use crate::partner::PartnerMeta;
use crate::projector::{CRASH_POINTS, Loaded, Projector, Step};
use crate::refold::{Terms, refold};
use crate::views::partner_parse;
use chrono::NaiveDate;
use daybook_event::Month;
use daybook_store::{DerivedRead, crash_point};

/// So many partners are built in one transaction: the live views are read on meanwhile.
const PARTNERS_PER_TRANSACTION: usize = 256;

/// Builds a generation for the projector's book, this build's engine and the through date, at the position
/// of the facts; makes it the live one; drops the old one. Killed before the switch, the next start drops what was built and
/// begins again; killed after it, the next start drops the old one.
pub(crate) fn switch_generation(
    projector: &mut Projector,
    loaded: &mut Loaded,
    through: NaiveDate,
) -> Result<Step, ProjectError> {
    let old = &loaded.live;
    let number = old.number + 1;
    tracing::info!(from = old.number, to = number, "building another generation of the views");
    let partners = build(projector, loaded, number, through)?;
    crash_point(CRASH_POINTS[2]);
    let closed = projector.closed_under(loaded, through)?;
    let next = Generation {
        number,
        checkpoint: checkpoint(&projector.book, loaded.facts.position, through, closed),
        replaced: Some(Box::new(old.checkpoint.clone())),
    };
    let mut write = projector.derived.begin()?;
    live_put(&mut write, &next)?;
    stale_put(&mut write, &[old.number])?;
    write.commit()?;
    tracing::info!(generation = number, partners, "switched to another generation of the views");
    let mut write = projector.derived.begin()?;
    write.generation_delete(old.number)?;
    stale_put(&mut write, &[])?;
    write.commit()?;
    loaded.live = next;
    Ok(Step::Switched { generation: number, partners })
}

fn build(projector: &mut Projector, loaded: &Loaded, generation: u32, through: NaiveDate) -> Result<u64, ProjectError> {
    let book = projector.book.clone();
    let closed_terms = projector.closed_terms(&loaded.of_no_partner, &loaded.adoptions, through)?;
    let terms =
        Terms::new(generation, &book, &loaded.of_no_partner, closed_terms.as_deref(), through, &projector.breath);
    let mut write = projector.derived.begin()?;
    stale_put(&mut write, &[generation])?;
    write.rows_put(generation, NO_PARTNER, &loaded.of_no_partner.rows(&book))?;
    let partners = write.partners()?;
    write.commit()?;
    for some in partners.chunks(PARTNERS_PER_TRANSACTION) {
        let mut write = projector.derived.begin()?;
        for partner in some {
            let meta: PartnerMeta = write.partner(partner)?.unwrap_or_default();
            let first = meta.facts.first().unwrap_or_else(|| Month::of(through));
            refold(&mut write, &terms, &mut projector.states, &partner_parse(partner)?, &meta, first)?;
        }
        write.commit()?;
    }
    Ok(partners.len() as u64)
}
