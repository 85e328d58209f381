//! Ledgers of formats 1 and 2 under a build that writes format 3.

use crate::common::{act, appended, event, events, faulty, id, id_of, identify, ledger, records, small};
use daybook_event::{Instant, Position};
use daybook_store::{
    CRASH_POINTS_OF_UPGRADE, EntryState, FindingCode, Frontier, Incoming, Judge, LEDGER_FILE, Ledger, LedgerOptions,
    LedgerReader, OpenError, Origin, Outcome, ReadError, RecordRef,
};
use redb::{ReadableTable, TableDefinition};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

const DIR: &str = "DAYBOOK_STORE_UPGRADE_DIR";
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

fn change(dir: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = redb::Database::open(dir.join(LEDGER_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

/// Makes a ledger with records and quarantine entries, and takes from it what format 2 adds: what is left is what a build
/// of format 1 wrote. The quarantine tree that it had is returned.
fn format_1(dir: &Path) -> Frontier {
    let options = LedgerOptions { intake_semantics: 1, ..small() };
    let mut ledger = Ledger::create_or_open(dir, Some(daybook_store::Binding::Files), &options).unwrap();
    ledger.append(events(1, 30), None, &[]).unwrap();
    ledger.append(vec![faulty(b"one"), event("e-1", "a conflict"), faulty(b"three")], None, &[]).unwrap();
    let frontier = ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap();
    ledger.close().unwrap();
    entries_of_format_2(dir);
    change(dir, |transaction| {
        for table in ["decisions", "entry_states", "checkpoints"] {
            transaction.delete_table(TableDefinition::<u64, &[u8]>::new(table)).unwrap();
        }
        let mut meta = transaction.open_table(META).unwrap();
        meta.remove("kept").unwrap();
        meta.remove("quarantine_frontier").unwrap();
        meta.insert("format", [0, 0, 0, 1].as_slice()).unwrap();
    });
    frontier
}

/// Puts the table of idempotency entries in the place of names, slabs and marks.
fn entries_of_format_2(dir: &Path) {
    const ENTRIES: TableDefinition<[u8; 16], [u8; 28]> = TableDefinition::new("event_keys");
    const NAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("names");
    change(dir, |transaction| {
        let mut names = Vec::new();
        for row in transaction.open_table(NAMES).unwrap().iter().unwrap() {
            names.extend_from_slice(&row.unwrap().1.value()[16..]);
        }
        let mut entries = transaction.open_table(ENTRIES).unwrap();
        for (name, position) in names.chunks(32).zip(1_u64..) {
            let (key, content) = name.split_at(16);
            let row = [&position.to_be_bytes(), content].concat();
            let row = [&row[..], &check(key, &row)].concat();
            entries.insert(<[u8; 16]>::try_from(key).unwrap(), <[u8; 28]>::try_from(row).unwrap()).unwrap();
        }
        transaction.delete_table(NAMES).unwrap();
        transaction.delete_table(TableDefinition::<(u8, u64, u32), &[u8]>::new("slabs")).unwrap();
        transaction.delete_table(TableDefinition::<u64, [u8; 4]>::new("acts")).unwrap();
        let mut meta = transaction.open_table(META).unwrap();
        meta.remove("keys").unwrap();
        meta.insert("format", [0, 0, 0, 2].as_slice()).unwrap();
    });
}

fn check(domain: &[u8], content: &[u8]) -> [u8; 4] {
    let length = u32::try_from(domain.len()).unwrap().to_be_bytes();
    let digest = Sha256::new().chain_update(length).chain_update(domain).chain_update(content).finalize();
    digest[..4].try_into().unwrap()
}

/// Makes a ledger of format 2 with runs of several levels and records of the operators.
fn format_2(dir: &Path) {
    let mut ledger = ledger(dir);
    ledger.append(events(1, 700), None, &[]).unwrap();
    ledger.append(vec![act("a-1"), event("later", ""), act("a-2")], None, &[]).unwrap();
    ledger.checkpoint_add("x\n1\n\n\u{2014} x AAAA\n", 1).unwrap();
    ledger.close().unwrap();
    entries_of_format_2(dir);
}

fn judge(envelope: Vec<u8>, recorded_at: Instant, origin: Origin) -> Incoming {
    let (id, content_hash) = id_of(&envelope).unwrap();
    Incoming::Event { id, content_hash, recorded_at, envelope, origin, decision: None }
}

fn acts_visited(reader: &LedgerReader) -> Vec<u64> {
    let (snapshot, mut visited) = (reader.snapshot().unwrap(), Vec::new());
    let visit = |record: RecordRef<'_>| {
        visited.push(record.position.number());
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    };
    snapshot.scan_acts(Position::new(2), Position::new(u64::MAX), visit).unwrap();
    visited
}

#[test]
fn a_ledger_of_format_2_is_taken_over_with_every_name() {
    for judge in [None, Some(judge as Judge)] {
        let dir = tempfile::tempdir().unwrap();
        format_2(dir.path());
        let before = LedgerReader::open(dir.path(), &small()).unwrap();
        let report = before.verify(identify);
        assert!(report.is_whole() && before.identity().unwrap().format == 2, "{:?}", report.findings);
        assert_eq!(acts_visited(&before), (2..=703).collect::<Vec<_>>());
        let head = before.head().unwrap();
        assert_eq!(before.position_of(&id("e-300")).unwrap().unwrap().0.number(), 300);
        let options = LedgerOptions { judge, ..small() };
        let mut ledger = Ledger::create_or_open(dir.path(), None, &options).unwrap();
        assert_eq!((ledger.upgraded_from(), ledger.head()), (Some(2), head));
        let batch = vec![event("e-300", "another"), event("later", ""), event("new", ""), act("a-3")];
        let outcomes = ledger.append(batch, None, &[]).unwrap().outcomes;
        assert!(matches!(outcomes[0], Outcome::Conflict { with, .. } if with.number() == 300), "{outcomes:?}");
        assert_eq!(outcomes[1..], [Outcome::Duplicate { of: Position::new(702) }, appended(704), appended(705)]);
        let report = ledger.reader().verify(identify);
        assert!(report.is_whole(), "{:?}", report.findings);
        assert_eq!(before.position_of(&id("new")).unwrap().unwrap().0.number(), 704);
        // Without a judge nobody knows which of the older records are the operators': all of them are visited.
        let known = if judge.is_some() { vec![701, 703, 705] } else { (2..=703).chain([705]).collect() };
        assert_eq!(acts_visited(&ledger.reader()), known);
    }
}

#[test]
fn an_entry_that_is_gone_or_damaged_stops_the_upgrade() {
    const ENTRIES: TableDefinition<[u8; 16], [u8; 28]> = TableDefinition::new("event_keys");
    for damage in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        format_2(dir.path());
        change(dir.path(), |transaction| {
            let mut entries = transaction.open_table(ENTRIES).unwrap();
            let (key, row) = entries.pop_first().unwrap().map(|(key, row)| (key.value(), row.value())).unwrap();
            match damage {
                0 => {}
                1 => drop(entries.insert(key, [row[0] ^ 1; 28]).unwrap()),
                _ => {
                    let other = [key[0] ^ 1; 16];
                    let row = [&row[..24], &check(&other, &row[..24])].concat();
                    entries.insert(other, <[u8; 28]>::try_from(row).unwrap()).unwrap();
                    entries.insert(key, [0; 28]).unwrap();
                }
            }
        });
        let refused = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
        assert!(matches!(refused, Err(OpenError::Damaged { .. })), "{refused:?}");
        assert_eq!(format_of(dir.path()), 2);
    }
}

fn format_of(dir: &Path) -> u32 {
    LedgerReader::open(dir, &small()).unwrap().identity().unwrap().format
}

#[test]
fn a_ledger_of_format_1_is_read_and_verified_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let frontier = format_1(dir.path());
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    let report = reader.verify(identify);
    assert!(report.is_whole(), "{:?}", report.findings);
    let snapshot = reader.snapshot().unwrap();
    assert_eq!(snapshot.identity().format, 1);
    assert_eq!(snapshot.quarantine_frontier().unwrap(), frontier);
    assert_eq!(report.quarantine_root_recomputed, Some(frontier.root()));
    let entries = snapshot.quarantine_list(1, 10).unwrap();
    assert_eq!(snapshot.entry_states(&entries).unwrap(), [EntryState::Open; 3]);
    assert_eq!((snapshot.checkpoints(1, 9).unwrap(), snapshot.checkpoints_count().unwrap()), (vec![], 0));
    assert!(snapshot.disk_usage().unwrap().stored_bytes > 0);
}

#[test]
fn a_writer_takes_it_over_once_and_changes_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let frontier = format_1(dir.path());
    let before = LedgerReader::open(dir.path(), &small()).unwrap();
    let (head, kept) = (before.head().unwrap(), records(&before));
    let mut ledger = ledger(dir.path());
    assert_eq!(ledger.upgraded_from(), Some(1));
    assert_eq!((ledger.head(), records(&ledger.reader())), (head, kept));
    // Who had it open for reading reads on, the new format.
    assert_eq!((before.head().unwrap(), before.identity().unwrap().format), (head, 3));
    assert_eq!(ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap(), frontier);
    assert_eq!(ledger.append(vec![event("more", "")], None, &[]).unwrap().outcomes, [appended(31)]);
    assert!(ledger.reader().verify(identify).is_whole());
    ledger.close().unwrap();
    let again = crate::common::ledger(dir.path());
    assert_eq!((again.upgraded_from(), again.reader().identity().unwrap().intake_semantics), (None, 1));
}

#[test]
#[ignore = "the other test of this file runs it, in a process of its own"]
fn upgrading_process() {
    if let Ok(dir) = std::env::var(DIR) {
        drop(ledger(Path::new(&dir)));
    }
}

#[test]
fn killed_at_any_point_it_is_of_the_one_format_or_the_other() {
    for point in CRASH_POINTS_OF_UPGRADE {
        let dir = tempfile::tempdir().unwrap();
        let frontier = format_1(dir.path());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "upgrading::upgrading_process", "--ignored"])
            .env(DIR, dir.path())
            .env("DAYBOOK_CRASH_POINT", point)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "{point} is never passed");
        assert_eq!(format_of(dir.path()), if point == "upgrade:after_commit" { 3 } else { 1 }, "{point}");
        let report = LedgerReader::open(dir.path(), &small()).unwrap().verify(identify);
        assert!(report.is_whole(), "{point}: {:?}", report.findings);
        let ledger = ledger(dir.path());
        assert_eq!(ledger.upgraded_from().is_none(), point == "upgrade:after_commit");
        let report = ledger.reader().verify(identify);
        assert!(report.is_whole(), "{point}: {:?}", report.findings);
        assert_eq!(report.quarantine_root_recomputed, Some(frontier.root()));
    }
}

#[test]
fn what_is_damaged_is_not_taken_over() {
    const QUARANTINE: TableDefinition<u64, &[u8]> = TableDefinition::new("quarantine");
    for damage in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        format_1(dir.path());
        change(dir.path(), |transaction| {
            let mut table = transaction.open_table(QUARANTINE).unwrap();
            match damage {
                0 => drop(table.remove(3).unwrap()),
                1 => drop(table.remove(1).unwrap()),
                _ => drop(table.insert(2, [7_u8; 60].as_slice()).unwrap()),
            }
        });
        let refused = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
        assert!(matches!(refused, Err(OpenError::Damaged { .. })), "{refused:?}");
        assert_eq!(format_of(dir.path()), 1);
    }
}

#[test]
fn a_format_number_set_back_is_found_and_not_upgraded_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut whole = ledger(dir.path());
    whole.append(vec![event("a", "")], None, &[]).unwrap();
    whole.checkpoint_add("x\n1\n\n\u{2014} x AAAA\n", 1).unwrap();
    whole.close().unwrap();
    change(dir.path(), |transaction| {
        transaction.open_table(META).unwrap().insert("format", [0, 0, 0, 1].as_slice()).unwrap();
    });
    let report = LedgerReader::open(dir.path(), &small()).unwrap().verify(identify);
    let unknown = report.findings.iter().filter(|finding| finding.code == FindingCode::Unknown).count();
    assert_eq!(unknown, 9, "{:?}", report.findings);
    let refused = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
    assert!(matches!(refused, Err(OpenError::Damaged { .. })), "{refused:?}");
}

#[test]
fn a_newer_format_is_refused_by_number_and_the_file_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger(dir.path()));
    change(dir.path(), |transaction| {
        transaction.open_table(META).unwrap().insert("format", [0, 0, 1, 0].as_slice()).unwrap();
    });
    // The first open may set right what the change left unclosed.
    let _ = LedgerReader::open(dir.path(), &small());
    let before = std::fs::read(dir.path().join(LEDGER_FILE)).unwrap();
    for _ in 0..2 {
        let read = LedgerReader::open(dir.path(), &small()).map(|_| ()).unwrap_err();
        assert!(matches!(read, OpenError::Newer { found: 256, known: 3, .. }), "{read}");
        let text = read.to_string();
        assert!(text.contains("format 256, this one knows 3") && text.contains("update daybook"), "{text}");
    }
    assert!(std::fs::read(dir.path().join(LEDGER_FILE)).unwrap() == before);
    let written = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ()).unwrap_err();
    assert!(matches!(written, OpenError::Newer { found: 256, known: 3, .. }), "{written}");
    let database = redb::Database::open(dir.path().join(LEDGER_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta = transaction.open_table(META).unwrap();
    assert_eq!(redb::ReadableTable::get(&meta, "format").unwrap().unwrap().value(), [0, 0, 1, 0]);
}
