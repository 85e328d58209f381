//! Facts of no partner: exchange rates, closings, and reversals of such facts. They touch partners only through the rate
//! table and what is closed.

use crate::closing::{Closing, Closings};
use crate::fx::{FxTable, PublishedRate};
use crate::history::{Known, Reversals};
use crate::rows::{FindingRow, PartnerRows};
use chrono::NaiveDate;
use daybook_event::{Envelope, EventRef, Month, Name, Payload, Position, SourceId};
use daybook_rules::model::RuleBook;
use std::collections::{BTreeMap, BTreeSet};

/// Every fact of no partner, in whatever order they came.
///
/// Facts are kept whether or not some rule book counts them: which sources count is asked at the end, so the same value
/// serves every book and every through date.
#[derive(Debug, Clone, Default)]
pub struct FactsOfNoPartner {
    fx: FxTable,
    reversals: Reversals,
    /// What a reversal may name.
    facts: BTreeMap<EventRef, Known>,
    /// Closings by position, whether they count or not.
    closed: BTreeMap<Position, Closing>,
    /// Rates and reversals: what changes no figure unless the rule book names its source.
    weighed: BTreeSet<EventRef>,
}

impl FactsOfNoPartner {
    /// Takes an envelope in; a partner's envelope changes nothing.
    pub fn add(&mut self, position: Position, envelope: &Envelope) {
        if envelope.partner_id.is_some() {
            return;
        }
        let mut known = Known::Fact(Month::of(envelope.effective_on));
        match &envelope.payload {
            Payload::Reversal(reversal) => {
                self.reversals.add(position, envelope);
                let target = EventRef { source: envelope.id.source.clone(), event_id: reversal.reverses.clone() };
                if let Some(known) = self.facts.get(&target) {
                    self.reversals.note_known(&target, *known);
                }
                self.weighed.insert(envelope.id.clone());
                return;
            }
            Payload::FxRate(_) => {
                self.fx.add(position, envelope);
                self.weighed.insert(envelope.id.clone());
            }
            Payload::PeriodClosed(_) => {
                known = Known::Closing;
                self.closed.extend(Closing::of(position, envelope).map(|closing| (position, closing)));
            }
            _ => {}
        }
        self.reversals.note_known(&envelope.id, known);
        self.facts.insert(envelope.id.clone(), known);
    }

    /// The exchange rates that count under the book on the through date: what the fold looks up.
    #[must_use]
    pub fn fx_counting(&self, book: &RuleBook, through: NaiveDate) -> FxTable {
        let is_reversed = |id: &EventRef| self.reversals.names(id);
        self.fx
            .filtered(|rate| rate.effective_on <= through && is_named(book, &rate.id.source) && !is_reversed(&rate.id))
    }

    /// The exchange rate that an event published, whether or not it counts.
    #[must_use]
    pub fn rate(&self, id: &EventRef) -> Option<PublishedRate> {
        self.fx.published(id)
    }

    /// Which months are closed, and which closings change nothing.
    #[must_use]
    pub fn closings(&self) -> Closings {
        Closings::of(self.closed.values().cloned())
    }

    /// Every rate, whether or not it counts.
    pub(crate) fn fx(&self) -> &FxTable {
        &self.fx
    }

    /// The reversals of facts of no partner.
    #[must_use]
    pub fn reversals(&self) -> &Reversals {
        &self.reversals
    }

    /// The rows of no partner: findings only, sorted.
    #[must_use]
    pub fn rows(&self, book: &RuleBook) -> PartnerRows {
        let finding = |code: &'static str, id: &EventRef| FindingRow {
            partner_id: String::new(),
            code: Name::known(code),
            events: vec![id.to_string()],
        };
        let unnamed = self.weighed.iter().filter(|id| !is_named(book, &id.source) && !self.reversals.names(id));
        let mut findings: Vec<FindingRow> = unnamed.map(|id| finding("SOURCE_NOT_NAMED", id)).collect();
        findings.extend(self.reversals.findings().into_iter().map(|(code, id)| finding(code, id)));
        findings.extend(self.closings().ignored().iter().map(|closing| finding("CLOSE_IGNORED", &closing.event)));
        findings.sort();
        PartnerRows { findings, ..PartnerRows::default() }
    }
}

/// Whether facts of no partner count from this source.
pub(crate) fn is_named(book: &RuleBook, source: &SourceId) -> bool {
    source.is_ledger() || book.sources_of_no_partner.iter().any(|named| named == source.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::{Currency, EventId, ExchangeRate, FxRate, PeriodClosed, Reversal, date_parse};
    use daybook_rules::{RuleLibrary, shipped_rule_files};

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
        (1..).zip(facts).for_each(|(at, envelope)| all.add(Position::new(at), envelope));
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
        let mut book = RuleLibrary::load(&shipped_rule_files()).0.unwrap().current();
        book.sources_of_no_partner = vec!["treasury".to_owned()];
        let counting = |facts: &FactsOfNoPartner, through: &str| facts.fx_counting(&book, date_parse(through).unwrap());
        let none = counting(&facts, "2022-12-31");
        facts.add(Position::new(1), &rate("rumour", "r-0"));
        assert!(counting(&facts, "2022-12-31").changed_from(&none).is_empty());
        facts.add(Position::new(2), &rate("treasury", "r-1"));
        let one = counting(&facts, "2022-12-31");
        let changed = BTreeSet::from([(Currency::parse("EUR").unwrap(), Month::parse("2022-01").unwrap())]);
        assert_eq!(one.changed_from(&none), changed);
        assert_eq!(none.changed_from(&one), changed);
        assert!(counting(&facts, "2022-01-30").changed_from(&none).is_empty());
        facts.add(Position::new(3), &reversal("u-1", "r-1"));
        assert!(counting(&facts, "2022-12-31").changed_from(&none).is_empty());
    }

    #[test]
    fn a_closing_is_not_reversible_and_one_out_of_place_is_ignored() {
        let closed = |source: &str, id: &str, position: u64| {
            let closed = PeriodClosed {
                month: Month::parse("2022-01").unwrap(),
                position: Position::new(position),
                root: String::new(),
                terms_hash: String::new(),
                engine_semantics: 1,
                statement_digest: String::new(),
                override_reason: String::new(),
                views_digest: String::new(),
                closed_by: String::new(),
                approver: String::new(),
                reason: String::new(),
            };
            envelope(source, id, Payload::PeriodClosed(closed))
        };
        let mut undo = reversal("u-1", "closed-2022-01");
        undo.id.source = SourceId::parse("ledger").unwrap();
        let facts = [closed("ledger", "closed-2022-01", 1), undo, closed("ledger", "closed-again", 3)];
        assert_eq!(unknown(&facts[1..2]), [("REVERSAL_TARGET_UNKNOWN", "ledger/u-1".to_owned())]);
        assert_eq!(unknown(&facts), [("CLOSE_NOT_REVERSIBLE", "ledger/u-1".to_owned())]);
        let mut all = FactsOfNoPartner::default();
        (2..).zip(&facts).for_each(|(at, envelope)| all.add(Position::new(at), envelope));
        assert_eq!(all.closings().all().len(), 1, "a reversal of it changes nothing");
        let book = RuleLibrary::load(&shipped_rule_files()).0.unwrap().current();
        let codes: Vec<Name> = all.rows(&book).findings.into_iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["CLOSE_IGNORED", "CLOSE_NOT_REVERSIBLE"]);
    }
}
