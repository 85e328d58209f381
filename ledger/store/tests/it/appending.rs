use crate::common::{
    appended, at, cursor, event, event_at, events, faulty, id, identify, ledger, noise, records, small, stream,
};
use daybook_event::{Instant, Position};
use daybook_store::{
    AppendError, Binding, Counts, Hole, Incoming, LEDGER_FILE, Ledger, LedgerOptions, LedgerReader, Outcome,
    PAYLOAD_BYTES_MAX,
};

#[test]
fn duplicates_and_conflicts_within_a_batch_and_across_batches() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let first = ledger.append(vec![event("a", "1"), event("a", "1"), event("b", "1"), event("a", "2")], None, &[]);
    let outcomes = first.unwrap().outcomes;
    let one = Position::new(1);
    assert_eq!(
        outcomes,
        [appended(1), Outcome::Duplicate { of: one }, appended(2), Outcome::Conflict { with: one, entry: 1 }]
    );
    let batch = vec![event("c", "1"), event("a", "2"), event("a", "1"), faulty(b"??"), event("c", "1")];
    let second = ledger.append(batch, None, &[]).unwrap();
    assert_eq!(
        second.outcomes,
        [
            appended(3),
            Outcome::Conflict { with: one, entry: 2 },
            Outcome::Duplicate { of: one },
            Outcome::Quarantined { entry: 3 },
            Outcome::Duplicate { of: Position::new(3) },
        ]
    );
    let reader = ledger.reader();
    assert_eq!(reader.counts().unwrap(), Counts { records: 3, duplicates: 3, quarantined: 3, holes: 0 });
    assert_eq!(reader.head().unwrap(), second.head);
    let conflict = reader.quarantine_entry(2).unwrap().unwrap();
    assert_eq!((conflict.reason.code(), conflict.id), ("conflict", Some(id("a"))));
    assert_eq!(conflict.bytes, b"src\na\n2");
    let listed = reader.quarantine_list(2, 10).unwrap();
    assert_eq!(listed.iter().map(|entry| entry.entry).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(listed[1].origin.stream_sequence, Some(7));
    assert!(reader.quarantine_entry(4).unwrap().is_none());
}

#[test]
fn recorded_at_never_decreases() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(vec![event_at("a", "", -5), event_at("b", "", 9), event_at("c", "", 7)], None, &[]).unwrap();
    ledger.append(vec![event_at("d", "", 8)], None, &[]).unwrap();
    let times: Vec<i64> = records(&ledger.reader()).iter().map(|(_, at, _)| *at).collect();
    assert_eq!(times, [-5, 9, 9, 9]);
}

#[test]
fn the_cursor_moves_with_duplicates_and_with_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Some(stream()), &small()).unwrap();
    ledger.append(vec![event("a", "1")], Some(cursor(5)), &[]).unwrap();
    ledger.append(vec![event("a", "1")], Some(cursor(6)), &[]).unwrap();
    assert_eq!(ledger.reader().cursor().unwrap(), Some(cursor(6)));
    let hole = Hole { from: 7, to: 8, recorded_at: Instant::from_micros(3) };
    ledger.append(Vec::new(), Some(cursor(8)), std::slice::from_ref(&hole)).unwrap();
    assert_eq!(ledger.reader().cursor().unwrap(), Some(cursor(8)));
    assert_eq!(ledger.reader().holes().unwrap(), [hole]);
    assert_eq!(ledger.reader().counts().unwrap().holes, 1);
}

#[test]
fn a_batch_that_cannot_be_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Some(stream()), &small()).unwrap();
    let first = ledger.append(vec![event("a", "1")], Some(cursor(5)), &[]).unwrap();
    let other = daybook_store::Cursor { stream: "OTHER".into(), ..cursor(6) };
    let hole = Hole { from: 9, to: 8, recorded_at: at(0) };
    assert!(matches!(ledger.append(vec![event("b", "")], None, &[]), Err(AppendError::CursorMissing)));
    assert!(matches!(ledger.append(vec![], Some(other), &[]), Err(AppendError::CursorOfAnother { .. })));
    assert!(matches!(
        ledger.append(vec![event("b", "")], Some(cursor(4)), &[]),
        Err(AppendError::CursorBack { from: 5, to: 4 })
    ));
    assert!(matches!(ledger.append(vec![], Some(cursor(6)), &[hole]), Err(AppendError::HoleEmpty { .. })));
    let Incoming::Event { id, content_hash, recorded_at, origin, .. } = event("b", "") else { unreachable!() };
    let envelope = vec![0; PAYLOAD_BYTES_MAX + 1];
    let large = Incoming::Event { id, content_hash, recorded_at, envelope, origin, decision: None };
    assert!(matches!(ledger.append(vec![large], Some(cursor(6)), &[]), Err(AppendError::TooLarge { at: 0, .. })));
    assert_eq!(ledger.head(), first.head);
    assert_eq!(ledger.append(vec![event("b", "")], Some(cursor(6)), &[]).unwrap().outcomes, [appended(2)]);
}

#[test]
fn files_have_no_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    assert!(matches!(ledger.append(vec![], Some(cursor(1)), &[]), Err(AppendError::CursorOfFiles)));
}

#[test]
fn an_operator_may_set_the_cursor_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(dir.path(), Some(stream()), &small()).unwrap();
    let hole = Hole { from: 3, to: 4, recorded_at: at(0) };
    ledger.append(vec![event("a", "1")], Some(cursor(5)), &[hole]).unwrap();
    ledger.cursor_reset(cursor(2)).unwrap();
    assert_eq!(ledger.reader().cursor().unwrap(), Some(cursor(2)));
    let report = ledger.reader().verify(identify);
    assert!(report.is_whole(), "a hole of before the cursor was set back: {:?}", report.findings);
    let outcomes = ledger.append(vec![event("a", "1"), event("b", "1")], Some(cursor(4)), &[]).unwrap().outcomes;
    assert_eq!(outcomes, [Outcome::Duplicate { of: Position::new(1) }, appended(2)]);
}

#[test]
fn a_record_larger_than_a_segment_is_kept_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let long = crate::common::noise(3, 300_000);
    ledger.append(events(1, 3), None, &[]).unwrap();
    ledger.append(vec![event("long", &long)], None, &[]).unwrap();
    ledger.append(events(4, 30), None, &[]).unwrap();
    let record = ledger.reader().record(Position::new(4)).unwrap().unwrap();
    assert_eq!(record.envelope, crate::common::envelope("long", &long));
    assert!(ledger.reader().verify(identify).is_whole());
}

#[test]
fn a_close_after_many_appends_gives_back_what_the_file_is_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let options = LedgerOptions { cache_bytes_max: 64 * 1024 * 1024, ..LedgerOptions::default() };
    let mut ledger = Ledger::create_or_open(dir.path(), Some(Binding::Files), &options).unwrap();
    let bytes = || std::fs::metadata(dir.path().join(LEDGER_FILE)).unwrap().len();
    let mut number = 0;
    // Until the storage engine has just doubled a long file.
    let mut before = bytes();
    while bytes() < 20 * 1024 * 1024 || bytes() < before * 3 / 2 {
        before = bytes();
        let batch = (number..number + 500).map(|n| event(&format!("e-{n}"), &noise(n, 2_000))).collect();
        ledger.append(batch, None, &[]).unwrap();
        number += 500;
    }
    let (open, head) = (bytes(), ledger.head());
    ledger.close().unwrap();
    assert!(bytes() < open / 4 * 3, "{} of {open} bytes", bytes());
    let again = Ledger::create_or_open(dir.path(), None, &options).unwrap();
    assert_eq!((again.head(), again.reader().root_at(head.position).unwrap()), (head, Some(head.root)));
    drop(again);
    assert!(LedgerReader::open(dir.path(), &options).unwrap().verify(identify).is_whole());
}
