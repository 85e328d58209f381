//! What closed months show, whatever comes later.

use crate::partner::{Partner, date};
use crate::story::{Story, act, month};
use daybook_event::{
    Amount, ClaimState, CoopClaim, Currency, EventId, Opening, Payload, Position, Reversal, StandingValue,
};
use daybook_views::Statement;

fn opening_lot(story: &mut Story, id: &str, on: &str, period: &str, accrued: &str, state: &str, consumed: &str) {
    let lot = Opening::Lot {
        period: period.to_owned(),
        accrued: Amount::parse(accrued).unwrap(),
        state: state.to_owned(),
        consumed: Amount::parse(consumed).unwrap(),
    };
    story.partner.add(id, date(on), 0, Payload::Opening(lot));
}

fn carry(story: &mut Story, id: &str, on: &str, amount: &str) {
    story.partner.add(id, date(on), 0, Payload::Opening(Opening::Carry { amount: Amount::parse(amount).unwrap() }));
}

/// October to December 2020 closed; 245,000.00 more billed in December, so that the lot is worth 10,400.00 x 40 %.
fn half_year_closed() -> Story {
    let mut story = Story::enrolled();
    story.partner.bill("s-3", "2020-12-10", "245000.00", None);
    for (of, through) in [("2020-10", "2020-11-05"), ("2020-11", "2020-12-05"), ("2020-12", "2021-01-05")] {
        story.close(of, through);
    }
    story
}

#[test]
fn sums_that_cannot_be_held_take_nothing_that_is_pinned() {
    let mut story = half_year_closed();
    let before = story.rows("2021-01-31");
    assert_eq!((before.postings.len(), before.lots.len(), before.payouts.len()), (3, 1, 3));
    for at in 0..20 {
        story.partner.bill(&format!("l-{at}"), "2021-01-20", "999999999999.00", None);
    }
    story.pin("2020-12", "2021-01-05", b"{}");
    let rows = story.rows("2021-01-31");
    assert_eq!((&rows.postings, &rows.lots, &rows.payouts), (&before.postings, &before.lots, &before.payouts));
    assert!(rows.is_overflowed() && rows.conservation.is_empty() && rows.standing.is_empty());
    let flags: Vec<_> = rows.provisional.iter().map(|row| (row.month, row.why.as_str())).collect();
    assert_eq!(flags, [(month("2020-10"), "OVERFLOW")]);
    assert_eq!(story.findings("2021-01-31"), ["OVERFLOW "]);
    // As if nothing were closed there is no figure at all.
    assert!(story.rows_as_if_open("2021-01-31").postings.is_empty());
}

#[test]
fn true_ups_that_are_pinned_stay_when_sums_cannot_be_held() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    story.close("2020-11", "2020-12-05");
    let booked = ["2020-11 2020-10 24.00 16.00 late_event:contoso/l-1"];
    assert_eq!(story.true_ups("2020-12-31"), booked);
    for at in 0..20 {
        story.partner.bill(&format!("l-2-{at}"), "2020-12-20", "999999999999.00", None);
    }
    assert_eq!(
        (story.true_ups("2020-12-31"), story.findings("2020-12-31").len()),
        (booked.map(str::to_owned).to_vec(), 1)
    );
}

fn claim(story: &mut Story, id: &str, state: ClaimState, on: &str, amount: &str) {
    let claim = CoopClaim {
        claim_id: "K-1".to_owned(),
        state,
        activity: "telemarketing".to_owned(),
        activity_start: Some(date("2021-02-20")),
        activity_end: Some(date("2021-02-25")),
        amount: Some(Amount::parse(amount).unwrap()),
        currency: Currency::parse("USD").ok(),
        evidence: String::new(),
    };
    story.partner.add(id, date(on), 0, Payload::CoopClaim(claim));
}

#[test]
fn a_closing_counts_on_the_through_date_of_its_statements_and_not_before() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    assert_eq!(story.rows("2020-11-04"), story.rows_as_if_open("2020-11-04"));
    assert_eq!(story.postings("2020-11-04"), ["2020-10 264.00 176.00"]);
    assert_eq!(story.postings("2020-11-05"), ["2020-10 240.00 160.00"]);
}

#[test]
fn only_statements_of_the_attempt_that_closed_the_month_count() {
    let mut story = Story::enrolled();
    // An attempt that was killed, then a sale, then another attempt that went through.
    let of = |story: &Story, position: Position| {
        let rows = story.rows("2020-11-05");
        Statement::of(&rows, month("2020-10"), position, &Partner::id(), story.book.calendar()).unwrap().to_json()
    };
    let first = of(&story, Position::new(story.partner.count()));
    story.pin("2020-10", "2020-11-05", &first);
    story.partner.bill("s-3", "2020-10-30", "1000.00", None);
    let position = Position::new(story.partner.count());
    let second = of(&story, position);
    story.pin("2020-10", "2020-11-05", &second);
    story.closed("2020-10", "2020-11-05", position);
    story.pin("2020-10", "2020-11-06", &first);
    assert_eq!(story.postings("2020-12-31")[0], "2020-10 264.00 176.00");
    assert!(story.true_ups("2020-12-31").is_empty() && story.findings("2020-12-31").is_empty());
}

#[test]
fn of_two_attempts_at_the_same_records_the_one_through_the_date_of_the_closing_counts() {
    let mut story = Story::enrolled();
    let position = Position::new(story.partner.count());
    let of = |through: &str, edit: &dyn Fn(&mut Statement)| {
        let rows = story.rows(through);
        let calendar = story.book.calendar();
        let mut statement = Statement::of(&rows, month("2020-10"), position, &Partner::id(), calendar).unwrap();
        edit(&mut statement);
        statement.to_json()
    };
    let early = of("2020-11-05", &|statement| statement.postings.clear());
    let late = of("2020-11-06", &|_| {});
    story.pin("2020-10", "2020-11-05", &early);
    story.pin("2020-10", "2020-11-05", b"{}");
    story.pin("2020-10", "2020-11-06", &late);
    story.closed("2020-10", "2020-11-06", position);
    assert_eq!(story.postings("2020-12-31")[0], "2020-10 240.00 160.00");
    assert!(story.true_ups("2020-12-31").is_empty() && story.findings("2020-12-31").is_empty());
}

#[test]
fn a_statement_that_cannot_be_read_is_said_to_be_so_and_counts_as_none() {
    let mut story = Story::enrolled();
    let position = Position::new(story.partner.count());
    story.pin("2020-10", "2020-11-05", b"{\"position\":1}");
    story.closed("2020-10", "2020-11-05", position);
    let findings = story.findings("2020-12-31");
    assert!(findings.len() == 1 && findings[0].starts_with("STATEMENT_UNREADABLE ledger/statement-2020-10-"));
    assert_eq!(story.postings("2020-12-31"), ["2020-11 120.00 80.00"]);
    // Nothing was pinned, so everything is missing.
    assert_eq!(story.true_ups("2020-12-31"), ["2020-11 2020-10 240.00 160.00 engine"]);
}

#[test]
fn a_statement_cannot_be_reversed() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    let before = story.rows("2020-12-31");
    let statement = story.partner.envelopes()[9].id.event_id.to_string();
    let reversal = Reversal { reverses: EventId::parse(&statement).unwrap(), reason: String::new() };
    story.partner.add("u-1", date("2020-12-01"), 0, Payload::Reversal(reversal));
    // Reversals name events of their own source.
    let mut undo = std::mem::take(&mut story.partner).into_envelopes();
    undo.last_mut().unwrap().id = act("u-1");
    undo.into_iter().for_each(|envelope| story.partner.push(envelope));
    assert_eq!(story.findings("2020-12-31"), ["CLOSE_NOT_REVERSIBLE ledger/u-1"]);
    assert_eq!(story.rows("2020-12-31").postings, before.postings);
    assert_eq!(story.rows_as_if_open("2020-12-31").findings.len(), 1, "whether or not closings count");
}

#[test]
fn a_carry_goes_on_from_what_was_pinned() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    story.close("2020-11", "2020-12-05");
    let carried = ["2020-10 240.00 0.00 0.00 240.00 0.00", "2020-11 120.00 0.00 0.00 0.00 120.00"];
    assert_eq!(story.payouts("2020-12-30"), carried);
    // It would have made November's 120.00 payable: booked in December instead, with the lot of 320.00 converted.
    story.partner.bill("l-1", "2020-11-20", "5000.00", None);
    let mut expected = carried.map(str::to_owned).to_vec();
    expected.push("2020-12 0.00 120.00 120.00 560.00 0.00".to_owned());
    assert_eq!(story.payouts("2020-12-31"), expected);
}

#[test]
fn what_becomes_of_a_payout_that_was_not_due_yet_is_known_only_later() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    // October's 240.00 are due on 15 December.
    story.partner.state("2020-12-01", "bank_profile", StandingValue::Lapsed);
    assert_eq!(story.payouts("2020-12-14")[0], "2020-10 240.00 0.00 0.00 240.00 0.00");
    assert_eq!(story.payouts("2020-12-15")[0], "2020-10 240.00 0.00 0.00 0.00 0.00 held 240.00 forfeited 0.00");
    story.close("2020-11", "2020-12-20");
    story.partner.hold("2021-01-10", &["bank_profile"]);
    assert_eq!(story.payouts("2021-01-10")[0], "2020-10 240.00 0.00 0.00 240.00 0.00 on 2021-01-10");
}

#[test]
fn a_held_payout_is_released_or_lost_after_its_month_was_closed() {
    let mut story = Story::enrolled();
    story.partner.state("2020-12-01", "bank_profile", StandingValue::Lapsed);
    // Closed when it was held already.
    story.close("2020-10", "2020-12-20");
    assert_eq!(story.payouts("2020-12-20")[0], "2020-10 240.00 0.00 0.00 0.00 0.00 held 240.00 forfeited 0.00");
    assert_eq!(story.payouts("2021-06-13")[0], "2020-10 240.00 0.00 0.00 0.00 0.00 held 0.00 forfeited 240.00");
    story.partner.hold("2021-02-01", &["bank_profile"]);
    assert_eq!(story.payouts("2021-06-13")[0], "2020-10 240.00 0.00 0.00 240.00 0.00 on 2021-02-01");
}

#[test]
fn a_payout_that_was_paid_before_its_month_was_closed_stays_paid() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-12-20");
    story.partner.state("2020-12-01", "bank_profile", StandingValue::Lapsed);
    assert_eq!(story.payouts("2020-12-20")[0], "2020-10 240.00 0.00 0.00 240.00 0.00");
}

#[test]
fn a_closed_usable_lot_stays_usable_when_a_late_credit_takes_it_below_the_threshold() {
    let mut story = half_year_closed();
    // 4 % of 260,000.00 are 10,400.00, of which 4,160.00 are co-op: 4,000.00 are enough.
    claim(&mut story, "k-1", ClaimState::Submitted, "2021-03-01", "4160.00");
    claim(&mut story, "k-2", ClaimState::Paid, "2021-03-20", "4160.00");
    assert_eq!(story.lots("2021-04-30"), ["FY21H1 4160.00 usable 4160.00 0.00"]);
    story.partner.bill("c-1", "2020-12-20", "-20000.00", Some("s-3"));
    // 4 % of 20,000.00: 480.00 rebate and 320.00 co-op, taken from the half-year that is open.
    assert_eq!(story.true_ups("2021-04-30"), ["2021-01 2020-12 -480.00 -320.00 credit:contoso/c-1"]);
    assert_eq!(story.lots("2021-04-30"), ["FY21H1 4160.00 usable 4160.00 0.00", "FY21H2 -320.00 open 0.00 0.00"]);
    let rows = story.rows("2021-07-31");
    assert_eq!(rows.lots[1].state, "converted");
    let june = rows.payouts.iter().find(|row| row.month == month("2021-06")).unwrap();
    assert_eq!(
        (june.converted.to_string(), june.carried_out.to_string()),
        ("-320.00".to_owned(), "-800.00".to_owned())
    );
}

#[test]
fn the_lot_of_a_half_year_that_is_closed_in_part_is_made_of_pinned_and_open_months() {
    let mut story = Story::enrolled();
    story.partner.bill("s-3", "2020-12-10", "1000.00", None);
    opening_lot(&mut story, "o-1", "2020-10-01", "FY21H1", "100.00", "open", "0.00");
    story.close("2020-10", "2020-11-05");
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    // 100.00 opened, 160.00 pinned, 80.00 and 16.00 of November and December, 16.00 trued up.
    assert_eq!(story.lots("2020-12-30"), ["FY21H1 372.00 open 0.00 0.00"]);
}

#[test]
fn openings_of_closed_months_change_nothing_and_say_so() {
    let mut story = half_year_closed();
    let before = story.rows("2021-03-31");
    opening_lot(&mut story, "o-1", "2020-10-01", "FY21H1", "500.00", "usable", "100.00");
    carry(&mut story, "o-2", "2020-11-01", "50.00");
    let after = story.rows("2021-03-31");
    assert_eq!((before.lots, before.payouts), (after.lots, after.payouts));
    let findings = ["OPENING_OF_CLOSED_MONTH contoso/o-1", "OPENING_OF_CLOSED_MONTH contoso/o-2"];
    assert_eq!(story.findings("2021-03-31"), findings);
    assert!(story.true_ups("2021-03-31").is_empty());
}

#[test]
fn openings_that_a_closing_knew_stay_when_they_are_reversed_later() {
    let mut story = Story::enrolled();
    opening_lot(&mut story, "o-1", "2020-10-01", "FY20H2", "5000.00", "usable", "100.00");
    opening_lot(&mut story, "o-2", "2020-10-01", "FY21H1", "5000.00", "usable", "70.00");
    carry(&mut story, "o-3", "2020-10-01", "50.00");
    for (of, through) in [("2020-10", "2020-11-05"), ("2020-11", "2020-12-05"), ("2020-12", "2021-01-05")] {
        story.close(of, through);
    }
    let lots = ["FY20H2 5000.00 usable 100.00 4900.00", "FY21H1 5240.00 usable 70.00 5170.00"];
    assert_eq!(story.lots("2021-01-20"), lots);
    for id in ["o-1", "o-2", "o-3"] {
        story.partner.reverse("2021-01-15", id);
    }
    assert_eq!(story.lots("2021-01-20"), lots);
    assert_eq!(story.payouts("2021-01-20")[0], "2020-10 240.00 0.00 50.00 290.00 0.00");
    assert!(story.findings("2021-01-20").is_empty() && story.true_ups("2021-01-20").is_empty());
}
