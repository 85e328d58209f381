//! From a test's rows to events.

use super::{CertificationRow, ClaimRow, GivenRow, RuleTest, StandingRow};
use crate::model::{CompetencySource, GateTest, RuleBook, RuleSet};
use chrono::NaiveDate;
use daybook_event::{
    Amount, CertificationEarned, CoopClaim, Currency, Envelope, EventId, EventRef, LicenseSale, Month, PartnerId,
    PartnerStanding, Payload, Product, Sealed, StandingValue,
};
use std::collections::BTreeMap;

impl RuleTest {
    /// The test's events: what every partner holds by default, its standing rows, its certifications, its sales and its
    /// claims.
    ///
    /// By default a partner holds each standing fact that a gate of the book asks for, from the first day of the month
    /// of its first sale. Rows of a fact replace that; a row of any competency replaces every competency.
    #[must_use]
    pub fn envelopes(&self, book: &RuleBook) -> Vec<Envelope> {
        let currency = book.sets.first().map_or(Currency::USD, |set| set.currency);
        let mut made = Vec::new();
        for (partner, first) in self.first_dates() {
            for (fact, value) in facts_asked_for(book) {
                let overridden = |row: &StandingRow| row.partner == partner && kind(&row.fact) == kind(&fact);
                if !self.standing.iter().any(overridden) {
                    let on = Month::of(first).first_day();
                    let id = format!("default-{}", made.len() + 1);
                    let fact = PartnerStanding { fact, value };
                    made.extend(self.envelope(&id, &partner, on, 0, Payload::PartnerStanding(fact)));
                }
            }
        }
        let standing = self.standing.iter().enumerate().filter_map(|(at, row)| self.standing_event(at + 1, row));
        let earned = self.certifications.iter().enumerate();
        let certifications = earned.filter_map(|(at, row)| self.certification_event(at + 1, row));
        let sales = self.given.iter().zip(1..).map(|(row, seq)| self.sale_event(seq, row, currency));
        let claims = self.claims.iter().zip(1..).filter_map(|(row, seq)| self.claim_event(seq, row, currency));
        made.into_iter().chain(standing).chain(certifications).chain(sales).chain(claims).collect()
    }

    /// Each partner with the date of its first sale; of its first other row where it sold nothing.
    fn first_dates(&self) -> BTreeMap<PartnerId, NaiveDate> {
        let mut first: BTreeMap<PartnerId, NaiveDate> = BTreeMap::new();
        let mut take = |partner: &PartnerId, date: NaiveDate| {
            first.entry(partner.clone()).and_modify(|known| *known = date.min(*known)).or_insert(date);
        };
        self.given.iter().for_each(|row| take(&row.partner, row.date));
        let sellers: Vec<PartnerId> = self.given.iter().map(|row| row.partner.clone()).collect();
        let others = self.standing.iter().map(|row| (&row.partner, row.date));
        let others = others.chain(self.certifications.iter().map(|row| (&row.partner, row.date)));
        let others = others.chain(self.claims.iter().map(|row| (&row.partner, row.date)));
        others.filter(|(partner, _)| !sellers.contains(partner)).for_each(|(partner, date)| take(partner, date));
        first
    }

    fn envelope(&self, id: &str, partner: &PartnerId, on: NaiveDate, seq: u32, payload: Payload) -> Option<Envelope> {
        let event_id = EventId::parse(id).ok()?;
        Some(self.envelope_of(event_id, partner, on, seq, payload))
    }

    fn envelope_of(
        &self,
        event_id: EventId,
        partner: &PartnerId,
        on: NaiveDate,
        seq: u32,
        payload: Payload,
    ) -> Envelope {
        Envelope {
            id: EventRef { source: self.source.clone(), event_id },
            partner_id: Some(partner.clone()),
            effective_on: on,
            seq,
            source_seq: None,
            payload,
        }
    }

    fn standing_event(&self, number: usize, row: &StandingRow) -> Option<Envelope> {
        let fact = PartnerStanding { fact: row.fact.clone(), value: row.value.clone() };
        self.envelope(&format!("standing-{number}"), &row.partner, row.date, 0, Payload::PartnerStanding(fact))
    }

    fn certification_event(&self, number: usize, row: &CertificationRow) -> Option<Envelope> {
        let earned = CertificationEarned {
            person_id: row.person.clone(),
            // Figures look at the area alone.
            certification: row.area.clone(),
            competency_area: row.area.clone(),
            expires_on: row.expires,
            sealed: Sealed::default(),
        };
        let id = format!("certification-{number}");
        self.envelope(&id, &row.partner, row.date, 0, Payload::CertificationEarned(earned))
    }

    fn sale_event(&self, seq: u32, row: &GivenRow, currency: Currency) -> Envelope {
        let product =
            Product { product_name: row.name.clone(), product_family: row.product.clone(), ..Product::default() };
        let sale = LicenseSale {
            customer_id: row.customer.clone(),
            // One subscription per row: two equal rows are two sales, not one billed twice.
            subscription_id: format!("S-{}", row.id),
            product,
            segment: row.segment,
            quantity: 1,
            metered_quantity: None,
            amount: row.amount,
            currency,
            charge_type: row.charge_type.clone(),
            charge_start: None,
            charge_end: None,
            invoice_id: String::new(),
            credits: row.credits.clone(),
        };
        self.envelope_of(row.id.clone(), &row.partner, row.date, seq, Payload::LicenseSale(sale))
    }

    fn claim_event(&self, seq: u32, row: &ClaimRow, currency: Currency) -> Option<Envelope> {
        let claim = CoopClaim {
            claim_id: row.claim.clone(),
            state: row.state,
            activity: row.activity.clone(),
            activity_start: row.start,
            activity_end: row.end,
            amount: row.amount,
            currency: row.amount.map(|_| currency),
            evidence: String::new(),
        };
        self.envelope(&format!("claim-{seq}"), &row.partner, row.date, seq, Payload::CoopClaim(claim))
    }
}

/// What a fact is about: everything before its first colon.
fn kind(fact: &str) -> &str {
    fact.split(':').next().unwrap_or(fact)
}

/// Every standing fact that a gate of the book asks for, with the value that passes, each once, in file order.
fn facts_asked_for(book: &RuleBook) -> Vec<(String, StandingValue)> {
    let mut facts: Vec<(String, StandingValue)> = Vec::new();
    for set in &book.sets {
        for test in set.gates.iter().flat_map(|gate| &gate.any_of) {
            if let Some((fact, value)) = fact_of(set, test)
                && !facts.iter().any(|(known, _)| *known == fact)
            {
                facts.push((fact, value));
            }
        }
    }
    facts
}

fn fact_of(set: &RuleSet, test: &GateTest) -> Option<(String, StandingValue)> {
    match test {
        GateTest::Held { fact } | GateTest::HeldOn { fact, .. } => Some((fact.clone(), StandingValue::Held)),
        GateTest::NumberAtLeast { fact, at_least } => {
            let number = Amount::parse(&at_least.to_string()).ok()?;
            Some((fact.clone(), StandingValue::Number(number)))
        }
        GateTest::Competency { source: CompetencySource::Computed, .. } | GateTest::TrailingRevenue { .. } => None,
        GateTest::Competency { level, areas, .. } => {
            let level = set.competency_levels.get(*level)?;
            Some((format!("competency:{level}:{}", areas.first()?), StandingValue::Held))
        }
    }
}
