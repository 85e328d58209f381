//! `daybook quarantine list` and `show`.

use crate::cli::{Cli, QuarantineVerb};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::window;
use daybook_store::QuarantineEntry;
use serde::Serialize;

/// Entries read at once.
const PAGE_ENTRIES: usize = 1_000;

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
}

/// An entry whole.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    line: Line,
    /// The envelope as NDJSON, where the bytes can be decoded.
    event: Option<serde_json::Value>,
    /// The bytes as text, where they are text: a line of a file.
    text: Option<String>,
    bytes_hex: String,
}

impl Line {
    fn of(entry: &QuarantineEntry) -> Self {
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
        }
    }
}

pub(crate) fn run(cli: &Cli, verb: &QuarantineVerb) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    match verb {
        QuarantineVerb::List { format } => {
            let mut lines = Vec::new();
            loop {
                let page = snapshot.quarantine_list(lines.len() as u64 + 1, PAGE_ENTRIES)?;
                lines.extend(page.iter().map(Line::of));
                if page.len() < PAGE_ENTRIES {
                    break;
                }
            }
            let head = [("entries", lines.len().to_string())];
            output::print(format.format, &lines, &head, &[Section::new("quarantine", &lines)?])
        }
        QuarantineVerb::Show { entry, format } => {
            let found = snapshot.quarantine_entry(*entry)?;
            let found = found.ok_or_else(|| {
                Failure::Input(format!("there is no quarantine entry {entry}; daybook quarantine list shows them"))
            })?;
            let event = daybook_proto::decode(&found.bytes).ok().map(|envelope| daybook_proto::encode_json(&envelope));
            let event = event.and_then(|line| serde_json::from_str(&line).ok());
            let text = String::from_utf8(found.bytes.clone()).ok();
            let text = text.filter(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')));
            let whole = Whole { line: Line::of(&found), event, text, bytes_hex: hex::encode(&found.bytes) };
            let head = [
                ("entry", whole.line.entry.to_string()),
                ("reason", whole.line.reason.clone()),
                ("detail", whole.line.detail.clone()),
                ("recorded at", whole.line.recorded_at.clone()),
                ("subject", whole.line.subject.clone().unwrap_or_default()),
                ("stream sequence", whole.line.stream_sequence.map(|n| n.to_string()).unwrap_or_default()),
                ("file", whole.line.file.clone().unwrap_or_default()),
                ("line", whole.line.line.map(|n| n.to_string()).unwrap_or_default()),
                ("event", whole.event.as_ref().map(ToString::to_string).unwrap_or_else(|| "not decodable".to_owned())),
                ("text", whole.text.clone().unwrap_or_default()),
                ("bytes", whole.bytes_hex.clone()),
            ];
            let rows = [Section::new("entry", std::slice::from_ref(&whole))?];
            let sections: &[Section] = if format.format == crate::cli::Format::Csv { &rows } else { &[] };
            output::print(format.format, &whole, &head, sections)
        }
    }
}
