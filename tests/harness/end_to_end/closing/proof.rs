//! Closed months held against the records: whole, half done, and made by another hand.

use super::blocked::by_hand;
use super::{Scene, THROUGH, by_ledger, close, sale};
use daybook_event::{Month, PartnerId, Payload, PinnedStatement};
use daybook_tests::ledger_state::LedgerState;
use serde_json::{Value, json};

#[test]
fn a_closing_by_another_hand_counts_and_is_found_wrong() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let position = LedgerState::read(daybook.ledger()).position.number();
    scene.import_acts(&[by_hand("closed-2022-01", "2022-01", position)]);
    let verified = daybook.run(&["verify"]);
    verified.expect(1, &[]);
    for code in ["CLOSING_DIGEST", "CLOSING_ROOT", "CLOSING_TERMS"] {
        assert!(verified.stdout.contains(code), "{code}: {}", verified.stdout);
    }
    assert!(!verified.stdout.contains("CLOSED_MONTH"), "rows are computed only where asked for");
    let again = daybook.run(&["verify", "--month", "2022-01", "--format", "json"]);
    again.expect(1, &[]);
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    let rows: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "CLOSED_MONTH")
        .map(|finding| finding["what"].as_str().unwrap())
        .collect();
    assert!(
        rows.iter().any(|what| what.starts_with("2022-01 of P-B: postings: computed") && what.contains("1600.00")),
        "{rows:#?}"
    );
    assert!(rows.iter().all(|what| what.contains("names the rule book 11")), "{rows:#?}");
    // What was not pinned is missing, and is booked as a difference.
    let true_ups = scene.views(&[])["true_ups"].clone();
    assert_eq!(true_ups.as_array().map(Vec::len), Some(2), "{true_ups}");
    daybook.run(&["verify", "--month", "2022-02"]).expect(2, &["2022-02 is not closed", "2022-01 is closed"]);
    daybook.run(&["verify", "--month", "May"]).expect(2, &["YYYY-MM, or all"]);
}

#[test]
fn a_closing_that_was_killed_half_way_is_finished_by_the_next_and_leaves_nothing_that_counts() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let planned = scene.close("2022-01", &["--dry-run"]);
    let statement = &planned["statements"][0];
    let (month, partner) = (statement["month"].as_str().unwrap(), statement["partner_id"].as_str().unwrap());
    let pinned = PinnedStatement {
        month: Month::parse(month).unwrap(),
        partner_id: PartnerId::parse(partner).unwrap(),
        rows: statement.to_string().into_bytes(),
    };
    // The first of two statements went in, and nothing after it. Meanwhile a sale came.
    scene.import_acts(&[by_ledger("statement-of-before", Some(partner), Payload::PinnedStatement(pinned))]);
    scene.import(&[sale("s-4", "P-A", "2022-01-25", "100.00", "USD")]);
    assert_eq!(scene.statement("P-A", "2022-01")["state"], "open");
    let closed = scene.close("2022-01", &[]);
    assert_eq!((&closed["outcome"], &closed["months"][0]["statements"]), (&json!("closed"), &json!(2)), "{closed}");
    assert_eq!(scene.statement("P-A", "2022-01")["totals"]["earned"], "1204.00");
    assert_eq!(scene.views(&[])["true_ups"], json!([]));
    scene.expect_whole();
    let again = daybook.run(&[close("2022-01").as_slice(), &["--format", "json"]].concat());
    assert!(again.ok().contains("duplicate"));
}

#[test]
fn without_the_book_that_a_month_was_closed_under_current_says_so() {
    let scene = Scene::empty();
    scene.import(&super::history());
    let position = LedgerState::read(scene.daybook.ledger()).position.number();
    scene.import_acts(&[by_hand("closed-2022-01", "2022-01", position)]);
    let views = ["views", "--through", THROUGH];
    scene.daybook.run(&views).expect(2, &["2022-01 was closed by record", "no book is adopted", "--book"]);
    assert_eq!(scene.views(&["--book", "2021-10"])["true_ups"], json!([]));
    // A service goes on, and says it: what cures other things must come in through it.
    let served = scene.daybook.run(&["serve", "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert!(served.stderr.contains("as if nothing were closed"), "{}", served.stderr);
    served.ok();
    scene.daybook.run(&views).expect(2, &["2022-01 was closed by record"]);
    let verified = scene.daybook.run(&["verify"]);
    assert!(
        verified.stdout.contains("equal a replay") && verified.stdout.contains("CLOSING_TERMS"),
        "{}",
        verified.stdout
    );
}
