//! Winners and losers: every partner is in exactly one band.

use super::measured::Measured;
use super::state::{SideStates, State};
use crate::measures::Measure;
use daybook_event::{Exact, Overflow};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;

/// What a change of terms does to a partner: the first that holds, eligibility and co-op use before money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// More months stop earning for want of eligibility than begin to.
    LostEligibility,
    /// More lots are paid as rebate instead of being usable than the other way round.
    LostCoopUse,
    /// Earned falls by more than 5 %.
    #[serde(rename = "loss_over_5")]
    LossOver5,
    /// Earned falls by up to 5 %.
    #[serde(rename = "loss_up_to_5")]
    LossUpTo5,
    /// No measure of any month differs.
    Unchanged,
    /// Earned is the same in sum, but some measure of some month differs: money changes its kind or its date.
    Shifted,
    /// Earned rises by up to 5 %.
    #[serde(rename = "gain_up_to_5")]
    GainUpTo5,
    /// Earned rises by more than 5 %.
    #[serde(rename = "gain_over_5")]
    GainOver5,
    /// More lots become usable than stop being so.
    GainedCoopUse,
    /// More months begin to earn than stop.
    GainedEligibility,
}

/// Every band in the order of all outputs, from the worst.
pub(crate) const BANDS: [Band; 10] = [
    Band::LostEligibility,
    Band::LostCoopUse,
    Band::LossOver5,
    Band::LossUpTo5,
    Band::Unchanged,
    Band::Shifted,
    Band::GainUpTo5,
    Band::GainOver5,
    Band::GainedCoopUse,
    Band::GainedEligibility,
];

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::LostEligibility => "lost_eligibility",
            Self::LostCoopUse => "lost_coop_use",
            Self::LossOver5 => "loss_over_5",
            Self::LossUpTo5 => "loss_up_to_5",
            Self::Unchanged => "unchanged",
            Self::Shifted => "shifted",
            Self::GainUpTo5 => "gain_up_to_5",
            Self::GainOver5 => "gain_over_5",
            Self::GainedCoopUse => "gained_coop_use",
            Self::GainedEligibility => "gained_eligibility",
        })
    }
}

/// A change is large above one part in this of what there was: 5 %.
pub(crate) const LARGE_CHANGE_DIVISOR: i128 = 20;

impl Band {
    /// The band of a partner: its months and periods on both sides, its sums, and whether anything differs at all.
    pub(crate) fn of(reference: &SideStates, candidate: &SideStates, sums: &Measured, is_changed: bool) -> Self {
        let stops = |one: &SideStates, other: &SideStates| {
            let lost = one.earning.iter().filter(|&month| !other.earning.contains(month));
            lost.filter(|&month| other.ineligible.contains(month)).count()
        };
        match stops(reference, candidate).cmp(&stops(candidate, reference)) {
            std::cmp::Ordering::Greater => return Self::LostEligibility,
            std::cmp::Ordering::Less => return Self::GainedEligibility,
            std::cmp::Ordering::Equal => {}
        }
        let converts = |one: &SideStates, other: &SideStates| {
            let usable = one.periods.iter().filter(|(_, period)| period.state == State::CoopUsable);
            usable.filter(|&(period, _)| other.of_period(*period).state == State::CoopConverted).count()
        };
        match converts(reference, candidate).cmp(&converts(candidate, reference)) {
            std::cmp::Ordering::Greater => Self::LostCoopUse,
            std::cmp::Ordering::Less => Self::GainedCoopUse,
            std::cmp::Ordering::Equal => Self::of_money(sums, is_changed),
        }
    }

    fn of_money(sums: &Measured, is_changed: bool) -> Self {
        let before = sums.side(super::Side::Reference, Measure::Earned);
        let delta = sums.delta(Measure::Earned);
        // Where nothing or less was earned before, no share of it is small.
        let is_large = !before.is_positive() || delta.raw().abs() > before.raw() / LARGE_CHANGE_DIVISOR;
        match (delta.cmp(&Exact::ZERO), is_large) {
            (std::cmp::Ordering::Less, true) => Self::LossOver5,
            (std::cmp::Ordering::Less, false) => Self::LossUpTo5,
            (std::cmp::Ordering::Greater, true) => Self::GainOver5,
            (std::cmp::Ordering::Greater, false) => Self::GainUpTo5,
            (std::cmp::Ordering::Equal, _) => {
                if is_changed {
                    Self::Shifted
                } else {
                    Self::Unchanged
                }
            }
        }
    }
}

/// The partners of a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BandTally {
    /// How many.
    pub partners: usize,
    /// The change of every measure over all of them.
    #[serde(flatten)]
    pub measured: Measured,
}

/// Every band with its partners, always all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bands(Vec<(Band, BandTally)>);

impl Default for Bands {
    fn default() -> Self {
        Self(BANDS.into_iter().map(|band| (band, BandTally::default())).collect())
    }
}

impl Bands {
    pub(crate) fn add(&mut self, band: Band, measured: &Measured) -> Result<(), Overflow> {
        for (_, tally) in self.0.iter_mut().filter(|(of, _)| *of == band) {
            tally.partners += 1;
            tally.measured.add_all(measured)?;
        }
        Ok(())
    }

    /// The bands from the worst to the best.
    pub fn iter(&self) -> impl Iterator<Item = &(Band, BandTally)> {
        self.0.iter()
    }
}

impl Serialize for Bands {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (band, tally) in self.iter() {
            map.serialize_entry(band, tally)?;
        }
        map.end()
    }
}
