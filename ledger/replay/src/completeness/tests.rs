//! Findings of a source, from records as they come.

use super::*;
use daybook_event::{
    Amount, Currency, EventId, EventRef, LicenseSale, PartnerId, Payload, Product, Reversal, SourceManifest, date_parse,
};
use proptest::prelude::*;

fn on(text: &str) -> NaiveDate {
    date_parse(text).unwrap()
}

fn event(event_id: &str, date: &str, source_seq: Option<u64>, payload: Payload) -> Envelope {
    let is_of_partner = matches!(payload, Payload::LicenseSale(_));
    Envelope {
        id: EventRef { source: SourceId::parse("contoso").unwrap(), event_id: EventId::parse(event_id).unwrap() },
        partner_id: is_of_partner.then(|| PartnerId::parse("P-AT").unwrap()),
        effective_on: on(date),
        seq: 0,
        source_seq,
        payload,
    }
}

fn sale(event_id: &str, date: &str, source_seq: Option<u64>, amount: &str) -> Envelope {
    let sale = LicenseSale {
        customer_id: "C-1".to_owned(),
        subscription_id: String::new(),
        product: Product::default(),
        segment: None,
        quantity: 1,
        metered_quantity: None,
        amount: Amount::parse(amount).unwrap(),
        currency: Currency::USD,
        charge_type: "new".to_owned(),
        charge_start: None,
        charge_end: None,
        invoice_id: String::new(),
        credits: None,
    };
    event(event_id, date, source_seq, Payload::LicenseSale(sale))
}

fn manifest(event_id: &str, date: &str, count: u64, sums: &[(&str, &str)]) -> Envelope {
    let sums = sums.iter().map(|(code, sum)| (Currency::parse(code).unwrap(), Amount::parse(sum).unwrap())).collect();
    event(event_id, date, None, Payload::SourceManifest(SourceManifest { count, sums }))
}

fn reversal(event_id: &str, date: &str, reverses: &str) -> Envelope {
    let reverses = EventId::parse(reverses).unwrap();
    event(event_id, date, None, Payload::Reversal(Reversal { reverses, reason: String::new() }))
}

fn of(events: &[Envelope]) -> Completeness {
    let mut completeness = Completeness::default();
    for (position, envelope) in (1..).zip(events) {
        completeness.add(Position::new(position), envelope);
    }
    completeness
}

fn told(findings: &[CompletenessFinding]) -> Vec<String> {
    findings.iter().map(|one| format!("{} {}: {}", one.code.as_str(), one.place, one.what)).collect()
}

fn waiting(entry: u64, source_seq: Option<u64>, date: &str) -> QuarantinedInput {
    let source = SourceId::parse("contoso").unwrap();
    QuarantinedInput { entry, source, source_seq, effective_on: Some(on(date)) }
}

#[test]
fn a_hole_is_cut_where_the_quarantine_explains_it() {
    let day = "2022-01-10";
    let events = [1, 2, 9, 10, 10].map(|number| sale(&format!("s-{number}"), day, Some(number), "1.00"));
    let completeness = of(&events);
    let entries = [waiting(7, Some(5), day), waiting(8, Some(8), day), waiting(9, Some(8), day), waiting(3, None, day)];
    assert_eq!(
        told(&completeness.findings(&entries)),
        [
            "SOURCE_SEQ_MISSING 3 to 4: 2 not seen",
            "SOURCE_SEQ_MISSING 5: in quarantine as entry 7",
            "SOURCE_SEQ_MISSING 6 to 7: 2 not seen",
            "SOURCE_SEQ_MISSING 8: in quarantine as entries 8, 9",
            "SOURCE_SEQ_TWICE 10: s-10 (record 5) has the number of another event",
        ]
    );
    let numbers: Vec<SourceNumbers> = completeness.numbers().collect();
    let [source] = numbers.as_slice() else { panic!("{numbers:?}") };
    assert_eq!((source.events, source.numbered, source.missing, source.holes, source.twice), (5, 5, 6, 1, 1));
    assert_eq!((source.first_source_seq, source.last_source_seq), (Some(1), Some(10)));
}

#[test]
fn a_manifest_counts_the_events_of_its_date_and_adds_up_what_they_bill() {
    let day = "2022-01-10";
    let mut events = vec![
        sale("s-1", day, None, "550.00"),
        sale("s-2", day, None, "-50.00"),
        sale("s-3", "2022-01-11", None, "1.00"),
        reversal("r-1", day, "s-9"),
        manifest("m-1", day, 3, &[("USD", "500.00")]),
    ];
    assert_eq!(told(&of(&events).findings(&[])), [""; 0]);
    events.push(sale("s-4", day, None, "0.01"));
    assert_eq!(
        told(&of(&events).findings(&[waiting(4, None, day), waiting(5, None, "2022-01-11")])),
        [
            "MANIFEST_DIFFERS 2022-01-10: m-1 (record 5): events: said 3, the ledger has 4; USD: said 500.00, the ledger has \
          500.01; 1 of that date in quarantine"
        ]
    );
}

#[test]
fn a_manifest_of_a_date_of_which_nothing_came_names_what_was_lost() {
    let events = [manifest("m-1", "2022-01-10", 2, &[("EUR", "8.00")])];
    assert_eq!(
        told(&of(&events).findings(&[])),
        [
            "MANIFEST_DIFFERS 2022-01-10: m-1 (record 1): events: said 2, the ledger has 0; EUR: said 8.00, the ledger has 0.00"
        ]
    );
}

#[test]
fn a_manifest_without_sums_says_a_count_only() {
    let day = "2022-01-10";
    assert_eq!(of(&[sale("s-1", day, None, "9.00"), manifest("m-1", day, 1, &[])]).findings(&[]), []);
}

#[test]
fn the_last_manifest_that_is_not_taken_back_counts() {
    let day = "2022-01-10";
    let mut events = vec![sale("s-1", day, None, "9.00"), manifest("m-1", day, 1, &[]), manifest("m-2", day, 2, &[])];
    assert_eq!(of(&events).findings(&[]).len(), 1);
    // Dated elsewhere, so that it is no event of the day itself; and it may come before what it takes back.
    events.insert(0, reversal("r-1", "2022-01-12", "m-2"));
    assert_eq!(of(&events).findings(&[]), []);
    let mut numbered = manifest("m-0", day, 5, &[]);
    numbered.seq = 1;
    events.insert(0, numbered);
    assert_eq!(of(&events).findings(&[]).len(), 1);
}

#[test]
fn acts_of_the_operators_are_not_counted() {
    let mut act = reversal("r-1", "2022-01-12", "adopt-1");
    act.id.source = SourceId::parse(SourceId::LEDGER).unwrap();
    act.source_seq = Some(9);
    let completeness = of(&[act]);
    assert_eq!(completeness.numbers().count(), 0);
    assert_eq!(completeness.position(), Position::new(1));
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_no_finding(shuffled in Just((0..12_u64).collect::<Vec<_>>()).prop_shuffle()) {
        let event = |at: u64| match at {
            0..=7 => sale(&format!("s-{at}"), "2022-01-10", Some(at * at), "1.50"),
            8 => manifest("m-1", "2022-01-10", 9, &[("USD", "12.00")]),
            9 => manifest("m-2", "2022-01-11", 0, &[]),
            10 => reversal("r-1", "2022-01-12", "m-2"),
            _ => sale("s-11", "2022-01-11", None, "2.00"),
        };
        let events: Vec<Envelope> = shuffled.iter().map(|at| event(*at)).collect();
        let place = |finding: &CompletenessFinding| (finding.code, finding.place.clone());
        let findings: Vec<_> = of(&events).findings(&[]).iter().map(place).collect();
        let straight: Vec<Envelope> = (0..12).map(event).collect();
        let expected: Vec<_> = of(&straight).findings(&[]).iter().map(place).collect();
        prop_assert_eq!(findings, expected);
    }
}
