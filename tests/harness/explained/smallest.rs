//! The smallest change that an explanation names makes the difference, and nothing less does.

use super::refold::{Otherwise, fact};
use super::{Case, every_case, list, text};
use daybook_event::{
    Amount, Currency, Envelope, ExchangeRate, FxRate, Month, NaiveDate, PartnerStanding, Payload, Position, Product,
    Segment, StandingValue, date_parse,
};
use daybook_rules::model::{ProductPattern, RuleSet};
use daybook_tests::model::number::Num;
use daybook_views::{Bucket, Exam, Fact, FactKind, Line, LineKind};
use serde_json::Value;
use std::collections::BTreeMap;

fn date(value: &Value, key: &str) -> NaiveDate {
    date_parse(text(value, key)).unwrap()
}

fn amount(number: Num) -> Amount {
    Amount::parse(&number.to_string()).unwrap()
}

fn cent() -> Num {
    Num::parse("0.01")
}

/// A product of one of the groups; without groups any.
pub(super) fn product(set: &RuleSet, groups: &[Value]) -> Product {
    let named = |name: &String| groups.is_empty() || groups.iter().any(|group| group == name.as_str());
    let group = set.product_groups.iter().find(|group| named(&group.name)).unwrap();
    match &group.patterns[0] {
        ProductPattern::Family(family) => Product { product_family: family.clone(), ..Product::default() },
        ProductPattern::ProductId(id) => Product { product_id: id.clone(), ..Product::default() },
        ProductPattern::Name(name) => Product { product_name: name.clone(), ..Product::default() },
    }
}

fn sale(set: &RuleSet, customer: &str, product: Product, amount: Amount) -> FactKind {
    FactKind::Line(Line {
        kind: LineKind::Sale,
        customer_id: customer.to_owned(),
        subscription_id: String::new(),
        product,
        segment: Some(Segment::Commercial),
        charge_type: "new".to_owned(),
        amount,
        currency: set.currency,
        credits: None,
    })
}

/// The facts that a need asks for; `less` takes one cent, person or customer away.
fn facts_of(case: &Case<'_>, need: &Value, less: bool) -> Vec<(NaiveDate, FactKind)> {
    let standing = |fact: &str, value| FactKind::Standing(PartnerStanding { fact: fact.to_owned(), value });
    let count = |key: &str| usize::try_from(need[key].as_u64().unwrap()).unwrap() - usize::from(less);
    let by = || date(need, "by");
    let set = || case.book.set_on_or_first(by());
    match text(need, "kind") {
        "standing_fact" if less => Vec::new(),
        "standing_fact" => vec![(by(), standing(text(need, "fact"), StandingValue::Held))],
        "number" => {
            let least = Num::parse(text(need, "at_least"));
            let number = if less { least.minus(cent()) } else { least };
            vec![(by(), standing(text(need, "fact"), StandingValue::Number(amount(number))))]
        }
        "revenue" => {
            let asked = Num::parse(text(need, "amount"));
            let billed = if less { asked.minus(cent()) } else { asked };
            let groups = list(need, "groups");
            vec![(by(), sale(set(), "C-WHAT-IF", product(set(), groups), amount(billed)))]
        }
        "people" => {
            let earned = |number: usize| {
                FactKind::Certification(Exam {
                    person_id: format!("what-if-{number}"),
                    competency_area: text(need, "area").to_owned(),
                    expires_on: None,
                })
            };
            (0..count("people")).map(|number| (by(), earned(number))).collect()
        }
        "new_customers" => {
            let group = [need["group"].clone()];
            let of =
                |number: usize| sale(set(), &format!("C-WHAT-IF-{number}"), product(set(), &group), amount(cent()));
            (0..count("customers")).map(|number| (by(), of(number))).collect()
        }
        other => panic!("{}: a need of kind {other} for a line that may not earn: {need}", case.name),
    }
}

/// The bucket of a line with all needs met, or with one of them not quite.
fn bucket_with(case: &Case<'_>, event: &str, needs: &[Value], less: Option<usize>) -> Bucket {
    if let Some(wait) = needs.iter().find(|need| need["kind"] == "through") {
        let otherwise = Otherwise { through: date(wait, "date"), ..Otherwise::new(case, &[]) };
        let day_before = Otherwise { through: date(wait, "date").pred_opt().unwrap(), ..Otherwise::new(case, &[]) };
        return if less.is_some() { &day_before } else { &otherwise }.bucket(event).unwrap();
    }
    let kinds = needs.iter().enumerate().flat_map(|(at, need)| facts_of(case, need, less == Some(at)));
    let facts: Vec<Fact> = kinds.enumerate().map(|(number, (on, kind))| fact(number, on, kind)).collect();
    Otherwise::new(case, &facts).bucket(event).unwrap()
}

#[test]
fn a_line_that_may_not_earn_earns_with_the_change_and_not_with_a_cent_less() {
    let (mut tried, mut kinds) = (0, BTreeMap::<String, usize>::new());
    let mut without = Vec::new();
    every_case(|case| {
        for month in case.months() {
            for bucket in list(&month.json, "not_earning") {
                for day in list(bucket, "days") {
                    let what = format!("{} {} {}", case.name, month.asked, text(day, "on"));
                    let of_day = |line: &&Value| line["priced_on"] == day["on"];
                    let line = list(bucket, "lines").iter().find(of_day).unwrap();
                    let change = &day["smallest_change"];
                    if change.is_null() {
                        without.push(format!("{what} {}", text(bucket, "bucket")));
                        continue;
                    }
                    let (event, needs) = (text(line, "event"), list(change, "needs"));
                    let may_not = |bucket: &Bucket| matches!(bucket, Bucket::Ineligible(_));
                    let with = bucket_with(case, event, needs, None);
                    assert!(!may_not(&with), "{what}: {change} leaves {event} in {with:?}");
                    for at in 0..needs.len() {
                        let less = bucket_with(case, event, needs, Some(at));
                        assert!(may_not(&less), "{what}: less than {} of {change} is enough", needs[at]);
                        *kinds.entry(text(&needs[at], "kind").to_owned()).or_default() += 1;
                    }
                    tried += 1;
                }
            }
        }
    });
    println!("{tried} changes tried, {kinds:?}; none found for:\n{}", without.join("\n"));
    assert!(tried >= 25, "only {tried} changes tried");
    for kind in ["standing_fact", "revenue"] {
        assert!(kinds.contains_key(kind), "no situation needs {kind}: {kinds:?}");
    }
}

#[test]
fn a_line_without_a_rate_is_converted_with_one() {
    let mut tried = 0;
    every_case(|case| {
        for month in case.months() {
            for bucket in list(&month.json, "not_earning").iter().filter(|one| one["bucket"] == "unconverted:NOFX") {
                let needs = list(&bucket["smallest_change"], "needs");
                let mut rates = case.histories.of_no_partner().clone();
                for (number, need) in (0_u64..).zip(needs) {
                    let rate = fact(0, case.through, FactKind::Moneyless);
                    let payload = Payload::FxRate(FxRate {
                        currency: Currency::parse(text(need, "currency")).unwrap(),
                        month: Month::parse(text(need, "month")).unwrap(),
                        rate: ExchangeRate::parse("1.1").unwrap(),
                    });
                    let mut id = rate.id;
                    id.source = daybook_event::SourceId::parse(&case.book.sources_of_no_partner[0]).unwrap();
                    let effective_on = case.through;
                    rates.add(
                        Position::new(1_000_000 + number),
                        &Envelope { id, partner_id: None, effective_on, seq: 0, source_seq: None, payload },
                    );
                }
                let fx = rates.fx_counting(case.book, case.through);
                let otherwise = Otherwise { fx, ..Otherwise::new(case, &[]) };
                for line in list(bucket, "lines") {
                    let with = otherwise.bucket(text(line, "event"));
                    assert_ne!(with, Some(Bucket::Unconverted), "{} {}: {line}", case.name, month.asked);
                    tried += 1;
                }
            }
        }
    });
    assert!(tried >= 3, "only {tried} lines tried");
}

/// A converted lot is usable with so much more billed, and not with a cent less.
#[test]
fn a_converted_lot_is_usable_with_the_change_and_not_with_a_cent_less() {
    let mut tried = 0;
    every_case(|case| {
        for lot in case.lots() {
            let change = &lot.json["smallest_change"];
            if change.is_null() {
                continue;
            }
            let billed = list(change, "needs").iter().find(|need| need["kind"] == "billed").unwrap();
            let facts = case.histories.partner(&case.partner_id).unwrap().facts();
            let like = facts.iter().find(|fact| fact.id.to_string() == text(billed, "like")).unwrap();
            let state = |billed: Num| {
                let line = like.line().unwrap().clone();
                let currency = case.book.sets[0].currency;
                let kind = FactKind::Line(Line { amount: amount(billed), currency, credits: None, ..line });
                let rows = Otherwise::new(case, &[fact(0, like.effective_on, kind)]).rows();
                rows.lots.into_iter().find(|row| row.period == lot.asked).map(|row| row.state).unwrap_or_default()
            };
            let least = Num::parse(text(billed, "amount"));
            let what = format!("{} {}: {change}", case.name, lot.asked);
            assert_eq!((state(least).as_str(), state(least.minus(cent())).as_str()), ("usable", "converted"), "{what}");
            tried += 1;
        }
    });
    assert!(tried >= 10, "only {tried} lots tried");
}
