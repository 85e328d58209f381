//! Comparisons priced from kept folds: the figures of those that read the events, whatever became of the files.

use super::bounded_replay::ledger;
use daybook_tests::daybook::Daybook;
use daybook_tests::history::THROUGH;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Fields that count the work.
const EFFORT: [&str; 3] = ["events_read", "fold_passes", "repriced"];

fn compare(daybook: &Daybook, more: &[&str]) -> Value {
    let compared = ["compare", "--reference", "2020-10", "--candidate", "2021-10", "--format", "json"];
    serde_json::from_str(&daybook.ok(&[compared.as_slice(), more].concat())).unwrap()
}

fn events_read(compared: &Value) -> u64 {
    compared["events_read"].as_u64().unwrap()
}

fn figures(mut compared: Value) -> Value {
    EFFORT.iter().for_each(|field| _ = compared.as_object_mut().unwrap().remove(*field));
    compared
}

/// The file of every kept fold.
fn files(daybook: &Daybook) -> BTreeSet<PathBuf> {
    let folders = std::fs::read_dir(daybook.ledger().join("kept")).unwrap().map(|entry| entry.unwrap().path());
    let inside = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    inside.filter(|path| path.extension().is_some_and(|end| end == "columns")).collect()
}

#[test]
fn a_comparison_that_was_made_before_reads_no_event_other_readings_included() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 1_500);
    let first = compare(&daybook, &["--through", THROUGH]);
    assert_eq!(events_read(&first), first["position"].as_u64().unwrap());
    let second = compare(&daybook, &["--through", THROUGH]);
    assert_eq!((events_read(&second), &second["fold_passes"]), (0, &0.into()));
    assert!(!second["interpretations"].as_array().unwrap().is_empty());
    assert_eq!(figures(second), figures(first));
}

#[test]
fn a_kept_fold_that_is_damaged_cut_or_of_another_shape_is_never_used_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let expected = figures(compare(&daybook, &["--through", THROUGH]));
    type Harm = fn(&mut Vec<u8>);
    let broken: [(&str, Harm); 4] = [
        ("a byte of a block", |bytes| bytes[20] ^= 1),
        ("a byte of the end", |bytes| *bytes.last_mut().unwrap() ^= 1),
        ("half of it", |bytes| bytes.truncate(bytes.len() / 2)),
        ("nothing", Vec::clear),
    ];
    for (what, damage) in broken {
        for file in files(&daybook) {
            let mut bytes = std::fs::read(&file).unwrap();
            damage(&mut bytes);
            std::fs::write(&file, &bytes).unwrap();
        }
        let compared = compare(&daybook, &["--through", THROUGH]);
        assert!(events_read(&compared) > 0, "{what}");
        assert_eq!(figures(compared), expected, "{what}");
        let again = compare(&daybook, &["--through", THROUGH]);
        assert_eq!(events_read(&again), 0, "{what}: not made anew");
        assert_eq!(figures(again), expected, "{what}");
    }
}

#[test]
fn the_oldest_folds_go_and_what_a_newer_record_says_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let two = ["--attribution", "none", "--no-interpretations", "--through"];
    for through in ["2022-01-31", "2022-02-28", "2022-03-31", "2022-04-30", "2022-05-31", "2022-06-30"] {
        compare(&daybook, &[two.as_slice(), &[through]].concat());
        assert!(files(&daybook).len() <= 8, "{:?}", files(&daybook));
    }
    let asked = |through| events_read(&compare(&daybook, &[two.as_slice(), &[through]].concat()));
    assert_eq!(asked("2022-06-30"), 0);
    assert!(asked("2022-01-31") > 0);
    // Up to an earlier record it is another comparison.
    let earlier = [two.as_slice(), &["2022-06-30", "--known-as-of", "300"]].concat();
    assert_eq!(events_read(&compare(&daybook, &earlier)), 300);
}
