//! Who makes a checkpoint: the one process that may write the ledger. A verb opens it, or asks the `serve` that holds it.

use super::keys::{KeyPlace, published};
use super::make::make;
use super::stored;
use crate::failure::Failure;
use crate::import::writer_open;
use crate::serve::socket;
use daybook_proof::SignedNote;
use daybook_store::Ledger;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Control {
    /// Make a checkpoint.
    Checkpoint(Order),
    /// Add the signatures of a note to the checkpoint with its text.
    Cosign(String),
}

/// How a checkpoint is made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Order {
    /// What the ledger is to be called, at its first checkpoint.
    pub(crate) origin: Option<String>,
    /// Whether a new key takes over.
    pub(crate) rotate: bool,
}

/// What was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The checkpoint's number.
    pub(crate) number: u64,
    /// Whether anything was added: not where nothing came since the last one.
    pub(crate) is_new: bool,
    /// Its signed note.
    pub(crate) note: String,
}

/// What became of it, on its way through the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Controlled {
    /// It was done.
    Made(Made),
    /// It was not.
    Refused(String),
}

/// Does it on a ledger that is open for writing.
pub(crate) fn perform(ledger: &mut Ledger, place: &KeyPlace, control: &Control) -> Result<Made, Failure> {
    match control {
        Control::Checkpoint(order) => make(ledger, place, order),
        Control::Cosign(note) => cosign(ledger, place, note),
    }
}

/// Has it done: by the `serve` that holds the ledger, else by this process.
pub(crate) fn ask(dir: &Path, key: Option<&Path>, control: &Control) -> Result<Made, Failure> {
    if !socket::is_listening(dir) {
        let mut ledger = writer_open(dir, None)?;
        let made = perform(&mut ledger, &KeyPlace::of(dir, key), control)?;
        ledger.close()?;
        return Ok(made);
    }
    // The key of `serve` is named where `serve` was started.
    match socket::control(dir, control)? {
        Controlled::Made(made) => Ok(made),
        Controlled::Refused(why) => Err(Failure::Input(why)),
    }
}

/// Adds the signatures of a note to the kept checkpoint that it is.
fn cosign(ledger: &mut Ledger, place: &KeyPlace, text: &str) -> Result<Made, Failure> {
    let given = SignedNote::parse(text.as_bytes()).map_err(Failure::input)?;
    // Whoever brings a signature has seen our note: one without ours is another's.
    given.verify(&published(place.ledger())?).map_err(Failure::input)?;
    let snapshot = ledger.reader().snapshot()?;
    let count = snapshot.checkpoints_count()?;
    for number in (1..=count).rev() {
        let kept = stored::numbered(&snapshot, number)?;
        if kept.note.text() != given.text() {
            continue;
        }
        let mut note = kept.note.clone();
        for signature in given.signatures() {
            note.add(signature.clone()).map_err(Failure::input)?;
        }
        let is_new = note != kept.note;
        drop(snapshot);
        if is_new {
            ledger.cosignature_add(number, &note.to_string())?;
        }
        return Ok(Made { number, is_new, note: note.to_string() });
    }
    Err(Failure::Input("the note is of no checkpoint that this ledger keeps: it is of another ledger".to_owned()))
}
