//! Events as they are drawn: of nearly all of them numbers alone. Whoever writes them makes their text, on a thread of its own.

use super::catalogue::currency;
use super::chance::event_id;
use super::history::RATES_SOURCE;
use super::lines::SaleDraft;
use super::partners::{Partner, SOURCES, source};
use daybook_event::{Currency, Envelope, EventRef, NaiveDate, PartnerId, Payload, SourceId};

/// An event before it is made.
pub(super) struct Draft {
    pub(super) id: u128,
    /// A place among the sources; none for who publishes exchange rates.
    pub(super) source: Option<usize>,
    /// A place among the partners.
    pub(super) partner: Option<usize>,
    pub(super) on: NaiveDate,
    pub(super) source_seq: Option<u64>,
    pub(super) body: Body,
}

/// What a draft becomes.
pub(super) enum Body {
    /// A sale: nearly all of them.
    Sale(SaleDraft),
    /// Any other kind is rare enough to be made at once.
    Made(Box<Payload>),
}

impl From<Payload> for Body {
    fn from(payload: Payload) -> Self {
        Self::Made(Box::new(payload))
    }
}

/// Makes events of drafts. Each thread has one of its own: the counts of shared ids are not shared.
pub(super) struct Maker {
    partners: Vec<(PartnerId, Currency)>,
    sources: [SourceId; SOURCES.len()],
    rates: SourceId,
}

impl Maker {
    pub(super) fn new(partners: &[Partner]) -> Self {
        let of = |partner: &Partner| (partner.id(), currency(partner.currency));
        Self {
            partners: partners.iter().map(of).collect(),
            sources: std::array::from_fn(source),
            rates: SourceId::parse(RATES_SOURCE).expect("a fixed id"),
        }
    }

    pub(super) fn envelope(&self, draft: Draft) -> Envelope {
        let source = draft.source.map_or(&self.rates, |place| &self.sources[place]).clone();
        let partner = draft.partner.map(|place| &self.partners[place]);
        let payload = match (draft.body, partner) {
            (Body::Made(payload), _) => *payload,
            (Body::Sale(sale), Some((id, currency))) => Payload::LicenseSale(sale.made(id, *currency)),
            (Body::Sale(_), None) => unreachable!("a sale is drawn of a partner"),
        };
        Envelope {
            id: EventRef { source, event_id: event_id(draft.id) },
            partner_id: partner.map(|(id, _)| id.clone()),
            effective_on: draft.on,
            seq: 0,
            source_seq: draft.source_seq,
            payload,
        }
    }
}
