//! What is left to set right once the lines are in: what two imports at once did to each other, and credits.
//!
//! Both are decided from the ledger alone, so it does not matter which import looks: the last to end sees everything.

use super::records::{Reissues, SupersedeError};
use super::{named_beside, reversal_of, too_long};
use crate::import::{Money, envelope_money};
use daybook_event::{Envelope, EventId, EventRef, Payload};
use daybook_store::Snapshot;
use std::collections::BTreeSet;

/// What is to be appended, and what cannot be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Amendments {
    /// Reversals of issues that stand beside a later one of the same line, with the money that each takes back.
    pub superfluous: Vec<(Envelope, Option<Money>)>,
    /// Lines that credit a line under a name that no longer stands.
    pub credits: Vec<MovedCredit>,
    /// Why some of it cannot be done.
    pub refused: BTreeSet<String>,
}

/// A line that credits a superseded line, and what takes its place. The line goes first: an import that is cut off
/// between the two leaves both, which any other import sees, and never neither.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedCredit {
    /// The event whose line it is, by its first name: what credits it has to follow.
    pub of: EventRef,
    /// The line under a name of its own, crediting what stands.
    pub line: Envelope,
    /// The reversal of the line as it stood.
    pub reversal: Envelope,
    /// What the line bills, and its reversal takes back.
    pub money: Option<Money>,
}

impl Amendments {
    /// Whether there is nothing to append.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.superfluous.is_empty() && self.credits.is_empty()
    }
}

impl Reissues {
    /// The event that this one credits, by its first name.
    #[must_use]
    pub fn credited_by(&self, envelope: &Envelope) -> Option<EventRef> {
        let event_id = credits_of(&envelope.payload)?.clone();
        Some(self.first_of(&EventRef { source: envelope.id.source.clone(), event_id }).clone())
    }

    /// What is left to set right for these events and what credits them. Append it, read on, and ask again until it is
    /// empty: credits move only to a line that stands alone.
    ///
    /// # Errors
    /// [`SupersedeError`] where the ledger cannot be read.
    pub fn amendments(&mut self, snapshot: &Snapshot, ids: &BTreeSet<EventRef>) -> Result<Amendments, SupersedeError> {
        let mut amendments = Amendments::default();
        let mut seen = BTreeSet::new();
        for id in ids {
            let Some(standing) = self.sole(snapshot, id, &mut seen, &mut amendments)? else { continue };
            for crediting in self.crediting_others_than(id, &standing.id) {
                let first = self.first_of(&crediting).clone();
                if first == *id {
                    continue;
                }
                let Some(credit) = self.sole(snapshot, &first, &mut seen, &mut amendments)? else { continue };
                // What credits it may be a record that was reversed, and the one that stands credits it rightly.
                if credit.id == crediting {
                    self.move_credit(snapshot, (&first, &credit), &standing.id.event_id, &mut amendments)?;
                }
            }
        }
        Ok(amendments)
    }

    /// The one record that stands for an event. Where there are more, all but the one that counts are to be reversed.
    fn sole(
        &mut self,
        snapshot: &Snapshot,
        id: &EventRef,
        seen: &mut BTreeSet<EventRef>,
        amendments: &mut Amendments,
    ) -> Result<Option<Envelope>, SupersedeError> {
        let mut standing = self.standing(snapshot, id, None)?;
        if standing.len() < 2 {
            return Ok(standing.pop());
        }
        if !seen.insert(id.clone()) {
            return Ok(None);
        }
        let mut ranked = Vec::with_capacity(standing.len());
        for envelope in standing {
            let rank = (self.credit_stands(snapshot, &envelope)?, snapshot.position_of(&envelope.id)?);
            ranked.push((rank, envelope));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.pop();
        for (_, envelope) in ranked {
            match self.free_reversal(snapshot, &envelope)? {
                Ok(reversal) => amendments.superfluous.push((reversal, envelope_money(&envelope))),
                Err(why) => {
                    amendments.refused.insert(why);
                }
            }
        }
        Ok(None)
    }

    /// Whether what a line credits stands. A line that credits nothing misses nothing.
    fn credit_stands(&mut self, snapshot: &Snapshot, envelope: &Envelope) -> Result<bool, SupersedeError> {
        let Some(credits) = credits_of(&envelope.payload) else { return Ok(true) };
        let credited = EventRef { source: envelope.id.source.clone(), event_id: credits.clone() };
        Ok(self.record(snapshot, &credited)?.is_some_and(|credited| !self.is_reversed(&credited)))
    }

    fn move_credit(
        &mut self,
        snapshot: &Snapshot,
        (first, credit): (&EventRef, &Envelope),
        to: &EventId,
        amendments: &mut Amendments,
    ) -> Result<(), SupersedeError> {
        let moved = with_credits(Envelope { id: first.clone(), ..credit.clone() }, Some(to.clone()));
        let free = match named_beside(&moved) {
            None => Err(too_long(&moved)),
            Some(line) => match snapshot.position_of(&line.id)? {
                Some((position, _)) => Err(super::taken_by_another(&line.id, position)),
                None => Ok(line),
            },
        };
        let reversal = self.free_reversal(snapshot, credit)?;
        match free.and_then(|line| Ok((line, reversal?))) {
            Ok((line, reversal)) => {
                amendments.credits.push(MovedCredit {
                    of: first.clone(),
                    line,
                    reversal,
                    money: envelope_money(credit),
                });
            }
            Err(why) => {
                amendments.refused.insert(format!("{} still credits a line that is reversed: {why}", credit.id));
            }
        }
        Ok(())
    }

    /// The reversal of a record that stands, or why its name cannot be used.
    pub(super) fn free_reversal(
        &self,
        snapshot: &Snapshot,
        standing: &Envelope,
    ) -> Result<Result<Envelope, String>, SupersedeError> {
        let reversal = match reversal_of(standing) {
            Ok(reversal) => reversal,
            Err(why) => return Ok(Err(why)),
        };
        // It does not reverse what stands, or that would not stand.
        Ok(match snapshot.position_of(&reversal.id)? {
            Some((position, _)) => Err(super::taken_by_another(&reversal.id, position)),
            None => Ok(reversal),
        })
    }
}

/// The line that an event credits.
pub(super) fn credits_of(payload: &Payload) -> Option<&EventId> {
    match payload {
        Payload::LicenseSale(sale) => sale.credits.as_ref(),
        Payload::SubscriptionChange(change) => change.credits.as_ref(),
        _ => None,
    }
}

/// The event crediting another line.
fn with_credits(mut envelope: Envelope, credits: Option<EventId>) -> Envelope {
    match &mut envelope.payload {
        Payload::LicenseSale(sale) => sale.credits = credits,
        Payload::SubscriptionChange(change) => change.credits = credits,
        _ => {}
    }
    envelope
}

/// Whether two records are the same issue of one line, but for the name of what they credit.
pub(super) fn is_same_issue(one: &Envelope, other: &Envelope) -> bool {
    let bare = |envelope: &Envelope| {
        let envelope = Envelope { id: one.id.clone(), source_seq: None, ..envelope.clone() };
        with_credits(envelope, None)
    };
    credits_of(&one.payload).is_some() == credits_of(&other.payload).is_some() && bare(one) == bare(other)
}
