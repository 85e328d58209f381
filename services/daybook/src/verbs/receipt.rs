//! `daybook receipt`: what became of one event.

use crate::cli::{Cli, ReceiptArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::window;
use daybook_event::EventRef;
use serde::Serialize;

/// What became of an event.
#[derive(Serialize)]
struct Receipt {
    event: String,
    state: &'static str,
    position: Option<u64>,
    recorded_at: Option<String>,
    quarantine: Vec<QuarantineReceipt>,
}

/// An entry of the same id that could not be appended.
#[derive(Serialize)]
struct QuarantineReceipt {
    entry: u64,
    reason: String,
    detail: String,
}

/// Entries read at once.
const PAGE_ENTRIES: usize = 1_000;

pub(crate) fn run(cli: &Cli, arguments: &ReceiptArguments) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    let id = EventRef { source: arguments.source.clone(), event_id: arguments.event.clone() };
    let position = snapshot.position_of(&id)?.map(|(position, _)| position);
    let record = position.map(|position| snapshot.record(position)).transpose()?.flatten();
    let mut quarantine = Vec::new();
    let mut next = 1;
    loop {
        let page = snapshot.quarantine_list(next, PAGE_ENTRIES)?;
        for entry in page.iter().filter(|entry| daybook_proto::peek_id(&entry.bytes).as_ref() == Some(&id)) {
            let (reason, detail) = (entry.reason.code().to_owned(), entry.reason.detail().to_owned());
            quarantine.push(QuarantineReceipt { entry: entry.entry, reason, detail });
        }
        let Some(last) = page.last().filter(|_| page.len() == PAGE_ENTRIES) else { break };
        next = last.entry + 1;
    }
    let state = match (&record, quarantine.is_empty()) {
        (Some(_), true) => "appended",
        (Some(_), false) => "appended; another content of the same id is in quarantine",
        (None, false) => "quarantined",
        (None, true) => "unknown",
    };
    let receipt = Receipt {
        event: id.to_string(),
        state,
        position: record.as_ref().map(|record| record.position.number()),
        recorded_at: record.as_ref().map(|record| record.recorded_at.to_string()),
        quarantine,
    };
    let head = [
        ("event", receipt.event.clone()),
        ("state", receipt.state.to_owned()),
        ("position", receipt.position.map(|number| number.to_string()).unwrap_or_default()),
        ("recorded at", receipt.recorded_at.clone().unwrap_or_default()),
    ];
    output::print(arguments.format.format, &receipt, &head, &[Section::new("quarantine", &receipt.quarantine)?])
}
