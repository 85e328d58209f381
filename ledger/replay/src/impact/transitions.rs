//! From which state to which: partners' earning periods under the two books.

use super::measured::{Measured, Side};
use super::movers::PeriodImpact;
use super::state::{STATES, State};
use crate::measures::Measure;
use daybook_event::{Exact, Overflow};
use daybook_rules::calendar::Period;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Partners' periods that are in one state under the reference and in one under the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// The state under the reference.
    pub from: State,
    /// The state under the candidate.
    pub to: State,
    /// Partners with at least one such period.
    pub partners: usize,
    /// Earning periods of partners.
    pub periods: usize,
    /// The co-op concerned: what is accrued under the reference, or where that is nothing, under the candidate.
    pub amount: Exact,
    /// The change of what these periods earned.
    pub earned: Exact,
    /// The change of cash of these periods.
    pub cash: Exact,
    /// The change of usable co-op of these periods.
    pub coop_usable: Exact,
}

/// How many partners' periods are in a state on each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// The state.
    pub state: State,
    /// Periods under the reference.
    pub reference: usize,
    /// Periods under the candidate.
    pub candidate: usize,
}

/// Takes partners in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transitions {
    cells: BTreeMap<(State, State), Cell>,
}

#[derive(Debug, Clone, Default)]
struct Cell {
    partners: usize,
    periods: usize,
    amount: Exact,
    measured: Measured,
}

impl Transitions {
    /// Takes one partner's periods in, with what they measured.
    pub(crate) fn add(
        &mut self,
        periods: &[PeriodImpact],
        measured: &BTreeMap<Period, Measured>,
    ) -> Result<(), Overflow> {
        let mut seen = BTreeSet::new();
        for PeriodImpact { period, reference: (from, before), candidate: (to, after) } in periods {
            let cell = self.cells.entry((*from, *to)).or_default();
            cell.partners += usize::from(seen.insert((*from, *to)));
            cell.periods += 1;
            let concerned = if before.is_zero() { after } else { before };
            cell.amount = cell.amount.plus(*concerned)?;
            if let Some(measured) = measured.get(period) {
                cell.measured.add_all(measured)?;
            }
        }
        Ok(())
    }

    /// Takes the periods of other partners in.
    pub(crate) fn add_all(&mut self, other: Self) -> Result<(), Overflow> {
        for (key, more) in other.cells {
            let cell = self.cells.entry(key).or_default();
            cell.partners += more.partners;
            cell.periods += more.periods;
            cell.amount = cell.amount.plus(more.amount)?;
            cell.measured.add_all(&more.measured)?;
        }
        Ok(())
    }

    /// Every cell with a period, in order.
    pub(crate) fn rows(&self) -> Vec<Transition> {
        let row = |(&(from, to), cell): (&(State, State), &Cell)| Transition {
            from,
            to,
            partners: cell.partners,
            periods: cell.periods,
            amount: cell.amount,
            earned: cell.measured.delta(Measure::Earned),
            cash: cell.measured.delta(Measure::Cash),
            coop_usable: cell.measured.delta(Measure::CoopUsable),
        };
        self.cells.iter().map(row).collect()
    }

    /// Every state that some period is in, on either side.
    pub(crate) fn states(&self) -> Vec<StateCount> {
        let count = |state: State, side: Side| {
            let is_in = |(from, to): &(State, State)| match side {
                Side::Reference => *from == state,
                Side::Candidate => *to == state,
            };
            self.cells.iter().filter(|(key, _)| is_in(key)).map(|(_, cell)| cell.periods).sum()
        };
        let counted = STATES.into_iter().map(|state| StateCount {
            state,
            reference: count(state, Side::Reference),
            candidate: count(state, Side::Candidate),
        });
        counted.filter(|of| of.reference + of.candidate > 0).collect()
    }
}
