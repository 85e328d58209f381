//! The books as files: what other people's tools read.

use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::workspace_root;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

fn ledger(dir: &std::path::Path) -> Daybook {
    let daybook = Daybook::on(&dir.join("ledger"));
    let file = History::generate(8, 6, 2_000).write(dir, "history.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    daybook
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Sums of one side of what the three forms say, by account.
type Balances = BTreeMap<String, Decimal>;

fn nonzero(mut balances: Balances) -> Balances {
    balances.retain(|_, balance| !balance.is_zero());
    balances
}

fn of_csv(text: &str) -> Balances {
    let mut balances = Balances::new();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("on,partner_id,kind,month,lever,rule_set,lot,claim_id,cause,description,account,amount,currency")
    );
    for line in lines {
        let mut from_the_end = line.rsplit(',');
        assert_eq!(from_the_end.next(), Some("USD"), "{line}");
        let amount = number(from_the_end.next().unwrap());
        *balances.entry(from_the_end.next().unwrap().to_owned()).or_default() += amount;
    }
    nonzero(balances)
}

fn of_json(document: &Value) -> Balances {
    let entries = document["entries"].as_array().unwrap();
    assert!(entries.len() > 100, "only {} entries", entries.len());
    let mut balances = Balances::new();
    for entry in entries {
        let lines = entry["lines"].as_array().unwrap();
        let amounts = lines.iter().map(|line| (line["account"].as_str().unwrap(), line["amount"].as_str().unwrap()));
        let mut sum = Decimal::ZERO;
        for (account, amount) in amounts {
            sum += number(amount);
            *balances.entry(account.to_owned()).or_default() += number(amount);
        }
        assert!(sum.is_zero(), "{entry}");
    }
    nonzero(balances)
}

/// What the journal's last transaction asserts.
fn asserted(journal: &str) -> Balances {
    let (_, last) = journal.rsplit_once("daybook | balances by the views\n").unwrap();
    let line = |line: &str| {
        let (account, rest) = line.trim().split_once("  ").unwrap();
        let balance = rest.strip_prefix("0.00 USD = ").and_then(|rest| rest.strip_suffix(" USD")).unwrap();
        (account.to_owned(), number(balance))
    };
    nonzero(last.lines().map(line).collect())
}

#[test]
fn journal_csv_and_json_hold_the_same_books() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let export = |to: &str| daybook.ok(&["export", "--to", to, "--through", THROUGH]);
    let document: Value = serde_json::from_str(&export("json")).unwrap();
    let from_entries = of_json(&document);
    assert_eq!(of_csv(&export("csv")), from_entries);
    let journal = export("hledger");
    assert_eq!(asserted(&journal), from_entries);
    let stated = document["balances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| (of["account"].as_str().unwrap().to_owned(), number(of["balance"].as_str().unwrap())));
    assert_eq!(nonzero(stated.collect()), from_entries);
    for account in from_entries.keys() {
        assert!(journal.contains(&format!("\naccount {account}\n")), "{account} is not declared");
    }
    let views = daybook.json(&["views", "--through", THROUGH]);
    assert_eq!(document["views_digest"], views["views_digest"]);
}

#[test]
fn a_file_is_what_standard_output_would_be_and_an_unknown_partner_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let events = workspace_root().join("replay-fixtures/claim-approved-and-paid/events.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &events]);
    let file = dir.path().join("books.journal").display().to_string();
    let export = ["export", "--to", "hledger", "--through", "2022-12-31"];
    assert_eq!(daybook.ok(&[export.as_slice(), &["--output", &file]].concat()), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), daybook.ok(&export));
    let unknown = daybook.run(&[export.as_slice(), &["--partner", "P-NOBODY"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(unknown.stderr.contains("P-NOBODY"), "{}", unknown.stderr);
}
