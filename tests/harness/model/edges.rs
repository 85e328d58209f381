//! One cent, one day, one customer either side of what new customers, growth, caps, computed competencies and holds turn on.

use super::thresholds::{FACTS, agreed, day, event, sale};
use chrono::{Days, NaiveDate};
use daybook_event::{Envelope, Exact, Rate};
use daybook_rules::model::{
    Base, Cap, CapPer, CapWindow, CertificationValidity, Competency, CompetencySource, GateTest, Lever, Match,
    NewCustomers, RuleBook, RuleSet,
};
use daybook_tests::model::shipped;
use serde_json::{Value, json};

/// The shipped book with a change of every rule set.
fn book(change: impl Fn(&mut RuleSet)) -> RuleBook {
    let mut book = shipped();
    book.sets.iter_mut().for_each(change);
    book
}

/// Everything that a partner needs, from October 2020 on.
fn held() -> Vec<Envelope> {
    let held = |(at, fact): (usize, &&str)| standing(&format!("f-{at}"), fact, "held", "2020-10-01");
    FACTS.iter().enumerate().map(held).collect()
}

fn standing(id: &str, fact: &str, status: &str, on: &str) -> Envelope {
    event(id, on, &json!({ "partner_standing": { "fact": fact, "status": status } }))
}

fn certified(id: &str, person_id: &str, on: &str, expires_on: &str) -> Envelope {
    let mut earned = json!({ "person_id": person_id, "certification": "exam", "competency_area": "erp" });
    if !expires_on.is_empty() {
        earned["expires_on"] = expires_on.into();
    }
    event(id, on, &json!({ "certification_earned": earned }))
}

/// A lever beside the others, of 10 % on everything.
fn extra(base: Base) -> RuleBook {
    book(|set| {
        let lever = Lever {
            name: "extra".to_owned(),
            slot: "extra".to_owned(),
            matches: Match::default(),
            base,
            rate: Rate::from_millionths(100_000),
            needs: Vec::new(),
            cap: None,
        };
        set.levers.push(lever);
    })
}

fn with(mut events: Vec<Envelope>, more: impl IntoIterator<Item = Envelope>) -> Vec<Envelope> {
    events.extend(more);
    events
}

/// What one lever posted in a month: base and earned; none: no posting.
fn posted(rows: &Value, lever: &str, month: &str) -> Option<(String, String)> {
    let is_meant = |row: &&Value| row["lever"] == lever && row["month"] == month;
    let row = rows["postings"].as_array().expect("rows").iter().find(is_meant)?;
    let sum = |field: &str| row[field].as_str().expect("a sum").to_owned();
    Some((sum("base"), sum("earned")))
}

fn is(base: &str, earned: &str) -> Option<(String, String)> {
    Some((base.to_owned(), earned.to_owned()))
}

fn states(rows: &Value) -> Vec<&str> {
    rows["standing"].as_array().expect("rows").iter().filter_map(|row| row["state"].as_str()).collect()
}

#[test]
fn a_new_customers_month_of_a_cent_less_adds_nothing() {
    let least = Exact::from_units(1_000);
    let added = |billed: &str, sold_on: &str, month: &str| {
        let events = [sale("s-1", "c-1", "2021-02-10", billed), sale("s-2", "c-1", sold_on, "1000")];
        let book = extra(Base::CustomerAdd { months: 3, monthly_at_least: least });
        posted(&agreed(book, with(held(), events), "2021-06-30"), "extra", month)
    };
    assert_eq!(added("1000.00", "2021-03-01", "2021-02"), is("1000.00", "100.00"));
    assert_eq!(added("1000.01", "2021-03-01", "2021-02"), is("1000.01", "100.00"));
    assert_eq!(added("999.99", "2021-03-01", "2021-02"), None);
    // New in February: the third month is April.
    assert_eq!(added("1.00", "2021-04-30", "2021-04"), is("1000.00", "100.00"));
    assert_eq!(added("1.00", "2021-05-01", "2021-05"), None);
    // The calendar month counts as a whole, the days before the customer was new too.
    assert_eq!(added("0.01", "2021-02-01", "2021-02"), is("1000.01", "100.00"));
}

#[test]
fn growth_of_a_cent_is_growth_and_growth_of_nothing_is_a_row() {
    let growth = |then: &str, now: &str| {
        let events = [sale("s-1", "c-1", "2021-02-28", then), sale("s-2", "c-1", "2022-02-01", now)];
        let rows = agreed(extra(Base::Growth), with(held(), events), "2022-03-31");
        (posted(&rows, "extra", "2022-02"), rows["provisional"].clone())
    };
    let flag = |month: &str| json!([{ "partner_id": "P-1", "month": month, "why": "NOBASE" }]);
    assert_eq!(growth("30000", "30000").0, is("0.00", "0.00"));
    assert_eq!(growth("30000", "30000.10").0, is("0.10", "0.01"));
    assert_eq!(growth("30000", "29999.99").0, is("0.00", "0.00"));
    // Only the first year has no year before.
    assert_eq!(growth("30000", "30000").1, flag("2021-02"));
}

#[test]
fn a_cap_is_filled_to_the_cent_and_the_next_line_is_capped() {
    let cap = Cap { amount: Exact::from_units(100), per: CapPer::Customer, window: CapWindow::Life };
    let capped = |first: &str, then: &str, customer: &str| {
        let book = book(|set| set.levers.iter_mut().for_each(|lever| lever.cap = Some(cap)));
        let events = [sale("s-1", "c-1", "2021-02-10", first), sale("s-2", customer, "2021-02-11", then)];
        let rows = agreed(book, with(held(), events), "2021-02-28");
        let sums =
            ["earning", "capped"].map(|bucket| rows["conservation"][0][bucket].as_str().expect("a sum").to_owned());
        (posted(&rows, "core_azure", "2021-02").expect("a posting").1, sums.join(" "))
    };
    let is = |earned: &str, sums: &str| (earned.to_owned(), sums.to_owned());
    // 4 % of 2,500 is the cap.
    assert_eq!(capped("2499.75", "0", "c-1"), is("99.99", "2499.75 0.00"));
    assert_eq!(capped("2499.75", "0.25", "c-1"), is("100.00", "2500.00 0.00"));
    assert_eq!(capped("2500.00", "0.25", "c-1"), is("100.00", "2500.00 0.25"));
    assert_eq!(capped("2500.00", "0.25", "c-2"), is("100.01", "2500.25 0.00"));
    // In one line what is above the cap earns nothing; in two halves the second half says so.
    assert_eq!(capped("5000.00", "0", "c-1"), is("100.00", "5000.00 0.00"));
    assert_eq!(capped("2500.00", "2500.00", "c-1"), is("100.00", "2500.00 2500.00"));
    // A credit gives back only what is left below the cap.
    assert_eq!(capped("5000.00", "-2500.00", "c-1"), is("100.00", "5000.00 -2500.00"));
    assert_eq!(capped("5000.00", "-2500.25", "c-1"), is("99.99", "2499.75 0.00"));
}

/// A book whose competency is computed by these tests in one area, and the rows of a partner that declares none.
fn computed(tests: &Competency, months: i32, events: Vec<Envelope>, through: &str) -> Value {
    let book = book(|set| {
        for test in set.gates.iter_mut().flat_map(|gate| &mut gate.any_of) {
            if let GateTest::Competency { source, .. } = test {
                *source = CompetencySource::Computed;
            }
        }
        set.competencies = vec![tests.clone()];
        set.certification_validity = vec![CertificationValidity { earned_from: day("2020-01-01"), months }];
    });
    agreed(book, with(held(), events), through)
}

fn tests(new_customers: Option<NewCustomers>, people: Option<u32>) -> Competency {
    Competency { level: 0, area: "erp".to_owned(), new_customers, revenue: None, people, fee: false }
}

#[test]
fn four_customers_are_four_and_three_are_three() {
    let four = NewCustomers { group: "azure".to_owned(), window_days: 365, at_least: 4 };
    let invited_on = |first_sold_on: &str, customers: &[&str]| {
        let sold = |(at, customer): (usize, &&str)| {
            sale(&format!("s-{at}"), customer, if at == 0 { first_sold_on } else { "2021-01-07" }, "10")
        };
        let events = customers.iter().enumerate().map(sold).collect();
        // The next assessment is on Monday the 11th.
        let rows = computed(&tests(Some(four.clone()), None), 12, events, "2021-01-11");
        rows["standing"][0]["on"].as_str().map(str::to_owned)
    };
    let on = |date: &str| Some(date.to_owned());
    assert_eq!(invited_on("2021-01-07", &["c-1", "c-2", "c-3", "c-4"]), on("2021-01-11"));
    assert_eq!(invited_on("2021-01-07", &["c-1", "c-2", "c-3", "c-3"]), None);
    // The window of 365 days that ends on the 11th begins on 13 January 2020.
    assert_eq!(invited_on("2020-01-13", &["c-1", "c-2", "c-3", "c-4"]), on("2021-01-11"));
    assert_eq!(invited_on("2020-01-12", &["c-1", "c-2", "c-3", "c-4"]), None);
}

#[test]
fn two_people_are_two_until_the_day_a_certification_expires() {
    let invited = |one: (&str, &str, &str), other: (&str, &str, &str), months| {
        let events = [("e-1", one), ("e-2", other)];
        let events = events.map(|(id, (person, on, expires_on))| certified(id, person, on, expires_on));
        let rows = computed(&tests(None, Some(2)), months, events.to_vec(), "2021-01-11");
        states(&rows).contains(&"invited")
    };
    let one = ("p-1", "2021-01-09", "");
    assert!(invited(one, ("p-2", "2021-01-11", ""), 12));
    assert!(!invited(one, ("p-1", "2021-01-11", ""), 12));
    assert!(!invited(one, ("p-2", "2021-01-12", ""), 12));
    // Monday the 11th is the first day on which it no longer holds, or the day before that.
    assert!(!invited(one, ("p-2", "2021-01-06", "2021-01-11"), 12));
    assert!(invited(one, ("p-2", "2021-01-06", "2021-01-12"), 12));
    assert!(!invited(one, ("p-2", "2020-12-11", ""), 1));
    assert!(invited(one, ("p-2", "2020-12-12", ""), 1));
}

#[test]
fn a_sale_on_the_day_of_expiry_earns_nothing() {
    let code = |sold_on: &str| {
        let events = vec![certified("e-1", "p-1", "2021-01-31", ""), sale("s-1", "c-1", sold_on, "10")];
        let rows = computed(&tests(None, Some(1)), 1, events, "2021-03-31");
        rows["conservation"][0]["ineligible"].as_object().expect("codes").keys().next().cloned()
    };
    // A month after 31 January is 28 February.
    assert_eq!(code("2021-02-27"), None);
    assert_eq!(code("2021-02-28"), Some("IVDCOMP".to_owned()));
}

#[test]
fn a_payout_waits_to_the_last_day_of_the_hold_and_no_longer() {
    let book = book(|set| set.payout.hold_days = Some(10));
    let due_on: NaiveDate = day("2021-04-14");
    let after = |days: u64| (due_on + Days::new(days)).to_string();
    let payout = |back_on: &str, through: &str| {
        let events = [
            sale("s-1", "c-1", "2021-02-10", "10000"),
            standing("t-1", "tax_profile", "lapsed", "2021-04-14"),
            standing("t-2", "tax_profile", "held", back_on),
        ];
        let rows = agreed(book.clone(), with(held(), events), through);
        let row = &rows["payouts"][0];
        ["paid", "held", "forfeited", "due_on"].map(|field| row[field].as_str().expect("a text").to_owned()).join(" ")
    };
    assert_eq!(payout("2021-06-01", "2021-04-13"), "240.00 0.00 0.00 2021-04-14");
    assert_eq!(payout(&after(10), &after(9)), "0.00 240.00 0.00 2021-04-14");
    assert_eq!(payout(&after(10), &after(10)), "240.00 0.00 0.00 2021-04-24");
    assert_eq!(payout(&after(11), &after(9)), "0.00 240.00 0.00 2021-04-14");
    assert_eq!(payout(&after(11), &after(10)), "0.00 0.00 240.00 2021-04-14");
    assert_eq!(payout(&after(0), &after(30)), "240.00 0.00 0.00 2021-04-14");
}
