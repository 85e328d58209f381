//! Replays from column files: the same as from the records, up to any position, whatever became of the files.

use super::bounded_replay::ledger;
use daybook_tests::daybook::Daybook;
use daybook_tests::history::THROUGH;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn replay(daybook: &Daybook, more: &[&str]) -> Value {
    daybook.json(&[["replay", "--through", THROUGH].as_slice(), more].concat())
}

fn rows(daybook: &Daybook, output: &Path, more: &[&str]) -> Value {
    let path = output.display().to_string();
    replay(daybook, &[more, &["--output", &path]].concat());
    serde_json::from_str(&std::fs::read_to_string(output).unwrap()).unwrap()
}

/// The run's file: there is one.
fn run_file(daybook: &Daybook) -> PathBuf {
    let files = std::fs::read_dir(daybook.ledger().join("columns")).unwrap().map(|entry| entry.unwrap().path());
    let runs: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "columns")).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

#[test]
fn a_replay_from_columns_is_the_one_from_records_up_to_any_position() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let output = dir.path().join("rows.json");
    for known in [[].as_slice(), &["--known-as-of", "321"], &["--known-as-of", "1"], &["--window", "FY22H1"]] {
        let columns = replay(&daybook, known);
        let records = replay(&daybook, &[known, &["--from-records"]].concat());
        assert_eq!((&columns["read"], &records["read"]), (&"columns".into(), &"records".into()));
        assert!(columns["columns_ms"].is_u64() && records["columns_ms"].is_null(), "{columns}");
        for same in ["digest", "measures", "partners", "position", "through", "closed"] {
            assert_eq!(columns[same], records[same], "{same} of {known:?}");
        }
        for threads in ["1", "3"] {
            assert_eq!(replay(&daybook, &[known, &["--threads", threads]].concat())["digest"], columns["digest"]);
        }
        let of_columns = rows(&daybook, &output, known);
        assert!(of_columns == rows(&daybook, &output, &[known, &["--from-records"]].concat()), "{known:?}");
    }
}

#[test]
fn damaged_columns_are_found_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let digest = replay(&daybook, &["--from-records"])["digest"].clone();
    assert!(daybook.ok(&["verify"]).contains("none: daybook replay makes them"));
    assert_eq!(replay(&daybook, &[])["digest"], digest);
    assert!(daybook.ok(&["verify"]).contains("say what the records say, up to position"));
    let file = run_file(&daybook);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let found = daybook.run(&["verify"]);
    found.expect(1, &["1 faults"]);
    assert!(found.stdout.contains("delete the folder columns, it comes back"), "{}", found.stdout);
    assert_eq!(replay(&daybook, &[])["digest"], digest);
    daybook.ok(&["verify"]);
    std::fs::remove_dir_all(daybook.ledger().join("columns")).unwrap();
    assert_eq!(replay(&daybook, &[])["digest"], digest);
}

#[test]
fn views_from_columns_are_the_bytes_of_those_from_records_and_write_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let asked = ["views", "--through", THROUGH, "--format", "json"];
    let whole: Value = serde_json::from_str(&daybook.ok(&asked)).unwrap();
    let partner = whole["postings"][0]["partner_id"].as_str().unwrap().to_owned();
    let of_one = ["--partner", &partner];
    let more: [&[&str]; 4] = [&[], &of_one, &["--known-as-of", "321"], &["--book", "2020-10"]];
    let views = |more: &&[&str]| daybook.ok(&[asked.as_slice(), more].concat());
    let of_records: Vec<String> = more.iter().map(views).collect();
    assert!(!daybook.ledger().join("columns").exists());
    replay(&daybook, &[]);
    let of_columns: Vec<String> = more.iter().map(views).collect();
    assert!(of_columns == of_records);
    daybook.run(&[asked.as_slice(), &["--partner", "nobody-at-all"]].concat()).expect(2, &["nobody-at-all"]);
    let file = run_file(&daybook);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let damaged = daybook.run(&asked);
    assert!(damaged.stderr.contains("the records are read instead"), "{}", damaged.stderr);
    assert!(damaged.stdout == of_records[0]);
}
