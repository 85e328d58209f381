//! A ledger whose bytes were changed gives the right figures or none, and `verify` says where.

use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use std::fs;

const SEED: u64 = 20_220_101;
const EVENTS: usize = 2_000;
/// Flips spread over the middle of the file, where the segments are.
const FLIPS: usize = 12;

#[test]
fn a_flipped_byte_is_named_by_verify_and_never_gives_other_figures() {
    println!("seed {SEED}");
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = History::generate(SEED, 8, EVENTS).write(dir.path(), "history.ndjson");
    daybook.ok(&["import", "--from", "ndjson", &file.display().to_string()]);
    let views = ["views", "--through", THROUGH, "--format", "json"];
    let right: serde_json::Value = serde_json::from_str(&daybook.ok(&views)).unwrap();
    let path = daybook.ledger().join(daybook_store::LEDGER_FILE);
    let whole = fs::read(&path).unwrap();
    let (mut found, mut refused, mut right_all_the_same) = (0, 0, 0);
    for flip in 0..FLIPS {
        let at = whole.len() / 8 + flip * (whole.len() * 3 / 4 / FLIPS);
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        let printed = daybook.run(&views);
        match printed.code() {
            Some(0) => {
                let said: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
                assert_eq!(
                    daybook_tests::json_differences(&right, &said),
                    [""; 0],
                    "a flip at {at} gave other figures"
                );
                right_all_the_same += 1;
            }
            Some(2) => {
                assert!(!printed.stderr.contains("RUST_BACKTRACE"), "a flip at {at}: {}", printed.stderr);
                refused += 1;
            }
            _ => panic!("a flip at {at}: {}\n{}", printed.status, printed.stderr),
        }
        let verified = daybook.run(&["verify", "--format", "json"]);
        match verified.code() {
            Some(0) => assert_eq!(printed.code(), Some(0), "a flip at {at} is refused by views and whole to verify"),
            Some(1) => {
                let report: serde_json::Value = serde_json::from_str(&verified.stdout).unwrap();
                let finding = &report["findings"][0];
                let is_named = |key: &str| finding[key].as_str().is_some_and(|text| !text.is_empty());
                assert!(is_named("code") && is_named("place") && is_named("what"), "a flip at {at}: {report}");
                found += 1;
            }
            // So damaged that it does not open: said, too.
            Some(2) => assert!(verified.stderr.contains(daybook_store::LEDGER_FILE), "{}", verified.stderr),
            _ => panic!("a flip at {at}: {}\n{}", verified.status, verified.stderr),
        }
    }
    println!(
        "{FLIPS} flips: {found} found by verify, views refused {refused} and were right {right_all_the_same} times"
    );
    assert!(found > 0 && refused > 0, "no flip hit a record");
    fs::write(&path, &whole).unwrap();
    daybook.ok(&["verify"]);
}

/// Where this text stands in a file.
fn places(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    (0..bytes.len().saturating_sub(text.len())).filter(|at| bytes[*at..].starts_with(text)).collect()
}

#[test]
fn flipped_bytes_in_the_views_are_a_finding_and_the_views_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = History::generate(SEED, 8, EVENTS).write(dir.path(), "history.ndjson");
    daybook.ok(&["import", "--from", "ndjson", &file.display().to_string()]);
    let project = ["serve", "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH];
    daybook.ok(&project);
    let right = daybook.json(&["views", "--through", THROUGH]);
    let path = daybook.ledger().join(daybook_store::DERIVED_FILE);
    let whole = fs::read(&path).unwrap();
    // Rows are kept packed: this is how each packed piece begins, and one of them at least holds live rows.
    let in_rows = places(&whole, &[0x28, 0xb5, 0x2f, 0xfd]);
    assert!(!in_rows.is_empty());
    let spread = (0..FLIPS).map(|flip| vec![whole.len() / 16 + flip * whole.len() * 7 / 8 / FLIPS]);
    for flips in spread.chain([in_rows]) {
        let mut damaged = whole.clone();
        flips.iter().for_each(|at| damaged[*at] ^= 0x01);
        fs::write(&path, &damaged).unwrap();
        let said = daybook.json(&["views", "--through", THROUGH]);
        assert_eq!(daybook_tests::json_differences(&right, &said), [""; 0], "flips at {flips:?} gave other figures");
        let verified = daybook.run(&["verify"]);
        assert!(matches!(verified.code(), Some(0 | 1)), "flips at {flips:?}: {}", verified.stderr);
        if flips.len() > 1 {
            verified.expect(1, &["verify found 1 faults"]);
            assert!(verified.stdout.contains(daybook_store::DERIVED_FILE), "{}", verified.stdout);
        }
    }
    fs::remove_file(&path).unwrap();
    daybook.ok(&project);
    assert_eq!(daybook.json(&["verify"])["findings"], serde_json::json!([]));
}
