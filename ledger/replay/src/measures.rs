//! The six measures of an earning period, shown together, never one alone.

use daybook_event::{Exact, Overflow};
use daybook_rules::calendar::{Calendar, Period};
use daybook_views::PartnerRows;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What a period can be measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What postings and true-ups earned.
    Earned,
    /// The rebate part of it, without conversions.
    Rebate,
    /// The co-op part of it.
    CoopAccrued,
    /// What was paid for the period's months.
    Cash,
    /// The lot's accrued co-op, where it is usable.
    CoopUsable,
    /// What the lot forfeited.
    CoopForfeited,
}

/// Every measure in the order of all outputs.
pub const MEASURES: [Measure; 6] = [
    Measure::Earned,
    Measure::Rebate,
    Measure::CoopAccrued,
    Measure::Cash,
    Measure::CoopUsable,
    Measure::CoopForfeited,
];

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Earned => "earned",
            Self::Rebate => "rebate",
            Self::CoopAccrued => "coop_accrued",
            Self::Cash => "cash",
            Self::CoopUsable => "coop_usable",
            Self::CoopForfeited => "coop_forfeited",
        })
    }
}

/// A period and a measure, in the order of outputs.
pub type MeasureKey = (Period, Measure);

/// The measures of a partner's rows, by period. A measure that is nothing is absent.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn measures_of(calendar: &Calendar, rows: &PartnerRows) -> Result<BTreeMap<MeasureKey, Exact>, Overflow> {
    let mut sums: BTreeMap<MeasureKey, Exact> = BTreeMap::new();
    let mut add = |period: Period, measure: Measure, amount: Exact| {
        let sum = sums.entry((period, measure)).or_default();
        *sum = sum.plus(amount)?;
        Ok::<(), Overflow>(())
    };
    for row in &rows.postings {
        let period = calendar.period_of(row.month);
        add(period, Measure::Earned, row.earned)?;
        add(period, Measure::Rebate, row.rebate)?;
        add(period, Measure::CoopAccrued, row.coop)?;
    }
    for row in &rows.true_ups {
        let period = calendar.period_of(row.month);
        add(period, Measure::Earned, row.rebate.plus(row.coop)?)?;
        add(period, Measure::Rebate, row.rebate)?;
        add(period, Measure::CoopAccrued, row.coop)?;
    }
    for row in &rows.payouts {
        add(calendar.period_of(row.month), Measure::Cash, row.paid)?;
    }
    for row in &rows.lots {
        let Some(period) = calendar.period_parse(&row.period) else { continue };
        if row.state == "usable" {
            add(period, Measure::CoopUsable, row.accrued)?;
        }
        add(period, Measure::CoopForfeited, row.forfeited)?;
    }
    sums.retain(|_, sum| !sum.is_zero());
    Ok(sums)
}
