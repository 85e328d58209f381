//! Each fault at each operation of bringing column files up to date. They may be lost; nothing wrong may be read from them.

use super::scene::{event, line};
use daybook_event::Position;
use daybook_projector::{ColumnsFault, RefreshOptions, columns_open, columns_refresh};
use daybook_store::{Binding, ColumnsOptions, Ledger, LedgerOptions, Snapshot};
use daybook_tests::disk::{Fault, SimDisk};
use daybook_views::ColumnsSum;
use std::path::Path;

const DIR: &str = "/ledger";
/// Records in the first run, and in all.
const RECORDS: [u64; 2] = [20, 50];

/// A ledger at two heights, and what the columns of each partner sum to at the second.
struct Stage {
    _ledger: Ledger,
    snapshots: [Snapshot; 2],
    expected: Vec<(String, ColumnsSum)>,
}

impl Stage {
    fn new() -> Self {
        let options = LedgerOptions { medium: Some(SimDisk::new(1).medium()), ..LedgerOptions::default() };
        let mut ledger = Ledger::create_or_open(Path::new(DIR), Some(Binding::Files), &options).unwrap();
        let mut append = |from: u64, to: u64| {
            let batch = (from..=to).map(|number| event(&line(number), number, None)).collect();
            ledger.append(batch, None, &[]).unwrap();
            ledger.reader().snapshot().unwrap()
        };
        let snapshots = [append(1, RECORDS[0]), append(RECORDS[0] + 1, RECORDS[1])];
        let mut stage = Self { _ledger: ledger, snapshots, expected: Vec::new() };
        let disk = SimDisk::new(2);
        stage.refresh(&disk, 1).unwrap();
        stage.expected = stage.read(&disk).unwrap();
        assert!(!stage.expected.is_empty());
        stage
    }

    /// Brings the files up to one of the heights: several runs, which are then merged.
    fn refresh(&self, disk: &SimDisk, height: usize) -> Result<(), ColumnsFault> {
        let options = RefreshOptions { files: files(disk), gathered_bytes_max: 1_500 };
        columns_refresh(Path::new(DIR), &self.snapshots[height], &options, &|_| ()).map(|_| ())
    }

    /// What the files, and the records behind them, say at the second height.
    fn read(&self, disk: &SimDisk) -> Result<Vec<(String, ColumnsSum)>, ColumnsFault> {
        let view = columns_open(Path::new(DIR), &self.snapshots[1], Position::new(RECORDS[1]), &files(disk))?;
        (0..view.partners())
            .map(|at| {
                let columns = view.columns(at)?;
                Ok((view.partner_id(at).to_string(), ColumnsSum::of(&columns, view.classes())?))
            })
            .collect()
    }

    /// Whatever is read is right.
    fn assert_right(&self, disk: &SimDisk, about: &str) {
        match self.read(disk) {
            Ok(found) => assert!(found == self.expected, "{about}: a wrong figure"),
            Err(fault) => assert!(fault.is_of_files(), "{about}: {fault}"),
        }
    }
}

fn files(disk: &SimDisk) -> ColumnsOptions {
    ColumnsOptions { medium: Some(disk.medium()) }
}

#[test]
fn no_fault_of_the_disk_makes_columns_say_something_wrong() {
    let stage = Stage::new();
    let before = SimDisk::new(3);
    stage.refresh(&before, 0).unwrap();
    let undisturbed = before.fork(4);
    undisturbed.arm(Fault::PowerLoss, u64::MAX);
    stage.refresh(&undisturbed, 1).unwrap();
    let operations = undisturbed.operations();
    for fault in Fault::ALL {
        let mut struck = 0;
        for at in 0..operations.open_to(fault) {
            let about = format!("{fault:?} at {at}");
            let disk = before.fork(at);
            disk.arm(fault, at);
            let refreshed = stage.refresh(&disk, 1);
            struck += u32::from(disk.struck().is_some());
            if refreshed.is_ok() {
                stage.assert_right(&disk, &about);
            }
            disk.crash();
            stage.assert_right(&disk, &format!("{about}, after the crash"));
            if fault == Fault::PowerLoss || fault == Fault::TornWrite {
                stage.read(&disk).unwrap_or_else(|fault| panic!("{about}: the old runs or the new ones: {fault}"));
            }
            let _ = stage.refresh(&disk, 1);
            stage.assert_right(&disk, &format!("{about}, brought up to date again"));
        }
        assert!(struck > 0, "{fault:?} never struck");
    }
}
