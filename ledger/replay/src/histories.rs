//! What a window of records says, sorted by partner.

use daybook_event::{Envelope, Instant, PartnerId, Payload, Position};
use daybook_views::{Fact, FactsOfNoPartner, PartnerHistory, PinnedRecord, Reversals};
use std::collections::BTreeMap;

/// Every partner's history in a window of records, and the facts of no partner.
#[derive(Debug, Clone, Default)]
pub struct Histories {
    partners: Vec<(PartnerId, PartnerHistory)>,
    of_no_partner: FactsOfNoPartner,
    position: Position,
    recorded_at: Instant,
}

/// What was taken in of one partner.
#[derive(Debug, Default)]
struct Taken {
    facts: Vec<Fact>,
    reversals: Reversals,
    pinned: Vec<PinnedRecord>,
}

/// Takes records in, in any order.
#[derive(Debug, Default)]
pub struct HistoriesBuilder {
    partners: BTreeMap<PartnerId, Taken>,
    of_no_partner: FactsOfNoPartner,
    position: Position,
    recorded_at: Instant,
}

impl HistoriesBuilder {
    /// Notes a record whose facts are not wanted: the window still reaches as far as it.
    pub fn pass_over(&mut self, position: Position, recorded_at: Instant) {
        self.position = self.position.max(position);
        self.recorded_at = self.recorded_at.max(recorded_at);
    }

    /// Takes one record in.
    pub fn add(&mut self, position: Position, recorded_at: Instant, envelope: Envelope) {
        self.pass_over(position, recorded_at);
        let Some(partner_id) = envelope.partner_id.clone() else {
            self.of_no_partner.add(position, &envelope);
            return;
        };
        if matches!(envelope.payload, Payload::Reversal(_)) {
            self.partners.entry(partner_id).or_default().reversals.add(position, &envelope);
        } else if let Some(pinned) = PinnedRecord::of(position, &envelope) {
            self.partners.entry(partner_id).or_default().pinned.push(pinned);
        } else if let Some(fact) = Fact::of(envelope, position) {
            self.partners.entry(partner_id).or_default().facts.push(fact);
        }
    }

    /// The histories of everything taken in.
    #[must_use]
    pub fn finish(self) -> Histories {
        let history = |(partner_id, taken): (PartnerId, Taken)| {
            (partner_id, PartnerHistory::new(taken.facts, taken.reversals).with_pinned(taken.pinned))
        };
        Histories {
            partners: self.partners.into_iter().map(history).collect(),
            of_no_partner: self.of_no_partner,
            position: self.position,
            recorded_at: self.recorded_at,
        }
    }
}

impl Histories {
    /// Takes further records in, beside those that are in these.
    #[must_use]
    pub fn into_builder(self) -> HistoriesBuilder {
        let taken = |(partner_id, history): (PartnerId, PartnerHistory)| {
            let (facts, reversals, pinned) = history.into_parts();
            (partner_id, Taken { facts, reversals, pinned })
        };
        HistoriesBuilder {
            partners: self.partners.into_iter().map(taken).collect(),
            of_no_partner: self.of_no_partner,
            position: self.position,
            recorded_at: self.recorded_at,
        }
    }

    /// Partners in order, each with its history.
    #[must_use]
    pub fn partners(&self) -> &[(PartnerId, PartnerHistory)] {
        &self.partners
    }

    /// One partner's history.
    #[must_use]
    pub fn partner(&self, partner_id: &PartnerId) -> Option<&PartnerHistory> {
        let at = self.partners.binary_search_by(|(other, _)| other.cmp(partner_id)).ok()?;
        Some(&self.partners[at].1)
    }

    /// The facts of no partner.
    #[must_use]
    pub fn of_no_partner(&self) -> &FactsOfNoPartner {
        &self.of_no_partner
    }

    /// The last position taken in.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// When the last record was taken by the ledger.
    #[must_use]
    pub fn recorded_at(&self) -> Instant {
        self.recorded_at
    }
}
