//! What distributors send: events at the edges, the same again, contradictions, and what is no event at all.

use super::naive::Meant;
use super::terms::ladder;
use crate::dice::Dice;
use crate::model::generate::generate_named;
use daybook_event::{Amount, Currency, Envelope, EventId, EventRef, Instant, Payload, SourceId, SourceManifest};
use daybook_intake::classify;
use daybook_proto::{encode, subject_of};
use daybook_store::{Incoming, Origin};
use std::collections::VecDeque;

/// One message as it is published.
pub(super) struct Outgoing {
    pub(super) subject: String,
    pub(super) payload: Vec<u8>,
    pub(super) meant: Meant,
}

/// An event as it should be published.
pub(super) fn outgoing(event: &Envelope) -> Outgoing {
    Outgoing { subject: subject_of(event), payload: encode(event), meant: Meant::Event(Box::new(event.clone())) }
}

/// What is still to be sent, and what was.
pub(super) struct Supply {
    seed: u64,
    histories: u64,
    waiting: VecDeque<Envelope>,
    sent: Vec<Envelope>,
    odd: u64,
}

impl Supply {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, histories: 0, waiting: VecDeque::new(), sent: Vec::new(), odd: 0 }
    }

    /// The next event of a history.
    pub(super) fn next(&mut self) -> Envelope {
        while self.waiting.is_empty() {
            self.histories += 1;
            let names = format!("h{}-", self.histories);
            let events = generate_named(&ladder().at_hand, self.seed.wrapping_add(self.histories), &names);
            // The histories hold facts that no source may send over the wire.
            self.waiting.extend(events.into_iter().filter(is_sendable));
        }
        let event = self.waiting.pop_front().expect("a history has events");
        self.sent.push(event.clone());
        event
    }

    /// An event that was sent before, exactly.
    pub(super) fn again(&mut self, dice: &mut Dice) -> Option<Envelope> {
        if self.sent.is_empty() { None } else { Some(self.sent[dice.place(self.sent.len())].clone()) }
    }

    /// An event that was sent before, which now says something else.
    pub(super) fn conflicting(&mut self, dice: &mut Dice) -> Option<Envelope> {
        let mut event = self.again(dice)?;
        event.seq += 1;
        Some(event)
    }

    /// What a source says that it sent.
    pub(super) fn manifest(&mut self, dice: &mut Dice) -> Envelope {
        self.odd += 1;
        let sums = vec![(Currency::parse("USD").expect("a code"), Amount::parse("12.50").expect("an amount"))];
        Envelope {
            id: named("alpha", &format!("manifest-{}", self.odd)),
            partner_id: None,
            effective_on: daybook_event::date_parse("2021-03-01").expect("a date"),
            seq: 0,
            source_seq: Some(self.odd),
            payload: Payload::SourceManifest(SourceManifest { count: dice.between(0, 9), sums }),
        }
    }

    /// Something that cannot be appended.
    pub(super) fn faulty(&mut self, dice: &mut Dice) -> Outgoing {
        let of_sender = |subject: &str, payload: Vec<u8>, code: &'static str, hidden| Outgoing {
            subject: subject.to_owned(),
            payload,
            meant: Meant::Faulty(code, hidden),
        };
        match dice.between(0, 3) {
            0 => {
                let bytes = (0..dice.between(1, 40)).map(|_| 0xff).collect();
                of_sender("csp.events.alpha.P-0.license_sale", bytes, "undecodable", None)
            }
            1 => {
                // An act of the operators, by somebody else.
                let mut event =
                    super::operators::decision(dice.roll(), 1, daybook_event::QuarantineVerdict::Dismiss, {
                        daybook_event::date_parse("2021-03-01").expect("a date")
                    });
                event.id.source = SourceId::parse("alpha").expect("a plain id");
                of_sender(&subject_of(&event), encode(&event), "reserved_source", None)
            }
            _ => {
                // A good event on another's subject: an operator may vouch for it.
                let event = loop {
                    let event = self.next();
                    if !event.id.source.is_ledger() {
                        break event;
                    }
                };
                of_sender("csp.events.beta.nobody.reversal", encode(&event), "subject_mismatch", Some(Box::new(event)))
            }
        }
    }
}

fn named(source: &str, event_id: &str) -> EventRef {
    EventRef {
        source: SourceId::parse(source).expect("a plain id"),
        event_id: EventId::parse(event_id).expect("a plain id"),
    }
}

fn is_sendable(event: &Envelope) -> bool {
    let origin = Origin { subject: Some(subject_of(event)), ..Origin::default() };
    // What operators alone may say is theirs to say here too, and they say it elsewhere.
    let judged = classify(encode(event), Instant::default(), origin);
    matches!(judged, Incoming::Event { .. })
}
