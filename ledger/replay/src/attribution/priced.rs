//! The answer under other readings of the terms, and at other values of a parameter.

use super::AttributionPlan;
use super::game::{Books, REFERENCE, ReadingFolds, VariedFolds};
use crate::compare::MeasureTotal;
use crate::measures::{MEASURES, Measure};
use daybook_event::{Exact, NaiveDate, Overflow};
use daybook_rules::{Players, Reading, Varied};
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer under another reading of one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PricedReading {
    /// The reading.
    #[serde(flatten)]
    pub reading: Reading,
    /// Whether the terms can say it; a reading in words only has no price.
    pub priced: bool,
    /// The delta of every measure under it; empty where it has no price.
    pub deltas: BTreeMap<Measure, Exact>,
}

/// The range of the answer over the readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeasureRange {
    /// The measure.
    pub measure: Measure,
    /// The delta as read.
    pub delta: Exact,
    /// The least delta, under this or another reading.
    pub least: Exact,
    /// The greatest.
    pub greatest: Exact,
}

/// The candidate at other values of one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sensitivity {
    /// The parameter.
    pub path: String,
    /// By value, in order.
    pub points: Vec<SensitivityPoint>,
}

/// The totals at one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SensitivityPoint {
    /// The value, with its unit.
    pub value: String,
    /// The total of every measure.
    pub totals: BTreeMap<Measure, Exact>,
}

/// Every reading that can be of weight by the through date, with the books that stand for it.
pub(super) fn reading_folds(players: &Players, books: &mut Books, through: NaiveDate) -> Vec<ReadingFolds> {
    let mut found = Vec::new();
    for reading in players.readings().into_iter().filter(|reading| reading.begins <= through) {
        let folds = players.under(&reading).map(|under| {
            let reference = under.reference.map_or(REFERENCE, |book| books.take(&book));
            let candidate = under.candidate.map(|book| books.take(&book));
            [reference, candidate.unwrap_or_else(|| books.candidate())]
        });
        found.push(ReadingFolds { reading, folds });
    }
    found
}

pub(super) fn varied_folds(varied: &[(String, Vec<Varied>)], books: &mut Books) -> Vec<VariedFolds> {
    let mut folds = Vec::with_capacity(varied.len());
    for (path, values) in varied {
        let points = values.iter().map(|varied| (varied.value.clone(), books.take(&varied.book))).collect();
        folds.push((path.clone(), points));
    }
    folds
}

/// The deltas under every reading, and their range.
pub(super) fn priced_readings(
    plan: &AttributionPlan,
    totals: &[MeasureTotal],
    sums: &[BTreeMap<Measure, Exact>],
) -> Result<(Vec<PricedReading>, Vec<MeasureRange>), Overflow> {
    let worth = |at: usize, measure: Measure| sums[at].get(&measure).copied().unwrap_or_default();
    let mut ranges: Vec<MeasureRange> = totals
        .iter()
        .map(|total| {
            let (measure, delta) = (total.measure, total.delta.delta);
            MeasureRange { measure, delta, least: delta, greatest: delta }
        })
        .collect();
    let mut priced = Vec::with_capacity(plan.readings.len());
    for ReadingFolds { reading, folds } in &plan.readings {
        let mut deltas = BTreeMap::new();
        if let Some([reference, candidate]) = *folds {
            for range in &mut ranges {
                let delta = worth(candidate, range.measure).minus(worth(reference, range.measure))?;
                (range.least, range.greatest) = (range.least.min(delta), range.greatest.max(delta));
                deltas.insert(range.measure, delta);
            }
        }
        priced.push(PricedReading { reading: reading.clone(), priced: folds.is_some(), deltas });
    }
    if priced.is_empty() {
        ranges.clear();
    }
    Ok((priced, ranges))
}

pub(super) fn sensitivity(plan: &AttributionPlan, sums: &[BTreeMap<Measure, Exact>]) -> Vec<Sensitivity> {
    let worth = |at: usize, measure: Measure| sums[at].get(&measure).copied().unwrap_or_default();
    let totals = |at: usize| MEASURES.into_iter().map(|measure| (measure, worth(at, measure))).collect();
    let points = |values: &[(String, usize)]| -> Vec<SensitivityPoint> {
        values.iter().map(|(value, at)| SensitivityPoint { value: value.clone(), totals: totals(*at) }).collect()
    };
    plan.varied.iter().map(|(path, values)| Sensitivity { path: path.clone(), points: points(values) }).collect()
}
