//! Whom the change moves: one row per partner with anything changed.

use super::bands::Band;
use super::measured::{Measured, Side};
use super::percent::percent;
use super::segments::SizeBand;
use super::state::{SideStates, State};
use crate::measures::Measure;
use daybook_event::{Exact, PartnerId};
use daybook_rules::calendar::Period;
use serde::Serialize;
use std::collections::BTreeSet;

/// A partner under both books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerImpact {
    /// The partner.
    pub partner_id: PartnerId,
    /// Its band.
    pub band: Band,
    /// Its size.
    pub size: SizeBand,
    /// Every measure on both sides, all periods together.
    pub measured: Measured,
    /// Whether any measure of any month differs.
    pub is_changed: bool,
    /// Its earning periods, in order of time.
    pub periods: Vec<PeriodImpact>,
}

/// A partner's earning period under both books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodImpact {
    /// The period.
    pub period: Period,
    /// The state under the reference, with the co-op accrued.
    pub reference: (State, Exact),
    /// The state under the candidate, with the co-op accrued.
    pub candidate: (State, Exact),
}

/// The periods that either side has.
pub(crate) fn periods(reference: &SideStates, candidate: &SideStates) -> Vec<PeriodImpact> {
    let all: BTreeSet<Period> = reference.periods.keys().chain(candidate.periods.keys()).copied().collect();
    let both = |period: Period| {
        let [reference, candidate] = [reference, candidate].map(|side| {
            let of = side.of_period(period);
            (of.state, of.accrued)
        });
        PeriodImpact { period, reference, candidate }
    };
    all.into_iter().map(both).collect()
}

/// A partner that the change moves, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mover {
    /// The partner.
    pub partner_id: PartnerId,
    /// Its band.
    pub band: Band,
    /// Its size.
    pub size: SizeBand,
    /// The change of what it earned, in percent of what it earned under the reference; empty where that is nothing.
    pub earned_percent: String,
    /// The change of every measure, all periods together.
    #[serde(flatten)]
    pub measured: Measured,
}

/// Every partner with anything changed, from the largest loss to the largest gain: by the change in what it earned, then
/// in cash, then by id.
pub(crate) fn movers(everyone: &[PartnerImpact]) -> Vec<Mover> {
    let mut changed: Vec<&PartnerImpact> = everyone.iter().filter(|partner| partner.is_changed).collect();
    changed.sort_by_key(|partner| {
        let delta = |measure: Measure| partner.measured.delta(measure);
        (delta(Measure::Earned), delta(Measure::Cash), &partner.partner_id)
    });
    let mover = |partner: &PartnerImpact| Mover {
        partner_id: partner.partner_id.clone(),
        band: partner.band,
        size: partner.size,
        earned_percent: percent(
            partner.measured.delta(Measure::Earned),
            partner.measured.side(Side::Reference, Measure::Earned),
        ),
        measured: partner.measured,
    };
    changed.into_iter().map(mover).collect()
}
