//! A disk that is full or takes no changes: writing stops and says why, reading goes on, and writing comes back by itself.

use super::scene::sales;
use daybook_store::{AppendError, Binding, DiskTrouble, Ledger, LedgerOptions, LedgerReader};
use daybook_tests::disk::{Fault, SimDisk};
use std::path::Path;

const DIR: &str = "/ledger";

fn options(disk: &SimDisk) -> LedgerOptions {
    LedgerOptions { cache_bytes_max: 64 * 1024, medium: Some(disk.medium()), ..LedgerOptions::default() }
}

fn open(disk: &SimDisk) -> Ledger {
    Ledger::create_or_open(Path::new(DIR), Some(Binding::Files), &options(disk)).unwrap()
}

#[test]
fn a_disk_that_takes_nothing_stops_writing_and_nothing_else() {
    let undisturbed = SimDisk::new(1);
    let mut expected = open(&undisturbed);
    expected.append(sales(1, 200), None, &[]).unwrap();
    expected.append(sales(201, 800), None, &[]).unwrap();
    for (fault, trouble) in [(Fault::DiskFull, DiskTrouble::Full), (Fault::ReadOnly, DiskTrouble::ReadOnly)] {
        let disk = SimDisk::new(2);
        let mut ledger = open(&disk);
        ledger.append(sales(1, 200), None, &[]).unwrap();
        let reader = LedgerReader::open(Path::new(DIR), &options(&disk)).unwrap();
        let before = reader.head().unwrap();
        disk.arm(fault, 0);
        let error = ledger.append(sales(201, 800), None, &[]).unwrap_err();
        assert_eq!(error.disk_trouble(), Some(trouble), "{error}");
        assert!(ledger.is_stopped());
        assert!(matches!(ledger.append(sales(201, 1), None, &[]), Err(AppendError::Stopped)));
        for _ in 0..3 {
            let error = ledger.revive().unwrap_err();
            assert_eq!(error.disk_trouble(), Some(trouble), "{error}");
            assert_eq!(reader.head().unwrap(), before, "{fault:?}: reading goes on");
        }
        disk.mend();
        ledger.revive().unwrap();
        assert!(!ledger.is_stopped());
        assert_eq!(ledger.head(), before, "{fault:?}: nothing of the failed batch is there");
        ledger.append(sales(201, 800), None, &[]).unwrap();
        assert_eq!(ledger.head(), expected.head(), "{fault:?}");
        assert_eq!(reader.head().unwrap(), expected.head(), "{fault:?}: the reader of before reads on");
        assert_eq!(super::scene::verified(&ledger.reader()).findings, []);
    }
}
