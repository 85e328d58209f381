//! The parts of cuts: what each coalition makes of an earning month, a lever and a solution area over all partners, and
//! how the changes share each delta. A row is split on its own sums.

use super::AttributionPlan;
use super::game::{Game, REFERENCE};
use crate::compare::ByChange;
use crate::impact::{Lever, amounts};
use crate::measures::{MEASURES, Measure};
use daybook_event::{Exact, Month, Overflow};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::RuleBook;
use daybook_views::PartnerRows;
use std::collections::{BTreeMap, BTreeSet};

/// The parts of each row of a cut.
pub(crate) type PartsOf<K> = BTreeMap<(K, Measure), ByChange>;

/// The parts of every row of the cuts that are not made of whole partners.
#[derive(Debug, Clone, Default)]
pub struct CutParts {
    pub(crate) by_month: PartsOf<Month>,
    pub(crate) by_lever: PartsOf<String>,
    pub(crate) by_area: PartsOf<String>,
}

/// Each measure, in the order of all outputs.
type Sums = [Exact; MEASURES.len()];

/// What one book makes of everyone, cut. Its size is that of the terms and of the months, however many partners there are.
#[derive(Debug, Clone, Default)]
pub(super) struct CutSums {
    by_month: BTreeMap<Month, Sums>,
    /// By area, then by lever: a lever of one name may match other products in another rule set.
    by_lever: BTreeMap<String, BTreeMap<String, Sums>>,
}

impl CutSums {
    /// Takes what a book makes of one partner.
    pub(super) fn add_rows(
        &mut self,
        calendar: &Calendar,
        book: &RuleBook,
        rows: &PartnerRows,
    ) -> Result<(), Overflow> {
        amounts(calendar, book, rows, |month, lever, measured| {
            add(self.by_month.entry(month).or_default(), measured)?;
            match lever {
                Some(lever) => self.add_lever(lever, measured),
                None => Ok(()),
            }
        })
    }

    fn add_lever(&mut self, lever: Lever<'_>, measured: &[(Measure, Exact)]) -> Result<(), Overflow> {
        let levers = self.by_lever.entry(lever.area()).or_default();
        match levers.get_mut(lever.name) {
            Some(sums) => add(sums, measured),
            None => add(levers.entry(lever.name.to_owned()).or_default(), measured),
        }
    }

    /// Takes the same book's sums over other partners.
    pub(super) fn add_all(&mut self, other: &Self) -> Result<(), Overflow> {
        for (month, more) in &other.by_month {
            add_sums(self.by_month.entry(*month).or_default(), more)?;
        }
        for (area, levers) in &other.by_lever {
            let own = self.by_lever.entry(area.clone()).or_default();
            for (lever, more) in levers {
                add_sums(own.entry(lever.clone()).or_default(), more)?;
            }
        }
        Ok(())
    }

    fn levers(&self) -> Result<BTreeMap<String, Sums>, Overflow> {
        let mut found: BTreeMap<String, Sums> = BTreeMap::new();
        for (lever, more) in self.by_lever.values().flatten() {
            add_sums(found.entry(lever.clone()).or_default(), more)?;
        }
        Ok(found)
    }

    fn areas(&self) -> Result<BTreeMap<String, Sums>, Overflow> {
        let mut found: BTreeMap<String, Sums> = BTreeMap::new();
        for (area, levers) in &self.by_lever {
            let sums = found.entry(area.clone()).or_default();
            levers.values().try_for_each(|more| add_sums(sums, more))?;
        }
        Ok(found)
    }
}

fn add(sums: &mut Sums, measured: &[(Measure, Exact)]) -> Result<(), Overflow> {
    for (measure, amount) in measured {
        let sum = &mut sums[*measure as usize];
        *sum = sum.plus(*amount)?;
    }
    Ok(())
}

fn add_sums(sums: &mut Sums, more: &Sums) -> Result<(), Overflow> {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = sum.plus(*more)?;
    }
    Ok(())
}

/// The parts of every row, from the sums of each fold.
pub(super) fn cut_parts(plan: &AttributionPlan, folds: &[CutSums]) -> Result<CutParts, Overflow> {
    if plan.table.game == Game::Sides {
        return Ok(CutParts::default());
    }
    let months: Vec<_> = folds.iter().map(|fold| fold.by_month.clone()).collect();
    let levers = folds.iter().map(CutSums::levers).collect::<Result<Vec<_>, _>>()?;
    let areas = folds.iter().map(CutSums::areas).collect::<Result<Vec<_>, _>>()?;
    Ok(CutParts {
        by_month: parts_of(plan, &months)?,
        by_lever: parts_of(plan, &levers)?,
        by_area: parts_of(plan, &areas)?,
    })
}

/// The rows of either side, and those in which changes make up for each other, each with its parts.
fn parts_of<K: Ord + Clone>(plan: &AttributionPlan, folds: &[BTreeMap<K, Sums>]) -> Result<PartsOf<K>, Overflow> {
    let keys: BTreeSet<&K> = folds.iter().flat_map(BTreeMap::keys).collect();
    let mut found = PartsOf::new();
    for key in keys {
        for measure in MEASURES {
            let sums = |at: usize| folds.get(at).and_then(|fold| fold.get(key));
            let worth = |at: usize| sums(at).map_or(Exact::ZERO, |sums| sums[measure as usize]);
            let (reference, candidate) = (worth(REFERENCE), worth(plan.books.candidate()));
            let Some(parts) = plan.parts(candidate.minus(reference)?, &worth)? else { continue };
            if !reference.is_zero() || !candidate.is_zero() || !parts.is_nothing() {
                found.insert((key.clone(), measure), parts);
            }
        }
    }
    Ok(found)
}
