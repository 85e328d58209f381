//! `daybook checkpoint`: signed notes of what the ledger was, made, listed, cosigned and printed.

use crate::cli::{CheckpointArguments, Cli};
use crate::failure::Failure;
use crate::output::{self, Section, say};
use crate::serve::config::signing;
use crate::signing::{Control, Made, Order, Stored, ask, every, key_signing, keys_given, numbered, published};
use crate::window;
use daybook_proof::{Checkpoint, SignedNote, VerifierKey};
use serde::Serialize;
use std::path::Path;

/// A checkpoint in a line.
#[derive(Serialize)]
struct Line {
    number: u64,
    size: u64,
    root: String,
    quarantine: u64,
    closed: Vec<String>,
    signed_by: Vec<String>,
}

impl Line {
    fn of(number: u64, checkpoint: &Checkpoint, note: &SignedNote) -> Self {
        Self {
            number,
            size: checkpoint.size,
            root: hex::encode(checkpoint.root),
            quarantine: checkpoint.quarantine.map_or(0, |tree| tree.leaves),
            closed: checkpoint.closed.iter().map(|line| line.month.to_string()).collect(),
            signed_by: note.signatures().iter().map(|one| format!("{}+{:08x}", one.name, one.id)).collect(),
        }
    }
}

/// What became of it.
#[derive(Serialize)]
struct Report {
    outcome: &'static str,
    origin: String,
    #[serde(flatten)]
    line: Line,
    note: String,
}

pub(super) fn run(cli: &Cli, arguments: &CheckpointArguments) -> Result<(), Failure> {
    let (ledger, key) = signing(cli, arguments.config.as_deref(), arguments.key.as_deref())?;
    if arguments.list {
        return list(&ledger, arguments);
    }
    if let Some(number) = arguments.show {
        let stored = numbered(&window::open(&ledger)?.snapshot()?, number)?;
        return give(&stored.note.to_string(), arguments.output.as_deref());
    }
    if arguments.public_key {
        return public_key(&ledger);
    }
    let control = match &arguments.cosign {
        Some(path) => Control::Cosign(cosigned(path, &keys_given(&arguments.witness)?)?),
        None => Control::Checkpoint(Order { origin: arguments.origin.clone(), rotate: arguments.rotate }),
    };
    let made = ask(&ledger, key.as_deref(), &control)?;
    if let Some(path) = &arguments.output {
        give(&made.note, Some(path))?;
    }
    print(&made, arguments)
}

fn print(made: &Made, arguments: &CheckpointArguments) -> Result<(), Failure> {
    let note = SignedNote::parse(made.note.as_bytes()).map_err(Failure::input)?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(Failure::input)?;
    let outcome = match (made.is_new, &arguments.cosign) {
        (true, None) => "signed",
        (true, Some(_)) => "cosigned",
        (false, None) => "unchanged: nothing came since the last one",
        (false, Some(_)) => "unchanged: every signature is there already",
    };
    let origin = checkpoint.origin.to_string();
    let report = Report { outcome, origin, line: Line::of(made.number, &checkpoint, &note), note: made.note.clone() };
    let head = [
        ("checkpoint", format!("{} ({outcome})", report.line.number)),
        ("origin", report.origin.clone()),
        ("size", report.line.size.to_string()),
        ("root", report.line.root.clone()),
        ("quarantine", format!("{} entries and decisions", report.line.quarantine)),
        ("closed since", if report.line.closed.is_empty() { "none".to_owned() } else { report.line.closed.join(" ") }),
        ("signed by", report.line.signed_by.join(" ")),
    ];
    let sections = [Section::new("checkpoint", std::slice::from_ref(&report.line))?];
    let shown = match arguments.format.format {
        crate::cli::Format::Table => &[][..],
        _ => &sections[..],
    };
    output::print(arguments.format.format, &report, &head, shown)
}

fn list(ledger: &Path, arguments: &CheckpointArguments) -> Result<(), Failure> {
    let stored = every(&window::open(ledger)?.snapshot()?)?;
    let line = |one: &Stored| Line::of(one.number, &one.checkpoint, &one.note);
    let lines: Vec<Line> = stored.iter().map(line).collect();
    let origin = stored.first().map(|one| one.checkpoint.origin.to_string()).unwrap_or_default();
    let head = [("origin", origin), ("checkpoints", lines.len().to_string())];
    output::print(arguments.format.format, &lines, &head, &[Section::new("checkpoints", &lines)?])
}

/// The public key that signs, alone on its line: it is to be sent to others.
fn public_key(ledger: &Path) -> Result<(), Failure> {
    let published = published(ledger)?;
    // The last one published may never have signed: a rotation that was cut off leaves its key there.
    let signing = key_signing(&window::open(ledger)?.snapshot()?, &published)?;
    match signing.as_ref().or(published.last()) {
        Some(key) => {
            say!("{key}");
            Ok(())
        }
        None => Err(Failure::Input(format!(
            "{} has signed nothing yet: daybook checkpoint makes its key",
            ledger.display()
        ))),
    }
}

/// The note to take signatures from: where witnesses are given, without whatever none of them, nor the log, has signed.
fn cosigned(path: &Path, witnesses: &[VerifierKey]) -> Result<String, Failure> {
    let text = read(path)?;
    if witnesses.is_empty() {
        return Ok(text);
    }
    let refused = |why: &dyn std::fmt::Display| Failure::Input(format!("{}: {why}", path.display()));
    let note = SignedNote::parse(text.as_bytes()).map_err(|why| refused(&why))?;
    note.verify(witnesses).map_err(|why| refused(&why))?;
    let origin = Checkpoint::parse(note.text()).map_err(|why| refused(&why))?.origin;
    let mut only = SignedNote::unsigned(note.text().to_owned()).map_err(|why| refused(&why))?;
    for signature in note.signatures() {
        let mut alone = SignedNote::unsigned(note.text().to_owned()).map_err(|why| refused(&why))?;
        alone.add(signature.clone()).map_err(|why| refused(&why))?;
        if signature.name == origin || alone.verify(witnesses).is_ok() {
            only.add(signature.clone()).map_err(|why| refused(&why))?;
        }
    }
    Ok(only.to_string())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

/// Writes a text where it was asked for, or prints it.
pub(super) fn give(text: &str, output: Option<&Path>) -> Result<(), Failure> {
    match output {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Failure::Input(format!("cannot write {}: {error}", path.display()))),
        None => Ok(std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?),
    }
}
