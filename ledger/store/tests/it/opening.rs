use crate::common::{appended, event, events, identify, ledger, records, small, stream};
use daybook_event::Instant;
use daybook_store::{Binding, LEDGER_FILE, Ledger, LedgerOptions, LedgerReader, OpenError};
use redb::TableDefinition;

#[test]
fn a_new_ledger_keeps_what_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let options =
        LedgerOptions { created_at: Instant::from_micros(5), ledger_id: Some([7; 16]), intake_semantics: 3, ..small() };
    let ledger = Ledger::create_or_open(&dir.path().join("deep/er"), Some(stream()), &options).unwrap();
    ledger.close().unwrap();
    let reader = LedgerReader::open(&dir.path().join("deep/er"), &small()).unwrap();
    let identity = reader.identity().unwrap();
    assert_eq!((identity.format, identity.intake_semantics, identity.ledger_id), (3, 3, [7; 16]));
    assert_eq!((identity.created_at.micros(), identity.binding), (5, stream()));
    let head = reader.head().unwrap();
    assert_eq!((head.position.number(), head.root), (0, daybook_store::root_empty()));
    assert!(reader.verify(identify).is_whole());
}

#[test]
fn what_a_killed_creation_left_is_no_ledger_and_no_hindrance() {
    let dir = tempfile::tempdir().unwrap();
    let unfinished = dir.path().join("ledger.redb.new");
    for left in [[0_u8; 4_096].as_slice(), b"", b"half a header"] {
        std::fs::write(&unfinished, left).unwrap();
        assert!(matches!(LedgerReader::open(dir.path(), &small()), Err(OpenError::Missing { .. })));
        drop(Ledger::create_or_open(dir.path(), Some(stream()), &small()).unwrap());
        assert!(!unfinished.exists());
        std::fs::remove_file(dir.path().join(LEDGER_FILE)).unwrap();
    }
}

#[test]
fn what_is_not_a_ledger_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
    assert!(matches!(open(), Err(OpenError::Missing { .. })));
    assert!(matches!(LedgerReader::open(dir.path(), &small()), Err(OpenError::Missing { .. })));
    let path = dir.path().join(LEDGER_FILE);
    std::fs::write(&path, "notes of a meeting, long enough to be something\n").unwrap();
    assert!(matches!(open(), Err(OpenError::NotALedger { .. })));
    assert!(matches!(LedgerReader::open(dir.path(), &small()), Err(OpenError::NotALedger { .. })));
    std::fs::remove_file(&path).unwrap();
    let other: TableDefinition<u64, u64> = TableDefinition::new("other");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(other).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = open().unwrap_err();
    assert!(matches!(error, OpenError::NotALedger { .. }));
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn a_newer_format_and_another_binding_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger(dir.path()));
    let wrong = Ledger::create_or_open(dir.path(), Some(stream()), &small()).map(|_| ());
    assert!(matches!(wrong, Err(OpenError::WrongBinding { bound: Binding::Files, .. })));
    let meta: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
    let database = redb::Database::open(dir.path().join(LEDGER_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(meta).unwrap().insert("format", [0, 0, 0, 4].as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let newer = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
    assert!(matches!(newer, Err(OpenError::Newer { found: 4, known: 3, .. })));
    assert!(matches!(LedgerReader::open(dir.path(), &small()), Err(OpenError::Newer { .. })));
}

#[test]
fn a_second_writer_is_refused_while_the_first_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let first = ledger(dir.path());
    let second = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
    assert!(matches!(second, Err(OpenError::Locked { .. })));
    let reader = first.reader();
    drop(first);
    // A reader that outlives the writer neither holds its lock nor reads on.
    assert!(reader.head().is_err());
    assert!(Ledger::create_or_open(dir.path(), None, &small()).is_ok());
}

#[test]
fn a_ledger_dropped_without_closing_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = ledger(dir.path());
    before.append(events(1, 20), None, &[]).unwrap();
    let (head, kept) = (before.head(), records(&before.reader()));
    drop(before);
    let mut after = ledger(dir.path());
    assert_eq!(after.head(), head);
    assert_eq!(records(&after.reader()), kept);
    assert_eq!(after.append(vec![event("more", "")], None, &[]).unwrap().outcomes, [appended(21)]);
    assert!(after.reader().verify(identify).is_whole());
}

#[test]
fn a_creation_cut_short_can_be_done_again() {
    let dir = tempfile::tempdir().unwrap();
    drop(redb::Database::create(dir.path().join(LEDGER_FILE)).unwrap());
    assert!(matches!(LedgerReader::open(dir.path(), &small()), Err(OpenError::Missing { .. })));
    let unbound = Ledger::create_or_open(dir.path(), None, &small()).map(|_| ());
    assert!(matches!(unbound, Err(OpenError::Unbound { .. })));
    assert_eq!(ledger(dir.path()).append(vec![event("a", "")], None, &[]).unwrap().outcomes, [appended(1)]);
}
