//! One pass: a partner folded under every book, its measures kept and its rows dropped.

use super::AttributionPlan;
use super::cuts::CutSums;
use super::due_days::{PartnerCashDays, days_of};
use super::earlier::{EarlierDifference, earlier_differences};
use super::game::{Game, REFERENCE};
use crate::compare::{MeasureDelta, PartnerDelta};
use crate::histories::Histories;
use crate::measures::{Measure, MeasureKey, measures_of};
use crate::shared::{SharedFolds, Wanted};
use daybook_event::{Exact, NaiveDate, Overflow, PartnerId};
use daybook_views::{PartnerHistory, PartnerRows};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a pass keeps of one partner.
#[derive(Debug, Clone)]
pub struct PartnerPass {
    /// The partner.
    pub partner_id: PartnerId,
    pub(super) rows: Vec<PartnerDelta>,
    pub(super) days: Option<PartnerCashDays>,
    pub(super) earlier: Vec<EarlierDifference>,
    pub(super) sides: Option<(PartnerRows, PartnerRows)>,
}

/// What a pass over some partners found.
pub(super) struct Folded {
    pub(super) passes: Vec<PartnerPass>,
    /// By fold: the totals.
    pub(super) sums: Vec<Sums>,
    /// By fold: the sums by month and lever. Nothing for a fold that is no coalition.
    pub(super) cuts: Vec<CutSums>,
}

impl Folded {
    fn none(plan: &AttributionPlan) -> Self {
        let folds = plan.folds();
        Self { passes: Vec::new(), sums: vec![Sums::new(); folds], cuts: vec![CutSums::default(); folds] }
    }
}

type Sums = BTreeMap<Measure, Exact>;

/// How many partners a thread takes at once.
const CHUNK_PARTNERS: usize = 8;

pub(super) fn add_measures(total: &mut Sums, more: &Sums) -> Result<(), Overflow> {
    for (measure, amount) in more {
        let sum = total.entry(*measure).or_default();
        *sum = sum.plus(*amount)?;
    }
    Ok(())
}

pub(super) fn fold_all(
    histories: &Histories,
    plan: &AttributionPlan,
    through: NaiveDate,
    threads: usize,
    told: &(dyn Fn(usize) + Sync),
) -> Result<Folded, Overflow> {
    let shared = SharedFolds::of(&plan.books.books, histories.of_no_partner(), through);
    let all = histories.partners();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Folded, Overflow> {
        let mut found = Folded::none(plan);
        loop {
            let first = next.fetch_add(CHUNK_PARTNERS, Ordering::Relaxed);
            if first >= all.len() {
                return Ok(found);
            }
            let chunk = &all[first..all.len().min(first + CHUNK_PARTNERS)];
            for (partner_id, history) in chunk {
                partner_pass(plan, &shared, partner_id, history, &mut found)?;
            }
            told(chunk.len());
        }
    };
    let found = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut found = vec![work()];
        for worker in workers {
            // A worker panics only where the fold's own assertions fail, and then so must we.
            found.push(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        found
    });
    let mut whole = Folded::none(plan);
    for folded in found {
        let folded = folded?;
        whole.passes.extend(folded.passes);
        for (total, more) in whole.sums.iter_mut().zip(&folded.sums) {
            add_measures(total, more)?;
        }
        whole.cuts.iter_mut().zip(&folded.cuts).try_for_each(|(total, more)| total.add_all(more))?;
    }
    Ok(whole)
}

fn partner_pass(
    plan: &AttributionPlan,
    shared: &SharedFolds<'_>,
    partner_id: &PartnerId,
    history: &PartnerHistory,
    found: &mut Folded,
) -> Result<(), Overflow> {
    // One calendar for all, as for every comparison: that of the book in force.
    let calendar = plan.table.players.reference().calendar();
    let candidate = plan.books.candidate();
    let coalitions = plan.coalitions();
    let mut measures: Vec<BTreeMap<MeasureKey, Exact>> = vec![BTreeMap::new(); plan.folds()];
    let mut sides: [Option<PartnerRows>; 2] = [None, None];
    let is_side = |at: usize| at == REFERENCE || at == candidate;
    let wanted = |at: usize| if is_side(at) { Wanted::Every } else { Wanted::Money };
    shared.rows(partner_id, history, &wanted, &mut |at, rows| {
        let of_book = measures_of(calendar, &rows)?;
        for ((_, measure), amount) in &of_book {
            let sum = found.sums[at].entry(*measure).or_default();
            *sum = sum.plus(*amount)?;
        }
        if coalitions.contains(&at) && plan.table.game != Game::Sides {
            found.cuts[at].add_rows(calendar, &plan.books.books[at], &rows)?;
        }
        measures[at] = of_book;
        if is_side(at) {
            sides[usize::from(at != REFERENCE)] = Some(rows);
        }
        Ok::<(), Overflow>(())
    })?;
    let before = sides[0].take().unwrap_or_default();
    let after = sides[1].take().unwrap_or_else(|| before.clone());
    let earlier = match plan.checked_before() {
        Some(date) => earlier_differences(calendar, partner_id, (&before, &after), date)?,
        None => Vec::new(),
    };
    found.passes.push(PartnerPass {
        rows: deltas(plan, partner_id, &measures)?,
        days: days_of(partner_id, &before, &after),
        earlier,
        sides: plan.request.keep_rows.then_some((before, after)),
        partner_id: partner_id.clone(),
    });
    Ok(())
}

/// The rows of a partner: those of either side, and those in which changes make up for each other.
fn deltas(
    plan: &AttributionPlan,
    partner_id: &PartnerId,
    measures: &[BTreeMap<MeasureKey, Exact>],
) -> Result<Vec<PartnerDelta>, Overflow> {
    let coalitions = plan.coalitions();
    let keys: BTreeSet<MeasureKey> = coalitions.iter().flat_map(|&at| measures[at].keys().copied()).collect();
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        let worth = |at: usize| measures[at].get(&key).copied().unwrap_or_default();
        let (reference, candidate) = (worth(REFERENCE), worth(plan.books.candidate()));
        let delta = MeasureDelta::of(reference, candidate)?;
        let by_change = plan.parts(delta.delta, &worth)?;
        let is_moved = by_change.as_ref().is_some_and(|parts| !parts.is_nothing());
        if is_moved || !reference.is_zero() || !candidate.is_zero() {
            let (period, measure) = key;
            rows.push(PartnerDelta { partner_id: partner_id.clone(), period, measure, delta, by_change });
        }
    }
    Ok(rows)
}

impl AttributionPlan {
    /// The folds whose worth decides the parts.
    fn coalitions(&self) -> BTreeSet<usize> {
        self.books.of_mask.values().copied().collect()
    }

    /// The date before which nothing may differ. Before the first rule set there are no terms of the time, and what is
    /// looked up there is looked up in the first: then there is no such date.
    fn checked_before(&self) -> Option<NaiveDate> {
        let first = |book: &daybook_rules::model::RuleBook| book.sets.first().map(|set| set.valid_from);
        let books = [self.table.players.reference(), self.table.players.candidate()];
        let begun = books.into_iter().filter_map(first).max()?;
        self.table.players.begins().filter(|date| *date > begun)
    }
}
