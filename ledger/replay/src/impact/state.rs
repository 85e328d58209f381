//! What became of a partner's earning period: one state on each side.

use daybook_event::{Exact, Month};
use daybook_rules::calendar::{Calendar, Period};
use daybook_views::PartnerRows;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The state of a partner's earning period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Something was billed, nothing of it earned, and some of it may not earn.
    NotEligible,
    /// Billed, perhaps earned, but no co-op accrued.
    NoCoop,
    /// The period is not over.
    CoopOpen,
    /// The co-op stayed below the threshold, and is paid as rebate.
    CoopConverted,
    /// The co-op may be used.
    CoopUsable,
}

/// Every state, in the order of all outputs.
pub(crate) const STATES: [State; 5] =
    [State::NotEligible, State::NoCoop, State::CoopOpen, State::CoopConverted, State::CoopUsable];

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotEligible => "not_eligible",
            Self::NoCoop => "no_coop",
            Self::CoopOpen => "coop_open",
            Self::CoopConverted => "coop_converted",
            Self::CoopUsable => "coop_usable",
        })
    }
}

/// A period's state, and the co-op of its lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeriodState {
    pub(crate) state: State,
    pub(crate) accrued: Exact,
}

/// One side of a partner: its periods, and the months that earned or may not earn.
#[derive(Debug, Clone, Default)]
pub(crate) struct SideStates {
    pub(crate) periods: BTreeMap<Period, PeriodState>,
    /// Months with a posting.
    pub(crate) earning: BTreeSet<Month>,
    /// Months with something billed that may not earn.
    pub(crate) ineligible: BTreeSet<Month>,
}

impl SideStates {
    /// Reads the states off the rows.
    pub(crate) fn of(calendar: &Calendar, rows: &PartnerRows) -> Self {
        let mut states = Self {
            periods: BTreeMap::new(),
            earning: rows.postings.iter().map(|row| row.month).collect(),
            ineligible: BTreeSet::new(),
        };
        let mut billed: BTreeMap<Period, bool> = BTreeMap::new();
        for row in &rows.conservation {
            let may_not_earn = !row.ineligible.is_empty() || !row.provisional_noterms.is_zero();
            *billed.entry(calendar.period_of(row.month)).or_default() |= may_not_earn;
            if may_not_earn {
                states.ineligible.insert(row.month);
            }
        }
        let earning: BTreeSet<Period> = states.earning.iter().map(|month| calendar.period_of(*month)).collect();
        for (period, may_not_earn) in billed {
            let state = if may_not_earn && !earning.contains(&period) { State::NotEligible } else { State::NoCoop };
            states.periods.insert(period, PeriodState { state, accrued: Exact::ZERO });
        }
        for lot in &rows.lots {
            let Some(period) = calendar.period_parse(&lot.period) else { continue };
            let state = match lot.state.as_str() {
                "usable" => State::CoopUsable,
                "converted" => State::CoopConverted,
                "open" => State::CoopOpen,
                // Only claims name it: what was billed says what it is.
                _ => continue,
            };
            states.periods.insert(period, PeriodState { state, accrued: lot.accrued });
        }
        states
    }

    /// The state of a period; one that has nothing on this side accrued no co-op.
    pub(crate) fn of_period(&self, period: Period) -> PeriodState {
        self.periods.get(&period).copied().unwrap_or(PeriodState { state: State::NoCoop, accrued: Exact::ZERO })
    }
}
