//! A partner's history, written down fact by fact.

use chrono::NaiveDate;
use daybook_event::{
    Amount, Currency, EventId, EventRef, LicenseSale, PartnerId, PartnerStanding, Payload, Position, Product, Reversal,
    SourceId, StandingValue,
};
use daybook_event::{Envelope, date_parse};
use daybook_rules::model::RuleBook;
use daybook_rules::{RuleLibrary, shipped_rule_files};
use daybook_views::{Fact, FxTable, PartnerHistory, PartnerRows, Reversals, fold_partner};

pub(crate) const ENTRY_FACTS: [&str; 3] =
    ["mpn_membership", "reseller_agreement", "competency:silver:cloud_productivity"];
pub(crate) const ONBOARDING_FACTS: [&str; 4] = ["invitation_accepted", "incentive_tool", "tax_profile", "bank_profile"];

/// Two versions of the shipped rules, as if they were the first: the histories of these tests lie in their years.
pub(crate) fn book() -> RuleBook {
    let mut book = RuleLibrary::load(&shipped_rule_files()).0.expect("the shipped rule files load").current();
    book.sets.retain(|set| ["2020-10", "2021-10"].contains(&set.version.as_str()));
    book
}

pub(crate) fn date(text: &str) -> NaiveDate {
    date_parse(text).unwrap()
}

pub(crate) fn event(id: &str) -> EventRef {
    EventRef { source: SourceId::parse("contoso").unwrap(), event_id: EventId::parse(id).unwrap() }
}

/// Envelopes of one partner. Ids count up from `e-1` unless given.
#[derive(Debug, Default)]
pub(crate) struct Partner {
    envelopes: Vec<Envelope>,
}

impl Partner {
    pub(crate) fn id() -> PartnerId {
        PartnerId::parse("P-1").unwrap()
    }

    pub(crate) fn add(&mut self, id: &str, on: NaiveDate, seq: u32, payload: Payload) {
        let partner_id = Some(Self::id());
        self.envelopes.push(Envelope { id: event(id), partner_id, effective_on: on, seq, source_seq: None, payload });
    }

    fn next_id(&self) -> String {
        format!("e-{}", self.envelopes.len() + 1)
    }

    pub(crate) fn hold(&mut self, on: &str, facts: &[&str]) {
        facts.iter().for_each(|fact| self.state(on, fact, StandingValue::Held));
    }

    pub(crate) fn state(&mut self, on: &str, fact: &str, value: StandingValue) {
        let standing = PartnerStanding { fact: fact.to_owned(), value };
        self.add(&self.next_id(), date(on), 0, Payload::PartnerStanding(standing));
    }

    pub(crate) fn sell(&mut self, on: &str, amount: &str) {
        let id = self.next_id();
        self.bill(&id, on, amount, None);
    }

    pub(crate) fn bill(&mut self, id: &str, on: &str, amount: &str, credits: Option<&str>) {
        self.add(id, date(on), 0, Payload::LicenseSale(azure(amount, "USD", credits)));
    }

    pub(crate) fn reverse(&mut self, on: &str, target: &str) {
        let reversal = Reversal { reverses: EventId::parse(target).unwrap(), reason: String::new() };
        self.add(&self.next_id(), date(on), 0, Payload::Reversal(reversal));
    }

    pub(crate) fn rows(&self, book: &RuleBook, through: &str) -> PartnerRows {
        rows_of(&self.envelopes, book, &FxTable::default(), date(through))
    }

    /// How many facts there are: the position of the last one.
    pub(crate) fn count(&self) -> u64 {
        self.envelopes.len() as u64
    }

    pub(crate) fn push(&mut self, envelope: Envelope) {
        self.envelopes.push(envelope);
    }

    pub(crate) fn envelopes(&self) -> &[Envelope] {
        &self.envelopes
    }

    pub(crate) fn into_envelopes(self) -> Vec<Envelope> {
        self.envelopes
    }
}

pub(crate) fn rows_of(envelopes: &[Envelope], book: &RuleBook, fx: &FxTable, through: NaiveDate) -> PartnerRows {
    let mut reversals = Reversals::default();
    let mut facts = Vec::new();
    for (position, envelope) in (1..).zip(envelopes) {
        let position = Position::new(position);
        reversals.add(position, envelope);
        facts.extend(Fact::of(envelope.clone(), position));
    }
    fold_partner(book, fx, &Partner::id(), &PartnerHistory::new(facts, reversals), through)
}

/// A line of customer `C-1` for Azure.
pub(crate) fn azure(amount: &str, currency: &str, credits: Option<&str>) -> LicenseSale {
    LicenseSale {
        customer_id: "C-1".to_owned(),
        subscription_id: String::new(),
        product: Product { product_family: "Azure".to_owned(), ..Product::default() },
        segment: None,
        quantity: 1,
        metered_quantity: None,
        amount: Amount::parse(amount).unwrap(),
        currency: Currency::parse(currency).unwrap(),
        charge_type: "new".to_owned(),
        charge_start: None,
        charge_end: None,
        invoice_id: String::new(),
        credits: credits.map(|id| EventId::parse(id).unwrap()),
    }
}
