//! One cent either side of every threshold of the shipped rules; and the model held against the written situations.

use super::compare::{Answer, asked};
use crate::golden::books::Rules;
use chrono::NaiveDate;
use daybook_event::{Envelope, date_parse};
use daybook_proto::decode_json;
use daybook_rules::model::RuleBook;
use daybook_tests::model::generate::Case;
use daybook_tests::model::shipped;
use serde_json::{Value, json};

pub(super) const FACTS: [&str; 7] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

pub(super) fn event(id: &str, on: &str, payload: &Value) -> Envelope {
    let mut line = json!({ "source": "alpha", "event_id": id, "partner_id": "P-1", "effective_on": on });
    line.as_object_mut().expect("an object").extend(payload.as_object().expect("an object").clone());
    decode_json(&line.to_string()).unwrap_or_else(|fault| panic!("{fault}"))
}

pub(super) fn day(text: &str) -> NaiveDate {
    date_parse(text).expect("a date")
}

/// A partner with everything it needs from the first date on, and one sale: the rows on which both sides agree.
fn one_sale(held_from: &str, sold_on: &str, amount: &str, through: &str) -> Value {
    let held = |(at, fact): (usize, &&str)| {
        event(&format!("f-{at}"), held_from, &json!({ "partner_standing": { "fact": fact, "status": "held" } }))
    };
    let mut events: Vec<Envelope> = FACTS.iter().enumerate().map(held).collect();
    events.push(sale("s-1", "c-1", sold_on, amount));
    agreed(shipped(), events, through)
}

/// A sale of Azure to a customer.
pub(super) fn sale(id: &str, customer_id: &str, sold_on: &str, amount: &str) -> Envelope {
    let sold = json!({
        "customer_id": customer_id, "product_family": "Azure", "product_name": "Azure plan", "segment": "commercial",
        "quantity": 1, "amount": amount, "currency": "USD", "charge_type": "new",
    });
    event(id, sold_on, &json!({ "license_sale": sold }))
}

/// The partner's rows, on which both sides agree.
pub(super) fn agreed(book: RuleBook, events: Vec<Envelope>, through: &str) -> Value {
    let case = Case { seed: 0, book, changes: Vec::new(), through: day(through), events, adoptions: Vec::new() };
    match asked(&case) {
        Answer::Same(figures) => figures["P-1"].clone(),
        Answer::Differs(differences) => panic!("{differences}"),
    }
}

#[test]
fn trailing_revenue_of_a_cent_less_does_not_invite() {
    let invited = |amount: &str, through: &str| {
        let rows = one_sale("2022-01-03", "2022-01-05", amount, through);
        rows["standing"].as_array().expect("rows").iter().filter(|row| row["state"] == "invited").count()
    };
    assert_eq!(invited("25000.00", "2022-01-31"), 1);
    assert_eq!(invited("25000.01", "2022-01-31"), 1);
    assert_eq!(invited("24999.99", "2022-01-31"), 0);
    assert_eq!(invited("25000.00", "2022-01-09"), 0, "the next assessment is Monday the 10th");
}

#[test]
fn trailing_revenue_of_a_year_ago_to_the_day_is_out_of_the_window() {
    // The first assessment with a threshold is on 1 October 2021.
    let offboarded = |sold_on: &str| {
        let rows = one_sale("2020-09-01", sold_on, "30000.00", "2021-10-01");
        rows["standing"].as_array().expect("rows").iter().any(|row| row["state"] == "offboarded")
    };
    assert!(offboarded("2020-10-01"));
    assert!(!offboarded("2020-10-02"));
}

#[test]
fn coop_of_a_cent_less_is_converted() {
    let lot = |sold_on: &str, amount: &str, through: &str| {
        let rows = one_sale("2020-10-01", sold_on, amount, through);
        let lot = &rows["lots"][0];
        (lot["accrued"].as_str().expect("a sum").to_owned(), lot["state"].as_str().expect("a state").to_owned())
    };
    let is = |accrued: &str, state: &str| (accrued.to_owned(), state.to_owned());
    // 4 % of the sale, of which 40 %.
    assert_eq!(lot("2021-02-01", "250000.00", "2021-06-30"), is("4000.00", "usable"));
    assert_eq!(lot("2021-02-01", "249999.37", "2021-06-30"), is("3999.99", "converted"));
    assert_eq!(lot("2021-02-01", "250000.63", "2021-06-30"), is("4000.01", "usable"));
    assert_eq!(lot("2021-02-01", "249999.37", "2021-06-29"), is("3999.99", "open"));
    // The half-year that 1 October 2021 lies in is judged by the terms of its last day.
    assert_eq!(lot("2021-08-02", "625000.00", "2021-12-31"), is("10000.00", "usable"));
    assert_eq!(lot("2021-08-02", "624999.37", "2021-12-31"), is("9999.99", "converted"));
}

#[test]
fn a_payout_of_a_cent_less_is_carried() {
    let payout = |amount: &str| {
        let rows = one_sale("2020-10-01", "2021-02-01", amount, "2021-02-28");
        let row = &rows["payouts"][0];
        let sums = [&row["rebate"], &row["paid"], &row["carried_out"]];
        sums.map(|sum| sum.as_str().expect("a sum").to_owned())
    };
    assert_eq!(payout("8333.34"), ["200.00", "200.00", "0.00"]);
    assert_eq!(payout("8333.00"), ["199.99", "0.00", "199.99"]);
    assert_eq!(payout("8333.75"), ["200.01", "200.01", "0.00"]);
}

#[test]
fn the_model_agrees_on_every_written_situation() {
    let root = daybook_tests::workspace_root().join("replay-fixtures");
    let (mut held, mut found) = (0, Vec::new());
    for entry in std::fs::read_dir(root).expect("the situations").map(|entry| entry.expect("a folder").path()) {
        let Ok(text) = std::fs::read_to_string(entry.join("situation.toml")) else { continue };
        let table: toml::Table = text.parse().expect("a situation");
        let rules = Rules::named(table.get("rules").and_then(toml::Value::as_str));
        // Stories have steps, and a test of their own.
        let Some(book) = table.get("book") else { continue };
        let book = rules.book(book.as_str().expect("the name of a book"));
        let through = day(&table["through"].as_datetime().expect("a date").to_string());
        let lines = std::fs::read_to_string(entry.join("events.ndjson")).expect("events");
        let known = table.get("known_as_of").and_then(toml::Value::as_integer);
        let known = known.and_then(|known| usize::try_from(known).ok()).unwrap_or(usize::MAX);
        let events =
            lines.lines().take(known).map(|line| decode_json(line).unwrap_or_else(|fault| panic!("{fault}: {line}")));
        let case =
            Case { seed: 0, book, changes: Vec::new(), through, events: events.collect(), adoptions: Vec::new() };
        // The model's numbers have no range that a sum could leave.
        if let Answer::Differs(differences) = asked(&case)
            && !entry.ends_with("sum-out-of-range")
        {
            found.push(format!("{}: {differences}", entry.display()));
        }
        held += 1;
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    assert!(held > 90, "only {held} situations were found");
}
