//! A comparison as files: the page, and every table.

use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use std::collections::BTreeMap;
use std::path::Path;

/// The tables that a folder holds, whatever is asked for.
const TABLES: &[&str] = &[
    "bands",
    "by_area",
    "by_lever",
    "by_month",
    "by_size",
    "cash_days",
    "changes",
    "concentration",
    "distribution",
    "interpretations",
    "movers",
    "near_cliffs",
    "partners",
    "ranges",
    "states",
    "totals",
    "transitions",
];

/// The page and the tables of a comparison that asks for everything.
fn files(daybook: &Daybook, dir: &Path, name: &str) -> (String, BTreeMap<String, String>) {
    let (html, csv) = (dir.join(format!("{name}.html")), dir.join(name));
    let [page, folder] = [&html, &csv].map(|path| path.display().to_string());
    let compared = ["compare", "--reference", "2020-10", "--candidate", "2021-10", "--through", THROUGH];
    let asked = ["--vary", "coop.threshold=0..10000/2", "--html", &page, "--csv", &folder];
    daybook.ok(&[compared.as_slice(), &asked].concat());
    let tables = std::fs::read_dir(csv).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
    });
    (std::fs::read_to_string(html).unwrap(), tables.collect())
}

#[test]
fn a_comparison_is_written_as_a_page_and_as_tables_the_same_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = History::generate(8, 6, 2_000).write(dir.path(), "history.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    let (page, tables) = files(&daybook, dir.path(), "one");
    assert_eq!((page.clone(), tables.clone()), files(&daybook, dir.path(), "two"));

    let names: Vec<&str> = tables.keys().map(String::as_str).filter(|name| !name.starts_with("sensitivity")).collect();
    assert_eq!(names, TABLES);
    assert!(tables.contains_key("sensitivity-coop.threshold"), "{:?}", tables.keys());
    assert_eq!(tables["bands"].lines().count(), 11, "{}", tables["bands"]);
    assert!(tables["totals"].contains("by_change.ttm-threshold"), "{}", tables["totals"]);

    let head = page.split("</dl>").next().unwrap();
    for part in ["2020-10", "2021-10", "--known-as-of", "--through", "--vary coop.threshold=0..10000/2"] {
        assert!(head.contains(part), "{part}: {head}");
    }
    assert!(!page.contains("Check failed"), "{head}");
    for chart in ["waterfall-earned", "bands", "transitions", "scatter-coop", "months", "readings", "sensitivity-1"] {
        assert!(page.contains(&format!("id=\"chart-{chart}\"")), "{chart}");
    }
}

#[test]
fn values_of_a_parameter_are_never_computed_and_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = History::generate(8, 2, 200).write(dir.path(), "history.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    let compared = ["compare", "--reference", "2020-10", "--candidate", "2021-10", "--format", "csv"];
    let varied = [compared.as_slice(), &["--vary", "coop.threshold=0..10000/2"]].concat();
    daybook.run(&varied).expect(2, &["--vary", "--csv DIR"]);
    let folder = dir.path().join("tables");
    daybook.ok(&[varied.as_slice(), &["--csv", &folder.display().to_string()]].concat());
    assert!(folder.join("sensitivity-coop.threshold.csv").exists());
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = History::generate(8, 2, 200).write(dir.path(), "history.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    let nowhere = dir.path().join("no such folder/page.html").display().to_string();
    let run = daybook.run(&["compare", "--reference", "2020-10", "--candidate", "2021-10", "--html", &nowhere]);
    assert_eq!(run.code(), Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("cannot write the page") && run.stderr.contains("no such folder"), "{}", run.stderr);
}
