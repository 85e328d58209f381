//! A process that dies at each named point, and what the next one finds.

use crate::common::{event, events, identify, ledger, records, small};
use daybook_store::{CRASH_POINTS, Derived, DerivedOptions, DerivedRead, LedgerReader};
use std::path::Path;
use std::process::{Command, Stdio};

const DIR: &str = "DAYBOOK_STORE_TEST_DIR";
const BATCHES: u64 = 6;
const BATCH: u64 = 11;

/// The work of the process that dies: batches into the ledger, and their count into derived data.
fn work(dir: &Path) {
    let mut ledger = ledger(dir);
    let mut derived = Derived::create_or_open(dir, &DerivedOptions::default()).unwrap();
    for batch in 0..BATCHES {
        ledger.append(events(1 + batch * BATCH, BATCH), None, &[]).unwrap();
        let mut write = derived.begin().unwrap();
        write.global_put("batches", &(batch + 1)).unwrap();
        write.commit().unwrap();
    }
}

#[test]
#[ignore = "the other test of this file runs it, in a process of its own"]
fn dying_process() {
    if let Ok(dir) = std::env::var(DIR) {
        work(Path::new(&dir));
    }
}

fn die(dir: &Path, point: &str) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crashing::dying_process", "--ignored"])
        .env(DIR, dir)
        .env("DAYBOOK_CRASH_POINT", point)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    !status.success()
}

#[test]
fn a_process_killed_at_any_point_leaves_whole_batches() {
    let uninterrupted = tempfile::tempdir().unwrap();
    work(uninterrupted.path());
    let expected = LedgerReader::open(uninterrupted.path(), &small()).unwrap().head().unwrap();
    for point in CRASH_POINTS {
        for turn in [1, 4] {
            let dir = tempfile::tempdir().unwrap();
            assert!(die(dir.path(), &format!("{point}:{turn}")), "{point} is never passed");
            // A reader comes first: it sets the file right without a writer.
            let reader = LedgerReader::open(dir.path(), &small()).unwrap();
            let kept = records(&reader).len() as u64;
            let committed =
                if point == "append:after_commit" || point.starts_with("derived") { turn } else { turn - 1 };
            // Not every batch seals, so that point may be passed in a later batch.
            assert!(
                kept == committed * BATCH || (point == "append:sealed" && kept.is_multiple_of(BATCH)),
                "{point} {kept}"
            );
            let report = reader.verify(identify);
            assert!(report.is_whole(), "{point}: {:?}", report.findings);
            let derived = Derived::create_or_open(dir.path(), &DerivedOptions::default()).unwrap();
            let batches: u64 = derived.reader().snapshot().unwrap().global("batches").unwrap().unwrap_or(0);
            assert!(batches == kept / BATCH || batches + 1 == kept / BATCH, "{point}: {batches} of {kept}");
            drop((reader, derived));
            work(dir.path());
            let mut again = ledger(dir.path());
            assert_eq!(again.head(), expected, "{point}");
            again.append(vec![event("after", "")], None, &[]).unwrap();
            assert!(again.reader().verify(identify).is_whole());
        }
    }
}
