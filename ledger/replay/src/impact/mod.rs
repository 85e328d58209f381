//! Who gains and who loses by a change of terms: bands, transitions, segments, distribution, cliffs.
//!
//! Made partner by partner from the rows of two replays, so that neither has to be kept whole.

mod bands;
mod cliffs;
mod distribution;
mod measured;
mod movers;
mod percent;
mod seen;
mod segments;
mod state;
mod transitions;

pub use bands::{Band, BandTally, Bands};
pub use cliffs::NearCliff;
pub use distribution::{Concentration, DistributionClass};
pub use measured::{Measured, Side, Tally};
pub use movers::{Mover, PartnerImpact, PeriodImpact};
pub use percent::percent;
pub(crate) use seen::{ImpactSums, PartnerSeen, SideRows, near};
pub use segments::{AreaTally, LeverTally, MonthTally, SizeBand, SizeTally};
pub(crate) use segments::{Lever, amounts};
pub use state::State;
pub use transitions::{StateCount, Transition};

use crate::attribution::{Attributed, PartsOf};
use crate::compare::ByChange;
use crate::histories::Histories;
use crate::replayed::Replayed;
use daybook_event::{Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::model::RuleBook;
use daybook_views::{PartnerHistory, PartnerRows};
use measured::Cut;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a change of terms does to whom. Field names are a contract: `daybook compare --format json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Winners and losers, by name of the band: every partner is in one.
    pub bands: Bands,
    /// How many partners' periods are in each state on each side.
    pub states: Vec<StateCount>,
    /// From which state to which.
    pub transitions: Vec<Transition>,
    /// By earning month: every measure. A lot stands in the last month of its period.
    pub by_month: Vec<MonthTally>,
    /// By lever: earned, rebate and co-op accrued. The lever is empty for corrections of none.
    pub by_lever: Vec<LeverTally>,
    /// By solution area, the product groups that the lever matches: the same measures.
    pub by_area: Vec<AreaTally>,
    /// By size of the partner: every measure.
    pub by_size: Vec<SizeTally>,
    /// Partners by the size of their change.
    pub distribution: Vec<DistributionClass>,
    /// How much falls on few.
    pub concentration: Vec<Concentration>,
    /// Partners close to a threshold.
    pub near_cliffs: Vec<NearCliff>,
    /// Partners with anything changed.
    pub movers: Vec<Mover>,
    /// Partners with a month whose figures miss something, on either side.
    pub provisional_partners: usize,
    /// Every partner, changed or not, in order. For pictures: JSON has the partners' rows.
    #[serde(skip)]
    pub everyone: Vec<PartnerImpact>,
}

/// Everyone that was seen, in order, and what they come to together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Everyone {
    pub(crate) sums: ImpactSums,
    pub(crate) partners: Vec<PartnerSeen>,
}

impl Everyone {
    /// The impact on everyone seen; each row of a cut with its parts, where the same partners' deltas were split.
    fn impact(self, last: Month, split: Option<&Attributed>) -> Result<Impact, Overflow> {
        let (mut bands, mut by_size) = (Bands::default(), Cut::default());
        let (mut everyone, mut near_cliffs) = (Vec::with_capacity(self.partners.len()), Vec::new());
        for seen in self.partners {
            let (partner, near) = seen.finish(last)?;
            bands.add(partner.band, &partner.measured)?;
            by_size.add(BTreeMap::from([(partner.size, partner.measured)]))?;
            near_cliffs.extend(near);
            everyone.push(partner);
        }
        let of_cuts = split.map(|split| split.cuts.clone()).unwrap_or_default();
        let of_sizes = split.map(|split| parts_of_sizes(&everyone, split)).transpose()?.unwrap_or_default();
        let measured = everyone.iter().map(|partner| &partner.measured);
        let ImpactSums { transitions, by_month, by_lever, by_area, provisional_partners } = self.sums;
        Ok(Impact {
            bands,
            states: transitions.states(),
            transitions: transitions.rows(),
            by_month: by_month.rows(of_cuts.by_month, |month, tally| MonthTally { month: *month, tally })?,
            by_lever: by_lever.rows(of_cuts.by_lever, |lever, tally| LeverTally { lever: lever.clone(), tally })?,
            by_area: by_area.rows(of_cuts.by_area, |area, tally| AreaTally { area: area.clone(), tally })?,
            by_size: by_size.rows(of_sizes, |size, tally| SizeTally { size: *size, tally })?,
            distribution: distribution::classes(measured.clone())?,
            concentration: distribution::concentrations(measured)?,
            near_cliffs,
            movers: movers::movers(&everyone),
            provisional_partners,
            everyone,
        })
    }
}

/// The parts of the partners of each size, added up.
fn parts_of_sizes(everyone: &[PartnerImpact], split: &Attributed) -> Result<PartsOf<SizeBand>, Overflow> {
    let sizes: BTreeMap<&PartnerId, SizeBand> =
        everyone.iter().map(|partner| (&partner.partner_id, partner.size)).collect();
    let mut found = PartsOf::new();
    for row in &split.comparison.partners {
        let (Some(size), Some(parts)) = (sizes.get(&row.partner_id), &row.by_change) else { continue };
        let key = (*size, row.measure);
        let sum = found.get(&key).map_or_else(|| Ok(parts.clone()), |sum: &ByChange| sum.plus(parts))?;
        found.insert(key, sum);
    }
    Ok(found)
}

/// The last month up to the through date in which anybody was billed; that of the through date where nobody was. Of
/// everyone, so that partners who stopped selling do not look large.
#[must_use]
pub fn last_billed(histories: &Histories, through: NaiveDate) -> Month {
    let last = |history: &PartnerHistory| {
        let lines = history.facts().iter().rev().filter(|fact| fact.line().is_some());
        lines.map(|fact| fact.effective_on).find(|on| *on <= through)
    };
    let on = histories.partners().iter().filter_map(|(_, history)| last(history)).max();
    Month::of(on.unwrap_or(through))
}

/// The impact on every partner of a window, or on one of them alone, from two replays of it. With the deltas of the same
/// partners split, the rows of its cuts have parts too.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn impact(
    histories: &Histories,
    through: NaiveDate,
    (reference, before): (&RuleBook, &Replayed),
    (candidate, after): (&RuleBook, &Replayed),
    only: Option<&PartnerId>,
    split: Option<&Attributed>,
) -> Result<Impact, Overflow> {
    let rates = [reference, candidate].map(|book| histories.of_no_partner().fx_counting(book, through));
    let mut everyone = Everyone::default();
    let nothing = PartnerRows::default();
    let rows_of = |replayed: &'_ Replayed, partner_id: &PartnerId| -> Option<usize> {
        replayed.partners.binary_search_by(|(id, _)| id.cmp(partner_id)).ok()
    };
    for (partner_id, history) in histories.partners().iter().filter(|(id, _)| only.is_none_or(|only| id == only)) {
        let one = rows_of(before, partner_id).map_or(&nothing, |at| &before.partners[at].1);
        let other = rows_of(after, partner_id).map_or(&nothing, |at| &after.partners[at].1);
        let sides = [
            SideRows { side: Side::Reference, book: reference, rows: one },
            SideRows { side: Side::Candidate, book: candidate, rows: other },
        ];
        let mut close = Vec::new();
        for (of, fx) in sides.iter().zip(&rates) {
            close.extend(near(partner_id, of, &cliffs::margins(partner_id, of, fx, history, through)?)?);
        }
        // One calendar for both, as for the measures: that of the book in force.
        everyone.partners.push(everyone.sums.add(reference.calendar(), partner_id, sides, close)?);
    }
    everyone.impact(last_billed(histories, through), split)
}

/// The same from a comparison, which saw everyone on the way: no fact is looked at, and no row. The last month in which anybody
/// was billed is none where nobody was.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn impact_seen(
    attributed: &mut Attributed,
    through: NaiveDate,
    last_billed: Option<Month>,
) -> Result<Impact, Overflow> {
    let seen = std::mem::take(&mut attributed.seen);
    seen.impact(last_billed.unwrap_or(Month::of(through)), Some(attributed))
}
