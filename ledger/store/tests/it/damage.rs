//! Damaged storage is a finding or an error, never other records.

use crate::common::{event, events, faulty, identify, ledger, noise, records, small};
use daybook_event::Position;
use daybook_store::{FindingCode, Identified, LEDGER_FILE, Ledger, LedgerReader, ReadError};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

fn flip_all(path: &Path, needle: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let places: Vec<usize> =
        bytes.windows(needle.len()).enumerate().filter(|(_, w)| *w == needle).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(path, bytes).unwrap();
}

fn scan(reader: &LedgerReader) -> Result<Vec<(u64, i64, Vec<u8>)>, ReadError> {
    let mut all = Vec::new();
    reader.scan(Position::ZERO, Position::new(u64::MAX), |record| {
        all.push((record.position.number(), record.recorded_at.micros(), record.envelope.to_vec()));
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    })?;
    Ok(all)
}

/// A closed ledger whose records do not pack, so that their bytes can be found in the file.
fn closed_ledger(dir: &Path) -> Vec<(u64, i64, Vec<u8>)> {
    let mut ledger = ledger(dir);
    let batch = (0..40_u64).map(|n| event(&format!("e-{n}"), &raw_noise(n))).collect();
    ledger.append(batch, None, &[]).unwrap();
    ledger.append(vec![faulty(b"a message that is no envelope")], None, &[]).unwrap();
    let kept = records(&ledger.reader());
    ledger.close().unwrap();
    kept
}

/// Text with too many different characters to pack.
fn raw_noise(n: u64) -> String {
    noise(n, 90)
        .chars()
        .map(|c| char::from_u32(u32::from(c) + 0x370 * u32::from(u32::from(c) % 3 == 0)).unwrap())
        .collect()
}

#[test]
fn a_flipped_byte_in_a_segment_is_named_on_read_and_by_verify() {
    let dir = tempfile::tempdir().unwrap();
    let mut whole = ledger(dir.path());
    whole.append(events(1, 30), None, &[]).unwrap();
    whole.close().unwrap();
    let path = dir.path().join(LEDGER_FILE);
    let mut bytes = fs::read(&path).unwrap();
    // The head of the first segment: format, codec zstd, first position 1.
    let head = [1, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    let places: Vec<usize> = bytes.windows(10).enumerate().filter(|(_, w)| *w == head).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + 60] ^= 0x10;
    }
    fs::write(&path, bytes).unwrap();
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    let error = scan(&reader).unwrap_err().to_string();
    assert!(error.contains("the segment that begins at position 1: its checksum"), "{error}");
    let report = reader.verify(identify);
    assert!(report.findings.iter().any(|finding| finding.code == FindingCode::Segment && finding.place == "segment 1"));
    assert!(report.findings.iter().any(|finding| finding.code == FindingCode::Root));
    // The segments after it were looked at all the same.
    assert!(report.segments > 2 && report.records > 10, "{report:?}");
    assert!(report.findings.iter().all(|finding| !finding.to_string().contains('\n')));
}

#[test]
fn a_flipped_byte_in_quarantine_is_found() {
    let dir = tempfile::tempdir().unwrap();
    closed_ledger(dir.path());
    flip_all(&dir.path().join(LEDGER_FILE), b"a message that is no envelope");
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    assert!(matches!(reader.quarantine_entry(1), Err(ReadError::Damaged { .. })));
    let codes: Vec<_> = reader.verify(identify).findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::Quarantine, FindingCode::QuarantineRoot]);
}

type Table<K, V> = redb::TableDefinition<'static, K, V>;

/// Changes a closed ledger's file behind the store's back.
fn tamper(dir: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = redb::Database::open(dir.join(LEDGER_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

fn findings(dir: &Path) -> Vec<(FindingCode, String)> {
    let report = LedgerReader::open(dir, &small()).unwrap().verify(identify);
    report.findings.into_iter().map(|finding| (finding.code, finding.place)).collect()
}

#[test]
fn rows_that_are_gone_or_changed_are_found() {
    const NAMES: Table<u64, &[u8]> = Table::new("names");
    const SLABS: Table<(u8, u64, u32), &[u8]> = Table::new("slabs");
    const UNSEALED: Table<u64, &[u8]> = Table::new("unsealed");
    const SEGMENTS: Table<u64, &[u8]> = Table::new("segments");
    const TILES: Table<(u8, u64), [u8; 36]> = Table::new("tiles");
    let dir = tempfile::tempdir().unwrap();
    let fresh = || {
        let _ = fs::remove_file(dir.path().join(LEDGER_FILE));
        let mut whole = ledger(dir.path());
        whole.append(events(1, 300), None, &[]).unwrap();
        whole.close().unwrap();
    };
    fresh();
    tamper(dir.path(), |transaction| {
        transaction.open_table(NAMES).unwrap().pop_last().unwrap();
    });
    let found = findings(dir.path());
    // One for each record whose name is gone, and the count.
    assert_eq!((found[0].0, found[60].0, found.len()), (FindingCode::Key, FindingCode::Count, 61));
    fresh();
    tamper(dir.path(), |transaction| {
        transaction.open_table(SLABS).unwrap().pop_last().unwrap();
    });
    assert_eq!(
        findings(dir.path()),
        [(FindingCode::Index, "the slab at partition 0 of the idempotency run 0 of level 1".to_owned())]
    );
    assert!(Ledger::create_or_open(dir.path(), None, &small()).is_err());
    fresh();
    tamper(dir.path(), |transaction| {
        transaction.open_table(TILES).unwrap().remove((1, 0)).unwrap();
    });
    let gone = (FindingCode::Tile, "tile hash 0 of level 1".to_owned());
    assert_eq!(findings(dir.path()), [gone, (FindingCode::Tile, "tile hashes".to_owned())]);
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    assert!(matches!(reader.root_at(Position::new(299)), Err(ReadError::Damaged { .. })));
    drop(reader);
    fresh();
    tamper(dir.path(), |transaction| {
        transaction.open_table(UNSEALED).unwrap().pop_last().unwrap();
    });
    assert_eq!(findings(dir.path())[0].0, FindingCode::Positions);
    assert!(Ledger::create_or_open(dir.path(), None, &small()).is_err());
    fresh();
    tamper(dir.path(), |transaction| {
        transaction.open_table(SEGMENTS).unwrap().pop_first().unwrap();
    });
    assert_eq!(findings(dir.path())[0].0, FindingCode::Positions);
    assert!(scan(&LedgerReader::open(dir.path(), &small()).unwrap()).is_err());
}

#[test]
fn without_a_head_the_rest_is_still_looked_at() {
    const META: Table<&str, &[u8]> = Table::new("meta");
    let dir = tempfile::tempdir().unwrap();
    closed_ledger(dir.path());
    tamper(dir.path(), |transaction| {
        transaction.open_table(META).unwrap().insert("state", [0_u8; 40].as_slice()).unwrap();
    });
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    assert!(reader.head().is_err());
    let report = reader.verify(identify);
    assert_eq!((report.findings.len(), report.records), (1, 40), "{report:?}");
    assert_eq!(report.findings[0].place, "the head");
}

#[test]
fn a_wrong_decode_is_a_finding_for_each_record() {
    let dir = tempfile::tempdir().unwrap();
    closed_ledger(dir.path());
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    let report = reader.verify(|_| Err("never decodes".into()));
    assert_eq!(report.findings.len(), 40);
    assert!(report.findings.iter().all(|finding| finding.code == FindingCode::Envelope));
    let report = reader
        .verify(|envelope| identify(envelope).map(|known| Identified { id: crate::common::id("other"), ..known }));
    assert_eq!(report.findings.iter().filter(|finding| finding.code == FindingCode::Key).count(), 40);
}

/// Opens what is left, reads it, and says whether it gave the records, or a prefix of them, or an error.
fn read_back(dir: &Path, kept: &[(u64, i64, Vec<u8>)]) -> bool {
    let Ok(reader) = LedgerReader::open(dir, &small()) else { return false };
    let Ok(seen) = scan(&reader) else { return false };
    // A flipped bit that names the other commit gives an earlier state, whole in itself: only a checkpoint kept
    // elsewhere can tell.
    assert!(kept.starts_with(&seen), "other records");
    seen.len() == kept.len()
}

#[test]
fn a_file_cut_off_anywhere_never_gives_other_records() {
    let dir = tempfile::tempdir().unwrap();
    let kept = closed_ledger(dir.path());
    let path = dir.path().join(LEDGER_FILE);
    let whole = fs::read(&path).unwrap();
    for eighth in 0..8 {
        fs::write(&path, &whole[..whole.len() * eighth / 8]).unwrap();
        read_back(dir.path(), &kept);
        if let Ok(writer) = Ledger::create_or_open(dir.path(), None, &small())
            && let Ok(seen) = scan(&writer.reader())
        {
            assert!(kept.starts_with(&seen), "other records");
        }
    }
}

#[test]
fn a_flipped_byte_anywhere_never_gives_other_records() {
    let dir = tempfile::tempdir().unwrap();
    let kept = closed_ledger(dir.path());
    let path = dir.path().join(LEDGER_FILE);
    let whole = fs::read(&path).unwrap();
    let mut read = 0;
    for turn in 0..400 {
        // Half of the flips in the first pages, where redb keeps its own structures.
        let at = (turn * 7_919 + 13) % if turn % 2 == 0 { whole.len() } else { whole.len().min(8 * 4_096) };
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (turn % 8);
        fs::write(&path, &bytes).unwrap();
        read += usize::from(read_back(dir.path(), &kept));
    }
    assert!((40..=399).contains(&read), "{read} of 400 were read: flips hit both used and free space");
}
