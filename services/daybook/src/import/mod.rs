//! `daybook import`: events from files into the ledger, by the way that the ledger has.
//!
//! A ledger bound to files takes them directly, or through the socket of a running `serve`. A ledger bound to a stream
//! takes nothing directly: the events are published, and the import waits until the ledger has them.

mod again;
mod catalogue;
mod door;
mod operators;
mod read;
mod stream_door;
mod supersede;

pub(crate) use door::{Door, OwnDoor, Part, Settled, Waiting};
pub(crate) use read::partner_map;

use crate::cli::{Cli, Format, ImportArguments, NatsArguments};
use crate::failure::Failure;
use crate::output;
use crate::serve::socket::{self, SocketDoor};
use daybook_intake::import::ImportReport;
use daybook_intake::{INTAKE_SEMANTICS, judge_again, semantics_check};
use daybook_store::{Binding, LEDGER_FILE, LEDGER_FORMAT, Ledger, LedgerOptions, LedgerReader};
use std::path::Path;

pub(crate) fn run(cli: &Cli, arguments: &ImportArguments) -> Result<(), Failure> {
    let mut report = ImportReport::default();
    // Before the door: opening it may make a ledger and bind it to files for good, which a mistyped name shall not do.
    arguments.files.iter().try_for_each(|path| read::check(path))?;
    let door = door_open(&cli.ledger, &arguments.nats)?;
    read::files(cli, arguments, door, &mut report)?;
    match arguments.format.format {
        Format::Table => {
            crate::output::say!("{report}");
            Ok(())
        }
        format => {
            let rows = [output::Section::new("import", std::slice::from_ref(&report))?];
            output::print(format, &report, &[], &rows)
        }
    }
}

/// The way into the ledger in the folder. Where there is none yet, one of files is made.
pub(crate) fn door_open(ledger: &Path, nats: &NatsArguments) -> Result<Box<dyn Door>, Failure> {
    Ok(match binding(ledger)? {
        Some(Binding::Stream { name }) => Box::new(stream_door::StreamDoor::open(ledger, &name, nats)?),
        Some(Binding::Files) | None if socket::is_listening(ledger) => Box::new(SocketDoor::open(ledger)?),
        Some(Binding::Files) | None => Box::new(OwnDoor::new(writer_open(ledger, Some(Binding::Files))?)),
    })
}

/// Opens the ledger in the folder for appending, and says so if that took it over from an older format.
pub(crate) fn writer_open(ledger: &Path, binding: Option<Binding>) -> Result<Ledger, Failure> {
    let writer = Ledger::create_or_open(ledger, binding, &ledger_options())?;
    if let Some(line) = upgraded(ledger, &writer) {
        eprintln!("daybook: {line}");
    }
    Ok(writer)
}

/// That a ledger was taken over from an older format; none if it was not.
pub(crate) fn upgraded(ledger: &Path, writer: &Ledger) -> Option<String> {
    let from = writer.upgraded_from()?;
    Some(format!(
        "the ledger in {} was of format {from} and is of format {LEDGER_FORMAT} from here on: earlier versions of daybook do \
         not open it any more",
        ledger.display()
    ))
}

/// What the ledger in the folder is bound to; none where there is no ledger yet. For whoever is about to add to it: one
/// that this build would judge by other rules than its own is refused.
pub(crate) fn binding(ledger: &Path) -> Result<Option<Binding>, Failure> {
    if !ledger.join(LEDGER_FILE).exists() {
        return Ok(None);
    }
    let identity = LedgerReader::open(ledger, &LedgerOptions::default())?.identity()?;
    semantics_check(identity.intake_semantics).map_err(Failure::input)?;
    Ok(Some(identity.binding))
}

/// How a ledger is opened for appending by this binary.
pub(crate) fn ledger_options() -> LedgerOptions {
    LedgerOptions {
        created_at: now(),
        intake_semantics: INTAKE_SEMANTICS,
        judge: Some(judge_again),
        ..LedgerOptions::default()
    }
}

/// The wall clock: only the shell may look at it.
pub(crate) fn now() -> daybook_event::Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    daybook_event::Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
