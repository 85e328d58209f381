//! Replay with little memory, on any number of threads, in any number of passes; and stopped half way.

use daybook_tests::daybook::{Daybook, PATIENCE, Running};
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::LiveViews;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SEED: u64 = 20_211_001;
const EVENTS: usize = 2_500;
const PARTNERS: u32 = 12;

/// A ledger with the events of some partners.
pub(super) fn ledger(dir: &Path, events: usize) -> Daybook {
    println!("seed {SEED}: {events} events");
    let file = History::generate(SEED, PARTNERS, events).write(dir, "history.ndjson");
    let daybook = Daybook::on(&dir.join("ledger"));
    daybook.ok(&["import", "--from", "ndjson", &file.display().to_string()]);
    daybook
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn threads_and_passes_change_neither_digest_nor_rows_and_both_are_those_of_the_live_views() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), EVENTS);
    daybook.ok(&["serve", "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    let live = LiveViews::read(daybook.ledger()).expect("serve made views");
    let printed = daybook.json(&["views", "--through", THROUGH]);
    let output = dir.path().join("rows.json");
    let mut passes_seen = Vec::new();
    for memory_max in ["64MiB", "1200KiB", "500KiB", "1KiB"] {
        for threads in ["1", "2", "3"] {
            let path = output.display().to_string();
            let arguments = ["replay", "--from-records", "--through", THROUGH, "--threads", threads];
            let more = ["--memory-max", memory_max, "--output", &path];
            let report = daybook.json(&[arguments.as_slice(), &more].concat());
            let what = format!("{memory_max} on {threads} threads: {report}");
            assert_eq!(report["digest"].as_str(), Some(live.digest.as_str()), "{what}");
            assert!(read(&output) == printed, "{what}: other rows than those of the live views");
            passes_seen.push(report["passes"].as_u64().unwrap());
        }
    }
    assert!(passes_seen.chunks(3).all(|same| same.iter().all(|passes| *passes == same[0])), "{passes_seen:?}");
    let of_memory: Vec<u64> = passes_seen.chunks(3).map(|same| same[0]).collect();
    let whole = u64::from(PARTNERS);
    assert!(matches!(of_memory[..], [1, 2..=4, 5..=11, most] if most == whole), "{of_memory:?}");
    let files: Vec<PathBuf> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 3, "nothing but the history, the ledger and the rows: {files:?}");
}

#[test]
fn computed_views_are_the_same_in_several_passes() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let whole = daybook.json(&["views", "--through", THROUGH]);
    assert!(daybook.json(&["views", "--through", THROUGH, "--memory-max", "1KiB"]) == whole);
    let partner = whole["conservation"][0]["partner_id"].as_str().unwrap();
    let of_one = ["views", "--through", THROUGH, "--partner", partner];
    let one = daybook.json(&of_one);
    assert!(daybook.json(&[of_one.as_slice(), &["--memory-max", "1KiB"]].concat()) == one);
    assert_eq!(one["views_digest"], whole["views_digest"]);
}

#[test]
fn a_window_keeps_the_rows_of_its_months_and_the_digest_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), 600);
    let output = dir.path().join("rows.json");
    let path = output.display().to_string();
    let replay = |window: &[&str]| {
        let report = daybook.json(&[&["replay", "--through", THROUGH, "--output", &path], window].concat());
        (report, read(&output))
    };
    let (all, rows) = replay(&[]);
    let months = |rows: &Value| -> Vec<String> {
        let rows = rows["conservation"].as_array().unwrap().iter();
        rows.map(|row| row["month"].as_str().unwrap().to_owned()).collect()
    };
    let expected: Vec<String> =
        months(&rows).into_iter().filter(|month| ("2021-07"..="2021-12").contains(&&**month)).collect();
    assert!(!expected.is_empty() && expected.len() < months(&rows).len());
    for window in ["FY22H1", "2021-07..2021-12"] {
        let (of_window, some) = replay(&["--window", window]);
        assert_eq!(months(&some), expected, "{window}");
        assert_eq!(of_window["digest"], all["digest"], "{window}");
        let lots = some["lots"].as_array().unwrap();
        assert!(!lots.is_empty() && lots.iter().all(|lot| lot["period"] == "FY22H1"), "{window}: {lots:?}");
        assert_eq!(some["findings"], rows["findings"], "{window}: rows without a month stay");
    }
    daybook.run(&["replay", "--window", "2021-12..2021-07"]).expect(2, &["--window", "2021-12..2021-07"]);
    daybook.run(&["replay", "--memory-max", "512"]).expect(2, &["--memory-max", "512MiB"]);
}

/// Waits until the replay has begun a file, without slack.
fn wait_for_a_part(running: &mut Running, folder: &Path) {
    let since = Instant::now();
    while std::fs::read_dir(folder).unwrap().next().is_none() {
        assert!(!running.has_ended(), "ended before it began: {}", running.log());
        assert!(since.elapsed() < PATIENCE, "never begins: {}", running.log());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_stopped_replay_ends_at_once_and_leaves_no_half_file() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path(), EVENTS);
    let folder = dir.path().join("rows");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("rows.json").display().to_string();
    // A pass for each partner, so that it takes its time.
    let of_records = ["replay", "--from-records", "--through", THROUGH, "--memory-max", "1KiB"];
    let arguments = [of_records.as_slice(), &["--threads", "1", "--output", &path]].concat();
    for (is_interrupt, status) in [(true, 130), (false, 143)] {
        let mut running = daybook.start(&arguments);
        wait_for_a_part(&mut running, &folder);
        let since = Instant::now();
        if is_interrupt {
            running.interrupt();
        } else {
            running.terminate();
        }
        running.wait().expect(status, &["stopped by a signal"]);
        assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn no_threads_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    daybook.run(&["replay", "--threads", "0"]).expect(2, &["--threads", "zero"]);
}
