//! A replay over columns gives the rows of one over facts, whatever the number of threads.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::{
    Amount, Currency, Envelope, EventId, EventRef, Instant, LicenseSale, NaiveDate, PartnerId, PartnerStanding,
    Payload, Position, Product, Reversal, SourceId, StandingValue, date_parse,
};
use daybook_replay::{ColumnsInMemory, Histories, HistoriesBuilder, replay, replay_columns};
use daybook_rules::{RuleLibrary, shipped_rule_files};

const FACTS: [&str; 7] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

fn date(text: &str) -> NaiveDate {
    date_parse(text).unwrap()
}

fn sale(customer: u64, amount: &str, currency: &str, credits: Option<&str>) -> Payload {
    Payload::LicenseSale(LicenseSale {
        customer_id: format!("C-{customer}"),
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
    })
}

/// So many partners, the later the more lines; with credits, reversals, and lines without a rate.
fn histories(partners: u64) -> Histories {
    let mut builder = HistoriesBuilder::default();
    let mut position = 0;
    let mut add = |partner: u64, id: String, on: NaiveDate, payload: Payload| {
        position += 1;
        let id = EventRef { source: SourceId::parse("contoso").unwrap(), event_id: EventId::parse(&id).unwrap() };
        let partner_id = Some(PartnerId::parse(&format!("P-{partner}")).unwrap());
        let envelope = Envelope { id, partner_id, effective_on: on, seq: 0, source_seq: None, payload };
        builder.add(Position::new(position), Instant::default(), envelope);
    };
    for partner in 0..partners {
        for fact in FACTS {
            let standing = PartnerStanding { fact: fact.to_owned(), value: StandingValue::Held };
            add(
                partner,
                format!("{partner}-{}", fact.replace(':', ".")),
                date("2020-10-01"),
                Payload::PartnerStanding(standing),
            );
        }
        for line in 0..partner * 7 {
            let on = date("2020-10-02") + chrono::Days::new(line * 5);
            let credits = (line % 9 == 8).then(|| format!("{partner}-{}", line - 3));
            let currency = if line % 11 == 10 { "EUR" } else { "USD" };
            let amount = if credits.is_some() { "-20.5" } else { "1234.56" };
            let payload = sale(line % 4, amount, currency, credits.as_deref());
            add(partner, format!("{partner}-{line}"), on, payload);
        }
        if partner % 3 == 2 {
            let reverses = EventId::parse(&format!("{partner}-5")).unwrap();
            let payload = Payload::Reversal(Reversal { reverses, reason: "twice".to_owned() });
            add(partner, format!("{partner}-reversal"), date("2020-12-01"), payload);
        }
    }
    builder.finish()
}

#[test]
fn columns_give_the_rows_of_facts_for_any_number_of_threads() {
    let (histories, book) = (histories(12), RuleLibrary::load(&shipped_rule_files()).0.unwrap().current());
    let through = date("2022-03-31");
    let replayed = replay(&histories, &book, through, 1);
    assert!(replayed.partners.iter().any(|(_, rows)| !rows.postings.is_empty() && !rows.findings.is_empty()));
    let columns = ColumnsInMemory::of(&histories).unwrap();
    for threads in [1, 2, 5] {
        let keep = |_: usize, partner_id: &PartnerId, rows| (partner_id.clone(), rows);
        let of_columns = replay_columns(&columns, &book, None, through, threads, keep).unwrap();
        assert_eq!(of_columns.kept, replayed.partners, "{threads} threads");
        assert_eq!(of_columns.digest, replayed.digest(), "{threads} threads");
    }
}
