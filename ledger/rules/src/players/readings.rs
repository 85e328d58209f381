//! The books under other readings, and under other values of one parameter.

use super::Players;
use super::coalition::{Notes, put};
use super::timeline::Side;
use crate::model::{Interpretation, RuleBook, RuleSet};
use crate::units::Quantity;
use chrono::NaiveDate;
use daybook_event::{Amount, Exact};
use serde::Serialize;

/// Another reading of one parameter, as the rule files name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The parameter.
    pub path: String,
    /// The reading chosen.
    pub chosen: String,
    /// The other reading.
    pub other: String,
    /// The versions that it concerns, of either book.
    pub versions: Vec<String>,
    /// The first date that it concerns.
    pub begins: NaiveDate,
    /// Why the chosen one was chosen.
    pub why: String,
    /// Who answers for it.
    pub owner: String,
    /// The key of the source cited.
    pub cite: String,
}

/// Both books under another reading.
#[derive(Debug, Clone)]
pub struct ReadingBook {
    /// The reference; none where the reading does not concern it.
    pub reference: Option<RuleBook>,
    /// The candidate; none where the reading does not concern it.
    pub candidate: Option<RuleBook>,
}

/// The candidate with another value of one parameter.
#[derive(Debug, Clone)]
pub struct Varied {
    /// The value, with its unit.
    pub value: String,
    /// The book.
    pub book: RuleBook,
}

/// Why a parameter cannot be varied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaryError {
    /// Not of the form.
    #[error("{0:?} is no range of a parameter: write PATH=FROM..TO/STEPS, such as coop.threshold=0..20000/20")]
    Form(String),
    /// Nothing stands there, or no number.
    #[error("the candidate has no number at {0}: daybook rules diff names the paths of the terms")]
    NoNumber(String),
    /// The terms cannot say that.
    #[error("{path} cannot be {value}: the terms would not load; choose another range")]
    Refused {
        /// The parameter.
        path: String,
        /// The value.
        value: String,
    },
}

/// Most values of a parameter that are tried.
const STEPS_MAX: u32 = 1_000;
/// Decimals that a range is counted in.
const RANGE_DECIMALS: u32 = 9;

impl Players {
    /// Every other reading that either book names, by path.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        let mut found: Vec<Reading> = Vec::new();
        for set in self.reference.sets.iter().chain(&self.candidate.sets) {
            for said in &set.interpretations {
                said.other.iter().for_each(|other| note(&mut found, set, said, other));
            }
        }
        found.sort_by(|a, b| (&a.path, &a.other).cmp(&(&b.path, &b.other)));
        found
    }

    /// Both books under a reading; none where it is words that the terms cannot say.
    #[must_use]
    pub fn under(&self, reading: &Reading) -> Option<ReadingBook> {
        let names = |said: &Interpretation| said.path == reading.path && said.other.contains(&reading.other);
        let concerned = |set: &RuleSet| set.interpretations.iter().any(names);
        let side = |book: &RuleBook, is_candidate: bool| {
            if !book.sets.iter().any(concerned) {
                return Some(None);
            }
            self.with_value(book, is_candidate, &reading.path, &reading.other, &concerned).map(Some)
        };
        Some(ReadingBook { reference: side(&self.reference, false)?, candidate: side(&self.candidate, true)? })
    }

    /// The candidate at each value of a range, `PATH=FROM..TO/STEPS`, in the rule sets in force from the first difference on.
    ///
    /// # Errors
    /// [`VaryError`] where the range is none, or the terms cannot hold its values.
    pub fn varied(&self, range: &str) -> Result<(String, Vec<Varied>), VaryError> {
        let (path, values) = self.range(range)?;
        let first = self.begins().and_then(|date| self.candidate.index_on(date)).unwrap_or(0);
        let from = self.candidate.sets.get(first).map(|set| set.valid_from).unwrap_or_default();
        let concerned = |set: &RuleSet| set.valid_from >= from && set.origins.contains_key(&path);
        let mut varied = Vec::with_capacity(values.len());
        for value in values {
            let book = self.with_value(&self.candidate, true, &path, &value, &concerned);
            let book = book.ok_or_else(|| VaryError::Refused { path: path.clone(), value: value.clone() })?;
            varied.push(Varied { value, book });
        }
        Ok((path, varied))
    }

    /// A book with a value put into some of its rule sets.
    fn with_value(
        &self,
        book: &RuleBook,
        is_candidate: bool,
        path: &str,
        to: &str,
        concerned: &dyn Fn(&RuleSet) -> bool,
    ) -> Option<RuleBook> {
        let side = |at: usize| -> Option<&Side> {
            let segment = &self.timeline.segments[at];
            let side = if is_candidate { &segment.candidate } else { &segment.reference };
            side.as_ref().filter(|side| side.begins)
        };
        let begun = (0..self.timeline.segments.len()).filter_map(|at| Some((at, side(at)?)));
        let mut sets = Vec::with_capacity(book.sets.len());
        for ((at, side), set) in begun.zip(&book.sets) {
            if !concerned(set) {
                sets.push(set.clone());
                continue;
            }
            let mut resolved = side.resolved.clone();
            put(&mut resolved, path, to)?;
            sets.push(self.set_of(&self.timeline.segments[at], side, &resolved, Notes::With)?);
        }
        Some(book.with_sets(sets))
    }

    /// The path of a range, and its values in words.
    fn range(&self, text: &str) -> Result<(String, Vec<String>), VaryError> {
        let form = || VaryError::Form(text.to_owned());
        let (path, range) = text.split_once('=').ok_or_else(form)?;
        let (ends, steps) = range.split_once('/').ok_or_else(form)?;
        let (from, to) = ends.split_once("..").ok_or_else(form)?;
        let steps: u32 = steps.trim().parse().ok().filter(|steps| (1..=STEPS_MAX).contains(steps)).ok_or_else(form)?;
        let number = |text: &str| Amount::parse(text.trim()).map(nanos).map_err(|_| form());
        let (from, to) = (number(from)?, number(to)?);
        let path = path.trim();
        let stands = self.candidate.sets.iter().rev().filter_map(|set| set.origins.get(path));
        let mut units = stands.filter_map(|origin| Unit::of(&origin.value));
        let unit = units.next().ok_or_else(|| VaryError::NoNumber(path.to_owned()))?;
        let value = |step: u32| from + (to - from) * i128::from(step) / i128::from(steps);
        let mut values: Vec<String> = (0..=steps).map(|step| unit.text(value(step))).collect();
        values.dedup();
        Ok((path.to_owned(), values))
    }
}

/// Adds a reading, or the version to one that is known.
fn note(found: &mut Vec<Reading>, set: &RuleSet, said: &Interpretation, other: &str) {
    if let Some(known) = found.iter_mut().find(|known| known.path == said.path && known.other == other) {
        known.begins = known.begins.min(set.valid_from);
        if !known.versions.contains(&set.version) {
            known.versions.push(set.version.clone());
        }
        return;
    }
    found.push(Reading {
        path: said.path.clone(),
        chosen: said.chosen.clone(),
        other: other.to_owned(),
        versions: vec![set.version.clone()],
        begins: set.valid_from,
        why: said.why.clone(),
        owner: said.owner.clone(),
        cite: said.cite.clone(),
    });
}

/// Billionths of a whole.
fn nanos(amount: Amount) -> i128 {
    let one = Exact::from_units(1).raw() / 10_i128.pow(RANGE_DECIMALS);
    amount.exact().raw() / one
}

/// How a parameter's number is written: its least step in billionths, its decimals, and what stands behind it.
struct Unit {
    decimals: u32,
    suffix: String,
}

impl Unit {
    fn of(value: &str) -> Option<Self> {
        let (decimals, suffix) = match Quantity::parse(value).ok()? {
            Quantity::Money(_, currency) => (2, format!(" {currency}")),
            Quantity::Share(_) => (4, "%".to_owned()),
            Quantity::Count(_, unit) => (0, unit.suffix().to_owned()),
            Quantity::Points(_) => (0, " points".to_owned()),
            Quantity::None => return None,
        };
        Some(Self { decimals, suffix })
    }

    /// The number in words, cut to the decimals that the unit has.
    fn text(&self, nanos: i128) -> String {
        let scaled = nanos / 10_i128.pow(RANGE_DECIMALS - self.decimals);
        let one = 10_i128.pow(self.decimals);
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, rest) = ((scaled / one).unsigned_abs(), (scaled % one).unsigned_abs());
        let number = match self.decimals {
            0 => whole.to_string(),
            decimals => format!("{whole}.{rest:0width$}", width = decimals as usize),
        };
        let number = if self.decimals == 4 { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
        format!("{sign}{number}{}", self.suffix)
    }
}
