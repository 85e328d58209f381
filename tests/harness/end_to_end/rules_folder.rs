//! A rules folder with an error in it is refused with file, line and what to do.

use daybook_tests::daybook::Daybook;
use daybook_tests::{history::History, workspace_root};
use std::fs;
use std::path::{Path, PathBuf};

const SHIPPED: &str = "ledger/rules/csp-indirect-reseller";

/// A copy of the shipped rule files, changed.
fn rules_with(dir: &Path, file: &str, from: &str, to: &str) -> PathBuf {
    let copy = dir.join("rules");
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(workspace_root().join(SHIPPED)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
        }
    }
    let text = fs::read_to_string(copy.join(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(copy.join(file), text.replacen(from, to, 1)).unwrap();
    copy
}

#[test]
fn every_verb_refuses_rules_with_an_error_and_names_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = History::generate(5, 3, 100).write(dir.path(), "history.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    let rules = rules_with(dir.path(), "2021-10.toml", "\nversion", "\nversoin").display().to_string();
    let named = ["error[R", "2021-10.toml:", "help: "];
    for verb in [
        ["views"].as_slice(),
        &["replay"],
        &["compare", "--candidate", "2021-10"],
        &["rules", "list"],
        &["serve", "--until-drained", "--listen", "127.0.0.1:0"],
    ] {
        daybook.run(&[verb, &["--rules", &rules]].concat()).expect(2, &named);
    }
    let lint = daybook.run(&["rules", "lint", "--rules", &rules]);
    assert_eq!(lint.code(), Some(1), "{}", lint.stderr);
    for name in named {
        assert!(lint.stdout.contains(name), "{name}: {}", lint.stdout);
    }
}

#[test]
fn rules_that_are_not_there_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let nowhere = dir.path().join("nowhere").display().to_string();
    daybook.run(&["rules", "list", "--rules", &nowhere]).expect(2, &[&nowhere]);
    let empty = dir.path().display().to_string();
    daybook.run(&["rules", "lint", "--rules", &empty]).expect(2, &[&empty, ".toml"]);
}

/// Begins long after every record, and builds on a change of the version before.
const LATER: &str = r#"
format = "incentive-rules/1"
program = "csp-indirect-reseller"
version = "2100-01"
extends = "2021-10"
title = "far ahead"
[validity]
from = 2100-01-01
[source.me]
title = "our own reading"
url = "https://example.org"
authority = "internal-reading"
grade = "inferred"
[[change]]
id = "still-more-coop"
set = "coop.threshold"
from = "10000.00 USD"
to = "12000.00 USD"
why = "a test"
cite = "me"
"#;

#[test]
fn changes_on_which_no_figure_depends_are_named_where_the_ledger_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    // Lines of Azure in January 2022: neither the lot, far below both thresholds, nor co-op of 2020 depends on what changed.
    let file = workspace_root().join("replay-fixtures/conflict/events.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    assert!(!daybook.ok(&["rules", "lint"]).contains("R029"));
    let said = daybook.ok(&["rules", "lint", "--against-ledger"]);
    for change in ["coop-threshold", "december-2020-roll-over"] {
        assert!(said.contains(&format!("depends on the change \"{change}\"")), "{said}");
    }
    assert!(
        !said.contains("\"ttm-threshold\"") && said.contains("22 changes asked of the ledger at position 8"),
        "{said}"
    );

    // Nobody asks whether a figure depends on what a gate says to the partner.
    assert!(!said.contains("-sentence") && !said.contains("-how-to"), "{said}");

    let rules = rules_with(dir.path(), "book.toml", "\"catalogue.toml\"", "\"later.toml\", \"catalogue.toml\"");
    fs::write(rules.join("later.toml"), LATER).unwrap();
    let said = daybook.ok(&["rules", "lint", "--against-ledger", "--rules", &rules.display().to_string()]);
    assert!(said.contains("21 changes asked"), "{said}");
    let built_on = said.lines().find(|line| line.starts_with("not asked, because other terms build on them: "));
    assert!(built_on.is_some_and(|line| line.contains(" coop-threshold,")), "{said}");
    assert!(said.contains("because their version begins after that date: still-more-coop\n"), "{said}");

    let nowhere = Daybook::on(&dir.path().join("nowhere"));
    nowhere.run(&["rules", "lint", "--against-ledger"]).expect(2, &["no ledger in", "nowhere"]);
}
