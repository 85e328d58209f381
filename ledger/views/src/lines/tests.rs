use super::*;
use crate::fact::{Fact, FactKind, Line, LineKind};
use crate::history::{PartnerHistory, Reversals};
use chrono::{Days, NaiveDate};
use daybook_event::{
    Amount, Currency, Envelope, EventId, EventRef, PartnerStanding, Payload, Position, Product, Reversal, Segment,
    SourceId, StandingValue,
};
use proptest::prelude::*;
use std::sync::Arc;

fn event(source: &str, id: &str) -> EventRef {
    EventRef { source: SourceId::parse(source).unwrap(), event_id: EventId::parse(id).unwrap() }
}

/// An id in one of the forms that publishers use.
fn id_of(number: usize) -> String {
    match number % 4 {
        0 => format!("{:032x}", number * 0x0123_4567_89ab),
        1 => format!("{number:08x}-0000-4000-8000-00000000000a"),
        2 => format!("{number:08X}-0000-4000-8000-00000000000A"),
        _ => format!("line.{number}"),
    }
}

pub(super) fn line(kind: LineKind, customer: u8, product: u8, amount: &str, credits: Option<usize>) -> FactKind {
    FactKind::Line(Line {
        kind,
        customer_id: format!("customer-{customer}"),
        subscription_id: if customer == 0 { String::new() } else { format!("subscription-{customer}") },
        product: Product { product_id: product.to_string(), ..Product::default() },
        segment: (product > 1).then_some(Segment::Commercial),
        charge_type: "new".to_owned(),
        amount: Amount::parse(amount).unwrap(),
        currency: Currency::USD,
        credits: credits.map(|number| EventId::parse(&id_of(number)).unwrap()),
    })
}

pub(super) fn fact(number: usize, day: u64, seq: u32, kind: FactKind) -> Fact {
    let first = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap();
    let source = if number.is_multiple_of(5) { "contoso" } else { "fabrikam" };
    let position = Position::new(number as u64 + 1);
    Fact { id: event(source, &id_of(number)), effective_on: first + Days::new(day), seq, position, kind }
}

pub(super) fn reversals_of(fact: &Fact) -> Reversals {
    let mut reversals = Reversals::default();
    let reverses = fact.id.event_id.clone();
    reversals.add(
        Position::new(900),
        &Envelope {
            id: event(fact.id.source.as_str(), "the-reversal"),
            partner_id: None,
            effective_on: fact.effective_on,
            seq: 0,
            source_seq: None,
            payload: Payload::Reversal(Reversal { reverses, reason: String::new() }),
        },
    );
    reversals
}

fn any_kind() -> impl Strategy<Value = FactKind> {
    let amount = prop_oneof![
        Just("12.50".to_owned()),
        Just("-0.000000001".to_owned()),
        Just("999999999999.999999999".to_owned()),
        Just("-9999999999.5".to_owned()),
        (-500..500_i32).prop_map(|whole| whole.to_string()),
    ];
    let kind = prop_oneof![Just(LineKind::Sale), Just(LineKind::Change)];
    let billed = (kind, 0_u8..4, 0_u8..4, amount, proptest::option::of(0_usize..40));
    let standing = PartnerStanding { fact: "tax_profile".to_owned(), value: StandingValue::Held };
    prop_oneof![
        6 => billed.prop_map(|(kind, customer, product, amount, credits)| line(kind, customer, product, &amount, credits)),
        1 => Just(FactKind::Moneyless),
        1 => Just(FactKind::Standing(standing)),
    ]
}

/// Facts of any kind and order.
pub(super) fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    proptest::collection::vec((0_u64..70, 0_u32..3, any_kind()), 1..40).prop_map(|kinds| {
        let facts = kinds.into_iter().enumerate().map(|(number, (day, seq, kind))| fact(number, day, seq, kind));
        facts.collect()
    })
}

proptest! {
    /// Whatever the facts: columns hold all of them, and pass the check that columns from outside must pass.
    #[test]
    fn columns_lose_nothing(facts in any_facts(), reversed in 0_usize..40) {
        let reversals = facts.get(reversed).map(reversals_of).unwrap_or_default();
        let history = PartnerHistory::new(facts, reversals);
        let mut classes = LineClasses::default();
        let columns = PartnerColumns::of(&history, &mut classes).unwrap();
        let again = columns.history(&classes).unwrap();
        prop_assert_eq!(again.facts(), history.facts());
        prop_assert_eq!(again.reversals_made(), history.reversals_made());
        prop_assert_eq!(columns.first_month(), history.first_month());
        prop_assert_eq!(&columns.clone().checked(&classes).unwrap(), &columns);
        let known = LineClasses::from_all(classes.all().to_vec()).unwrap();
        prop_assert_eq!(known.all(), classes.all());
        let (rows, customers) = (columns.lines.len(), columns.lines.customer_count as usize);
        let credits = columns.lines.credits.len();
        let cold = columns.lines.cold().unwrap().clone();
        let late = columns.lines.clone().with_cold(Arc::new(move || cold.clone().checked(rows, customers, credits)));
        prop_assert_eq!(&late, &columns.lines);
        let ids = &columns.lines.cold().unwrap().event_ids;
        let ids_again = EventIds::from_parts(ids.forms().to_vec(), ids.numbers().to_vec(), ids.texts().clone());
        prop_assert_eq!(&ids_again.unwrap(), ids);
    }
}

fn columns_of(facts: Vec<Fact>) -> (PartnerColumns, LineClasses) {
    let mut classes = LineClasses::default();
    let columns = PartnerColumns::of(&PartnerHistory::new(facts, Reversals::default()), &mut classes).unwrap();
    (columns, classes)
}

#[test]
fn a_credit_knows_the_row_that_it_names_and_a_moneyless_change_is_none() {
    let sale = |credits| line(LineKind::Sale, 1, 1, "10", credits);
    let facts = vec![
        fact(1, 0, 0, sale(None)),
        fact(2, 1, 0, FactKind::Moneyless),
        fact(3, 2, 0, sale(Some(1))),
        fact(4, 3, 0, sale(Some(2))),
        fact(6, 4, 0, sale(Some(5))),
    ];
    let (columns, _) = columns_of(facts);
    let targets: Vec<_> = columns.lines.credits.iter().map(|credit| (credit.row, credit.target)).collect();
    assert_eq!(targets, [(2, Some(0)), (3, None), (4, None)]);
}

#[test]
fn twins_are_a_sale_and_a_change_of_the_same_money() {
    let of = |number, kind, customer| fact(number, 0, 0, line(kind, customer, 1, "10", None));
    let facts = vec![
        of(1, LineKind::Sale, 1),
        of(2, LineKind::Change, 1),
        of(3, LineKind::Change, 2),
        of(4, LineKind::Sale, 0),
        of(6, LineKind::Change, 0),
    ];
    let (columns, _) = columns_of(facts);
    let twins: Vec<String> = columns
        .lines
        .twins
        .iter()
        .map(|row| columns.lines.event(*row as usize).unwrap().event_id.to_string())
        .collect();
    assert_eq!(twins, [id_of(1), id_of(2)]);
}

#[test]
fn damaged_columns_are_refused() {
    let sale = |number, credits| fact(number, number as u64, 0, line(LineKind::Sale, 1, 1, "10", credits));
    let (columns, classes) = columns_of(vec![sale(1, None), sale(2, Some(1))]);
    let refused = |change: fn(&mut PartnerColumns)| {
        let mut damaged = columns.clone();
        change(&mut damaged);
        damaged.checked(&classes).unwrap_err()
    };
    let damaged = |what| LinesError::Damaged { what };
    assert_eq!(refused(|of| of.lines.on_days.swap(0, 1)), damaged("lines are not in order of date"));
    assert_eq!(refused(|of| of.lines.on_days[1] = i32::MAX), damaged("a line has no date"));
    assert_eq!(refused(|of| of.lines.classes[0] = 9), damaged("a line has no class"));
    assert_eq!(refused(|of| of.lines.customers[0] = 9), damaged("a line has no customer"));
    assert_eq!(refused(|of| of.lines.customers.clear()), damaged("columns differ in length"));
    assert_eq!(refused(|of| of.lines.amounts[0] = AMOUNT_IS_WIDE), damaged("a large amount is missing"));
    assert_eq!(refused(|of| of.lines.credits[0].target = Some(9)), damaged("a credit names a line that is none"));
    assert_eq!(refused(|of| of.reversed.push(7)), damaged("reversed rows are none"));
    let refused_cold = |change: fn(&mut ColdLines)| {
        let mut damaged = columns.lines.cold().unwrap().clone();
        change(&mut damaged);
        damaged.checked(2, 1, 1).unwrap_err()
    };
    assert_eq!(refused_cold(|of| of.sources[0] = 9), damaged("a line has no source"));
    assert_eq!(refused_cold(|of| of.positions.clear()), damaged("columns differ in length"));
    assert!(EventIds::from_parts(vec![3], vec![0], Texts::default()).is_err());
    assert!(EventIds::from_parts(vec![0], vec![0], Texts::default()).is_err());
    assert!(Texts::from_parts(b"abc".to_vec(), vec![2]).is_err());
    assert!(Texts::from_parts("\u{e4}".as_bytes().to_vec(), vec![1, 2]).is_err());
}
