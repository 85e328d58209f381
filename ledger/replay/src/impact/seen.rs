//! What the rows of partners come to, taken off as soon as a partner is folded: then its rows can go. Sizes look back from the
//! last month in which anybody was billed, which is known when all partners were seen.

use super::bands::Band;
use super::cliffs::{self, NearCliff};
use super::measured::{Cut, Side};
use super::movers::{self, PartnerImpact};
use super::segments::{PartnerCuts, SizeBand};
use super::state::SideStates;
use super::transitions::Transitions;
use daybook_event::{Exact, Month, Overflow, PartnerId};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::RuleBook;
use daybook_views::{PartnerRows, RevenueMargin};

/// One side of a partner: its book and its rows under it.
#[derive(Clone, Copy)]
pub(crate) struct SideRows<'a> {
    pub(crate) side: Side,
    pub(crate) book: &'a RuleBook,
    pub(crate) rows: &'a PartnerRows,
}

/// What partners come to together, in whichever order they are taken in.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImpactSums {
    pub(crate) transitions: Transitions,
    pub(crate) by_month: Cut<Month>,
    pub(crate) by_lever: Cut<String>,
    pub(crate) by_area: Cut<String>,
    pub(crate) provisional_partners: usize,
}

/// One partner, all but its size.
#[derive(Debug, Clone)]
pub(crate) struct PartnerSeen {
    partner: PartnerImpact,
    /// What was billed by month, under the reference.
    billed: Vec<(Month, Exact)>,
    /// What was earned by month, on each side.
    earned: [Vec<(Month, Exact)>; 2],
    near: Vec<NearCliff>,
}

impl ImpactSums {
    /// Takes one partner in. One calendar serves both sides, as for the measures: that of the book in force.
    pub(crate) fn add(
        &mut self,
        calendar: &Calendar,
        partner_id: &PartnerId,
        sides: [SideRows<'_>; 2],
        near: Vec<NearCliff>,
    ) -> Result<PartnerSeen, Overflow> {
        let mut cuts = PartnerCuts::default();
        for of in sides {
            cuts.add(calendar, of.book, of.side, of.rows)?;
        }
        cuts.check()?;
        let [before, after] = sides.map(|of| SideStates::of(calendar, of.rows));
        let periods = movers::periods(&before, &after);
        self.transitions.add(&periods, &cuts.by_period)?;
        let is_changed = cuts.is_changed();
        let band = Band::of(&before, &after, &cuts.total, is_changed);
        self.by_month.add(cuts.by_month)?;
        self.by_lever.add(cuts.by_lever)?;
        self.by_area.add(cuts.by_area)?;
        self.provisional_partners += usize::from(sides.iter().any(|of| !of.rows.provisional.is_empty()));
        let (partner_id, size) = (partner_id.clone(), SizeBand::Under25k);
        let partner = PartnerImpact { partner_id, band, size, measured: cuts.total, is_changed, periods };
        let [reference, candidate] = sides.map(|of| of.rows);
        let billed = by_month(reference.conservation.iter().map(|row| (row.month, row.billed)))?;
        let earned = |rows: &PartnerRows| by_month(rows.postings.iter().map(|row| (row.month, row.earned)));
        Ok(PartnerSeen { partner, billed, earned: [earned(reference)?, earned(candidate)?], near })
    }

    /// Takes what other partners come to.
    pub(crate) fn add_all(&mut self, other: Self) -> Result<(), Overflow> {
        self.transitions.add_all(other.transitions)?;
        self.by_month.add_all(other.by_month)?;
        self.by_lever.add_all(other.by_lever)?;
        self.by_area.add_all(other.by_area)?;
        self.provisional_partners += other.provisional_partners;
        Ok(())
    }
}

impl PartnerSeen {
    /// The partner with its size, and the thresholds it is near to, given the last month in which anybody was billed.
    pub(crate) fn finish(mut self, last: Month) -> Result<(PartnerImpact, Vec<NearCliff>), Overflow> {
        self.partner.size = SizeBand::of(in_last_year(&self.billed, last)?);
        let [before, after] = &self.earned;
        let at_stake = in_last_year(before, last)?.max(in_last_year(after, last)?);
        for near in self.near.iter_mut().filter(|near| near.is_of_gate()) {
            near.at_stake = at_stake;
        }
        Ok((self.partner, self.near))
    }
}

/// The thresholds that a side of a partner is near to, given how far it is from the revenue gates.
pub(crate) fn near(
    partner_id: &PartnerId,
    of: &SideRows<'_>,
    margins: &[RevenueMargin],
) -> Result<Vec<NearCliff>, Overflow> {
    let mut found = cliffs::near_coop(partner_id, of)?;
    found.extend(cliffs::near_margins(partner_id, of.side, margins)?);
    Ok(found)
}

fn by_month(amounts: impl Iterator<Item = (Month, Exact)>) -> Result<Vec<(Month, Exact)>, Overflow> {
    let mut found: Vec<(Month, Exact)> = Vec::new();
    for (month, amount) in amounts {
        match found.last_mut() {
            Some((last, sum)) if *last == month => *sum = sum.plus(amount)?,
            _ => found.push((month, amount)),
        }
    }
    Ok(found)
}

/// What falls into the twelve months that end with this one.
fn in_last_year(by_month: &[(Month, Exact)], last: Month) -> Result<Exact, Overflow> {
    let inside = by_month.iter().filter(|(month, _)| (0..12).contains(&last.since(*month)));
    inside.into_iter().try_fold(Exact::ZERO, |sum, (_, amount)| sum.plus(*amount))
}
