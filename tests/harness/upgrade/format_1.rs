//! The ledger of format 1 that version 0.1.0 wrote.

use super::audit::audit;
use daybook_store::{Ledger, LedgerOptions, LedgerReader};
use daybook_tests::daybook::Daybook;
use daybook_tests::workspace_root;
use serde_json::json;
use std::fs;

#[test]
fn a_copy_of_it_is_taken_over_with_the_same_root_records_and_figures() {
    let fixture = workspace_root().join("tests/fixtures/ledger-0.1.0/ledger.redb");
    let before = fs::read(&fixture).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::copy(&fixture, dir.path().join("ledger.redb")).unwrap();
    let old = audit(dir.path(), None).report;
    assert!(old.is_whole(), "{:?}", old.findings);
    let daybook = Daybook::on(dir.path());
    let views = daybook.json(&["views", "--through", "2022-12-31"]);

    let ledger = Ledger::create_or_open(dir.path(), None, &LedgerOptions::default()).unwrap();
    assert_eq!(ledger.upgraded_from(), Some(1));
    let identity = ledger.reader().identity().unwrap();
    assert_eq!((identity.format, identity.intake_semantics), (3, 1), "what decides is as it was");
    ledger.close().unwrap();

    let new = audit(dir.path(), None).report;
    assert!(new.is_whole(), "{:?}", new.findings);
    assert_eq!((new.head, new.root_recomputed), (old.head, old.root_recomputed));
    assert_eq!(new.quarantine_root_recomputed, old.quarantine_root_recomputed);
    assert_eq!(daybook.json(&["verify", "--month", "all"])["findings"], json!([]));
    assert_eq!(daybook.json(&["views", "--through", "2022-12-31"]), views);
    let again = Ledger::create_or_open(dir.path(), None, &LedgerOptions::default()).unwrap();
    assert_eq!(again.upgraded_from(), None);
    assert!(fs::read(&fixture).unwrap() == before, "the fixture itself is never written");
}

#[test]
fn an_import_into_it_says_once_that_it_was_taken_over() {
    let folder = workspace_root().join("tests/fixtures/ledger-0.1.0");
    let dir = tempfile::tempdir().unwrap();
    fs::copy(folder.join("ledger.redb"), dir.path().join("ledger.redb")).unwrap();
    let events = folder.join("events-1.ndjson");
    let daybook = Daybook::on(dir.path());
    let import = || {
        let output = daybook.command(&["import", "--from", "ndjson", events.to_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = import();
    assert!(said.contains("was of format 1 and is of format 3 from here on"), "{said}");
    assert!(!import().contains("format"), "only once");
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
}

#[test]
fn reading_it_does_not_take_it_over() {
    let fixture = workspace_root().join("tests/fixtures/ledger-0.1.0/ledger.redb");
    let dir = tempfile::tempdir().unwrap();
    fs::copy(&fixture, dir.path().join("ledger.redb")).unwrap();
    let daybook = Daybook::on(dir.path());
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
    daybook.json(&["quarantine", "list"]);
    let reader = LedgerReader::open(dir.path(), &LedgerOptions::default()).unwrap();
    assert_eq!(reader.identity().unwrap().format, 1);
}
