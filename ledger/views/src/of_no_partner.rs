//! Facts of no partner: exchange rates, and reversals of such facts. They touch partners only through the rate table.

use crate::fx::FxTable;
use crate::history::Reversals;
use crate::rows::{FindingRow, PartnerRows};
use chrono::NaiveDate;
use daybook_event::{Envelope, EventRef, Payload, SourceId};
use daybook_rules::model::RuleBook;
use std::collections::BTreeSet;

/// Every fact of no partner, in whatever order they came.
///
/// Facts are kept whether or not some rule book counts them: which sources count is asked at the end, so the same value
/// serves every book and every through date.
#[derive(Debug, Clone, Default)]
pub struct FactsOfNoPartner {
    fx: FxTable,
    reversals: Reversals,
    /// Facts that a reversal may name.
    facts: BTreeSet<EventRef>,
    /// Rates and reversals: what changes no figure unless the rule book names its source.
    weighed: BTreeSet<EventRef>,
}

impl FactsOfNoPartner {
    /// Takes an envelope in; a partner's envelope changes nothing.
    pub fn add(&mut self, envelope: &Envelope) {
        if envelope.partner_id.is_some() {
            return;
        }
        match &envelope.payload {
            Payload::Reversal(reversal) => {
                self.reversals.add(envelope);
                let target = EventRef { source: envelope.id.source.clone(), event_id: reversal.reverses.clone() };
                if self.facts.contains(&target) {
                    self.reversals.note_known(&target);
                }
                self.weighed.insert(envelope.id.clone());
                return;
            }
            Payload::FxRate(_) => {
                self.fx.add(envelope);
                self.weighed.insert(envelope.id.clone());
            }
            _ => {}
        }
        self.reversals.note_known(&envelope.id);
        self.facts.insert(envelope.id.clone());
    }

    /// The exchange rates that count under the book on the through date: what the fold looks up.
    #[must_use]
    pub fn fx_counting(&self, book: &RuleBook, through: NaiveDate) -> FxTable {
        self.fx.counting(&book.sources_of_no_partner, self.reversals.targets(), through)
    }

    /// The reversals of facts of no partner.
    #[must_use]
    pub fn reversals(&self) -> &Reversals {
        &self.reversals
    }

    /// The rows of no partner: findings only, sorted.
    #[must_use]
    pub fn rows(&self, book: &RuleBook) -> PartnerRows {
        let finding = |code: &str, id: &EventRef| FindingRow {
            partner_id: String::new(),
            code: code.to_owned(),
            events: vec![id.to_string()],
        };
        let unnamed = self.weighed.iter().filter(|id| !is_named(book, &id.source) && !self.reversals.names(id));
        let mut findings: Vec<FindingRow> = unnamed.map(|id| finding("SOURCE_NOT_NAMED", id)).collect();
        findings.extend(self.reversals.findings().into_iter().map(|(code, id)| finding(code, id)));
        findings.sort();
        PartnerRows { findings, ..PartnerRows::default() }
    }
}

/// Whether facts of no partner count from this source.
fn is_named(book: &RuleBook, source: &SourceId) -> bool {
    source.is_ledger() || book.sources_of_no_partner.iter().any(|named| named == source.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::{Currency, EventId, ExchangeRate, FxRate, Month, Reversal, date_parse};

    fn envelope(source: &str, id: &str, payload: Payload) -> Envelope {
        Envelope {
            id: EventRef { source: SourceId::parse(source).unwrap(), event_id: EventId::parse(id).unwrap() },
            partner_id: None,
            effective_on: date_parse("2022-01-31").unwrap(),
            seq: 0,
            source_seq: None,
            payload,
        }
    }

    fn rate(source: &str, id: &str) -> Envelope {
        let (currency, month) = (Currency::parse("EUR").unwrap(), Month::parse("2022-01").unwrap());
        envelope(source, id, Payload::FxRate(FxRate { currency, month, rate: ExchangeRate::parse("1.1").unwrap() }))
    }

    fn reversal(id: &str, of: &str) -> Envelope {
        let reverses = EventId::parse(of).unwrap();
        envelope("treasury", id, Payload::Reversal(Reversal { reverses, reason: String::new() }))
    }

    fn unknown(facts: &[Envelope]) -> Vec<(&'static str, String)> {
        let mut all = FactsOfNoPartner::default();
        facts.iter().for_each(|envelope| all.add(envelope));
        all.reversals().findings().into_iter().map(|(code, id)| (code, id.to_string())).collect()
    }

    #[test]
    fn a_reversal_knows_its_target_whichever_comes_first() {
        assert_eq!(unknown(&[rate("treasury", "r-1"), reversal("u-1", "r-1")]), []);
        assert_eq!(unknown(&[reversal("u-1", "r-1"), rate("treasury", "r-1")]), []);
        let of_another = [reversal("u-1", "r-1"), rate("rumour", "r-1")];
        assert_eq!(unknown(&of_another), [("REVERSAL_TARGET_UNKNOWN", "treasury/u-1".to_owned())]);
        let of_reversal = [reversal("u-1", "r-1"), rate("treasury", "r-1"), reversal("u-2", "u-1")];
        assert_eq!(unknown(&of_reversal), [("REVERSAL_OF_REVERSAL", "treasury/u-2".to_owned())]);
    }

    #[test]
    fn a_changed_rate_is_told_by_currency_and_month() {
        let mut facts = FactsOfNoPartner::default();
        let sources = ["treasury".to_owned()];
        let counting = |facts: &FactsOfNoPartner, through: &str| {
            facts.fx.counting(&sources, facts.reversals().targets(), date_parse(through).unwrap())
        };
        let none = counting(&facts, "2022-12-31");
        facts.add(&rate("rumour", "r-0"));
        assert!(counting(&facts, "2022-12-31").changed_from(&none).is_empty());
        facts.add(&rate("treasury", "r-1"));
        let one = counting(&facts, "2022-12-31");
        let changed = BTreeSet::from([(Currency::parse("EUR").unwrap(), Month::parse("2022-01").unwrap())]);
        assert_eq!(one.changed_from(&none), changed);
        assert_eq!(none.changed_from(&one), changed);
        assert!(counting(&facts, "2022-01-30").changed_from(&none).is_empty());
        facts.add(&reversal("u-1", "r-1"));
        assert!(counting(&facts, "2022-12-31").changed_from(&none).is_empty());
    }
}
