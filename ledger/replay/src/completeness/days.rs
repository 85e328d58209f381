//! What a source says that it sent with a date, and what of that date the ledger has.

use daybook_event::{Currency, Envelope, EventId, Exact, NaiveDate, Payload, Position, SourceManifest};
use std::collections::{BTreeMap, BTreeSet};

/// What the ledger has with one date.
#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    pub(super) events: u64,
    /// Billed, by currency; none where the sum leaves the range of exact money.
    sums: BTreeMap<Currency, Option<Exact>>,
}

/// One manifest, as a record.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) event_id: EventId,
    pub(super) position: Position,
    seq: u32,
    said: SourceManifest,
}

/// The dates of one source.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    days: BTreeMap<NaiveDate, Day>,
    manifests: BTreeMap<NaiveDate, Vec<Manifest>>,
    /// Events of no partner that the source took back, manifests or not, arrived or not.
    reversed: BTreeSet<EventId>,
}

/// One number of a manifest beside ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// `events`, or a currency.
    pub(super) what: String,
    pub(super) said: String,
    pub(super) ours: String,
}

impl Days {
    pub(super) fn add(&mut self, position: Position, envelope: &Envelope) {
        if let Payload::SourceManifest(said) = &envelope.payload {
            let (event_id, seq) = (envelope.id.event_id.clone(), envelope.seq);
            let manifest = Manifest { event_id, position, seq, said: said.clone() };
            self.manifests.entry(envelope.effective_on).or_default().push(manifest);
            return;
        }
        if let (Payload::Reversal(reversal), None) = (&envelope.payload, &envelope.partner_id) {
            self.reversed.insert(reversal.reverses.clone());
        }
        let day = self.days.entry(envelope.effective_on).or_default();
        day.events += 1;
        let (currency, amount) = match &envelope.payload {
            Payload::LicenseSale(sale) => (sale.currency, sale.amount.exact()),
            Payload::SubscriptionChange(change) => (change.currency, change.amount_delta.exact()),
            _ => return,
        };
        let sum = day.sums.entry(currency).or_insert(Some(Exact::ZERO));
        *sum = sum.and_then(|sum| sum.plus(amount).ok());
    }

    /// The manifest that counts for each date: not taken back, with the highest `seq`, and of these the one recorded last.
    pub(super) fn counting(&self) -> impl Iterator<Item = (NaiveDate, &Manifest)> {
        self.manifests.iter().filter_map(|(on, manifests)| {
            let standing = manifests.iter().filter(|manifest| !self.reversed.contains(&manifest.event_id));
            standing.max_by_key(|manifest| (manifest.seq, manifest.position)).map(|manifest| (*on, manifest))
        })
    }

    /// Where the ledger has another count or sum of a date than its manifest says.
    pub(super) fn differences(&self, on: NaiveDate, manifest: &Manifest) -> Vec<Difference> {
        let nothing = Day::default();
        let day = self.days.get(&on).unwrap_or(&nothing);
        let mut differences = Vec::new();
        if day.events != manifest.said.count {
            let (said, ours) = (manifest.said.count.to_string(), day.events.to_string());
            differences.push(Difference { what: "events".to_owned(), said, ours });
        }
        // A source that says no sum at all counts its events only.
        if manifest.said.sums.is_empty() {
            return differences;
        }
        let said: BTreeMap<Currency, Exact> =
            manifest.said.sums.iter().map(|(currency, amount)| (*currency, amount.exact())).collect();
        let currencies: BTreeSet<Currency> = said.keys().chain(day.sums.keys()).copied().collect();
        for currency in currencies {
            let said = said.get(&currency).copied().unwrap_or(Exact::ZERO);
            let ours = day.sums.get(&currency).copied().unwrap_or(Some(Exact::ZERO));
            if ours != Some(said) {
                let ours = ours.map_or_else(|| "beyond exact money".to_owned(), |sum| sum.to_string());
                differences.push(Difference { what: currency.to_string(), said: said.to_string(), ours });
            }
        }
        differences
    }
}
