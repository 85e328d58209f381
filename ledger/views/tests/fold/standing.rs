//! Standing where the shipped rules alone do not lead: several offboardings, and the edges of one.

use crate::partner::{ENTRY_FACTS, ONBOARDING_FACTS, Partner, book, date};
use daybook_rules::model::{GateTest, RuleBook, Upkeep};
use daybook_views::PartnerRows;

/// The shipped rules, with a revenue gate that asks for 25,000.00 in every 30 days, on and on.
fn continuous() -> RuleBook {
    let mut book = book();
    let gate = book.sets[1].gates.iter_mut().find(|gate| gate.name == "ttm_revenue").unwrap();
    gate.offboards = Some(Upkeep::Continuous);
    if let GateTest::TrailingRevenue { window_days, .. } = &mut gate.any_of[0] {
        *window_days = 30;
    }
    book
}

fn changes(rows: &PartnerRows) -> Vec<String> {
    rows.standing.iter().map(|row| format!("{} {}", row.on, row.state)).collect()
}

fn buckets(rows: &PartnerRows, month: &str) -> (String, Vec<String>) {
    let row = rows.conservation.iter().find(|row| row.month.to_string() == month).unwrap();
    (row.earning.to_string(), row.ineligible.iter().map(|(code, amount)| format!("{code} {amount}")).collect())
}

/// Offboarded on 15 November, back on 24 November, offboarded again on 20 December.
fn twice_offboarded() -> Partner {
    let mut partner = Partner::default();
    partner.hold("2021-10-04", &ENTRY_FACTS);
    partner.hold("2021-10-04", &ONBOARDING_FACTS);
    for (on, amount) in [("2021-10-11", "25000"), ("2021-11-12", "1"), ("2021-11-15", "20"), ("2021-11-17", "25000")] {
        partner.sell(on, amount);
    }
    partner.hold("2021-11-24", &ONBOARDING_FACTS);
    for (on, amount) in [("2021-12-18", "300"), ("2021-12-20", "4000"), ("2021-12-22", "25000")] {
        partner.sell(on, amount);
    }
    partner
}

#[test]
fn each_offboarding_asks_for_onboarding_facts_of_its_own() {
    let mut partner = twice_offboarded();
    partner.hold("2021-12-20", &ONBOARDING_FACTS);
    let rows = partner.rows(&continuous(), "2022-01-02");
    let until_then = [
        "2021-10-11 invited",
        "2021-10-11 enrolled",
        "2021-11-15 offboarded",
        "2021-11-22 invited",
        "2021-11-24 enrolled",
        "2021-12-20 offboarded",
        "2021-12-27 invited",
    ];
    assert_eq!(changes(&rows), until_then);
    // Enrolled on the 12th; from the date of the offboarding on, earned after the fact.
    assert_eq!(buckets(&rows, "2021-11"), ("25021.00".to_owned(), vec![]));
    // Facts dated on the offboarding are not later than it: the 18th earned, what follows waits for an acceptance.
    let (earning, ineligible) = buckets(&rows, "2021-12");
    assert_eq!(
        (earning.as_str(), ineligible),
        ("300.00", vec!["INVNOTACC 25000.00".to_owned(), "TTMREV 4000.00".to_owned()])
    );
}

#[test]
fn who_is_enrolled_again_earns_from_the_date_of_the_last_offboarding() {
    let mut partner = twice_offboarded();
    partner.hold("2021-12-28", &ONBOARDING_FACTS);
    let rows = partner.rows(&continuous(), "2022-01-02");
    assert_eq!(changes(&rows).last().unwrap(), "2021-12-28 enrolled");
    assert_eq!(buckets(&rows, "2021-12"), ("29300.00".to_owned(), vec![]));
}

#[test]
fn onboarding_completed_on_the_day_of_the_offboarding_comes_too_late() {
    let mut partner = Partner::default();
    partner.hold("2021-09-01", &ENTRY_FACTS);
    partner.hold("2021-09-01", &ONBOARDING_FACTS[..3]);
    partner.hold("2021-10-01", &ONBOARDING_FACTS[3..]);
    partner.sell("2021-10-02", "25000");
    partner.hold("2021-10-05", &ONBOARDING_FACTS[..3]);
    partner.sell("2021-10-06", "10");
    let rows = partner.rows(&book(), "2021-12-31");
    // The first day of the new terms is an assessment, a Friday; the bank profile of that day is not later than it.
    assert_eq!(changes(&rows), ["2021-09-06 invited", "2021-10-01 offboarded", "2021-10-04 invited"]);
    assert_eq!(buckets(&rows, "2021-10").1, ["BANKMISSING 10.00", "INVNOTACC 25000.00"]);
}

#[test]
fn a_fact_asked_for_on_a_fixed_date_is_renewed_by_any_later_one() {
    let mut book = book();
    let gate = book.sets[1].gates.iter_mut().find(|gate| gate.name == "invitation_accepted").unwrap();
    gate.any_of = vec![GateTest::HeldOn { fact: "invitation_accepted".to_owned(), on: date("2021-09-15") }];
    let mut partner = Partner::default();
    partner.hold("2021-09-01", &ENTRY_FACTS);
    partner.hold("2021-09-01", &ONBOARDING_FACTS);
    partner.sell("2021-10-02", "25000");
    partner.hold("2021-10-12", &ONBOARDING_FACTS[1..]);
    assert_eq!(changes(&partner.rows(&book, "2021-12-31")).last().unwrap(), "2021-10-04 invited");
    partner.hold("2021-10-14", &ONBOARDING_FACTS[..1]);
    assert_eq!(changes(&partner.rows(&book, "2021-12-31")).last().unwrap(), "2021-10-14 enrolled");
}
