//! How a change is distributed over partners: classes of its size, and how much of it falls on few.

use super::measured::Measured;
use super::percent::percent;
use crate::measures::{MEASURES, Measure};
use daybook_event::{Exact, Overflow};
use serde::Serialize;
use std::collections::BTreeMap;

/// Partners whose change of a measure is of one class: zero, or of one sign and one power of ten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DistributionClass {
    /// The measure.
    pub measure: Measure,
    /// The number of the class: 0 is no change at all, 1 below 1.00, 2 from 1.00 to below 10.00 and so on; negative
    /// for losses.
    pub class: i32,
    /// The smallest magnitude in it.
    pub from: Exact,
    /// What every magnitude in it is below; zero for the class of no change.
    pub below: Exact,
    /// How many partners.
    pub partners: usize,
    /// The sum of their changes.
    pub amount: Exact,
}

/// How much of a measure's change falls on the partners with the largest changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Concentration {
    /// The measure.
    pub measure: Measure,
    /// How many partners are taken.
    pub top: usize,
    /// The sum of their changes, each without its sign.
    pub amount: Exact,
    /// The same over all partners.
    pub of: Exact,
    /// The share in percent, with one decimal; empty where nothing changes.
    pub percent: String,
}

/// How many partners count as the few.
const TOP_PARTNERS: usize = 10;

/// The class of a change.
pub(crate) fn class_of(delta: Exact) -> i32 {
    let mut class = i32::from(!delta.is_zero());
    let mut bound = Exact::from_units(1).raw();
    while class > 0 && delta.raw().abs() >= bound {
        class += 1;
        let Some(next) = bound.checked_mul(10) else { break };
        bound = next;
    }
    if delta.is_negative() { -class } else { class }
}

/// The smallest magnitude of a class: 10^(class - 2), nothing for the first.
fn bound_of(class: u32) -> Exact {
    let Some(power) = class.checked_sub(2) else { return Exact::ZERO };
    // Beyond the largest amount that can be held there is nothing to be below.
    let scaled = 10_i128.checked_pow(power).and_then(|units| units.checked_mul(Exact::from_units(1).raw()));
    Exact::from_raw(scaled.unwrap_or(i128::MAX))
}

/// Every class that has a partner, measure by measure, from the largest loss to the largest gain.
pub(crate) fn classes<'a>(
    partners: impl Iterator<Item = &'a Measured> + Clone,
) -> Result<Vec<DistributionClass>, Overflow> {
    let mut rows = Vec::new();
    for measure in MEASURES {
        let mut sums: BTreeMap<i32, (usize, Exact)> = BTreeMap::new();
        for measured in partners.clone() {
            let delta = measured.delta(measure);
            let (count, sum) = sums.entry(class_of(delta)).or_default();
            *count += 1;
            *sum = sum.plus(delta)?;
        }
        rows.extend(sums.into_iter().map(|(class, (partners, amount))| {
            let magnitude = class.unsigned_abs();
            let below = if class == 0 { Exact::ZERO } else { bound_of(magnitude + 1) };
            DistributionClass { measure, class, from: bound_of(magnitude), below, partners, amount }
        }));
    }
    Ok(rows)
}

/// The share of the few in every measure.
pub(crate) fn concentrations<'a>(
    partners: impl Iterator<Item = &'a Measured> + Clone,
) -> Result<Vec<Concentration>, Overflow> {
    let of_measure = |measure: Measure| {
        let magnitude = |measured: &Measured| Exact::from_raw(measured.delta(measure).raw().abs());
        let mut changes: Vec<Exact> = partners.clone().map(magnitude).filter(|change| !change.is_zero()).collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        let sum = |changes: &[Exact]| changes.iter().try_fold(Exact::ZERO, |sum, change| sum.plus(*change));
        let top = changes.len().min(TOP_PARTNERS);
        let (amount, of) = (sum(&changes[..top])?, sum(&changes)?);
        Ok(Concentration { measure, top, amount, of, percent: percent(amount, of) })
    };
    MEASURES.into_iter().map(of_measure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_powers_of_ten_with_their_lower_bound_inside() {
        for (delta, class) in [
            ("0.00", 0),
            ("0.01", 1),
            ("0.99", 1),
            ("1.00", 2),
            ("9.99", 2),
            ("10.00", 3),
            ("-999.99", -4),
            ("-1000.00", -5),
            ("16000000000000.00", 15),
        ] {
            let delta = Exact::parse(delta).unwrap();
            assert_eq!(class_of(delta), class, "{delta}");
            let (from, magnitude) = (bound_of(class.unsigned_abs()), delta.raw().abs());
            assert!(from.raw() <= magnitude, "{delta} is below {from}");
        }
        assert_eq!((bound_of(2).to_string(), bound_of(5).to_string()), ("1.00".to_owned(), "1000.00".to_owned()));
    }
}
