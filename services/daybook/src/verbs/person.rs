//! `daybook person`: seal personal data, read it, forget it.

use crate::cli::{Cli, PersonArguments, PersonVerb};
use crate::failure::Failure;
use crate::import::now;
use crate::output::say;
use crate::person::{self, Forgetting, Forgotten, Keys, PLAIN_BYTES_MAX, Person};
use crate::window::{self, TakeError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daybook_event::{Payload, Position, Sealed};
use std::io::{IsTerminal, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use zeroize::Zeroizing;

pub(crate) fn run(cli: &Cli, verb: &PersonVerb) -> Result<(), Failure> {
    match verb {
        PersonVerb::Seal { person } => seal(cli, person),
        PersonVerb::Show { person } => show(cli, person),
        PersonVerb::Forget { person, by, reason } => {
            let note = Forgotten { at: now().to_string(), by: by.clone(), reason: reason.clone() };
            forget(cli, person, &note)
        }
    }
}

fn named(arguments: &PersonArguments) -> Person {
    Person { source: arguments.source.clone(), person_id: arguments.person.clone() }
}

fn seal(cli: &Cli, arguments: &PersonArguments) -> Result<(), Failure> {
    let person = named(arguments);
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES_MAX + 1));
    // One byte more than may be sealed is enough to know that there is too much.
    std::io::stdin().lock().take(PLAIN_BYTES_MAX as u64 + 1).read_to_end(&mut plain)?;
    // Before a key is made for nothing.
    person::plain_check(&plain).map_err(Failure::input)?;
    let keys = Keys::open_or_make(&arguments.person_keys, &cli.ledger).map_err(Failure::input)?;
    let key = keys.get_or_make(&person).map_err(Failure::input)?;
    let sealed = person::seal(&person, &key, &plain).map_err(Failure::input)?;
    say!("{}", STANDARD.encode(sealed.as_bytes()));
    Ok(())
}

fn show(cli: &Cli, arguments: &PersonArguments) -> Result<(), Failure> {
    let person = named(arguments);
    let keys = Keys::open(&arguments.person_keys, &cli.ledger).map_err(Failure::input)?;
    let key = keys.get(&person).map_err(Failure::input)?;
    let blobs = blobs(&cli.ledger, &person)?;
    let Some((position, sealed)) = blobs.last() else {
        return Err(Failure::Input(format!("the ledger has no sealed data of {person}; check --source and --person")));
    };
    let plain = person::open(&person, &key, sealed)
        .map_err(|error| Failure::Input(format!("record {position}, {person}: {error}")))?;
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        // Whoever sealed it must not write to the reader's terminal what it takes for commands.
        let text = Zeroizing::new(String::from_utf8_lossy(&plain).escape_debug().to_string());
        writeln!(out, "{}", text.as_str())?;
    } else {
        out.write_all(&plain)?;
    }
    out.flush()?;
    Ok(())
}

fn forget(cli: &Cli, arguments: &PersonArguments, note: &Forgotten) -> Result<(), Failure> {
    let person = named(arguments);
    let keys = Keys::open(&arguments.person_keys, &cli.ledger).map_err(Failure::input)?;
    match keys.forget(&person, note).map_err(Failure::input)? {
        Forgetting::Destroyed => say!("{person} is forgotten: the key is overwritten and gone"),
        Forgetting::Before(note) => say!("{person} was forgotten {note}: nothing is left to destroy here"),
    }
    // Forgetting does not wait for a ledger that can be read.
    match blobs(&cli.ledger, &person) {
        Ok(blobs) => {
            let positions: Vec<String> = blobs.iter().map(|(position, _)| position.to_string()).collect();
            let at = if positions.is_empty() { String::new() } else { format!(" (at {})", positions.join(", ")) };
            say!("what remains in the ledger: {} records with sealed data that nobody can open{at}", blobs.len());
        }
        Err(failure) => say!("what remains in the ledger was not counted: {failure}"),
    }
    say!(
        "what remains elsewhere: backups of the folder of keys, if there are any: destroy this person's key in them too"
    );
    Ok(())
}

/// The person's sealed data, from the oldest record to the newest.
fn blobs(ledger: &Path, person: &Person) -> Result<Vec<(Position, Sealed)>, Failure> {
    let snapshot = window::open(ledger)?.snapshot()?;
    let mut found = Vec::new();
    let scanned: Result<(), TakeError> = snapshot.scan(Position::new(1), snapshot.head().position, |record| {
        // Most records are another source's or another kind's: the head is cheaper to read than the whole.
        if daybook_proto::peek_id(record.envelope).is_none_or(|id| id.source != person.source) {
            return Ok(ControlFlow::Continue(()));
        }
        let envelope = daybook_proto::decode(record.envelope)
            .map_err(|fault| TakeError::Decode { position: record.position, fault: fault.to_string() })?;
        if let Payload::CertificationEarned(earned) = envelope.payload
            && earned.person_id == person.person_id
            && !earned.sealed.is_empty()
        {
            found.push((record.position, earned.sealed));
        }
        Ok(ControlFlow::Continue(()))
    });
    scanned.map_err(Failure::input)?;
    Ok(found)
}
