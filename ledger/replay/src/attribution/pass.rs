//! One pass: a partner folded under every book, its measures kept and its rows dropped.

use super::AttributionPlan;
use super::cuts::CutSums;
use super::due_days::{PartnerCashDays, days_of};
use super::earlier::{EarlierDifference, earlier_differences};
use super::game::{Game, REFERENCE};
use crate::columns::ColumnsSource;
use crate::compare::{MeasureDelta, PartnerDelta};
use crate::impact::{ImpactSums, PartnerSeen, Side, SideRows, near};
use crate::measures::{Measure, MeasureKey, measures_of};
use crate::shared::{CompiledFolds, Found, KeptFault, KeptFolds, SharedFolds, Wanted};
use daybook_event::{Exact, NaiveDate, Overflow, PartnerId};
use daybook_views::{LinesError, PartnerRows, RevenueMargin};
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
    pub(super) seen: PartnerSeen,
    pub(super) sides: Option<(PartnerRows, PartnerRows)>,
    /// What is kept of folds, by number.
    pub(super) kept: Vec<(usize, Option<Vec<u8>>)>,
}

/// What a pass over some partners found.
pub(super) struct Folded {
    pub(super) passes: Vec<PartnerPass>,
    /// By fold: the totals.
    pub(super) sums: Vec<Sums>,
    /// The last date on which anybody was billed.
    pub(super) last_billed: Option<NaiveDate>,
    /// By fold: the sums by month and lever. Nothing for a fold that is no coalition.
    pub(super) cuts: Vec<CutSums>,
    /// What partners come to on both sides.
    pub(super) impact: ImpactSums,
}

impl Folded {
    fn none(plan: &AttributionPlan) -> Self {
        let folds = plan.folds();
        let (sums, cuts) = (vec![Sums::new(); folds], vec![CutSums::default(); folds]);
        Self { passes: Vec::new(), sums, last_billed: None, cuts, impact: ImpactSums::default() }
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

/// Where a pass finds its partners.
pub(super) trait Passed: Sync {
    /// Why a partner could not be passed.
    type Fault: From<Overflow> + Send;

    /// Every partner, in order.
    fn partner_id(&self, at: usize) -> Option<&PartnerId>;

    /// Hands over what is found of one partner.
    fn pass(
        &self,
        at: usize,
        wanted: &dyn Fn(usize) -> Wanted,
        visit: &mut dyn FnMut(Found) -> Result<(), Self::Fault>,
    ) -> Result<(), Self::Fault>;
}

/// Partners whose lines are in columns.
pub(super) struct OfColumns<'a, S> {
    pub(super) source: &'a S,
    pub(super) shared: &'a SharedFolds<'a>,
    pub(super) compiled: CompiledFolds<'a>,
}

/// Why a pass over partners stopped.
#[derive(Debug, thiserror::Error)]
pub enum PassFault<E> {
    /// A sum over partners, or a difference, left the range of exact money.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The partners could not be read.
    #[error("cannot read a partner: {0}")]
    Source(E),
}

impl<E: From<LinesError>> From<LinesError> for PassFault<E> {
    fn from(error: LinesError) -> Self {
        Self::Source(error.into())
    }
}

impl<S: ColumnsSource> Passed for OfColumns<'_, S> {
    type Fault = PassFault<S::Error>;

    fn partner_id(&self, at: usize) -> Option<&PartnerId> {
        (at < self.source.partners()).then(|| self.source.partner_id(at))
    }

    fn pass(
        &self,
        at: usize,
        wanted: &dyn Fn(usize) -> Wanted,
        visit: &mut dyn FnMut(Found) -> Result<(), Self::Fault>,
    ) -> Result<(), Self::Fault> {
        let columns = self.source.columns(at).map_err(PassFault::Source)?;
        self.shared.rows(&self.compiled, self.source.partner_id(at), &columns, wanted, visit)
    }
}

/// Partners of whom folds were kept.
pub(super) struct OfKept<'a> {
    pub(super) kept: &'a KeptFolds<'a>,
    pub(super) shared: &'a SharedFolds<'a>,
}

impl Passed for OfKept<'_> {
    type Fault = KeptFault;

    fn partner_id(&self, at: usize) -> Option<&PartnerId> {
        self.kept.partners.get(at)
    }

    fn pass(
        &self,
        at: usize,
        wanted: &dyn Fn(usize) -> Wanted,
        visit: &mut dyn FnMut(Found) -> Result<(), KeptFault>,
    ) -> Result<(), KeptFault> {
        self.shared.rows_kept(self.kept, at, wanted, visit)
    }
}

/// Passes over all partners on some threads.
pub(super) fn pass_all<P: Passed>(
    passed: &P,
    plan: &AttributionPlan,
    threads: usize,
    told: &(dyn Fn(usize) + Sync),
) -> Result<Folded, P::Fault> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Folded, P::Fault> {
        let mut found = Folded::none(plan);
        loop {
            let first = next.fetch_add(CHUNK_PARTNERS, Ordering::Relaxed);
            let mut done = 0;
            while let Some(partner_id) = (done < CHUNK_PARTNERS).then(|| passed.partner_id(first + done)).flatten() {
                partner_pass(plan, passed, first + done, partner_id, &mut found)?;
                done += 1;
            }
            if done == 0 {
                return Ok(found);
            }
            told(done);
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
        whole.last_billed = whole.last_billed.max(folded.last_billed);
        whole.impact.add_all(folded.impact)?;
        for (total, more) in whole.sums.iter_mut().zip(&folded.sums) {
            add_measures(total, more)?;
        }
        whole.cuts.iter_mut().zip(&folded.cuts).try_for_each(|(total, more)| total.add_all(more))?;
    }
    Ok(whole)
}

/// What is found of one side.
type OfSide = (PartnerRows, Vec<RevenueMargin>);

fn partner_pass<P: Passed>(
    plan: &AttributionPlan,
    passed: &P,
    number: usize,
    partner_id: &PartnerId,
    found: &mut Folded,
) -> Result<(), P::Fault> {
    // One calendar for all, as for every comparison: that of the book in force.
    let calendar = plan.table.players.reference().calendar();
    let candidate = plan.books.candidate();
    let coalitions = plan.coalitions();
    let mut measures: Vec<BTreeMap<MeasureKey, Exact>> = vec![BTreeMap::new(); plan.folds()];
    let mut sides: [Option<OfSide>; 2] = [None, None];
    let mut kept = Vec::new();
    let is_side = |at: usize| at == REFERENCE || at == candidate;
    let wanted = |at: usize| if is_side(at) { Wanted::Every } else { Wanted::Money };
    passed.pass(number, &wanted, &mut |one| {
        let (at, rows, margins) = match one {
            Found::Rows { book, rows, margins } => (book, rows, margins),
            Found::Billed(last) => {
                found.last_billed = found.last_billed.max(last);
                return Ok(());
            }
            Found::Kept { fold, bytes } => {
                kept.push((fold, bytes));
                return Ok(());
            }
        };
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
            sides[usize::from(at != REFERENCE)] = Some((rows, margins));
        }
        Ok(())
    })?;
    let before = sides[0].take().unwrap_or_default();
    let after = sides[1].take().unwrap_or_else(|| before.clone());
    let earlier = match plan.checked_before() {
        Some(date) => earlier_differences(calendar, partner_id, (&before.0, &after.0), date)?,
        None => Vec::new(),
    };
    let seen = see(plan, partner_id, [&before, &after], &mut found.impact)?;
    found.passes.push(PartnerPass {
        rows: deltas(plan, partner_id, &measures)?,
        days: days_of(partner_id, &before.0, &after.0),
        earlier,
        seen,
        sides: plan.request.keep_rows.then_some((before.0, after.0)),
        kept,
        partner_id: partner_id.clone(),
    });
    Ok(())
}

/// Takes off both sides of a partner what the impact asks for.
fn see(
    plan: &AttributionPlan,
    partner_id: &PartnerId,
    sides: [&OfSide; 2],
    sums: &mut ImpactSums,
) -> Result<PartnerSeen, Overflow> {
    let players = &plan.table.players;
    let [before, after] = sides;
    let rows = [
        SideRows { side: Side::Reference, book: players.reference(), rows: &before.0 },
        SideRows { side: Side::Candidate, book: players.candidate(), rows: &after.0 },
    ];
    let mut close = near(partner_id, &rows[0], &before.1)?;
    close.extend(near(partner_id, &rows[1], &after.1)?);
    sums.add(players.reference().calendar(), partner_id, rows, close)
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
