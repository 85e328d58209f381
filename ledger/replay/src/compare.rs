//! Two rule books over the same records: who gains, who loses, in every measure.

use crate::measures::{MEASURES, Measure, measures_of};
use crate::replayed::Replayed;
use daybook_event::{Exact, Overflow, PartnerId, Position};
use daybook_rules::calendar::{Calendar, Period};
use daybook_views::PartnerRows;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A comparison, as `daybook compare --format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The book argument of the book in force.
    pub reference: String,
    /// The book argument of the book proposed.
    pub candidate: String,
    /// The last position compared.
    pub position: Position,
    /// One per measure, always all of them.
    pub totals: Vec<MeasureTotal>,
    /// One per partner, period and measure that is not zero on either side.
    pub partners: Vec<PartnerDelta>,
}

/// A measure over all partners and periods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeasureTotal {
    /// The measure.
    pub measure: Measure,
    /// Both sides.
    #[serde(flatten)]
    pub delta: MeasureDelta,
    /// The delta in parts; none where it was not split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_change: Option<ByChange>,
}

/// A measure of a partner's period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerDelta {
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning period.
    #[serde(serialize_with = "as_label")]
    pub period: Period,
    /// The measure.
    pub measure: Measure,
    /// Both sides.
    #[serde(flatten)]
    pub delta: MeasureDelta,
    /// The delta in parts; none where it was not split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_change: Option<ByChange>,
}

/// A delta in parts, by change, in announced order. The parts add up to the delta exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByChange {
    /// The ids of the changes.
    pub ids: Arc<[String]>,
    /// The part of each.
    pub amounts: Vec<Exact>,
}

impl ByChange {
    /// The parts with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Exact)> {
        self.ids.iter().map(String::as_str).zip(self.amounts.iter().copied())
    }

    /// Whether no change does anything.
    pub(crate) fn is_nothing(&self) -> bool {
        self.amounts.iter().all(|part| part.is_zero())
    }

    pub(crate) fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        let sums = self.amounts.iter().zip(&other.amounts).map(|(one, more)| one.plus(*more));
        Ok(Self { ids: Arc::clone(&self.ids), amounts: sums.collect::<Result<_, _>>()? })
    }
}

impl Serialize for ByChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.amounts.len()))?;
        self.iter().try_for_each(|(id, amount)| map.serialize_entry(id, &amount))?;
        map.end()
    }
}

/// Both sides of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct MeasureDelta {
    /// Under the book in force.
    pub reference: Exact,
    /// Under the book proposed.
    pub candidate: Exact,
    /// Candidate less reference.
    pub delta: Exact,
}

fn as_label<S: Serializer>(period: &Period, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(period)
}

impl MeasureDelta {
    pub(crate) fn of(reference: Exact, candidate: Exact) -> Result<Self, Overflow> {
        Ok(Self { reference, candidate, delta: candidate.minus(reference)? })
    }

    fn plus(self, other: Self) -> Result<Self, Overflow> {
        Self::of(self.reference.plus(other.reference)?, self.candidate.plus(other.candidate)?)
    }
}

/// Compares two replays of the same histories. Totals are the sums of the partner rows.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn compare(
    calendar: &Calendar,
    names: (&str, &str),
    position: Position,
    reference: &Replayed,
    candidate: &Replayed,
) -> Result<Comparison, Overflow> {
    let index = |replayed: &'_ Replayed| -> BTreeMap<PartnerId, usize> {
        replayed.partners.iter().enumerate().map(|(at, (partner_id, _))| (partner_id.clone(), at)).collect()
    };
    let (in_reference, in_candidate) = (index(reference), index(candidate));
    let everyone: BTreeSet<&PartnerId> = in_reference.keys().chain(in_candidate.keys()).collect();
    let mut partners = Vec::new();
    let nobody = PartnerRows::default();
    for partner_id in everyone {
        let before = in_reference.get(partner_id).map_or(&nobody, |&at| &reference.partners[at].1);
        let after = in_candidate.get(partner_id).map_or(&nobody, |&at| &candidate.partners[at].1);
        compare_partner(calendar, partner_id, before, after, &mut partners)?;
    }
    let totals = totals(&partners)?;
    Ok(Comparison { reference: names.0.to_owned(), candidate: names.1.to_owned(), position, totals, partners })
}

fn compare_partner(
    calendar: &Calendar,
    partner_id: &PartnerId,
    reference: &PartnerRows,
    candidate: &PartnerRows,
    rows: &mut Vec<PartnerDelta>,
) -> Result<(), Overflow> {
    let before = measures_of(calendar, reference)?;
    let after = measures_of(calendar, candidate)?;
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    for (period, measure) in keys {
        let of = |sums: &BTreeMap<_, Exact>| sums.get(&(period, measure)).copied().unwrap_or_default();
        let delta = MeasureDelta::of(of(&before), of(&after))?;
        rows.push(PartnerDelta { partner_id: partner_id.clone(), period, measure, delta, by_change: None });
    }
    Ok(())
}

impl Comparison {
    /// The comparison of one partner alone, with totals of its own.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn of_partner(self, partner_id: &PartnerId) -> Result<Self, Overflow> {
        let partners: Vec<PartnerDelta> =
            self.partners.into_iter().filter(|row| row.partner_id == *partner_id).collect();
        let totals = totals(&partners)?;
        Ok(Self { totals, partners, ..self })
    }
}

/// One total per measure: the sums of the partner rows, part by part.
pub(crate) fn totals(partners: &[PartnerDelta]) -> Result<Vec<MeasureTotal>, Overflow> {
    let split = partners.iter().find_map(|row| row.by_change.as_ref());
    let none = split.map(|parts| ByChange { amounts: vec![Exact::ZERO; parts.amounts.len()], ..parts.clone() });
    let total = |measure: Measure| {
        let mut total = MeasureTotal { measure, delta: MeasureDelta::default(), by_change: none.clone() };
        for row in partners.iter().filter(|row| row.measure == measure) {
            total.delta = total.delta.plus(row.delta)?;
            if let (Some(sum), Some(parts)) = (&mut total.by_change, &row.by_change) {
                *sum = sum.plus(parts)?;
            }
        }
        Ok(total)
    };
    MEASURES.into_iter().map(total).collect()
}
