//! A ledger with closed months that an earlier build wrote: every later build finds the same in it.

use daybook_tests::daybook::Daybook;
use daybook_tests::{daybook_bin, workspace_root};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What stands in `expected.toml`.
#[derive(Deserialize)]
struct Expected {
    position: u64,
    root: String,
    through: String,
    views_digest: String,
    closed: Vec<Closed>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Closed {
    month: String,
    position: u64,
    statement_digest: String,
}

fn folder() -> PathBuf {
    workspace_root().join("tests/fixtures/ledger-0.1.0")
}

fn expected() -> Expected {
    toml::from_str(&fs::read_to_string(folder().join("expected.toml")).unwrap()).unwrap()
}

/// The closings as the statements of a partner that is in every month name them.
fn closings(daybook: &Daybook, expected: &Expected) -> Vec<Closed> {
    let closing = |closed: &Closed| {
        let of = ["statement", "--partner", "P-BIRCH", "--month", &closed.month, "--through", &expected.through];
        let closing = daybook.json(&of)["proof"]["closing"].clone();
        let digest = closing["statement_digest"].as_str().unwrap().to_owned();
        Closed {
            month: closed.month.clone(),
            position: closing["position"].as_u64().unwrap(),
            statement_digest: digest,
        }
    };
    expected.closed.iter().map(closing).collect()
}

fn views(daybook: &Daybook, expected: &Expected) -> Value {
    daybook.json(&["views", "--through", &expected.through])
}

#[test]
fn the_ledger_of_an_earlier_build_is_whole_and_its_closed_months_are_computed_again_to_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    fs::create_dir(&ledger).unwrap();
    fs::copy(folder().join("ledger.redb"), ledger.join("ledger.redb")).unwrap();
    let (daybook, expected) = (Daybook::on(&ledger), expected());
    let verified = daybook.json(&["verify", "--month", "all"]);
    assert_eq!(verified["findings"], json!([]), "{verified}");
    assert_eq!(verified["closed"], "2021-07 to 2022-01 are closed; 7 computed again, row by row");
    assert_eq!((&verified["position"], &verified["root"]), (&json!(expected.position), &json!(expected.root)));
    assert_eq!(views(&daybook, &expected)["views_digest"], json!(expected.views_digest));
    assert_eq!(closings(&daybook, &expected), expected.closed);
    let served = ["serve", "--until-drained", "--listen", "127.0.0.1:0", "--through", &expected.through];
    daybook.ok(&served);
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
    assert_eq!(views(&daybook, &expected)["views_digest"], json!(expected.views_digest), "of the live views");
}

#[test]
fn the_same_events_and_acts_make_the_same_statements_and_figures_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (daybook, expected) = (Daybook::on(&dir.path().join("ledger")), expected());
    let mut make = Command::new("bash");
    make.arg(folder().join("make.sh")).arg(daybook_bin().unwrap()).arg(daybook.ledger());
    make.env_remove("DAYBOOK_RULES").env_remove("DAYBOOK_FOUR_EYES").env_remove("DAYBOOK_CONFIG");
    let made = make.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(closings(&daybook, &expected), expected.closed);
    let views = views(&daybook, &expected);
    assert_eq!(views["views_digest"], json!(expected.views_digest));
    assert_ne!(views["root"], json!(expected.root), "its records were taken at another moment");
}
