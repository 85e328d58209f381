//! `daybook restore`: a ledger built again from a backup, and held against the newest signed checkpoint.

use crate::cli::{Cli, RestoreArguments};
use crate::failure::Failure;
use crate::{import, output};
use daybook_event::Position;
use daybook_intake::identify;
use daybook_proof::{SignedNote, VerifierKey};
use daybook_store::{Backup, Binding, RestoreOptions, Restored, StoredCheckpoint};
use serde::Serialize;
use std::path::Path;

/// What restore says.
#[derive(Serialize)]
struct Report {
    ledger: String,
    ledger_id: String,
    position: u64,
    root: String,
    /// Quarantine, holes and cursor are those of the backup made at this position.
    quarantine_as_of: u64,
    checkpoints: u64,
    /// The newest checkpoint that the ledger was held against; none if the backup has none up to its position.
    checkpoint: Option<Shown>,
    shown: String,
}

/// A checkpoint that the ledger agrees with.
#[derive(Serialize)]
struct Shown {
    number: u64,
    origin: String,
    size: u64,
    root: String,
    signed_by: Vec<String>,
    /// Whether the keys came from the caller: those of the backup prove nothing about who made it.
    key_given: bool,
}

pub(crate) fn run(cli: &Cli, arguments: &RestoreArguments) -> Result<(), Failure> {
    let backup = Backup::open(&arguments.dir, None).map_err(Failure::input)?;
    let keys = Keys::of(arguments, &backup)?;
    let position = arguments.position.map(Position::new);
    // Before anything is built: whoever names a key wants a ledger that is signed with it, or none.
    if let Some((kept, _)) = backup.newest_at(position).map_err(Failure::input)? {
        keys.signers(&kept)?;
    } else if keys.given {
        let dir = arguments.dir.display();
        return Err(Failure::Check(format!(
            "{dir} has no checkpoint that a ledger restored up to there comes to: nothing of it is signed; leave --key out, or restore up to a run of backup"
        )));
    }
    let options = RestoreOptions { position, ledger: import::ledger_options(), identify };
    let restored = backup.restore(&cli.ledger, &options).map_err(Failure::input)?;
    let report = report(&cli.ledger, &backup, &restored, &keys)?;
    let head = [
        ("ledger", report.ledger.clone()),
        ("ledger id", report.ledger_id.clone()),
        ("position", report.position.to_string()),
        ("root", report.root.clone()),
        ("quarantine", format!("as of position {}", report.quarantine_as_of)),
        ("checkpoints", report.checkpoints.to_string()),
        ("shown", report.shown.clone()),
    ];
    output::print(arguments.format.format, &report, &head, &[])
}

fn note_of(kept: &StoredCheckpoint) -> Result<SignedNote, Failure> {
    SignedNote::parse(kept.note.as_bytes())
        .map_err(|error| Failure::Input(format!("checkpoint {} of the backup: {error}", kept.number)))
}

/// The keys to verify with.
struct Keys {
    keys: Vec<VerifierKey>,
    given: bool,
}

impl Keys {
    fn of(arguments: &RestoreArguments, backup: &Backup) -> Result<Self, Failure> {
        let mut keys = Vec::new();
        for named in &arguments.key {
            let text = if Path::new(named).exists() {
                std::fs::read_to_string(named).map_err(|error| Failure::Input(format!("{named}: {error}")))?
            } else {
                named.clone()
            };
            keys.extend(keys_of(&text, named)?);
        }
        if !arguments.key.is_empty() {
            return Ok(Self { keys, given: true });
        }
        let own = backup.public_keys().map_err(Failure::input)?.unwrap_or_default();
        let keys = keys_of(&String::from_utf8_lossy(&own), "the keys in the backup")?;
        Ok(Self { keys, given: false })
    }

    /// Who signed a checkpoint, of the keys here.
    fn signers(&self, kept: &StoredCheckpoint) -> Result<Vec<String>, Failure> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        let number = kept.number;
        let signed = note_of(kept)?.verify(&self.keys).map_err(|error| {
            Failure::Check(format!("checkpoint {number} of the backup: {error}; no ledger was made"))
        })?;
        Ok(signed.iter().map(|signed| format!("{}+{:08x}", signed.name.as_str(), signed.id)).collect())
    }
}

fn keys_of(text: &str, place: &str) -> Result<Vec<VerifierKey>, Failure> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| VerifierKey::parse(line).map_err(|error| Failure::Input(format!("{place}: {error}")))).collect()
}

fn report(ledger: &Path, backup: &Backup, restored: &Restored, keys: &Keys) -> Result<Report, Failure> {
    let checkpoint = match &restored.newest {
        Some((kept, checkpoint)) => Some(Shown {
            number: kept.number,
            origin: checkpoint.origin.as_str().to_owned(),
            size: checkpoint.size,
            root: hex::encode(checkpoint.root),
            signed_by: keys.signers(kept)?,
            key_given: keys.given,
        }),
        None => None,
    };
    let mut shown = shown(checkpoint.as_ref());
    if matches!(backup.binding(), Binding::Stream { .. }) && restored.quarantine_as_of < restored.head.position {
        shown.push_str(
            "; serve reads the stream on from the backup before the position, and what is here already is known",
        );
    }
    Ok(Report {
        ledger: ledger.display().to_string(),
        ledger_id: restored.ledger_id.clone(),
        position: restored.head.position.number(),
        root: hex::encode(restored.head.root),
        quarantine_as_of: restored.quarantine_as_of.number(),
        checkpoints: restored.checkpoints,
        checkpoint,
        shown,
    })
}

/// What was shown, no more and no less.
fn shown(checkpoint: Option<&Shown>) -> String {
    let Some(checkpoint) = checkpoint else {
        return "the records give the backup's own roots; the backup has no checkpoint up to here, so that is all that was shown"
            .to_owned();
    };
    let Shown { number, origin, size, signed_by, key_given, .. } = checkpoint;
    let equal = format!("the ledger's root at position {size} is that of checkpoint {number} of {origin}");
    match (signed_by.as_slice(), key_given) {
        ([], _) => format!("{equal}; no key was there to verify its signature with"),
        (signers, true) => format!("{equal}, signed by {}", signers.join(", ")),
        (signers, false) => format!("{equal}, signed by {} (key taken from the backup itself)", signers.join(", ")),
    }
}
