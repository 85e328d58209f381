//! Exchange rates by currency and earning month.

use chrono::NaiveDate;
use daybook_event::{Currency, Envelope, EventRef, ExchangeRate, Month, Payload, Position};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A published rate with its place in the order of facts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Published {
    pub(crate) effective_on: NaiveDate,
    seq: u32,
    pub(crate) id: EventRef,
    rate: ExchangeRate,
    pub(crate) position: Position,
}

/// A rate as some event published it, whether or not it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRate {
    /// The currency.
    pub currency: Currency,
    /// The earning month.
    pub month: Month,
    /// Program currency for one unit.
    pub rate: ExchangeRate,
    /// The date it counts from.
    pub effective_on: NaiveDate,
    /// The record.
    pub position: Position,
}

/// The exchange rates that count: of several for one currency and month, the last in the order of facts among those
/// dated up to the through date.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<RatesOf>", into = "Vec<RatesOf>")]
pub struct FxTable {
    rates: BTreeMap<(Currency, Month), Vec<Published>>,
}

/// The rates of a currency and month, in the form in which a table is written down.
type RatesOf = ((Currency, Month), Vec<Published>);

impl From<Vec<RatesOf>> for FxTable {
    fn from(rates: Vec<RatesOf>) -> Self {
        Self { rates: rates.into_iter().collect() }
    }
}

impl From<FxTable> for Vec<RatesOf> {
    fn from(table: FxTable) -> Self {
        table.rates.into_iter().collect()
    }
}

impl FxTable {
    /// Takes an envelope in; anything but a rate of no partner changes nothing.
    pub fn add(&mut self, position: Position, envelope: &Envelope) {
        let (Payload::FxRate(fx), None) = (&envelope.payload, &envelope.partner_id) else { return };
        let published = Published {
            effective_on: envelope.effective_on,
            seq: envelope.seq,
            id: envelope.id.clone(),
            rate: fx.rate,
            position,
        };
        let of_month = self.rates.entry((fx.currency, fx.month)).or_default();
        let at = of_month.partition_point(|other| *other < published);
        of_month.insert(at, published);
    }

    /// The table of the rates for which the test holds.
    pub(crate) fn filtered(&self, counts: impl Fn(&Published) -> bool) -> Self {
        let counting = |all: &Vec<Published>| all.iter().filter(|published| counts(published)).cloned().collect();
        let rates = self.rates.iter().map(|(key, all)| (*key, counting(all)));
        Self { rates: rates.filter(|(_, all): &(_, Vec<_>)| !all.is_empty()).collect() }
    }

    /// Every rate, with its currency and month.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Currency, Month, &Published)> {
        self.rates.iter().flat_map(|((currency, month), all)| all.iter().map(|one| (*currency, *month, one)))
    }

    /// The rate of a currency in a month, and the event that published it.
    #[must_use]
    pub fn rate(&self, currency: Currency, month: Month) -> Option<(ExchangeRate, &EventRef)> {
        self.rates.get(&(currency, month))?.last().map(|published| (published.rate, &published.id))
    }

    /// The rate that an event published.
    pub(crate) fn published(&self, id: &EventRef) -> Option<PublishedRate> {
        let (currency, month, published) = self.all().find(|(_, _, published)| published.id == *id)?;
        let Published { rate, effective_on, position, .. } = *published;
        Some(PublishedRate { currency, month, rate, effective_on, position })
    }

    /// The currencies and months whose rate is not what it was.
    #[must_use]
    pub fn changed_from(&self, before: &Self) -> BTreeSet<(Currency, Month)> {
        let keys = self.rates.keys().chain(before.rates.keys()).copied();
        keys.filter(|(currency, month)| self.rate(*currency, *month) != before.rate(*currency, *month)).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use daybook_event::{EventId, SourceId};

    /// A table of one rate.
    pub(crate) fn table(currency: Currency, month: Month, rate: ExchangeRate) -> FxTable {
        let id = EventRef { source: SourceId::parse("bank").unwrap(), event_id: EventId::parse("rate").unwrap() };
        let effective_on = month.first_day();
        let published = Published { effective_on, seq: 0, id, rate, position: Position::new(1) };
        FxTable { rates: BTreeMap::from([((currency, month), vec![published])]) }
    }
}
