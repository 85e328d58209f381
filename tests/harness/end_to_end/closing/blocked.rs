//! What keeps a month open, and who may close it.

use super::{SIGNED, Scene, THROUGH, by_ledger, close, history, sale};
use daybook_event::{Month, Payload, PeriodClosed, Position};
use daybook_tests::ledger_state::LedgerState;
use serde_json::json;

#[test]
fn months_close_in_order_once_past_and_under_an_adopted_book() {
    let scene = Scene::empty();
    let daybook = &scene.daybook;
    daybook.run(&close("2022-01")).expect(2, &["no ledger in"]);
    scene.import(&history());
    daybook.run(&close("2022-01")).expect(2, &["no rule book is adopted", "daybook rules adopt"]);
    scene.adopt(&[]);
    let recorded = LedgerState::read(daybook.ledger()).position;
    daybook.run(&close("2021-12")).expect(2, &["before the first month that any partner has anything in", "2022-01"]);
    daybook.run(&close("2022-02")).expect(2, &["2022-01 is open", "--with-earlier"]);
    daybook.run(&close("2023-01")).expect(2, &["2023-01 is not past on 2022-12-31"]);
    daybook.run(&[&close("2022-01"), ["--override", " "].as_slice()].concat()).expect(2, &["--override is empty"]);
    daybook
        .run(&["close", "--month", "2022-01", "--through", THROUGH, "--by", "Ann", "--reason", " "])
        .expect(2, &["--reason is empty"]);

    let planned = scene.close("2022-02", &["--with-earlier", "--dry-run"]);
    assert_eq!((&planned["outcome"], planned["statements"].as_array().map(Vec::len)), (&json!("dry_run"), Some(3)));
    assert_eq!(LedgerState::read(daybook.ledger()).position, recorded, "a dry run records nothing");

    let one = scene.close("2022-01", &[]);
    assert_eq!((&one["outcome"], one["months"].as_array().map(Vec::len)), (&json!("closed"), Some(1)), "{one}");
    assert_eq!(one["months"][0]["event"], "ledger/closed-2022-01");
    assert_eq!(one["months"][0]["statement_position"], recorded.number());
    assert_eq!(one["months"][0]["position"], recorded.number() + 3, "two statements, then the closing");
    assert_eq!(one["months"][0]["statement_digest"], planned["months"][0]["statement_digest"], "as planned");
    assert_eq!(scene.close("2022-01", &[])["outcome"], "duplicate");
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), recorded.number() + 3);

    let more = scene.close("2022-04", &["--with-earlier"]);
    let months: Vec<_> = more["months"].as_array().unwrap().iter().map(|line| line["month"].clone()).collect();
    assert_eq!(months, ["2022-02", "2022-03", "2022-04"]);
    let verified = scene.expect_whole();
    assert_eq!(verified["closed"], "2022-01 to 2022-04 are closed; 4 computed again, row by row");
    let state = LedgerState::read(daybook.ledger());
    assert_eq!(state.counts.quarantined, 0);
}

#[test]
fn a_figure_that_misses_something_blocks_until_somebody_says_why_not() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    scene.import(&[sale("s-9", "P-B", "2022-01-20", "500.00", "EUR")]);
    let blocked = daybook.run(&[&close("2022-01"), ["--format", "json"].as_slice()].concat());
    blocked.expect(1, &["2022-01 is not closed", "--override"]);
    let report: serde_json::Value = serde_json::from_str(&blocked.stdout).unwrap();
    assert_eq!(report["outcome"], "blocked");
    assert_eq!(report["blocked"], json!([{"month": "2022-01", "partner_id": "P-B", "why": "NOFX"}]));
    assert_eq!(daybook.json(&["verify"])["closed"], "no month");

    let closed = scene.close("2022-01", &["--override", "the rate comes in March"]);
    assert_eq!((&closed["outcome"], &closed["blocked"][0]["why"]), (&json!("closed"), &json!("NOFX")), "{closed}");
    let statement = scene.statement("P-B", "2022-01");
    assert_eq!(statement["provisional"], json!(["NOFX"]), "{statement}");
    assert_eq!(statement["proof"]["closing"]["override_reason"], "the rate comes in March");
    assert_eq!(statement["not_earned"][0]["code"], "NOFX");
    // Nothing stands against the next month, so no reason is kept with it.
    scene.close("2022-02", &["--override", "just in case"]);
    assert_eq!(scene.statement("P-A", "2022-02")["proof"]["closing"]["override_reason"], "");
    scene.expect_whole();
}

/// Closing it all the same would drop what its closed months hand on: it would have no statement.
#[test]
fn a_partner_without_figures_is_closed_by_no_override() {
    let scene = Scene::new();
    scene.close("2022-01", &[]);
    let huge = |at: u32| sale(&format!("huge-{at}"), "P-B", "2022-02-10", "999999999999.00", "USD");
    scene.import(&(0..20).map(huge).collect::<Vec<_>>());
    let recorded = LedgerState::read(scene.daybook.ledger()).position;
    let overridden = [close("2022-02").as_slice(), &["--override", "whatever"]].concat();
    let blocked = scene.daybook.run(&overridden);
    blocked.expect(1, &["2022-02 is not closed", "OVERFLOW", "correct the amount"]);
    assert!(blocked.stdout.contains("blocked") && blocked.stdout.contains("P-B"), "{}", blocked.stdout);
    assert_eq!(LedgerState::read(scene.daybook.ledger()).position, recorded);

    let reversal = |at: u32| {
        format!(
            r#"{{"source":"contoso","event_id":"r-{at}","partner_id":"P-B","effective_on":"2022-02-11","reversal":{{"reverses":"huge-{at}","reason":"typed wrongly"}}}}"#
        )
    };
    scene.import(&(0..20).map(reversal).collect::<Vec<_>>());
    assert_eq!(scene.close("2022-02", &[])["outcome"], "closed");
    scene.expect_whole();
}

#[test]
fn what_waits_in_quarantine_blocks_its_month() {
    let scene = Scene::new();
    scene.import(&[sale("s-3", "P-A", "2022-02-14", "1.00", "USD")]);
    scene.close("2022-01", &[]);
    let blocked = scene.daybook.run(&close("2022-02"));
    blocked.expect(1, &["2022-02 is not closed"]);
    assert!(blocked.stdout.contains("QUARANTINE") && blocked.stdout.contains("P-A"), "{}", blocked.stdout);
    scene.close("2022-02", &["--override", "a test line"]);
    let statement = scene.statement("P-A", "2022-02");
    assert_eq!(statement["provisional"], json!([]), "quarantine has no positions, so it is in no statement");
    scene.expect_whole();
}

#[test]
fn four_eyes_hold_for_closings_too() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let four = [close("2022-01").as_slice(), &["--four-eyes"]].concat();
    daybook.run(&four).expect(2, &["--approver"]);
    daybook.run(&[four.as_slice(), &["--approver", "ANN"]].concat()).expect(2, &["somebody else"]);
    scene.close("2022-01", &["--four-eyes", "--approver", "Bob"]);
    scene.close("2022-02", &[]);
    let statement = scene.statement("P-A", "2022-01");
    assert_eq!(
        (&statement["proof"]["closing"]["closed_by"], &statement["proof"]["closing"]["approver"]),
        (&json!("Ann"), &json!("Bob"))
    );
    let verified = daybook.run(&["verify", "--four-eyes"]);
    verified.expect(1, &[]);
    assert!(
        verified.stdout.contains("CLOSING_SIGNED") && verified.stdout.contains("closed-2022-02"),
        "{}",
        verified.stdout
    );
    assert!(!verified.stdout.contains("closed-2022-01"), "{}", verified.stdout);
}

/// A closing that no `daybook close` made.
pub(super) fn by_hand(id: &str, month: &str, position: u64) -> daybook_event::Envelope {
    let text = |text: &str| text.to_owned();
    let closed = PeriodClosed {
        month: Month::parse(month).unwrap(),
        position: Position::new(position),
        root: text("00"),
        terms_hash: text("11"),
        engine_semantics: 1,
        statement_digest: text("22"),
        override_reason: String::new(),
        views_digest: String::new(),
        closed_by: text("another hand"),
        approver: String::new(),
        reason: String::new(),
    };
    by_ledger(id, None, Payload::PeriodClosed(closed))
}

#[test]
fn a_month_is_closed_once_whoever_does_it() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    scene.close("2022-01", &[]);
    let position = LedgerState::read(daybook.ledger()).position.number();
    let report = scene.import_acts(&[by_hand("closed-2022-01", "2022-01", position)]);
    assert_eq!(
        LedgerState::read(daybook.ledger()).position.number(),
        position,
        "another content under its id: {report}"
    );
    scene.import_acts(&[by_hand("closed-again", "2022-01", position)]);
    let verified = daybook.run(&["verify"]);
    verified.expect(1, &[]);
    assert!(
        verified.stdout.contains("CLOSING_IGNORED") && verified.stdout.contains("closed-again"),
        "{}",
        verified.stdout
    );
    let findings = scene.views(&[])["findings"].clone();
    assert_eq!(findings, json!([{"partner_id": "", "code": "CLOSE_IGNORED", "events": ["ledger/closed-again"]}]));
    let [by, ann, reason, why] = SIGNED;
    daybook.ok(&["close", "--month", "2022-02", "--through", THROUGH, by, ann, reason, why]);
}
