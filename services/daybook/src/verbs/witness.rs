//! `daybook witness`: signs a ledger's checkpoint if the ledger has grown out of the last one seen.

use super::checkpoint::give;
use crate::cli::WitnessArguments;
use crate::failure::Failure;
use crate::import::now;
use crate::output::say;
use crate::signing::{keys_given, secret_key_read, secret_key_write, seed};
use daybook_proof::{
    Checkpoint, ConsistencyFile, KeyKind, KeyName, SignedNote, SignerKey, Trusted, VerifierKey, growth_verify,
};
use std::path::Path;

const MICROS_IN_SECOND: i64 = 1_000_000;

pub(super) fn run(arguments: &WitnessArguments) -> Result<(), Failure> {
    let key = key(arguments)?;
    if arguments.public_key {
        say!("{}", key.public());
        return Ok(());
    }
    let (Some(note), Some(old)) = (&arguments.note, &arguments.old) else {
        return Err(Failure::Input("say which checkpoint, and with --old where the last one seen is kept".to_owned()));
    };
    let log_keys = keys_given(&arguments.log_key)?;
    let mut new = note_read(note)?;
    let trusted = Trusted::of(&new, &log_keys).map_err(|why| refused(note, &why))?;
    if old.exists() {
        grown(arguments, old, &new, &trusted.checkpoint, &log_keys)?;
    }
    let at_seconds = u64::try_from(now().micros() / MICROS_IN_SECOND).unwrap_or(0);
    new.cosign(&key, at_seconds).map_err(Failure::input)?;
    // Kept before it is given away: a witness that forgets what it signed could sign another history.
    keep(old, &new)?;
    give(&new.to_string(), None)
}

/// The witness's key, drawn at first.
fn key(arguments: &WitnessArguments) -> Result<SignerKey, Failure> {
    if arguments.key.exists() {
        return secret_key_read(&arguments.key);
    }
    let Some(name) = &arguments.name else {
        return Err(Failure::Input(format!(
            "there is no key {}: give --name with what you are called, and one is made",
            arguments.key.display()
        )));
    };
    let name = KeyName::parse(name).map_err(Failure::input)?;
    let key = SignerKey::of_seed(name, KeyKind::Witness, &*seed()?);
    secret_key_write(&arguments.key, &key)?;
    Ok(key)
}

/// Checks that the ledger grew out of the checkpoint seen last.
fn grown(
    arguments: &WitnessArguments,
    old: &Path,
    new: &SignedNote,
    now: &Checkpoint,
    log_keys: &[VerifierKey],
) -> Result<(), Failure> {
    let seen_note = note_read(old)?;
    let seen = Checkpoint::parse(seen_note.text()).map_err(|why| refused(old, &why))?;
    let path = match &arguments.proof {
        Some(path) => {
            let file = read(path)?;
            let proof = ConsistencyFile::parse(&file).map_err(|why| refused(path, &why))?;
            proof.verify(log_keys).map_err(|why| refused(path, &why))?;
            if (proof.older.text(), proof.newer.text()) != (seen_note.text(), new.text()) {
                return Err(Failure::Input(format!(
                    "{} is not the proof from the checkpoint in {}, which ends at {}, to this one: ask for that",
                    path.display(),
                    old.display(),
                    seen.size
                )));
            }
            proof.path
        }
        // The same records need no proof, and the empty ledger is the beginning of every other.
        None if seen.size == now.size || seen.size == 0 => Vec::new(),
        None => {
            return Err(Failure::Input(format!(
                "the last checkpoint seen ends at {}, this one at {}: give --proof with the proof between the two",
                seen.size, now.size
            )));
        }
    };
    growth_verify(&seen, now, &path).map_err(|why| {
        Failure::Check(format!(
            "NOT signed: {why}. Keep both notes, {} and the one you were given: together they show two histories",
            old.display()
        ))
    })
}

/// What is wrong with a file.
fn refused(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Check(format!("NOT signed: {}: {why}", path.display()))
}

fn note_read(path: &Path) -> Result<SignedNote, Failure> {
    SignedNote::parse(&read(path)?).map_err(|why| Failure::Input(format!("{}: {why}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

/// Written beside it, made durable, and renamed: there is never half a note.
fn keep(path: &Path, note: &SignedNote) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    let beside = std::path::PathBuf::from(name);
    give(&note.to_string(), Some(&beside))?;
    std::fs::File::open(&beside)?.sync_all()?;
    Ok(std::fs::rename(&beside, path)?)
}
