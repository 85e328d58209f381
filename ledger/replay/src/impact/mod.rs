//! Who gains and who loses by a change of terms: bands, transitions, segments, distribution, cliffs.
//!
//! Made partner by partner from the rows of two replays, so that neither has to be kept whole.

mod bands;
mod cliffs;
mod distribution;
mod measured;
mod movers;
mod percent;
mod segments;
mod state;
mod transitions;

pub use bands::{Band, BandTally, Bands};
pub use cliffs::NearCliff;
pub use distribution::{Concentration, DistributionClass};
pub use measured::{Measured, Side, Tally};
pub use movers::{Mover, PartnerImpact, PeriodImpact};
pub use percent::percent;
pub use segments::{AreaTally, LeverTally, MonthTally, SizeBand, SizeTally};
pub(crate) use segments::{Lever, amounts};
pub use state::State;
pub use transitions::{StateCount, Transition};

use crate::attribution::{Attributed, PartsOf};
use crate::compare::ByChange;
use crate::histories::Histories;
use crate::replayed::Replayed;
use cliffs::SideOf;
use daybook_event::{Exact, Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::model::RuleBook;
use daybook_views::{FxTable, PartnerHistory, PartnerRows, RevenueMargin};
use measured::Cut;
use segments::PartnerCuts;
use serde::Serialize;
use state::SideStates;
use std::collections::BTreeMap;
use transitions::Transitions;

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

/// Where it is known from how far a partner is from the revenue gates.
enum Near<'a> {
    /// From its facts: it is folded for it.
    History(&'a PartnerHistory),
    /// From a fold under the reference, and one under the candidate.
    Margins(&'a [Vec<RevenueMargin>; 2]),
}

/// Takes partners in, in order.
#[derive(Debug)]
pub struct ImpactBuilder<'a> {
    reference: &'a RuleBook,
    candidate: &'a RuleBook,
    rates: [FxTable; 2],
    through: NaiveDate,
    last_month: Month,
    bands: Bands,
    transitions: Transitions,
    by_month: Cut<Month>,
    by_lever: Cut<String>,
    by_area: Cut<String>,
    by_size: Cut<SizeBand>,
    near_cliffs: Vec<NearCliff>,
    provisional_partners: usize,
    everyone: Vec<PartnerImpact>,
}

impl<'a> ImpactBuilder<'a> {
    /// Nobody yet. The rates are those that count under the reference and under the candidate; the last month is that in
    /// which anybody was billed: sizes look back from there.
    #[must_use]
    pub fn new(
        reference: &'a RuleBook,
        candidate: &'a RuleBook,
        rates: [FxTable; 2],
        through: NaiveDate,
        last_month: Month,
    ) -> Self {
        Self {
            reference,
            candidate,
            rates,
            through,
            last_month,
            bands: Bands::default(),
            transitions: Transitions::default(),
            by_month: Cut::default(),
            by_lever: Cut::default(),
            by_area: Cut::default(),
            by_size: Cut::default(),
            near_cliffs: Vec::new(),
            provisional_partners: 0,
            everyone: Vec::new(),
        }
    }

    /// Takes one partner in: its history, and its rows under both books.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn add(
        &mut self,
        partner_id: &PartnerId,
        history: &PartnerHistory,
        reference: &PartnerRows,
        candidate: &PartnerRows,
    ) -> Result<(), Overflow> {
        self.add_near(partner_id, &Near::History(history), reference, candidate)
    }

    fn add_near(
        &mut self,
        partner_id: &PartnerId,
        near: &Near<'_>,
        reference: &PartnerRows,
        candidate: &PartnerRows,
    ) -> Result<(), Overflow> {
        // One calendar for both, as for the measures: that of the book in force.
        let calendar = self.reference.calendar();
        let mut cuts = PartnerCuts::default();
        cuts.add(calendar, self.reference, Side::Reference, reference)?;
        cuts.add(calendar, self.candidate, Side::Candidate, candidate)?;
        cuts.check()?;
        let states = (SideStates::of(calendar, reference), SideStates::of(calendar, candidate));
        let periods = movers::periods(&states.0, &states.1);
        self.transitions.add(&periods, &cuts.by_period)?;
        let is_changed = cuts.is_changed();
        let band = Band::of(&states.0, &states.1, &cuts.total, is_changed);
        let size = SizeBand::of(segments::billed_in_last_year(reference, self.last_month)?);
        let measured = cuts.total;
        self.bands.add(band, &measured)?;
        self.by_size.add(BTreeMap::from([(size, measured)]))?;
        self.by_month.add(cuts.by_month)?;
        self.by_lever.add(cuts.by_lever)?;
        self.by_area.add(cuts.by_area)?;
        let is_provisional = !reference.provisional.is_empty() || !candidate.provisional.is_empty();
        self.provisional_partners += usize::from(is_provisional);
        let named = partner_id.clone();
        self.everyone.push(PartnerImpact { partner_id: named, band, size, measured, is_changed, periods });
        self.add_cliffs(partner_id, near, reference, candidate)
    }

    fn add_cliffs(
        &mut self,
        partner_id: &PartnerId,
        near: &Near<'_>,
        reference: &PartnerRows,
        candidate: &PartnerRows,
    ) -> Result<(), Overflow> {
        let earned = [reference, candidate].map(|rows| earned_in_last_year(rows, self.last_month));
        let [before, after] = earned;
        let at_stake = before?.max(after?);
        let [rates_before, rates_after] = &self.rates;
        for of in [
            SideOf { side: Side::Reference, book: self.reference, fx: rates_before, rows: reference },
            SideOf { side: Side::Candidate, book: self.candidate, fx: rates_after, rows: candidate },
        ] {
            self.near_cliffs.extend(cliffs::near_coop(partner_id, &of)?);
            self.near_cliffs.extend(match near {
                Near::History(history) => cliffs::near_gates(partner_id, &of, history, self.through, at_stake)?,
                Near::Margins(sides) => cliffs::near_margins(
                    partner_id,
                    of.side,
                    &sides[usize::from(of.side != Side::Reference)],
                    at_stake,
                )?,
            });
        }
        Ok(())
    }

    /// The impact on everyone taken in; each row of a cut with its parts, where the same partners' deltas were split.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn finish(self, split: Option<&Attributed>) -> Result<Impact, Overflow> {
        let of_cuts = split.map(|split| split.cuts.clone()).unwrap_or_default();
        let of_sizes = split.map(|split| self.parts_of_sizes(split)).transpose()?.unwrap_or_default();
        let measured = self.everyone.iter().map(|partner| &partner.measured);
        Ok(Impact {
            bands: self.bands,
            states: self.transitions.states(),
            transitions: self.transitions.rows(),
            by_month: self.by_month.rows(of_cuts.by_month, |month, tally| MonthTally { month: *month, tally })?,
            by_lever: self
                .by_lever
                .rows(of_cuts.by_lever, |lever, tally| LeverTally { lever: lever.clone(), tally })?,
            by_area: self.by_area.rows(of_cuts.by_area, |area, tally| AreaTally { area: area.clone(), tally })?,
            by_size: self.by_size.rows(of_sizes, |size, tally| SizeTally { size: *size, tally })?,
            distribution: distribution::classes(measured.clone())?,
            concentration: distribution::concentrations(measured)?,
            near_cliffs: self.near_cliffs,
            movers: movers::movers(&self.everyone),
            provisional_partners: self.provisional_partners,
            everyone: self.everyone,
        })
    }
}

impl ImpactBuilder<'_> {
    /// The parts of the partners of each size, added up.
    fn parts_of_sizes(&self, split: &Attributed) -> Result<PartsOf<SizeBand>, Overflow> {
        let sizes: BTreeMap<&PartnerId, SizeBand> =
            self.everyone.iter().map(|partner| (&partner.partner_id, partner.size)).collect();
        let mut found = PartsOf::new();
        for row in &split.comparison.partners {
            let (Some(size), Some(parts)) = (sizes.get(&row.partner_id), &row.by_change) else { continue };
            let key = (*size, row.measure);
            let sum = found.get(&key).map_or_else(|| Ok(parts.clone()), |sum: &ByChange| sum.plus(parts))?;
            found.insert(key, sum);
        }
        Ok(found)
    }
}

/// What was earned in the twelve months that end with this one.
fn earned_in_last_year(rows: &PartnerRows, last: Month) -> Result<Exact, Overflow> {
    let inside = rows.postings.iter().filter(|row| (0..12).contains(&last.since(row.month)));
    inside.into_iter().try_fold(Exact::ZERO, |sum, row| sum.plus(row.earned))
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
    let mut builder = ImpactBuilder::new(reference, candidate, rates, through, last_billed(histories, through));
    let nothing = PartnerRows::default();
    let rows_of = |replayed: &'_ Replayed, partner_id: &PartnerId| -> Option<usize> {
        replayed.partners.binary_search_by(|(id, _)| id.cmp(partner_id)).ok()
    };
    for (partner_id, history) in histories.partners().iter().filter(|(id, _)| only.is_none_or(|only| id == only)) {
        let one = rows_of(before, partner_id).map_or(&nothing, |at| &before.partners[at].1);
        let other = rows_of(after, partner_id).map_or(&nothing, |at| &after.partners[at].1);
        builder.add(partner_id, history, one, other)?;
    }
    builder.finish(split)
}

/// The same from the sides of a comparison that kept its rows, which has everything: no fact is looked at. The last month in
/// which anybody was billed is none where nobody was.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn impact_of_sides(
    attributed: &Attributed,
    (reference, candidate): (&RuleBook, &RuleBook),
    through: NaiveDate,
    last_billed: Option<Month>,
) -> Result<Impact, Overflow> {
    let last_month = last_billed.unwrap_or(Month::of(through));
    // Rates are for folding facts.
    let rates = [FxTable::default(), FxTable::default()];
    let mut builder = ImpactBuilder::new(reference, candidate, rates, through, last_month);
    let both = attributed.sides.iter().flat_map(|(before, after)| before.partners.iter().zip(&after.partners));
    for (((partner_id, one), (_, other)), margins) in both.zip(&attributed.margins) {
        builder.add_near(partner_id, &Near::Margins(margins), one, other)?;
    }
    builder.finish(Some(attributed))
}
