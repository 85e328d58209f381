//! What to do with an event whose name stands already with other content, where the importer says that the new content
//! takes the place of the old: a re-issued invoice.
//!
//! A record is never changed. The record that stands is reversed, and the new content goes in under a name of its own:
//! the event id, a dot, and the first digits of the content's hash. So the same file again finds its names taken with the
//! same content, and a third issue finds the second one standing. All is decided from what the ledger holds; nothing is
//! remembered between two imports.

mod amend;
mod records;

pub use amend::{Amendments, MovedCredit};
pub use records::{LineLeft, Reissues, SupersedeError};

use super::{Money, envelope_money};
use daybook_event::{Envelope, EventId, EventRef, Payload, Position, Reversal};
use daybook_proto::content_hash;
use daybook_store::{ContentHash, Snapshot};

/// Hex digits of the content's hash in a superseding event's id. 64 bits tell the contents of one event id apart; a name
/// taken all the same is a conflict, and never silence.
const HASH_DIGITS: usize = 16;
/// What the id of a superseding import's reversal adds to the id that it reverses.
const REVERSED: &str = ".reversed";
/// The longest event id that can be superseded, in bytes: hash and ending must still fit behind it.
pub const SUPERSEDED_ID_BYTES_MAX: usize = daybook_event::ID_BYTES_MAX - 1 - HASH_DIGITS - REVERSED.len();
/// Why the reversals of a superseding import reverse. The same for all: a reversal that is written again after a crash
/// must be a duplicate, whatever takes the place of what it reverses.
const REASON: &str = "superseded by a later issue of the same line";

/// What to hand to the ledger for one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// The event as it is: its name is free, or stands with this content.
    AsItIs,
    /// A duplicate, under the name that it has in the ledger: the record was reversed since, and does not come back.
    Reversed(Box<Envelope>),
    /// A duplicate, under the name that it has in the ledger: it stands under another name, because what it credits does.
    CreditMoved(Box<Envelope>),
    /// In this order: the reversals, then the event under its new name. What is in the ledger already is a duplicate.
    Supersede {
        /// One for each record that stands in the event's place, with the money that it takes back.
        reversals: Vec<(Envelope, Option<Money>)>,
        /// The event under its new name.
        line: Box<Envelope>,
    },
    /// The event as it is, a conflict, because it cannot be superseded.
    Refused(String),
}

/// Reversals with the money that each takes back, or why one of them cannot be made.
type Reversals = Result<Vec<(Envelope, Option<Money>)>, String>;

impl Reissues {
    /// Decides what to do with an event, from the snapshot that was read last.
    ///
    /// # Errors
    /// [`SupersedeError`] where the ledger cannot be read.
    pub fn plan(&mut self, snapshot: &Snapshot, envelope: &Envelope) -> Result<Plan, SupersedeError> {
        let Some((_, content)) = snapshot.position_of(&envelope.id)? else { return Ok(Plan::AsItIs) };
        if content == ContentHash::of_digest(&content_hash(envelope)) {
            return self.known(snapshot, envelope, envelope.clone());
        }
        if envelope.id.source.is_ledger() {
            let why = "it is an act of the ledger's operators, and no file issues those again";
            return Ok(Plan::Refused(why.to_owned()));
        }
        let Some(line) = named_beside(envelope) else { return Ok(Plan::Refused(too_long(envelope))) };
        let taken = snapshot.position_of(&line.id)?;
        if let Some((position, content)) = taken {
            if content != ContentHash::of_digest(&content_hash(&line)) {
                return Ok(Plan::Refused(taken_by_another(&line.id, position)));
            }
            if self.is_reversed(&line) {
                return self.known(snapshot, envelope, line);
            }
        }
        // An import that was cut off may have left both: what is newer than this content is not for it to reverse.
        let until = taken.map(|(position, _)| position);
        Ok(match self.reversals(snapshot, &envelope.id, until)? {
            Ok(reversals) => Plan::Supersede { reversals, line: Box::new(line) },
            Err(why) => Plan::Refused(why),
        })
    }

    /// What an event is that is in the ledger already, as this record.
    fn known(&mut self, snapshot: &Snapshot, event: &Envelope, record: Envelope) -> Result<Plan, SupersedeError> {
        if !self.is_reversed(&record) {
            return Ok(Plan::AsItIs);
        }
        let standing = self.standing(snapshot, &event.id, None)?;
        let is_moved = standing.iter().any(|standing| amend::is_same_issue(&record, standing));
        let record = Box::new(record);
        Ok(if is_moved { Plan::CreditMoved(record) } else { Plan::Reversed(record) })
    }

    /// The reversals of what stands for an event, where it stands before a position; or why one cannot be made.
    fn reversals(
        &mut self,
        snapshot: &Snapshot,
        id: &EventRef,
        until: Option<Position>,
    ) -> Result<Reversals, SupersedeError> {
        let mut reversals = Vec::new();
        for standing in self.standing(snapshot, id, until)? {
            let reversal = match self.free_reversal(snapshot, &standing)? {
                Ok(reversal) => reversal,
                Err(why) => return Ok(Err(why)),
            };
            reversals.push((reversal, envelope_money(&standing)));
        }
        Ok(Ok(reversals))
    }
}

/// The event under the name that it has in the ledger, where it took another's place before. So the file of a re-issued
/// invoice, imported again, is a duplicate and no conflict, whether or not it supersedes.
///
/// # Errors
/// [`SupersedeError`] where the ledger cannot be read.
pub fn known_again(snapshot: &Snapshot, envelope: &Envelope) -> Result<Option<Envelope>, SupersedeError> {
    let Some((_, content)) = snapshot.position_of(&envelope.id)? else { return Ok(None) };
    if content == ContentHash::of_digest(&content_hash(envelope)) {
        return Ok(None);
    }
    let Some(known) = named_beside(envelope) else { return Ok(None) };
    let taken = snapshot.position_of(&known.id)?;
    let is_it = taken.is_some_and(|(_, content)| content == ContentHash::of_digest(&content_hash(&known)));
    Ok(is_it.then_some(known))
}

/// The event as it goes in beside another content of its id; none where the name would be too long. It carries no number
/// of its source's count: the record that it replaces has that number, and a count that is dense has each once.
fn named_beside(envelope: &Envelope) -> Option<Envelope> {
    let id = &envelope.id;
    if id.event_id.as_str().len() > SUPERSEDED_ID_BYTES_MAX {
        return None;
    }
    let unnumbered = Envelope { source_seq: None, ..envelope.clone() };
    let digits = hash_digits(&content_hash(&unnumbered));
    let event_id = EventId::parse(&format!("{}.{digits}", id.event_id)).ok()?;
    Some(Envelope { id: EventRef { source: id.source.clone(), event_id }, ..unnumbered })
}

fn hash_digits(hash: &[u8; 32]) -> String {
    hex::encode(&hash[..HASH_DIGITS / 2])
}

/// The name that an event went in beside, if its own name is one of ours: its ending is the hash of its content under
/// that other name.
fn superseded_id(envelope: &Envelope) -> Option<EventRef> {
    let (first, digits) = envelope.id.event_id.as_str().rsplit_once('.')?;
    if digits.len() != HASH_DIGITS {
        return None;
    }
    let id = EventRef { source: envelope.id.source.clone(), event_id: EventId::parse(first).ok()? };
    let as_it_came = Envelope { id: id.clone(), ..envelope.clone() };
    (hash_digits(&content_hash(&as_it_came)) == digits).then_some(id)
}

fn taken_by_another(id: &EventRef, position: Position) -> String {
    format!("the name {id} that it would need stands at position {position} with something else")
}

fn too_long(envelope: &Envelope) -> String {
    format!(
        "the event id {} has {} bytes; at most {SUPERSEDED_ID_BYTES_MAX} leave room for a new name: reverse it and publish \
         the new content under an id of your own",
        envelope.id.event_id,
        envelope.id.event_id.as_str().len()
    )
}

fn reversal_of(standing: &Envelope) -> Result<Envelope, String> {
    if let Payload::Reversal(_) = standing.payload {
        return Err(format!("{} is a reversal, and a reversal cannot be reversed", standing.id));
    }
    let event_id = EventId::parse(&format!("{}{REVERSED}", standing.id.event_id))
        .map_err(|error| format!("the reversal of {} cannot be named: it {error}", standing.id))?;
    Ok(Envelope {
        id: EventRef { source: standing.id.source.clone(), event_id },
        partner_id: standing.partner_id.clone(),
        effective_on: standing.effective_on,
        seq: 0,
        source_seq: None,
        payload: Payload::Reversal(Reversal { reverses: standing.id.event_id.clone(), reason: REASON.to_owned() }),
    })
}

#[cfg(test)]
mod tests;
