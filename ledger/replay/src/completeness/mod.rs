//! What is missing of each source: holes in its own count, and differences to what it says that it sent.
//!
//! A fold over records in position order, beside the one over figures: no figure depends on it. Memory grows with dates and
//! holes, not with events, so that `serve` can keep it up to date record by record. Reading order: here, then `numbers` and
//! `days`.

mod days;
mod numbers;

pub use numbers::{RUNS_MAX, TWICE_LISTED_MAX};

use daybook_event::{Envelope, NaiveDate, Position, SourceId};
use days::Days;
use numbers::Numbers;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// An input in quarantine, as far as its head can be read: it may explain what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedInput {
    /// Its entry.
    pub entry: u64,
    /// Who published it.
    pub source: SourceId,
    /// The source's own count.
    pub source_seq: Option<u64>,
    /// The date for which it would count.
    pub effective_on: Option<NaiveDate>,
}

/// What a finding about a source says. The codes are printed: they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletenessCode {
    /// The ledger has another count or sum of a date than the source's manifest.
    ManifestDiffers,
    /// Numbers that no event has.
    SourceSeqMissing,
    /// More holes than are followed: the numbers are no count.
    SourceSeqScattered,
    /// Two events have the same number.
    SourceSeqTwice,
}

impl CompletenessCode {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ManifestDiffers => "MANIFEST_DIFFERS",
            Self::SourceSeqMissing => "SOURCE_SEQ_MISSING",
            Self::SourceSeqScattered => "SOURCE_SEQ_SCATTERED",
            Self::SourceSeqTwice => "SOURCE_SEQ_TWICE",
        }
    }
}

impl Serialize for CompletenessCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is missing, or that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompletenessFinding {
    /// Whose events.
    pub source: SourceId,
    /// What kind of finding.
    pub code: CompletenessCode,
    /// Where: numbers, or a date.
    pub place: String,
    /// What is said, what is there, and what became of it where that is known.
    pub what: String,
    /// Quarantine entries that explain it, wholly or in part.
    pub entries: Vec<u64>,
}

/// One source in numbers: for tables and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceNumbers {
    /// Which source.
    pub source: SourceId,
    /// Its records.
    pub events: u64,
    /// Those of them that have a number; zero: the source does not count.
    pub numbered: u64,
    /// The lowest number seen.
    pub first_source_seq: Option<u64>,
    /// The highest number seen.
    pub last_source_seq: Option<u64>,
    /// Numbers between the two that no record has, quarantined ones included.
    pub missing: u64,
    /// Runs of such numbers.
    pub holes: u64,
    /// Records whose number another has too.
    pub twice: u64,
    /// Dates with a manifest that counts.
    pub manifests: u64,
    /// Those of them that differ from the ledger.
    pub manifests_differing: u64,
    /// Its last record.
    pub last_position: Position,
}

impl SourceNumbers {
    /// Those of a source without a record.
    #[must_use]
    pub fn none_of(source: SourceId) -> Self {
        Self {
            source,
            events: 0,
            numbered: 0,
            first_source_seq: None,
            last_source_seq: None,
            missing: 0,
            holes: 0,
            twice: 0,
            manifests: 0,
            manifests_differing: 0,
            last_position: Position::default(),
        }
    }
}

/// What is known of one source.
#[derive(Debug, Clone, Default)]
struct Source {
    events: u64,
    numbered: u64,
    last_position: Position,
    numbers: Numbers,
    days: Days,
}

/// What is known of every source, from the records so far. The operators' own acts are not counted.
#[derive(Debug, Clone, Default)]
pub struct Completeness {
    sources: BTreeMap<SourceId, Source>,
    position: Position,
}

impl Completeness {
    /// The last position in it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Takes in the next record.
    pub fn add(&mut self, position: Position, envelope: &Envelope) {
        self.position = position;
        if envelope.id.source.is_ledger() {
            return;
        }
        // A source is met once and named by every record of its own.
        if !self.sources.contains_key(&envelope.id.source) {
            self.sources.insert(envelope.id.source.clone(), Source::default());
        }
        let Some(source) = self.sources.get_mut(&envelope.id.source) else { return };
        source.events += 1;
        source.last_position = position;
        if let Some(number) = envelope.source_seq {
            source.numbered += 1;
            source.numbers.add(number, &envelope.id.event_id, position);
        }
        source.days.add(position, envelope);
    }

    /// Passes over a record of a source that is not asked for.
    pub fn pass_over(&mut self, position: Position) {
        self.position = position;
    }

    /// Each source in numbers, by name.
    pub fn numbers(&self) -> impl Iterator<Item = SourceNumbers> {
        self.sources.iter().map(|(id, source)| {
            let days = &source.days;
            let differing = days.counting().filter(|(on, manifest)| !days.differences(*on, manifest).is_empty());
            SourceNumbers {
                source: id.clone(),
                events: source.events,
                numbered: source.numbered,
                first_source_seq: source.numbers.first(),
                last_source_seq: source.numbers.last(),
                missing: source.numbers.missing(),
                holes: source.numbers.holes().count() as u64,
                twice: source.numbers.twice,
                manifests: days.counting().count() as u64,
                manifests_differing: differing.count() as u64,
                last_position: source.last_position,
            }
        })
    }

    /// Everything that is missing or does not fit, by source, code and place. What waits in quarantine, or was dismissed
    /// there, is named where it explains a finding.
    #[must_use]
    pub fn findings(&self, quarantined: &[QuarantinedInput]) -> Vec<CompletenessFinding> {
        let mut findings = Vec::new();
        for (id, source) in &self.sources {
            let theirs: Vec<&QuarantinedInput> = quarantined.iter().filter(|input| input.source == *id).collect();
            manifests(id, source, &theirs, &mut findings);
            missing(id, source, &theirs, &mut findings);
            odd_numbers(id, source, &mut findings);
        }
        findings
    }
}

fn manifests(id: &SourceId, source: &Source, theirs: &[&QuarantinedInput], findings: &mut Vec<CompletenessFinding>) {
    for (on, manifest) in source.days.counting() {
        let differences = source.days.differences(on, manifest);
        if differences.is_empty() {
            continue;
        }
        let parts =
            differences.iter().map(|one| format!("{}: said {}, the ledger has {}", one.what, one.said, one.ours));
        let mut what = format!("{} (record {}): ", manifest.event_id, manifest.position);
        what.push_str(&parts.collect::<Vec<_>>().join("; "));
        let of_date = theirs.iter().filter(|input| input.effective_on == Some(on));
        let entries: Vec<u64> = of_date.map(|input| input.entry).collect();
        if !entries.is_empty() {
            what.push_str(&format!("; {} of that date in quarantine", entries.len()));
        }
        let code = CompletenessCode::ManifestDiffers;
        findings.push(CompletenessFinding { source: id.clone(), code, place: on.to_string(), what, entries });
    }
}

/// The holes, cut where an entry of the quarantine has one of their numbers.
fn missing(id: &SourceId, source: &Source, theirs: &[&QuarantinedInput], findings: &mut Vec<CompletenessFinding>) {
    let mut numbered: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for input in theirs {
        if let Some(number) = input.source_seq {
            numbered.entry(number).or_default().push(input.entry);
        }
    }
    let code = CompletenessCode::SourceSeqMissing;
    let mut push = |from: u64, to: u64, entries: &[u64]| {
        let place = if from == to { from.to_string() } else { format!("{from} to {to}") };
        let what = match entries {
            [] => format!("{} not seen", to - from + 1),
            [entry] => format!("in quarantine as entry {entry}"),
            several => format!("in quarantine as entries {}", list(several)),
        };
        findings.push(CompletenessFinding { source: id.clone(), code, place, what, entries: entries.to_vec() });
    };
    for (from, to) in source.numbers.holes() {
        let mut next = from;
        for (number, entries) in numbered.range(from..=to) {
            if next < *number {
                push(next, number - 1, &[]);
            }
            push(*number, *number, entries);
            next = number.saturating_add(1);
        }
        if next <= to {
            push(next, to, &[]);
        }
    }
}

fn list(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn odd_numbers(id: &SourceId, source: &Source, findings: &mut Vec<CompletenessFinding>) {
    let mut push = |code, place: String, what| {
        findings.push(CompletenessFinding { source: id.clone(), code, place, what, entries: Vec::new() });
    };
    let numbers = &source.numbers;
    if numbers.is_scattered {
        let what = format!("more than {RUNS_MAX} holes: these numbers are no count, and are not followed");
        push(CompletenessCode::SourceSeqScattered, "source_seq".to_owned(), what);
    }
    for twice in &numbers.twice_listed {
        let what = format!("{} (record {}) has the number of another event", twice.event_id, twice.position);
        push(CompletenessCode::SourceSeqTwice, twice.number.to_string(), what);
    }
    let unlisted = numbers.twice - numbers.twice_listed.len() as u64;
    if unlisted > 0 {
        push(CompletenessCode::SourceSeqTwice, "source_seq".to_owned(), format!("{unlisted} more, not listed"));
    }
}

#[cfg(test)]
mod tests;
