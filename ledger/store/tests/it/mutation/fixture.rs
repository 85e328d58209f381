//! The ledger of format 3 that was written when that format was new.

use super::file::{Row, TABLES, edit};
use super::scene::{Kept, Lie, findings, make, options, read, signer};
use daybook_store::{LEDGER_FILE, Ledger, LedgerReader};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder to make the ledger in: see the fixture's `make.sh`.
const MAKE: &str = "DAYBOOK_FIXTURE_DIR";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/ledger-0.2.0-format3")
}

/// What stands in `expected.txt`: records and their root, leaves of the quarantine tree and theirs.
fn state(dir: &Path) -> String {
    let reader = LedgerReader::open(dir, &options()).unwrap();
    let (head, quarantine) = (reader.head().unwrap(), reader.snapshot().unwrap().quarantine_frontier().unwrap());
    let (root, quarantine_root) = (hex::encode(head.root), hex::encode(quarantine.root()));
    format!(
        "position {}\nroot {root}\nleaves {}\nquarantine root {quarantine_root}\n",
        head.position,
        quarantine.size()
    )
}

fn rows(dir: &Path) -> BTreeMap<&'static str, Vec<Row>> {
    edit(dir, |edit| TABLES.iter().map(|(table, _)| (*table, edit.rows(table))).collect())
}

#[test]
#[ignore = "make.sh of the fixture runs it"]
fn make_the_fixture() {
    if let Ok(dir) = std::env::var(MAKE) {
        make(Path::new(&dir), Lie::None, None);
        print!("{}", state(Path::new(&dir)));
    }
}

#[test]
fn it_is_whole_and_has_the_roots_of_then() {
    let (dir, anew) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::copy(folder().join(LEDGER_FILE), dir.path().join(LEDGER_FILE)).unwrap();
    let notes = make(anew.path(), Lie::None, None);
    let kept = Kept { key: signer().public().clone(), note: notes[2].clone() };
    assert_eq!(findings(dir.path(), &kept), Vec::<String>::new());
    assert_eq!(state(dir.path()), fs::read_to_string(folder().join("expected.txt")).unwrap());
    let ledger = Ledger::create_or_open(dir.path(), None, &options()).unwrap();
    assert_eq!(ledger.upgraded_from(), None);
    drop(ledger);
    assert!(read(dir.path()).unwrap() == read(anew.path()).unwrap());
    // The same messages make the same rows today, slabs among them.
    let (then, today) = (rows(dir.path()), rows(anew.path()));
    for (table, _) in TABLES {
        assert!(then[table] == today[table], "{table}");
    }
}
