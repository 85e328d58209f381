use crate::common::{at, event, events, id, ledger, records, small};
use daybook_event::Position;
use daybook_proof::{consistency_path, consistency_verify, inclusion_path, inclusion_verify};
use daybook_store::{LedgerReader, ReadError};
use std::ops::ControlFlow;

#[test]
fn another_handle_follows_the_commits_and_a_snapshot_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(events(1, 5), None, &[]).unwrap();
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    let still = reader.snapshot().unwrap();
    for round in 0..20 {
        let appended = ledger.append(events(6 + round * 5, 5), None, &[]).unwrap();
        assert_eq!(reader.head().unwrap(), appended.head);
        assert_eq!(records(&reader), records(&ledger.reader()));
    }
    assert_eq!(still.head().position.number(), 5);
    assert_eq!(still.record(Position::new(5)).unwrap().unwrap().position.number(), 5);
    assert!(still.record(Position::new(6)).unwrap().is_none());
}

#[test]
fn a_reader_on_another_thread_sees_only_whole_batches() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(events(1, 7), None, &[]).unwrap();
    let reader = ledger.reader();
    let following = std::thread::spawn(move || {
        let mut last = 0;
        while last < 210 {
            let snapshot = reader.snapshot().unwrap();
            let mut seen = 0;
            snapshot
                .scan(Position::ZERO, snapshot.head().position, |_| {
                    seen += 1;
                    Ok::<_, ReadError>(ControlFlow::Continue(()))
                })
                .unwrap();
            assert_eq!(seen % 7, 0);
            assert!(seen >= last);
            last = seen;
        }
    });
    for round in 1..30 {
        ledger.append(events(1 + round * 7, 7), None, &[]).unwrap();
    }
    following.join().unwrap();
}

#[test]
fn a_scan_takes_any_part_and_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(events(1, 60), None, &[]).unwrap();
    let reader = ledger.reader();
    let usage = reader.disk_usage().unwrap();
    assert!(usage.segments >= 3, "{usage:?}");
    let all = records(&reader);
    for (from, to) in [(1, 60), (0, 1), (7, 7), (13, 44), (59, 100), (61, 70), (30, 20)] {
        let mut seen = Vec::new();
        reader
            .scan(Position::new(from), Position::new(to), |record| {
                seen.push(record.position.number());
                Ok::<_, ReadError>(ControlFlow::Continue(()))
            })
            .unwrap();
        let expected: Vec<u64> = all.iter().map(|(n, ..)| *n).filter(|n| (from..=to).contains(n)).collect();
        assert_eq!(seen, expected, "{from} to {to}");
    }
    let mut visits = 0;
    reader
        .scan(Position::new(1), Position::new(60), |_| {
            visits += 1;
            Ok::<_, ReadError>(if visits == 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .unwrap();
    assert_eq!(visits, 9);
}

#[test]
fn an_error_of_the_visitor_comes_back_as_it_is() {
    #[derive(Debug)]
    enum Mine {
        Stop,
        Read(ReadError),
    }
    impl From<ReadError> for Mine {
        fn from(error: ReadError) -> Self {
            Self::Read(error)
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(events(1, 3), None, &[]).unwrap();
    let stopped = ledger.reader().scan(Position::new(1), Position::new(3), |_| Err(Mine::Stop));
    assert!(matches!(stopped, Err(Mine::Stop)), "{stopped:?}");
    let reader = ledger.reader();
    ledger.close().unwrap();
    let closed = reader.scan(Position::new(1), Position::new(3), |_| Err(Mine::Stop));
    assert!(matches!(closed, Err(Mine::Read(ReadError::Closed))), "{closed:?}");
}

#[test]
fn positions_by_id_and_by_instant() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    // Recorded at 10, 20, ... 600.
    ledger.append(events(1, 60), None, &[]).unwrap();
    let reader = ledger.reader();
    assert_eq!(reader.position_of(&id("e-17")).unwrap().unwrap().0.number(), 17);
    assert!(reader.position_of(&id("e-61")).unwrap().is_none());
    for micros in -1..620_i64 {
        let expected = u64::try_from((micros / 10).clamp(0, 60)).unwrap();
        assert_eq!(reader.position_at(at(micros)).unwrap().number(), expected, "{micros}");
    }
}

#[test]
fn roots_of_the_past_are_those_of_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let mut then = vec![ledger.head()];
    for round in 0..30_u64 {
        then.push(ledger.append(events(1 + round * 23, 23), None, &[]).unwrap().head);
    }
    for head in then {
        assert_eq!(ledger.reader().root_at(head.position).unwrap(), Some(head.root), "{}", head.position);
    }
    assert_eq!(ledger.reader().root_at(Position::new(691)).unwrap(), None);
}

#[test]
fn proofs_are_made_of_tile_hashes_and_records() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let mut then = vec![ledger.head()];
    for round in 0..9_u64 {
        then.push(ledger.append(events(1 + round * 70, 70), None, &[]).unwrap().head);
    }
    let snapshot = ledger.reader().snapshot().unwrap();
    let (size, root) = (ledger.head().position.number(), ledger.head().root);
    for head in &then[1..] {
        let from = head.position.number();
        let path = consistency_path(&snapshot, from, size).unwrap().unwrap();
        consistency_verify((from, &head.root), (size, &root), &path).unwrap();
        let leaf = snapshot.node_hash(0, from - 1).unwrap().unwrap();
        let path = inclusion_path(&snapshot, from - 1, size).unwrap().unwrap();
        inclusion_verify(&leaf, from - 1, size, &path, &root).unwrap();
    }
    assert_eq!(snapshot.node_hash(0, size).unwrap(), None);
    assert_eq!(snapshot.node_hash(10, 0).unwrap(), None);
    assert_eq!(snapshot.node_hash(64, 0).unwrap(), None);
    assert!(snapshot.node_hash(9, 0).unwrap().is_some());
}

#[test]
fn equal_records_give_equal_roots_whatever_the_batches() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut whole = ledger(one.path());
    whole.append(events(1, 90), None, &[]).unwrap();
    let mut single = ledger(other.path());
    for one in events(1, 90) {
        single.append(vec![one, event("e-1", "not the same")], None, &[]).unwrap();
    }
    assert_eq!(whole.head(), single.head());
}
