//! The verbs under `daybook quarantine`: look at what could not be appended, and decide what is to become of it.
//!
//! Reading order: here (`list` and `show`), then [`plan`] (what a decision would do) and [`decide`] (`retry` and `dismiss`).

mod decide;
mod plan;

use crate::cli::{Cli, Format, QuarantineListArguments, QuarantineVerb, SelectionArguments, StateName};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::{waiting, window};
use daybook_event::{Month, Payload, Position};
use daybook_store::{EntryState, QuarantineEntry, Snapshot, Verdict};
use serde::Serialize;

/// An entry as the list shows it.
#[derive(Serialize)]
struct Line {
    entry: u64,
    reason: String,
    detail: String,
    recorded_at: String,
    subject: Option<String>,
    stream_sequence: Option<u64>,
    file: Option<String>,
    line: Option<u64>,
    bytes: usize,
    /// What became of it, in words.
    state: String,
    /// The event that its bytes claim to be, as far as they can be read.
    claimed: Option<String>,
    partner_id: Option<String>,
    month: Option<Month>,
}

/// An entry whole.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    line: Line,
    /// What became of it, with positions.
    became: EntryState,
    /// Who decided that, and why.
    decision: Option<Decided>,
    /// The envelope as NDJSON, where the bytes can be decoded.
    event: Option<serde_json::Value>,
    /// The bytes as text, where they are text: a line of a file.
    text: Option<String>,
    bytes_hex: String,
}

/// A decision that had an effect.
#[derive(Serialize)]
struct Decided {
    event: String,
    position: u64,
    decided_by: String,
    approver: String,
    reason: String,
}

impl Line {
    fn of(entry: &QuarantineEntry, state: EntryState) -> Self {
        let head = daybook_proto::peek_head(&entry.bytes);
        Self {
            entry: entry.entry,
            reason: entry.reason.code().to_owned(),
            detail: entry.reason.detail().to_owned(),
            recorded_at: entry.recorded_at.to_string(),
            subject: entry.origin.subject.clone(),
            stream_sequence: entry.origin.stream_sequence,
            file: entry.origin.file.clone(),
            line: entry.origin.line,
            bytes: entry.bytes.len(),
            state: waiting::state_text(state),
            claimed: head.id().map(|id| id.to_string()),
            partner_id: head.partner_id.map(|partner_id| partner_id.to_string()),
            month: head.effective_on.map(Month::of),
        }
    }
}

pub(crate) fn run(cli: &Cli, verb: &QuarantineVerb) -> Result<(), Failure> {
    match verb {
        QuarantineVerb::List(arguments) => list(cli, arguments),
        QuarantineVerb::Show { entry, format } => show(cli, *entry, format.format),
        QuarantineVerb::Retry(arguments) => decide::run(cli, arguments, Verdict::Retry),
        QuarantineVerb::Dismiss(arguments) => decide::run(cli, arguments, Verdict::Dismiss),
    }
}

/// Whether an entry has the reason and source asked for.
fn is_selected(entry: &QuarantineEntry, asked: &SelectionArguments) -> bool {
    let has_reason = asked.reason_code.as_ref().is_none_or(|code| entry.reason.code() == code);
    let has_source = |bytes: &[u8]| asked.source.is_none() || daybook_proto::peek_head(bytes).source == asked.source;
    has_reason && has_source(&entry.bytes)
}

fn is_of_state(state: EntryState, asked: StateName) -> bool {
    match asked {
        StateName::All => true,
        StateName::Open => state == EntryState::Open,
        StateName::Retried => matches!(state, EntryState::Retried { .. }),
        StateName::Dismissed => matches!(state, EntryState::Dismissed { .. }),
        StateName::Corrected => matches!(state, EntryState::Corrected { .. }),
    }
}

fn list(cli: &Cli, arguments: &QuarantineListArguments) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    let (mut lines, mut open) = (Vec::new(), 0_u64);
    waiting::entries(&snapshot, |entry, state| {
        open += u64::from(state == EntryState::Open);
        if is_of_state(state, arguments.state) && is_selected(&entry, &arguments.selection) {
            lines.push(Line::of(&entry, state));
        }
        Ok(())
    })?;
    let all = snapshot.counts().quarantined;
    let head = [("entries", format!("{} listed of {all}, {open} open", lines.len()))];
    let format = arguments.format.format;
    output::print(format, &lines, &head, &[Section::new("quarantine", &lines)?])
}

/// The entry, or that there is none.
fn entry_of(snapshot: &Snapshot, entry: u64) -> Result<QuarantineEntry, Failure> {
    snapshot.quarantine_entry(entry)?.ok_or_else(|| {
        Failure::Input(format!("there is no quarantine entry {entry}; daybook quarantine list shows them"))
    })
}

fn show(cli: &Cli, entry: u64, format: Format) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    let found = entry_of(&snapshot, entry)?;
    let state = snapshot.entry_state(&found)?;
    let event = daybook_proto::decode(&found.bytes).ok().map(|envelope| daybook_proto::encode_json(&envelope));
    let text = String::from_utf8(found.bytes.clone()).ok();
    let whole = Whole {
        line: Line::of(&found, state),
        became: state,
        decision: decided(&snapshot, state)?,
        event: event.and_then(|line| serde_json::from_str(&line).ok()),
        text: text.filter(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))),
        bytes_hex: hex::encode(&found.bytes),
    };
    let rows = [Section::new("entry", std::slice::from_ref(&whole))?];
    let sections: &[Section] = if format == Format::Csv { &rows } else { &[] };
    output::print(format, &whole, &head(&whole), sections)
}

fn head(whole: &Whole) -> Vec<(&'static str, String)> {
    let line = &whole.line;
    let mut head = vec![
        ("entry", line.entry.to_string()),
        ("reason", line.reason.clone()),
        ("detail", line.detail.clone()),
        ("state", line.state.clone()),
    ];
    if let Some(decided) = &whole.decision {
        let approved =
            if decided.approver.is_empty() { String::new() } else { format!(", approved by {}", decided.approver) };
        head.push(("decided", format!("{} by {}{approved}: {}", decided.event, decided.decided_by, decided.reason)));
    }
    head.extend([
        ("recorded at", line.recorded_at.clone()),
        ("subject", line.subject.clone().unwrap_or_default()),
        ("stream sequence", line.stream_sequence.map(|n| n.to_string()).unwrap_or_default()),
        ("file", line.file.clone().unwrap_or_default()),
        ("line", line.line.map(|n| n.to_string()).unwrap_or_default()),
        ("claims to be", line.claimed.clone().unwrap_or_default()),
        ("partner", line.partner_id.clone().unwrap_or_default()),
        ("event", whole.event.as_ref().map(ToString::to_string).unwrap_or_else(|| "not decodable".to_owned())),
        ("text", whole.text.clone().unwrap_or_default()),
        ("bytes", whole.bytes_hex.clone()),
    ]);
    head
}

/// The decision that made a state; none where nobody decided.
fn decided(snapshot: &Snapshot, state: EntryState) -> Result<Option<Decided>, Failure> {
    let position: Position = match state {
        EntryState::Retried { decision, .. } | EntryState::Dismissed { decision } => decision,
        EntryState::Open | EntryState::Corrected { .. } => return Ok(None),
    };
    let Some(record) = snapshot.record(position)? else { return Ok(None) };
    let envelope = daybook_proto::decode(&record.envelope).map_err(Failure::input)?;
    let Payload::QuarantineDecision(decision) = envelope.payload else { return Ok(None) };
    Ok(Some(Decided {
        event: envelope.id.to_string(),
        position: position.number(),
        decided_by: decision.decided_by,
        approver: decision.approver,
        reason: decision.reason,
    }))
}
