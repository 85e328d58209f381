//! One partner's rows by earning month, lever and solution area; and the size of the partner.

use super::measured::{Measured, Side, Tally};
use crate::measures::Measure;
use daybook_event::{Exact, Month, Overflow};
use daybook_rules::calendar::{Calendar, Period};
use daybook_rules::model::{RuleBook, RuleSet};
use daybook_views::PartnerRows;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A measure of an earning month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthTally {
    /// The month.
    pub month: Month,
    /// Its measure.
    #[serde(flatten)]
    pub tally: Tally,
}

/// A measure of a lever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeverTally {
    /// The lever; empty for corrections of none.
    pub lever: String,
    /// Its measure.
    #[serde(flatten)]
    pub tally: Tally,
}

/// A measure of a solution area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaTally {
    /// The product groups that levers match, joined by `+`; `all` for levers that match everything, empty for no lever.
    pub area: String,
    /// Its measure.
    #[serde(flatten)]
    pub tally: Tally,
}

/// A measure of the partners of a size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeTally {
    /// The size.
    pub size: SizeBand,
    /// Its measure.
    #[serde(flatten)]
    pub tally: Tally,
}

/// How much a partner was billed in the last twelve months of what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum SizeBand {
    /// Below 25,000.
    #[serde(rename = "under_25k")]
    Under25k,
    /// From 25,000 to below 250,000.
    #[serde(rename = "25k_250k")]
    From25k,
    /// From 250,000 to below 625,000.
    #[serde(rename = "250k_625k")]
    From250k,
    /// From 625,000.
    #[serde(rename = "over_625k")]
    From625k,
}

/// Every size, from the smallest.
pub(crate) const SIZES: [SizeBand; 4] = [SizeBand::Under25k, SizeBand::From25k, SizeBand::From250k, SizeBand::From625k];

impl SizeBand {
    /// The band of an amount billed.
    #[must_use]
    pub fn of(billed: Exact) -> Self {
        let is_least = |size: &Self| billed >= size.at_least();
        SIZES.into_iter().rev().find(is_least).unwrap_or(Self::Under25k)
    }

    /// The least billed in it; the smallest band has no least, but starts at zero.
    #[must_use]
    pub fn at_least(self) -> Exact {
        Exact::from_units(match self {
            Self::Under25k => 0,
            Self::From25k => 25_000,
            Self::From250k => 250_000,
            Self::From625k => 625_000,
        })
    }
}

impl fmt::Display for SizeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Under25k => "under_25k",
            Self::From25k => "25k_250k",
            Self::From250k => "250k_625k",
            Self::From625k => "over_625k",
        })
    }
}

/// A lever as a row names it, with the rule set that says what it matches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lever<'a> {
    pub(crate) name: &'a str,
    set: Option<&'a RuleSet>,
}

impl Lever<'_> {
    /// The solution area: the product groups that the lever matches, or `all`; empty where there is no such lever.
    pub(crate) fn area(&self) -> String {
        let Some(set) = self.set else { return String::new() };
        let Some(lever) = set.levers.iter().find(|of| of.name == self.name) else { return String::new() };
        if lever.matches.groups.is_empty() {
            return "all".to_owned();
        }
        let names = lever.matches.groups.iter().map(|&group| set.product_groups[group].name.as_str());
        names.collect::<Vec<_>>().join("+")
    }
}

/// Every amount of one partner's rows that a measure counts: its earning month, its lever where it belongs to one, and
/// what it adds to which measure.
pub(crate) fn amounts<'a>(
    calendar: &Calendar,
    book: &'a RuleBook,
    rows: &'a PartnerRows,
    mut take: impl FnMut(Month, Option<Lever<'a>>, &[(Measure, Exact)]) -> Result<(), Overflow>,
) -> Result<(), Overflow> {
    for row in &rows.postings {
        let lever = Lever { name: &row.lever, set: book.sets.iter().find(|set| set.version == row.rule_set) };
        let earned = [(Measure::Earned, row.earned), (Measure::Rebate, row.rebate), (Measure::CoopAccrued, row.coop)];
        take(row.month, Some(lever), &earned)?;
    }
    for row in &rows.true_ups {
        let lever = Lever { name: &row.lever, set: Some(book.set_on_or_first(row.closed_month.last_day())) };
        let sum = row.rebate.plus(row.coop)?;
        let earned = [(Measure::Earned, sum), (Measure::Rebate, row.rebate), (Measure::CoopAccrued, row.coop)];
        take(row.month, Some(lever), &earned)?;
    }
    for row in &rows.payouts {
        take(row.month, None, &[(Measure::Cash, row.paid)])?;
    }
    for row in &rows.lots {
        // A lot is decided when its period ends: that month stands for it.
        let Some(period) = calendar.period_parse(&row.period) else { continue };
        let usable = if row.state == "usable" { row.accrued } else { Exact::ZERO };
        let lot = [(Measure::CoopUsable, usable), (Measure::CoopForfeited, row.forfeited)];
        take(period.last_month(), None, &lot)?;
    }
    Ok(())
}

/// One partner's measures, cut in several ways. Each cut that holds every measure adds up to the same sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartnerCuts {
    pub(crate) total: Measured,
    pub(crate) by_period: BTreeMap<Period, Measured>,
    pub(crate) by_month: BTreeMap<Month, Measured>,
    /// Earned, rebate and co-op accrued only: what is paid and what a lot becomes belongs to no lever.
    pub(crate) by_lever: BTreeMap<String, Measured>,
    /// The same by solution area.
    pub(crate) by_area: BTreeMap<String, Measured>,
}

impl PartnerCuts {
    /// Adds one side's rows.
    pub(crate) fn add(
        &mut self,
        calendar: &Calendar,
        book: &RuleBook,
        side: Side,
        rows: &PartnerRows,
    ) -> Result<(), Overflow> {
        amounts(calendar, book, rows, |month, lever, measured| {
            for (measure, amount) in measured {
                self.add_to(calendar, side, month, *measure, *amount)?;
            }
            let Some(lever) = lever else { return Ok(()) };
            let of_lever = match self.by_lever.get_mut(lever.name) {
                Some(of_lever) => of_lever,
                None => self.by_lever.entry(lever.name.to_owned()).or_default(),
            };
            measured.iter().try_for_each(|(measure, amount)| of_lever.add(side, *measure, *amount))?;
            let of_area = self.by_area.entry(lever.area()).or_default();
            measured.iter().try_for_each(|(measure, amount)| of_area.add(side, *measure, *amount))
        })
    }

    fn add_to(
        &mut self,
        calendar: &Calendar,
        side: Side,
        month: Month,
        measure: Measure,
        amount: Exact,
    ) -> Result<(), Overflow> {
        if amount.is_zero() {
            return Ok(());
        }
        self.total.add(side, measure, amount)?;
        self.by_period.entry(calendar.period_of(month)).or_default().add(side, measure, amount)?;
        self.by_month.entry(month).or_default().add(side, measure, amount)
    }

    /// Differences must fit before anything is made of them.
    pub(crate) fn check(&self) -> Result<(), Overflow> {
        self.total.check()?;
        self.by_period.values().chain(self.by_month.values()).try_for_each(Measured::check)
    }

    /// Whether any measure of any month differs.
    pub(crate) fn is_changed(&self) -> bool {
        self.by_month.values().any(Measured::is_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_begins_at_its_bound() {
        for (billed, size) in [
            ("-5.00", SizeBand::Under25k),
            ("24999.99", SizeBand::Under25k),
            ("25000.00", SizeBand::From25k),
            ("249999.99", SizeBand::From25k),
            ("250000.00", SizeBand::From250k),
            ("624999.99", SizeBand::From250k),
            ("625000.00", SizeBand::From625k),
        ] {
            assert_eq!(SizeBand::of(Exact::parse(billed).unwrap()), size, "{billed}");
        }
    }
}
