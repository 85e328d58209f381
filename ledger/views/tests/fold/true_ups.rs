//! What is booked for closed months because records came, or were taken back, after they were closed.

use crate::partner::{Partner, azure, date};
use crate::story::{Story, month};
use daybook_event::{Exact, Payload, Position};
use daybook_views::Statement;

/// October 2020 is closed.
fn october_closed() -> Story {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    story
}

/// A line of a subscription, in a currency.
fn line(story: &mut Story, id: &str, on: &str, amount: &str, currency: &str) {
    let mut sale = azure(amount, currency, None);
    "S-1".clone_into(&mut sale.subscription_id);
    story.partner.add(id, date(on), 0, Payload::LicenseSale(sale));
}

#[test]
fn a_closed_month_without_news_is_as_it_was_and_nothing_is_booked() {
    let story = october_closed();
    let (closed, open) = (story.rows("2020-12-31"), story.rows_as_if_open("2020-12-31"));
    assert_eq!(closed, open);
    assert_eq!(story.postings("2020-12-31"), ["2020-10 240.00 160.00", "2020-11 120.00 80.00"]);
}

#[test]
fn a_late_event_is_booked_in_the_earliest_open_month_and_changes_nothing_closed() {
    let mut story = october_closed();
    // 1,000.00 at 4 %: 40.00, of which 60 % are rebate.
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    let through = "2020-12-31";
    assert_eq!(story.true_ups(through), ["2020-11 2020-10 24.00 16.00 late_event:contoso/l-1"]);
    assert_eq!(story.postings(through), ["2020-10 240.00 160.00", "2020-11 120.00 80.00"]);
    // November: 120.00 + 24.00 are below 200.00. December: its lot of 256.00 is converted.
    let payouts = [
        "2020-10 240.00 0.00 0.00 240.00 0.00",
        "2020-11 120.00 24.00 0.00 0.00 144.00",
        "2020-12 0.00 0.00 144.00 400.00 0.00",
    ];
    assert_eq!(story.payouts(through), payouts);
    // 160.00 + 80.00 + 16.00.
    assert_eq!(story.lots("2020-12-30"), ["FY21H1 256.00 open 0.00 0.00"]);
    // What the records say of October is what they say now.
    assert_eq!(story.rows(through).conservation[0].billed.to_string(), "11000.00");
    // Booked before the through date reaches November.
    assert_eq!(story.true_ups("2020-11-05").len(), 1);
}

#[test]
fn what_was_booked_and_closed_is_not_booked_again_and_its_reversal_takes_it_back() {
    let mut story = october_closed();
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    story.close("2020-11", "2020-12-03");
    let pinned = "2020-11 2020-10 24.00 16.00 late_event:contoso/l-1";
    assert_eq!(story.true_ups("2021-01-31"), [pinned]);
    // A further one, and the first was never true.
    story.partner.bill("l-2", "2020-10-21", "500.00", None);
    story.partner.reverse("2021-01-05", "l-1");
    let booked = [
        pinned,
        "2020-12 2020-10 -24.00 -16.00 reversal:contoso/e-16",
        "2020-12 2020-10 12.00 8.00 late_event:contoso/l-2",
    ];
    assert_eq!(story.true_ups("2021-01-31"), booked);
    story.close("2020-12", "2021-01-05");
    assert_eq!(story.true_ups("2021-01-31"), booked);
    assert_eq!(story.postings("2021-01-31"), ["2020-10 240.00 160.00", "2020-11 120.00 80.00"]);
}

#[test]
fn a_correction_is_the_line_that_takes_the_place_of_a_reversed_one() {
    let mut story = Story::enrolled();
    line(&mut story, "s-3", "2020-10-12", "1000.00", "USD");
    story.close("2020-10", "2020-11-05");
    story.partner.reverse("2020-11-20", "s-3");
    line(&mut story, "s-4", "2020-10-12", "900.00", "USD");
    line(&mut story, "s-5", "2020-10-13", "100.00", "USD");
    let booked = [
        "2020-11 2020-10 -24.00 -16.00 reversal:contoso/e-13",
        "2020-11 2020-10 2.40 1.60 late_event:contoso/s-5",
        "2020-11 2020-10 21.60 14.40 correction:contoso/s-4",
    ];
    assert_eq!(story.true_ups("2020-12-31"), booked);
}

#[test]
fn a_late_credit_of_a_closed_month_is_booked_as_one_and_a_credit_of_an_open_month_is_not() {
    let mut story = october_closed();
    story.partner.bill("c-1", "2020-10-25", "-1000.00", Some("s-1"));
    story.partner.bill("c-2", "2020-11-25", "-500.00", Some("s-1"));
    assert_eq!(story.true_ups("2020-12-31"), ["2020-11 2020-10 -24.00 -16.00 credit:contoso/c-1"]);
    // 120.00 less 60 % of 20.00.
    assert_eq!(story.postings("2020-12-31")[1], "2020-11 108.00 72.00");
}

#[test]
fn a_late_rate_is_booked_for_the_months_it_converts() {
    let mut story = Story::enrolled();
    line(&mut story, "s-3", "2020-10-12", "1000.00", "EUR");
    // Recorded in time, but dated after the closing's through date.
    story.rate("r-1", "2020-11-10", "2020-10", "1.10");
    story.close("2020-10", "2020-11-05");
    assert!(story.true_ups("2020-11-09").is_empty());
    // 1,100.00 at 4 %: 44.00.
    let first = "2020-11 2020-10 26.40 17.60 exchange_rate:rates/r-1";
    assert_eq!(story.true_ups("2020-12-31"), [first]);
    story.rate("r-2", "2020-11-20", "2020-10", "1.20");
    let second = "2020-11 2020-10 2.40 1.60 exchange_rate:rates/r-2";
    assert_eq!(story.true_ups("2020-12-31"), [second, first]);
    // A rate of an open month, and one that no line is in, book nothing.
    story.rate("r-3", "2020-11-20", "2020-11", "1.30");
    assert_eq!(story.true_ups("2020-12-31").len(), 2);
}

#[test]
fn records_are_told_apart_one_after_the_other_in_order_of_position() {
    let mut story = october_closed();
    // The line is in no sum without its rate: the rate books it, whichever came first.
    line(&mut story, "l-1", "2020-10-12", "1000.00", "EUR");
    story.rate("r-1", "2020-11-10", "2020-10", "1.10");
    line(&mut story, "l-2", "2020-10-12", "100.00", "EUR");
    let booked =
        ["2020-11 2020-10 2.64 1.76 late_event:contoso/l-2", "2020-11 2020-10 26.40 17.60 exchange_rate:rates/r-1"];
    assert_eq!(story.true_ups("2020-12-31"), booked);
    // What nets to nothing is still what each record did.
    story.partner.reverse("2020-12-01", "l-2");
    assert_eq!(story.true_ups("2020-12-31").len(), 3);
}

#[test]
fn a_correction_by_hand_is_booked_in_its_month_or_the_earliest_open_one() {
    let mut story = Story::enrolled();
    story.adjust("m-1", "2020-10-31", "2020-10", "5.00", "1.00");
    story.close("2020-10", "2020-11-05");
    story.adjust("m-2", "2020-10-31", "2020-10", "7.00", "0.00");
    story.adjust("m-3", "2020-12-10", "2020-10", "9.00", "0.00");
    let booked = |of: &str| {
        [
            "2020-10 2020-10 5.00 1.00 manual",
            "2020-11 2020-10 7.00 0.00 manual",
            &*format!("{of} 2020-10 9.00 0.00 manual"),
        ]
        .map(str::to_owned)
    };
    assert_eq!(story.true_ups("2021-01-31"), booked("2020-12"));
    story.close("2020-11", "2020-12-20");
    story.close("2020-12", "2021-01-20");
    assert_eq!(story.true_ups("2021-01-31"), booked("2020-12"));
    // One that is pinned is taken back by a true-up, one that is not just goes.
    story.adjust("m-4", "2021-01-10", "2020-12", "3.00", "0.00");
    story.partner.reverse("2021-01-15", "m-1");
    story.partner.reverse("2021-01-15", "m-4");
    let mut expected = booked("2020-12").to_vec();
    expected.push("2021-01 2020-10 -5.00 -1.00 reversal:contoso/e-20".to_owned());
    assert_eq!(story.true_ups("2021-01-31"), expected);
}

#[test]
fn a_partner_that_appears_first_with_a_late_event_has_a_true_up_and_no_closed_rows() {
    let mut story = Story::new();
    story.closed("2020-10", "2020-11-05", Position::ZERO);
    let mut late = Story::enrolled();
    std::mem::take(&mut late.partner).into_envelopes().into_iter().for_each(|envelope| story.partner.push(envelope));
    assert_eq!(story.true_ups("2020-11-30"), ["2020-11 2020-10 240.00 160.00 late_event:contoso/s-1"]);
    assert_eq!(story.postings("2020-11-30"), ["2020-11 120.00 80.00"]);
    assert_eq!(story.payouts("2020-11-30"), ["2020-11 120.00 240.00 0.00 360.00 0.00"]);
}

#[test]
fn what_no_record_explains_is_the_engines() {
    let mut story = Story::enrolled();
    let position = Position::new(story.partner.count());
    let rows = story.rows("2020-11-05");
    let mut statement =
        Statement::of(&rows, month("2020-10"), position, &Partner::id(), story.book.calendar()).unwrap();
    statement.postings[0].rebate = Exact::from_units(200);
    story.pin("2020-10", "2020-11-05", &statement.to_json());
    story.closed("2020-10", "2020-11-05", position);
    assert_eq!(story.true_ups("2020-12-31"), ["2020-11 2020-10 40.00 0.00 engine"]);
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    let booked = ["2020-11 2020-10 24.00 16.00 late_event:contoso/l-1", "2020-11 2020-10 40.00 0.00 engine"];
    assert_eq!(story.true_ups("2020-12-31"), booked);
}

#[test]
fn very_many_late_records_are_taken_in_runs() {
    let mut story = october_closed();
    for at in 0..300 {
        story.partner.bill(&format!("l-{at}"), "2020-10-20", "100.00", None);
    }
    let booked = story.true_ups("2020-11-30");
    // Two by two: 150 runs.
    assert_eq!(booked.len(), 150);
    assert!(booked.contains(&"2020-11 2020-10 4.80 3.20 late_event:contoso/l-298 and 1 more".to_owned()), "{booked:?}");
}

#[test]
fn sums_that_could_not_be_held_for_a_while_leave_no_trace_in_the_end() {
    let mut story = october_closed();
    let before = story.rows("2020-11-30").payouts;
    for at in 0..20 {
        story.partner.bill(&format!("l-{at}"), "2020-10-20", "999999999999.00", None);
    }
    assert_eq!(story.findings("2020-11-30"), ["OVERFLOW "]);
    (0..20).for_each(|at| story.partner.reverse("2020-11-20", &format!("l-{at}")));
    let rows = story.rows("2020-11-30");
    assert_eq!((rows.payouts, rows.findings.len()), (before, 0));
    let sum = rows.true_ups.iter().fold(Exact::ZERO, |sum, row| sum.plus(row.rebate).unwrap());
    assert!(sum.is_zero() && rows.true_ups.len() > 20, "{sum}");
}
