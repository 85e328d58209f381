//! However the records come in, the rows are those of the fold over everything.

use crate::bench::{Bench, Expected, book};
use crate::history::STANDING_FACTS;
use crate::history::{FIRST_DAY, TREASURY, date, envelope, month, partner, rate, reversal, sale, standing};
use chrono::NaiveDate;
use daybook_event::{Amount, ClaimState, CoopClaim, Currency, Envelope, Payload};

/// A partner that earns from the start, in January 2022.
pub(crate) fn enrolled(name: &str) -> Vec<Envelope> {
    let on = date(FIRST_DAY);
    let made = STANDING_FACTS.iter().enumerate();
    made.map(|(at, fact)| envelope("contoso", &format!("{name}-st-{at}"), name, on, standing(fact, true))).collect()
}

/// Takes the batches in one after the other and compares after each.
#[track_caller]
fn assert_equal_after_each(batches: &[Vec<Envelope>], through: NaiveDate) -> Bench {
    let book = book();
    let mut bench = Bench::new();
    for (at, envelopes) in batches.iter().enumerate() {
        bench.append(envelopes);
        let mut projector = bench.projector(&book, 1_000);
        projector.catch_up(&bench.reader, through).unwrap();
        bench.assert_equal(&projector, &book, through, &format!("after batch {at}"));
    }
    bench
}

fn earned(bench: &Bench, name: &str, in_month: &str) -> String {
    let projector = bench.projector(&book(), 1_000);
    let rows = projector.views().unwrap().unwrap().rows(&partner(name)).unwrap().unwrap();
    let postings = rows.postings.iter().filter(|row| row.month == month(in_month));
    postings.map(|row| row.earned.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_late_rate_reaches_lines_and_the_credits_of_later_months() {
    let sold = vec![
        envelope("contoso", "s-1", "P-A", date("2021-03-10"), sale("C-1", "10000.00", "USD", None)),
        // In another currency than its line: it takes the rate of the line's month, where no line is in its currency.
        envelope("contoso", "c-1", "P-A", date("2021-06-10"), sale("C-1", "-1000.00", "EUR", Some("s-1"))),
        envelope("contoso", "s-2", "P-A", date("2021-05-10"), sale("C-1", "500.00", "EUR", None)),
    ];
    let rates = |id: &str, of_month: &str, per_unit: &str| {
        vec![envelope(TREASURY, id, "", date("2021-07-01"), rate("EUR", month(of_month), per_unit))]
    };
    let batches = [
        enrolled("P-A"),
        sold,
        rates("r-3", "2021-03", "1.5"),
        rates("r-5", "2021-05", "2.0"),
        vec![envelope(TREASURY, "u-3", "", date("2021-07-02"), reversal("r-3"))],
        rates("r-4", "2021-03", "1.25"),
    ];
    let bench = assert_equal_after_each(&batches, date("2022-06-30"));
    assert_eq!(earned(&bench, "P-A", "2021-05"), "40.00");
    assert_eq!(earned(&bench, "P-A", "2021-06"), "-50.00");
}

#[test]
fn a_late_rate_reaches_a_claim_in_a_currency_that_no_line_is_in() {
    let claim = |id: &str, state: ClaimState, on: &str, amount: Option<&str>| {
        let claim = CoopClaim {
            claim_id: "K-1".to_owned(),
            state,
            activity: "telemarketing".to_owned(),
            activity_start: Some(date("2021-08-01")),
            activity_end: Some(date("2021-08-10")),
            amount: amount.map(|amount| Amount::parse(amount).unwrap()),
            currency: amount.map(|_| Currency::parse("EUR").unwrap()),
            evidence: String::new(),
        };
        envelope("contoso", id, "P-A", date(on), Payload::CoopClaim(claim))
    };
    let rates = |id: &str, per_unit: &str| {
        vec![envelope(TREASURY, id, "", date("2021-11-01"), rate("EUR", month("2021-10"), per_unit))]
    };
    let batches = [
        enrolled("P-A"),
        vec![envelope("contoso", "s-1", "P-A", date("2021-03-10"), sale("C-1", "400000.00", "USD", None))],
        // Submitted again in October: the rate of that month counts, though no step of October has a currency.
        vec![
            claim("k-1", ClaimState::Submitted, "2021-09-10", Some("100.00")),
            claim("k-2", ClaimState::ActionRequired, "2021-10-01", None),
            claim("k-3", ClaimState::Submitted, "2021-10-10", None),
        ],
        rates("r-1", "1.5"),
        rates("r-2", "1.25"),
    ];
    let bench = assert_equal_after_each(&batches, date("2022-06-30"));
    let projector = bench.projector(&book(), 1_000);
    let rows = projector.views().unwrap().unwrap().rows(&partner("P-A")).unwrap().unwrap();
    assert_eq!((rows.claims[0].state.as_str(), rows.claims[0].amount.as_str()), ("submitted", "125.00"));
}

#[test]
fn a_rate_counts_from_its_own_date() {
    let book = book();
    let mut bench = Bench::new();
    bench.append(&enrolled("P-A"));
    bench.append(&[
        envelope("contoso", "s-1", "P-A", date("2021-03-10"), sale("C-1", "1000.00", "EUR", None)),
        envelope(TREASURY, "r-1", "", date("2021-03-31"), rate("EUR", month("2021-03"), "1.0")),
        envelope(TREASURY, "r-2", "", date("2022-01-20"), rate("EUR", month("2021-03"), "2.0")),
    ]);
    let mut projector = bench.projector(&book, 1_000);
    for (through, expected) in [("2022-01-19", "40.00"), ("2022-01-20", "80.00"), ("2022-02-28", "80.00")] {
        projector.catch_up(&bench.reader, date(through)).unwrap();
        bench.assert_equal(&projector, &book, date(through), through);
        let rows = projector.views().unwrap().unwrap().rows(&partner("P-A")).unwrap().unwrap();
        assert_eq!(rows.postings[0].earned.to_string(), expected, "{through}");
    }
}

#[test]
fn a_reversal_acts_before_and_after_its_target_arrives() {
    let line = envelope("contoso", "s-1", "P-A", date("2021-03-10"), sale("C-1", "1000.00", "USD", None));
    let undo = envelope("contoso", "u-1", "P-A", date("2022-05-10"), reversal("s-1"));
    let batches = [enrolled("P-A"), vec![line.clone()], vec![undo.clone()]];
    let bench = assert_equal_after_each(&batches, date("2022-06-30"));
    assert_eq!(earned(&bench, "P-A", "2021-03"), "");
    let bench = assert_equal_after_each(&[enrolled("P-A"), vec![undo], vec![line]], date("2022-06-30"));
    assert_eq!(earned(&bench, "P-A", "2021-03"), "");
}

#[test]
fn a_partner_whose_sums_cannot_be_held_says_so_until_they_can() {
    let most = "999999999999.00";
    let line =
        |at: u32| envelope("contoso", &format!("s-{at}"), "P-A", date("2021-05-10"), sale("C-1", most, "USD", None));
    let lines: Vec<Envelope> = (0..20).map(line).collect();
    let undo: Vec<Envelope> = (0..19)
        .map(|at| envelope("contoso", &format!("u-{at}"), "P-A", date("2022-05-10"), reversal(&format!("s-{at}"))))
        .collect();
    let later = vec![envelope("contoso", "s-x", "P-A", date("2022-04-10"), sale("C-1", "100.00", "USD", None))];
    let bench = assert_equal_after_each(&[enrolled("P-A"), lines.clone(), later.clone()], date("2022-06-30"));
    let expected = Expected::of(&bench.appended, &book(), date("2022-06-30"));
    assert_eq!(expected.partners[&partner("P-A")].findings[0].code, "OVERFLOW");
    let bench = assert_equal_after_each(&[enrolled("P-A"), lines, later, undo], date("2022-06-30"));
    assert_eq!(earned(&bench, "P-A", "2022-04"), "4.00");
}
