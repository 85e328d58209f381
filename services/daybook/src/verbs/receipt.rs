//! `daybook receipt`: what became of one event, or what is missing of a source.

use crate::cli::{Cli, Format, ReceiptArguments};
use crate::completeness::{self, Growing};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::{waiting, window};
use daybook_event::{EventId, EventRef, SourceId};
use daybook_replay::{CompletenessFinding, SourceNumbers};
use daybook_store::{EntryState, Hole, Snapshot};
use serde::Serialize;

/// What became of an event.
#[derive(Serialize)]
pub(crate) struct EventReceipt {
    event: String,
    state: &'static str,
    position: Option<u64>,
    recorded_at: Option<String>,
    quarantine: Vec<EntryReceipt>,
}

/// An entry of the same id that could not be appended.
#[derive(Serialize)]
struct EntryReceipt {
    entry: u64,
    reason: String,
    detail: String,
    state: EntryState,
}

/// What is missing of a source, or of every source.
#[derive(Serialize)]
pub(crate) struct SourceReceipt {
    position: u64,
    /// Everything that has been taken in is there: no finding.
    complete: bool,
    sources: Vec<Line>,
    findings: Vec<CompletenessFinding>,
    /// Messages that the broker confirmed to have lost. Nothing says whose they were.
    lost_by_broker: Vec<LostRange>,
    /// Events dropped because they stood already, of every source together.
    duplicates: u64,
}

/// A source in numbers.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    numbers: SourceNumbers,
    /// Entries of the quarantine that name it, by what became of them.
    quarantine: Entries,
}

/// How many entries there are of each state.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Entries {
    open: u64,
    retried: u64,
    dismissed: u64,
    corrected: u64,
}

/// Sequences of the stream, both ends included.
#[derive(Serialize)]
struct LostRange {
    from: u64,
    to: u64,
    found_at: String,
}

pub(crate) fn run(cli: &Cli, arguments: &ReceiptArguments) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    match (&arguments.source, &arguments.event) {
        (Some(source), Some(event)) => print_event(&of_event(&snapshot, source, event)?, arguments.format.format),
        (only, _) => {
            let mut growing = Growing::of(only.clone());
            let receipt = of_source(&snapshot, only.as_ref(), &mut growing)?;
            print_source(&receipt, arguments.format.format)?;
            match receipt.findings.len() + receipt.lost_by_broker.len() {
                found if arguments.complete && found > 0 => {
                    Err(Failure::Check(format!("something is missing: {found} findings, listed above")))
                }
                _ => Ok(()),
            }
        }
    }
}

/// What became of (source, event id).
pub(crate) fn of_event(snapshot: &Snapshot, source: &SourceId, event: &EventId) -> Result<EventReceipt, Failure> {
    let id = EventRef { source: source.clone(), event_id: event.clone() };
    let position = snapshot.position_of(&id)?.map(|(position, _)| position);
    let record = position.map(|position| snapshot.record(position)).transpose()?.flatten();
    let mut quarantine = Vec::new();
    waiting::entries(snapshot, |entry, state| {
        if daybook_proto::peek_head(&entry.bytes).id().as_ref() == Some(&id) {
            let (reason, detail) = (entry.reason.code().to_owned(), entry.reason.detail().to_owned());
            quarantine.push(EntryReceipt { entry: entry.entry, reason, detail, state });
        }
        Ok(())
    })?;
    Ok(EventReceipt {
        event: id.to_string(),
        state: state(record.is_some(), &quarantine),
        position: record.as_ref().map(|record| record.position.number()),
        recorded_at: record.as_ref().map(|record| record.recorded_at.to_string()),
        quarantine,
    })
}

fn state(is_record: bool, quarantine: &[EntryReceipt]) -> &'static str {
    let is_open = quarantine.iter().any(|entry| entry.state == EntryState::Open);
    let is_dismissed = quarantine.iter().any(|entry| matches!(entry.state, EntryState::Dismissed { .. }));
    match (is_record, is_open, is_dismissed) {
        (true, true, _) => "appended; another content of the same id is in quarantine",
        (true, false, _) => "appended",
        (false, true, _) => "quarantined",
        (false, false, true) => "dismissed",
        (false, false, false) => "unknown",
    }
}

/// What is missing of one source, or of all.
pub(crate) fn of_source(
    snapshot: &Snapshot,
    only: Option<&SourceId>,
    growing: &mut Growing,
) -> Result<SourceReceipt, Failure> {
    let completeness = growing.up_to_head(snapshot)?;
    let findings = completeness.findings(&completeness::quarantined(snapshot)?);
    let mut sources: Vec<Line> =
        completeness.numbers().map(|numbers| Line { numbers, quarantine: Entries::default() }).collect();
    count_entries(snapshot, only, &mut sources)?;
    if let Some(only) = only.filter(|_| sources.is_empty()) {
        return Err(Failure::Input(format!(
            "no record of the source {only} is in this ledger, and no entry of its quarantine names it: `daybook receipt` lists the sources"
        )));
    }
    let lost = snapshot.holes()?;
    Ok(SourceReceipt {
        position: snapshot.head().position.number(),
        complete: findings.is_empty() && lost.is_empty(),
        sources,
        findings,
        lost_by_broker: lost.iter().map(LostRange::of).collect(),
        duplicates: snapshot.counts().duplicates,
    })
}

/// Counts the entries of each source. One of which nothing but entries came has a line too.
fn count_entries(snapshot: &Snapshot, only: Option<&SourceId>, sources: &mut Vec<Line>) -> Result<(), Failure> {
    waiting::entries(snapshot, |entry, state| {
        let source = daybook_proto::peek_head(&entry.bytes).source;
        let wanted = source.filter(|source| only.is_none_or(|only| only == source) && !source.is_ledger());
        let Some(source) = wanted else { return Ok(()) };
        let at = sources.binary_search_by(|line| line.numbers.source.cmp(&source)).unwrap_or_else(|at| {
            let numbers = SourceNumbers::none_of(source);
            sources.insert(at, Line { numbers, quarantine: Entries::default() });
            at
        });
        let entries = &mut sources[at].quarantine;
        match state {
            EntryState::Open => entries.open += 1,
            EntryState::Retried { .. } => entries.retried += 1,
            EntryState::Dismissed { .. } => entries.dismissed += 1,
            EntryState::Corrected { .. } => entries.corrected += 1,
        }
        Ok(())
    })
}

impl LostRange {
    fn of(hole: &Hole) -> Self {
        Self { from: hole.from, to: hole.to, found_at: hole.recorded_at.to_string() }
    }
}

fn print_event(receipt: &EventReceipt, format: Format) -> Result<(), Failure> {
    let head = [
        ("event", receipt.event.clone()),
        ("state", receipt.state.to_owned()),
        ("position", receipt.position.map_or_else(|| "none".to_owned(), |number| number.to_string())),
        ("recorded at", receipt.recorded_at.clone().unwrap_or_else(|| "never".to_owned())),
    ];
    let rows = receipt.quarantine.iter().map(EntryRow::of).collect::<Vec<_>>();
    output::print(format, receipt, &head, &[Section::new("quarantine", &rows)?])
}

/// An entry in one line of a table.
#[derive(Serialize)]
struct EntryRow<'a> {
    entry: u64,
    reason: &'a str,
    detail: &'a str,
    state: String,
}

impl<'a> EntryRow<'a> {
    fn of(entry: &'a EntryReceipt) -> Self {
        let EntryReceipt { entry, reason, detail, state } = entry;
        Self { entry: *entry, reason, detail, state: waiting::state_text(*state) }
    }
}

/// A source in one line of a table.
#[derive(Serialize)]
struct SourceRow<'a> {
    source: &'a SourceId,
    events: u64,
    numbered: u64,
    first: Option<u64>,
    last: Option<u64>,
    missing: u64,
    twice: u64,
    manifests: u64,
    differing: u64,
    in_quarantine: u64,
    dismissed: u64,
}

impl<'a> SourceRow<'a> {
    fn of(line: &'a Line) -> Self {
        let Line { numbers, quarantine } = line;
        Self {
            source: &numbers.source,
            events: numbers.events,
            numbered: numbers.numbered,
            first: numbers.first_source_seq,
            last: numbers.last_source_seq,
            missing: numbers.missing,
            twice: numbers.twice,
            manifests: numbers.manifests,
            differing: numbers.manifests_differing,
            in_quarantine: quarantine.open,
            dismissed: quarantine.dismissed,
        }
    }
}

fn print_source(receipt: &SourceReceipt, format: Format) -> Result<(), Failure> {
    let verdict = if receipt.complete { "nothing is missing" } else { "see the findings below" };
    let head = [
        ("position", receipt.position.to_string()),
        ("complete", verdict.to_owned()),
        ("duplicates", receipt.duplicates.to_string()),
    ];
    let rows: Vec<SourceRow> = receipt.sources.iter().map(SourceRow::of).collect();
    let sources = Section::new("sources", &rows)?;
    let findings = Section::new("findings", &receipt.findings)?;
    let sections = match format {
        Format::Csv => vec![findings],
        Format::Table | Format::Json => {
            vec![sources, findings, Section::new("lost by the broker", &receipt.lost_by_broker)?]
        }
    };
    output::print(format, receipt, &head, &sections)
}
