//! Every measure of both sides, added up.

use crate::attribution::PartsOf;
use crate::compare::{ByChange, MeasureDelta};
use crate::measures::{MEASURES, Measure};
use daybook_event::{Exact, Overflow};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Which of the two books a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The book in force.
    Reference,
    /// The book proposed.
    Candidate,
}

/// Sums of every measure on both sides. Printed as the deltas by name of the measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    reference: [Exact; 6],
    candidate: [Exact; 6],
}

impl Measured {
    /// Adds to one side of a measure.
    pub(crate) fn add(&mut self, side: Side, measure: Measure, amount: Exact) -> Result<(), Overflow> {
        let sums = match side {
            Side::Reference => &mut self.reference,
            Side::Candidate => &mut self.candidate,
        };
        let sum = &mut sums[measure as usize];
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// Adds all of another.
    pub(crate) fn add_all(&mut self, other: &Self) -> Result<(), Overflow> {
        for measure in MEASURES {
            self.add(Side::Reference, measure, other.reference[measure as usize])?;
            self.add(Side::Candidate, measure, other.candidate[measure as usize])?;
        }
        self.check()
    }

    /// What is printed later is a difference of the two sides: it must fit as well.
    pub(crate) fn check(&self) -> Result<(), Overflow> {
        MEASURES.into_iter().try_for_each(|measure| self.of(measure).map(|_| ()))
    }

    /// Whether any measure differs.
    pub(crate) fn is_changed(&self) -> bool {
        self.reference != self.candidate
    }

    /// Both sides of a measure.
    pub(crate) fn of(&self, measure: Measure) -> Result<MeasureDelta, Overflow> {
        MeasureDelta::of(self.reference[measure as usize], self.candidate[measure as usize])
    }

    /// The candidate's less the reference's. It fits: sums are checked before they leave this crate.
    #[must_use]
    pub fn delta(&self, measure: Measure) -> Exact {
        self.of(measure).map(|both| both.delta).unwrap_or_default()
    }

    /// One side of a measure.
    #[must_use]
    pub fn side(&self, side: Side, measure: Measure) -> Exact {
        match side {
            Side::Reference => self.reference[measure as usize],
            Side::Candidate => self.candidate[measure as usize],
        }
    }
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(MEASURES.into_iter().map(|measure| (measure, self.delta(measure))))
    }
}

/// Sums by some key, and how many partners gain and lose in each.
#[derive(Debug, Clone)]
pub(crate) struct Cut<K> {
    sums: BTreeMap<K, CutSums>,
}

#[derive(Debug, Clone, Copy, Default)]
struct CutSums {
    measured: Measured,
    partners: usize,
    gain: [usize; 6],
    lose: [usize; 6],
}

/// A measure of one key: both sides, and how many partners it changes for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The measure.
    pub measure: Measure,
    /// Both sides.
    #[serde(flatten)]
    pub delta: MeasureDelta,
    /// Partners that have anything there.
    pub partners: usize,
    /// Partners for whom the measure rises there.
    pub gain: usize,
    /// Partners for whom it falls there.
    pub lose: usize,
    /// The delta in parts; none where it was not split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_change: Option<ByChange>,
}

impl<K: Ord> Default for Cut<K> {
    fn default() -> Self {
        Self { sums: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Cut<K> {
    /// Takes one partner's sums in.
    pub(crate) fn add(&mut self, of_partner: BTreeMap<K, Measured>) -> Result<(), Overflow> {
        for (key, measured) in of_partner {
            let sums = self.sums.entry(key).or_default();
            sums.measured.add_all(&measured)?;
            sums.partners += 1;
            for measure in MEASURES {
                let delta = measured.of(measure)?.delta;
                sums.gain[measure as usize] += usize::from(delta.is_positive());
                sums.lose[measure as usize] += usize::from(delta.is_negative());
            }
        }
        Ok(())
    }

    /// Takes the sums over other partners in.
    pub(crate) fn add_all(&mut self, other: Self) -> Result<(), Overflow> {
        for (key, more) in other.sums {
            let sums = self.sums.entry(key).or_default();
            sums.measured.add_all(&more.measured)?;
            sums.partners += more.partners;
            sums.gain.iter_mut().zip(more.gain).for_each(|(sum, more)| *sum += more);
            sums.lose.iter_mut().zip(more.lose).for_each(|(sum, more)| *sum += more);
        }
        Ok(())
    }

    /// Every key and measure that is not nothing on both sides, and those in which changes make up for each other, in
    /// order, each with its parts.
    pub(crate) fn rows<R>(mut self, mut parts: PartsOf<K>, row: impl Fn(&K, Tally) -> R) -> Result<Vec<R>, Overflow> {
        for (key, _) in parts.keys() {
            self.sums.entry(key.clone()).or_default();
        }
        let mut rows = Vec::new();
        for (key, sums) in &self.sums {
            for measure in MEASURES {
                let delta = sums.measured.of(measure)?;
                let by_change = parts.remove(&(key.clone(), measure));
                let is_moved = by_change.as_ref().is_some_and(|parts| !parts.is_nothing());
                if !is_moved && delta == MeasureDelta::default() {
                    continue;
                }
                let (gain, lose) = (sums.gain[measure as usize], sums.lose[measure as usize]);
                rows.push(row(key, Tally { measure, delta, partners: sums.partners, gain, lose, by_change }));
            }
        }
        Ok(rows)
    }
}
