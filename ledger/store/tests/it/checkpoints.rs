//! Keeping checkpoints. Their notes are made up here: what one says is not the store's business.

use crate::common::{event, events, identify, ledger, small};
use daybook_store::{AppendError, CRASH_POINTS_OF_CHECKPOINTS, LedgerReader, StoredCheckpoint};
use std::path::Path;
use std::process::{Command, Stdio};

const DIR: &str = "DAYBOOK_STORE_CHECKPOINT_DIR";

fn note(size: u64) -> String {
    format!("daybook/x\n{size}\nroot\n\n\u{2014} daybook/x AAAA\n")
}

#[test]
fn checkpoints_are_kept_for_ever_and_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = ledger(dir.path());
    before.append(events(1, 5), None, &[]).unwrap();
    assert_eq!(before.checkpoint_add(&note(5), 5).unwrap(), 1);
    before.append(events(6, 3), None, &[]).unwrap();
    assert_eq!(before.checkpoint_add(&note(8), 8).unwrap(), 2);
    let refused = before.checkpoint_add(&note(9), 9);
    assert!(matches!(refused, Err(AppendError::CheckpointBeyond { size: 9, position: 8 })));
    before.close().unwrap();
    let mut after = ledger(dir.path());
    assert_eq!(after.checkpoint_add(&note(8), 8).unwrap(), 3);
    let snapshot = after.reader().snapshot().unwrap();
    let numbers = |from, count_max| -> Vec<u64> {
        snapshot.checkpoints(from, count_max).unwrap().iter().map(|checkpoint| checkpoint.number).collect()
    };
    assert_eq!((numbers(0, 9), numbers(2, 1), numbers(4, 9)), (vec![1, 2, 3], vec![2], vec![]));
    assert_eq!(snapshot.checkpoint_last().unwrap(), Some(StoredCheckpoint { number: 3, note: note(8) }));
    assert_eq!(after.reader().checkpoints_readable().len(), 3);
    assert!(after.reader().verify(identify).is_whole());
}

#[test]
fn a_kept_note_takes_signatures_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(vec![event("a", "")], None, &[]).unwrap();
    ledger.checkpoint_add(&note(1), 1).unwrap();
    let signed = format!("{}\u{2014} witness BBBB\n", note(1));
    ledger.cosignature_add(1, &signed).unwrap();
    assert_eq!(ledger.reader().snapshot().unwrap().checkpoint_last().unwrap().unwrap().note, signed);
    let missing = ledger.cosignature_add(2, &signed);
    assert!(matches!(missing, Err(AppendError::CheckpointMissing { number: 2, checkpoints: 1 })));
    for other in [note(2), note(1), format!("{signed}and more\n")] {
        assert!(matches!(ledger.cosignature_add(1, &other), Err(AppendError::CheckpointOther { number: 1, .. })));
    }
    assert_eq!(ledger.reader().snapshot().unwrap().checkpoints(1, 9).unwrap().len(), 1);
    assert!(ledger.reader().verify(identify).is_whole());
}

#[test]
#[ignore = "the other test of this file runs it, in a process of its own"]
fn signing_process() {
    if let Ok(dir) = std::env::var(DIR) {
        ledger(Path::new(&dir)).checkpoint_add(&note(2), 2).unwrap();
    }
}

#[test]
fn killed_at_any_point_the_checkpoint_is_there_or_not() {
    for point in CRASH_POINTS_OF_CHECKPOINTS {
        let dir = tempfile::tempdir().unwrap();
        let mut first = ledger(dir.path());
        first.append(events(1, 2), None, &[]).unwrap();
        first.checkpoint_add(&note(1), 1).unwrap();
        drop(first);
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "checkpoints::signing_process", "--ignored"])
            .env(DIR, dir.path())
            .env("DAYBOOK_CRASH_POINT", point)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "{point} is never passed");
        let reader = LedgerReader::open(dir.path(), &small()).unwrap();
        let expected = if point == "checkpoint:after_commit" { 2 } else { 1 };
        assert_eq!(reader.snapshot().unwrap().checkpoints_count().unwrap(), expected, "{point}");
        assert!(reader.verify(identify).is_whole());
    }
}
