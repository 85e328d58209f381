//! What the ledger's records say about re-issued lines.

use super::super::{Money, envelope_money};
use super::amend::credits_of;
use super::superseded_id;
use daybook_event::{Envelope, EventRef, PartnerId, Payload, Position, SourceId};
use daybook_proto::DecodeFault;
use daybook_store::{ReadError, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Why what stands cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum SupersedeError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record does not decode.
    #[error("the record at position {position} does not decode ({fault}): run daybook verify")]
    Undecodable {
        /// Where.
        position: Position,
        /// What is wrong with it.
        fault: DecodeFault,
    },
}

/// Which records are reversed, and which took the place of others: read from the ledger, all of it once, then only what
/// is new.
#[derive(Debug, Default)]
pub struct Reissues {
    read_to: Position,
    /// The partners whose reversals name an event: a reversal of another partner reverses nothing.
    reversed: BTreeMap<EventRef, BTreeSet<Option<PartnerId>>>,
    /// The records that took an event's place, in order.
    later: BTreeMap<EventRef, Vec<EventRef>>,
    /// The event whose place a record took.
    first: BTreeMap<EventRef, EventRef>,
    /// The records that credit an event, by the name under which they credit it.
    crediting: BTreeMap<EventRef, Vec<EventRef>>,
    nearby: Nearby,
}

/// Records read with one that was asked for: the lines of an invoice mostly stand next to each other, and reading one of
/// them alone unpacks as much as reading them all.
#[derive(Debug, Default)]
struct Nearby(BTreeMap<Position, Envelope>);

/// How many records are read at once.
const NEARBY_RECORDS: u64 = 512;
/// How many are kept: the issues of one invoice stand in places of their own, and their lines are asked for in turn.
const KEPT_RECORDS_MAX: usize = 8_192;

impl Nearby {
    fn read(&mut self, snapshot: &Snapshot, position: Position) -> Result<Option<Envelope>, SupersedeError> {
        if !self.0.contains_key(&position) {
            if self.0.len() >= KEPT_RECORDS_MAX {
                self.0.clear();
            }
            let to = Position::new(position.number().saturating_add(NEARBY_RECORDS - 1));
            each(snapshot, position, to, |position, envelope| {
                self.0.insert(position, envelope);
            })?;
        }
        Ok(self.0.get(&position).cloned())
    }
}

/// A line of an invoice that stands in the ledger and was in none of the files.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LineLeft {
    /// The invoice.
    pub invoice: String,
    /// The event.
    pub event: EventRef,
    /// Where it stands.
    pub position: Position,
    /// What it billed.
    #[serde(skip)]
    pub money: Option<Money>,
}

impl Reissues {
    /// Reads on to the snapshot's head.
    ///
    /// # Errors
    /// [`SupersedeError`].
    pub fn read_on(&mut self, snapshot: &Snapshot) -> Result<(), SupersedeError> {
        let head = snapshot.head().position;
        each(snapshot, self.read_to.next(), head, |_, envelope| self.note(&envelope))?;
        self.read_to = head;
        Ok(())
    }

    fn note(&mut self, envelope: &Envelope) {
        if let Some(credits) = credits_of(&envelope.payload) {
            let credited = EventRef { source: envelope.id.source.clone(), event_id: credits.clone() };
            self.crediting.entry(credited).or_default().push(envelope.id.clone());
        }
        if let Payload::Reversal(reversal) = &envelope.payload {
            let target = EventRef { source: envelope.id.source.clone(), event_id: reversal.reverses.clone() };
            self.reversed.entry(target).or_default().insert(envelope.partner_id.clone());
        } else if let Some(first) = superseded_id(envelope) {
            self.later.entry(first.clone()).or_default().push(envelope.id.clone());
            self.first.insert(envelope.id.clone(), first);
        }
    }

    /// The records that stand for an event, where they stand before a position: its own and those that took its place,
    /// without what is reversed.
    pub(super) fn standing(
        &mut self,
        snapshot: &Snapshot,
        id: &EventRef,
        until: Option<Position>,
    ) -> Result<Vec<Envelope>, SupersedeError> {
        let mut standing = Vec::new();
        let later = self.later.get(id).cloned().unwrap_or_default();
        for id in std::iter::once(id).chain(&later) {
            let Some((position, _)) = snapshot.position_of(id)? else { continue };
            if until.is_some_and(|until| position >= until) {
                continue;
            }
            let Some(envelope) = self.nearby.read(snapshot, position)? else { continue };
            if !self.is_reversed(&envelope) {
                standing.push(envelope);
            }
        }
        Ok(standing)
    }

    pub(super) fn record(&mut self, snapshot: &Snapshot, id: &EventRef) -> Result<Option<Envelope>, SupersedeError> {
        let Some((position, _)) = snapshot.position_of(id)? else { return Ok(None) };
        self.nearby.read(snapshot, position)
    }

    /// The records that credit an event under another name than this one.
    pub(super) fn crediting_others_than(&self, id: &EventRef, name: &EventRef) -> Vec<EventRef> {
        let names = std::iter::once(id).chain(self.later.get(id).into_iter().flatten());
        let others = names.filter(|other| *other != name);
        others.filter_map(|other| self.crediting.get(other)).flatten().cloned().collect()
    }

    pub(super) fn is_reversed(&self, envelope: &Envelope) -> bool {
        self.reversed.get(&envelope.id).is_some_and(|partners| partners.contains(&envelope.partner_id))
    }

    /// Whether other records took this event's place.
    #[must_use]
    pub fn has_later(&self, id: &EventRef) -> bool {
        self.later.contains_key(id)
    }

    /// The event whose place this one took, or itself.
    #[must_use]
    pub fn first_of<'a>(&'a self, id: &'a EventRef) -> &'a EventRef {
        self.first.get(id).unwrap_or(id)
    }

    /// The lines of these invoices that stand and are none of the events met, in order of position. `met` has events by
    /// the names under which their files have them.
    ///
    /// # Errors
    /// [`SupersedeError`].
    pub fn lines_left(
        &self,
        snapshot: &Snapshot,
        invoices: &BTreeSet<(SourceId, String)>,
        met: &BTreeSet<EventRef>,
    ) -> Result<Vec<LineLeft>, SupersedeError> {
        let mut left = Vec::new();
        if invoices.is_empty() {
            return Ok(left);
        }
        each(snapshot, Position::ZERO.next(), snapshot.head().position, |position, envelope| {
            let Payload::LicenseSale(sale) = &envelope.payload else { return };
            let invoice = (envelope.id.source.clone(), sale.invoice_id.clone());
            if invoices.contains(&invoice) && !met.contains(self.first_of(&envelope.id)) && !self.is_reversed(&envelope)
            {
                let money = envelope_money(&envelope);
                left.push(LineLeft { invoice: invoice.1, event: envelope.id, position, money });
            }
        })?;
        Ok(left)
    }
}

fn each(
    snapshot: &Snapshot,
    from: Position,
    to: Position,
    mut visit: impl FnMut(Position, Envelope),
) -> Result<(), SupersedeError> {
    snapshot.scan(from, to, |record| {
        let envelope = daybook_proto::decode(record.envelope);
        let undecodable = |fault| SupersedeError::Undecodable { position: record.position, fault };
        visit(record.position, envelope.map_err(undecodable)?);
        Ok(ControlFlow::Continue(()))
    })
}
