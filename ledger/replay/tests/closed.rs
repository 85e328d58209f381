//! A replay that keeps what is closed.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::{
    Amount, Currency, Envelope, EventId, EventRef, Instant, LicenseSale, Month, NaiveDate, PartnerId, PartnerStanding,
    Payload, PeriodClosed, PinnedStatement, Position, Product, SourceId, StandingValue, date_parse,
};
use daybook_replay::{Histories, HistoriesBuilder, replay, replay_closed};
use daybook_rules::model::RuleBook;
use daybook_rules::{RuleLibrary, shipped_rule_files};
use daybook_views::{ClosedTerms, Statement, closing_event_id, statement_event_id};
use std::sync::Arc;

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

fn october() -> Month {
    Month::parse("2020-10").unwrap()
}

fn book() -> Arc<RuleBook> {
    Arc::new(RuleLibrary::load(&shipped_rule_files()).0.unwrap().up_to("2020-10").unwrap())
}

fn envelope(source: &str, id: &str, partner_id: Option<PartnerId>, on: &str, payload: Payload) -> Envelope {
    let id = EventRef { source: SourceId::parse(source).unwrap(), event_id: EventId::parse(id).unwrap() };
    Envelope { id, partner_id, effective_on: date(on), seq: 0, source_seq: None, payload }
}

fn sale(id: &str, partner_id: &PartnerId, on: &str, amount: &str) -> Envelope {
    let sale = LicenseSale {
        customer_id: "C-1".to_owned(),
        subscription_id: String::new(),
        product: Product { product_family: "Azure".to_owned(), ..Product::default() },
        segment: None,
        quantity: 1,
        metered_quantity: None,
        amount: Amount::parse(amount).unwrap(),
        currency: Currency::parse("USD").unwrap(),
        charge_type: "new".to_owned(),
        charge_start: None,
        charge_end: None,
        invoice_id: String::new(),
        credits: None,
    };
    envelope("contoso", id, Some(partner_id.clone()), on, Payload::LicenseSale(sale))
}

fn partners() -> Vec<PartnerId> {
    (0..40).map(|at| PartnerId::parse(&format!("P-{at:02}")).unwrap()).collect()
}

/// Every partner enrolled, with a sale in October and November 2020.
fn sold() -> Vec<Envelope> {
    let mut made = Vec::new();
    for partner_id in partners() {
        for fact in FACTS {
            let standing = PartnerStanding { fact: fact.to_owned(), value: StandingValue::Held };
            let id = format!("{partner_id}-{}", fact.replace(':', "-"));
            made.push(envelope(
                "contoso",
                &id,
                Some(partner_id.clone()),
                "2020-10-01",
                Payload::PartnerStanding(standing),
            ));
        }
        made.push(sale(&format!("{partner_id}-s1"), &partner_id, "2020-10-10", "10000.00"));
        made.push(sale(&format!("{partner_id}-s2"), &partner_id, "2020-11-10", "5000.00"));
    }
    made
}

fn histories(envelopes: &[Envelope]) -> Histories {
    let mut builder = HistoriesBuilder::default();
    for (position, envelope) in (1..).map(Position::new).zip(envelopes) {
        builder.add(position, Instant::from_micros(1), envelope.clone());
    }
    builder.finish()
}

/// With October closed on 5 November.
fn closed(mut envelopes: Vec<Envelope>, book: &RuleBook) -> Vec<Envelope> {
    let on = "2020-11-05";
    let position = Position::new(envelopes.len() as u64);
    for (partner_id, rows) in replay(&histories(&envelopes), book, date(on), 2).partners {
        let rows = Statement::of(&rows, october(), position, &partner_id, book.calendar()).unwrap().to_json();
        let id = statement_event_id(october(), &partner_id, date(on), &rows);
        let statement = PinnedStatement { month: october(), partner_id: partner_id.clone(), rows };
        envelopes.push(envelope("ledger", &id, Some(partner_id), on, Payload::PinnedStatement(statement)));
    }
    let closed = PeriodClosed {
        month: october(),
        position,
        root: String::new(),
        terms_hash: book.terms_hash.clone(),
        engine_semantics: daybook_views::ENGINE_SEMANTICS,
        statement_digest: String::new(),
        override_reason: String::new(),
        views_digest: String::new(),
        closed_by: "finance".to_owned(),
        approver: String::new(),
        reason: "month end".to_owned(),
    };
    envelopes.push(envelope("ledger", &closing_event_id(october()), None, on, Payload::PeriodClosed(closed)));
    envelopes
}

#[test]
fn the_rows_do_not_depend_on_threads_and_differ_only_by_what_came_late() {
    let (book, through) = (book(), date("2020-12-31"));
    let terms = ClosedTerms::unchanged(Arc::clone(&book));
    let mut envelopes = closed(sold(), &book);
    let quiet = histories(&envelopes);
    let open = replay(&quiet, &book, through, 1).digest();
    assert_eq!(replay_closed(&quiet, &book, &terms, through, 1).digest(), open, "nothing came late");
    let late = partners().into_iter().step_by(3);
    envelopes.extend(late.clone().map(|id| sale(&format!("{id}-late"), &id, "2020-10-20", "1000.00")));
    let news = histories(&envelopes);
    let one = replay_closed(&news, &book, &terms, through, 1);
    for threads in [2, 3, 8] {
        assert_eq!(replay_closed(&news, &book, &terms, through, threads).digest(), one.digest(), "{threads}");
    }
    let trued_up: Vec<PartnerId> =
        one.partners.iter().filter(|(_, rows)| !rows.true_ups.is_empty()).map(|(id, _)| id.clone()).collect();
    assert_eq!(trued_up, late.collect::<Vec<_>>());
}

#[test]
fn known_as_of_a_position_before_the_closing_nothing_is_closed() {
    let (book, through) = (book(), date("2020-12-31"));
    let terms = ClosedTerms::unchanged(Arc::clone(&book));
    let mut envelopes = closed(sold(), &book);
    let before = envelopes.len() - 1;
    envelopes.push(sale("late", &partners()[0], "2020-10-20", "1000.00"));
    let as_of = |count: usize| replay_closed(&histories(&envelopes[..count]), &book, &terms, through, 2);
    // Statements alone close nothing.
    assert!(histories(&envelopes[..before]).of_no_partner().closings().all().is_empty());
    assert_eq!(as_of(before).digest(), replay(&histories(&envelopes[..before]), &book, through, 2).digest());
    assert!(as_of(before + 1).partners[0].1.true_ups.is_empty());
    assert_eq!(as_of(before + 2).partners[0].1.true_ups.len(), 1);
}
