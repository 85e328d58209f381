//! What closed months should have come to, less what is pinned: by month, lever and cause.

use super::Pinned;
use super::causes::{Run, runs};
use super::months::{ClosedMonths, Step};
use super::until::Until;
use crate::fold::{FoldError, advance};
use crate::fx::FxTable;
use crate::history::FactSource;
use crate::rows::TrueUpRow;
use crate::state::PartnerState;
use daybook_event::{Exact, Month, Overflow, PartnerId, Position};
use daybook_rules::model::RuleBook;
use std::collections::{BTreeMap, BTreeSet};

/// The cause of what no record and no change of terms explains.
const ENGINE: &str = "engine";

/// The month concerned and the lever.
type Key = (Month, String);

/// Rebate and co-op by what they are of.
#[derive(Debug, Clone, Default)]
struct Sums(BTreeMap<Key, Parts>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Parts {
    rebate: Exact,
    coop: Exact,
}

impl Sums {
    fn add(&mut self, month: Month, lever: &str, rebate: Exact, coop: Exact) -> Result<(), Overflow> {
        let parts = self.0.entry((month, lever.to_owned())).or_default();
        *parts = Parts { rebate: parts.rebate.plus(rebate)?, coop: parts.coop.plus(coop)? };
        Ok(())
    }

    /// What the closed months come to in a state: their postings, and the corrections by hand that are pinned in them.
    fn of_state(closed: &ClosedMonths<'_>, state: &PartnerState) -> Result<Self, Overflow> {
        let mut sums = Self::default();
        for row in state.postings.iter().filter(|row| row.month <= closed.last()) {
            sums.add(row.month, &row.lever, row.rebate, row.coop)?;
        }
        let pinned = |position, month| closed.has_pinned(position, month);
        for adjusted in state.adjustments.iter().filter(|adjusted| pinned(adjusted.position, adjusted.row.month)) {
            let row = &adjusted.row;
            sums.add(row.closed_month, &row.lever, row.rebate, row.coop)?;
        }
        Ok(sums)
    }

    /// What is pinned: postings, and what was booked for them later in months that are closed too.
    fn of_pinned(pinned: &Pinned<'_>) -> Result<Self, Overflow> {
        let mut sums = Self::default();
        for statement in pinned.statements() {
            for row in &statement.postings {
                sums.add(row.month, &row.lever, row.rebate, row.coop)?;
            }
            for row in &statement.true_ups {
                sums.add(row.closed_month, &row.lever, row.rebate, row.coop)?;
            }
        }
        Ok(sums)
    }

    /// What is not zero in this less the other.
    fn minus(&self, other: &Self) -> Result<Vec<(Key, Parts)>, Overflow> {
        let keys: BTreeSet<&Key> = self.0.keys().chain(other.0.keys()).collect();
        let mut differences = Vec::new();
        for key in keys {
            let of = |sums: &Self| sums.0.get(key).copied().unwrap_or_default();
            let (now, before) = (of(self), of(other));
            let parts = Parts { rebate: now.rebate.minus(before.rebate)?, coop: now.coop.minus(before.coop)? };
            if parts != Parts::default() {
                differences.push((key.clone(), parts));
            }
        }
        Ok(differences)
    }
}

/// A state of knowledge between the last closing and now.
enum Stage<'a> {
    /// The records and terms of the last closing.
    AtClose,
    /// With late records up to one.
    Records(&'a Run),
    /// With all records, and changes of terms up to one.
    Terms(&'a Step<'a>),
}

impl Stage<'_> {
    fn cause(&self) -> &str {
        match self {
            Self::AtClose => ENGINE,
            Self::Records(run) => &run.cause,
            Self::Terms(step) => step.cause,
        }
    }
}

/// True-ups of the earliest open month: what each cause changed, each measured on top of those before.
pub(crate) fn differences<S: FactSource>(
    closed: &ClosedMonths<'_>,
    partner_id: &PartnerId,
    source: &S,
    state: &PartnerState,
    pinned: &Pinned<'_>,
    start: Option<PartnerState>,
) -> Result<Vec<TrueUpRow>, FoldError<S::Error>> {
    let mut before = Sums::of_pinned(pinned)?;
    let now = Sums::of_state(closed, state)?;
    let has_facts = source.first_month().is_some_and(|first| first <= closed.last());
    let runs = if has_facts { runs(closed, source).map_err(FoldError::Facts)? } else { Vec::new() };
    let steps = if has_facts { closed.steps.as_slice() } else { &[] };
    let mut stages = vec![Stage::AtClose];
    stages.extend(runs.iter().map(Stage::Records));
    stages.extend(steps.iter().map(Stage::Terms));
    let folds = match stages.len() {
        1 => None,
        _ => Some(Folds::new(closed, partner_id, source, runs.iter().map(|run| run.month).min(), start)?),
    };
    let mut rows = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let value = match &folds {
            // The last stage is what is known now, and folded already.
            Some(folds) if at + 1 < stages.len() => match folds.value(stage) {
                // Sums that could not be held for a while, and can now: what they hide goes with the next cause.
                Err(FoldError::Overflow(_)) => continue,
                value => value?,
            },
            _ => now.clone(),
        };
        for ((closed_month, lever), parts) in value.minus(&before)? {
            let (rebate, coop, cause) = (parts.rebate, parts.coop, stage.cause().into());
            let (partner_id, month) = (partner_id.clone(), closed.last().next());
            rows.push(TrueUpRow { partner_id, month, closed_month, lever: lever.into(), rebate, coop, cause });
        }
        before = value;
    }
    Ok(rows)
}

/// Folds closed months again, as of earlier states of knowledge.
struct Folds<'a, S> {
    closed: &'a ClosedMonths<'a>,
    partner_id: &'a PartnerId,
    source: &'a S,
    /// Before the first month that a late record or a change of terms can change.
    base: PartnerState,
}

impl<'a, S: FactSource> Folds<'a, S> {
    fn new(
        closed: &'a ClosedMonths<'a>,
        partner_id: &'a PartnerId,
        source: &'a S,
        late_from: Option<Month>,
        start: Option<PartnerState>,
    ) -> Result<Self, FoldError<S::Error>> {
        let first = source.first_month().unwrap_or(closed.last());
        let steps_from = closed.steps_from().unwrap_or(first);
        let from = late_from.map_or(steps_from, |month| month.min(steps_from));
        let kept = start.filter(|state| state.next_month <= from);
        let mut folds = Self { closed, partner_id, source, base: PartnerState::before(first) };
        let mut base = kept.unwrap_or_else(|| folds.base.clone());
        let known = Until::new(source, closed.known());
        folds.fold(closed.at_close, closed.fx_at(Position::ZERO), &known, &mut base, from)?;
        folds.base = base;
        Ok(folds)
    }

    fn fold<T: FactSource<Error = S::Error>>(
        &self,
        book: &RuleBook,
        fx: &FxTable,
        source: &T,
        state: &mut PartnerState,
        end: Month,
    ) -> Result<(), FoldError<S::Error>> {
        while state.next_month < end {
            advance(book, fx, self.partner_id, source, state, self.closed.through)?;
        }
        Ok(())
    }

    /// What the closed months come to at a stage.
    fn value(&self, stage: &Stage<'_>) -> Result<Sums, FoldError<S::Error>> {
        let (closed, end) = (self.closed, self.closed.last().next());
        let mut state = self.base.clone();
        match stage {
            Stage::AtClose | Stage::Records(_) => {
                let known = if let Stage::Records(run) = stage { run.until } else { Position::ZERO };
                let source = Until::new(self.source, known.max(closed.known()));
                self.fold(closed.at_close, closed.fx_at(known), &source, &mut state, end)?;
            }
            Stage::Terms(step) => self.fold(step.book, &step.fx, self.source, &mut state, end)?,
        }
        Ok(Sums::of_state(closed, &state)?)
    }
}
