//! Each fault at each operation of a backup, and of a restore.

use super::judged::{Outcome, Table, may_damage};
use super::scene::{misplaced, rubbish, sales, verified};
use daybook_intake::{identify, judge_again};
use daybook_store::{
    Backup, BackupError, BackupOptions, Binding, DiskTrouble, Ledger, LedgerOptions, LedgerReader, RestoreOptions,
    Restored, Snapshot, backup,
};
use daybook_tests::disk::{Fault, SimDisk};
use std::path::Path;

const LEDGER: &str = "/ledger";
const BACKUP: &str = "/backup";

fn options(disk: &SimDisk) -> LedgerOptions {
    LedgerOptions {
        cache_bytes_max: 1024 * 1024,
        judge: Some(judge_again),
        medium: Some(disk.medium()),
        ..LedgerOptions::default()
    }
}

fn run(snapshot: &Snapshot, disk: &SimDisk) -> Result<(), BackupError> {
    let options = BackupOptions { public_keys: Some(b"keys\n".to_vec()), medium: Some(disk.medium()) };
    backup(snapshot, Path::new(BACKUP), &options).map(|_| ())
}

fn restore(backup: &SimDisk, to: &SimDisk) -> Result<Restored, BackupError> {
    let options = RestoreOptions { position: None, ledger: options(to), identify };
    Backup::open(Path::new(BACKUP), Some(&backup.medium()))?.restore(Path::new(LEDGER), &options)
}

/// A disk with an earlier backup, and what the ledger is since.
fn begun() -> (Ledger, SimDisk) {
    let calm = SimDisk::new(1);
    let mut ledger = Ledger::create_or_open(Path::new(LEDGER), Some(Binding::Files), &options(&calm)).unwrap();
    let disk = SimDisk::new(2);
    ledger.append(sales(1, 40), None, &[]).unwrap();
    run(&ledger.reader().snapshot().unwrap(), &disk).unwrap();
    let mut rest = sales(41, 30);
    rest.extend([rubbish(80), misplaced(81)]);
    ledger.append(rest, None, &[]).unwrap();
    (ledger, disk)
}

fn of_backup(ledger: &Ledger, earlier: &SimDisk, fault: Fault, at: u64, crashes: bool) -> Outcome {
    let about = format!("{fault:?} at {at}, {crashes}");
    let (snapshot, disk) = (ledger.reader().snapshot().unwrap(), earlier.fork(at * 2 + u64::from(crashes)));
    disk.arm(fault, at);
    let done = run(&snapshot, &disk);
    if crashes {
        disk.crash();
    } else {
        disk.mend();
    }
    let found = Backup::open(Path::new(BACKUP), Some(&disk.medium()));
    let (runs, findings) = match &found {
        Ok(found) => (found.marks().len(), found.verify(identify).len()),
        Err(_) => (0, 1),
    };
    if findings > 0 {
        assert!(may_damage(fault), "{about}: {:?}", found.map(|found| found.verify(identify)));
        assert!(restore(&disk, &SimDisk::new(3)).is_err(), "{about}: a damaged backup was restored");
        return Outcome::Detected;
    }
    assert!(runs == 2 || (runs == 1 && (done.is_err() || fault == Fault::LostSync)), "{about}: {runs} runs, {done:?}");
    // The next run brings it to where it would be, or says that what is there is damaged.
    run(&snapshot, &disk).unwrap_or_else(|error| panic!("{about}: {error}"));
    let restored = restore(&disk, &SimDisk::new(4)).unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(restored.head, ledger.head(), "{about}");
    match (done, runs) {
        (Ok(()), 2) => Outcome::Unharmed,
        (Ok(()), _) => Outcome::OlderAndWhole,
        (Err(_), 2) => Outcome::FailedAllThere,
        (Err(_), _) => Outcome::FailedNothingThere,
    }
}

fn of_restore(ledger: &Ledger, backup: &SimDisk, fault: Fault, at: u64, crashes: bool) -> Outcome {
    let about = format!("{fault:?} at {at}, {crashes}");
    let disk = SimDisk::new(at * 2 + u64::from(crashes));
    disk.arm(fault, at);
    let done = restore(backup, &disk);
    if let Err(BackupError::Open(error)) = &done {
        assert!(fault != Fault::DiskFull || error.disk_trouble() == Some(DiskTrouble::Full), "{about}: {error}");
    }
    if crashes {
        disk.crash();
    } else {
        disk.mend();
    }
    if !disk.medium().exists(&Path::new(LEDGER).join("ledger.redb")) {
        assert!(done.is_err() || may_damage(fault), "{about}: it is gone");
        let again = restore(backup, &disk).unwrap_or_else(|error| panic!("{about}: {error}"));
        assert_eq!(again.head, ledger.head(), "{about}");
        return if done.is_ok() { Outcome::OlderAndWhole } else { Outcome::FailedNothingThere };
    }
    let reader = LedgerReader::open(Path::new(LEDGER), &options(&disk));
    let is_whole = reader.as_ref().is_ok_and(|reader| verified(reader).findings.is_empty());
    if !is_whole {
        assert!(may_damage(fault), "{about}: a ledger that is not whole");
        return Outcome::Detected;
    }
    let head = reader.ok().map(|reader| reader.head().unwrap());
    assert_eq!(head, Some(ledger.head()), "{about}: a ledger that is not the backup's");
    if done.is_ok() { Outcome::Unharmed } else { Outcome::FailedAllThere }
}

fn every_fault(what: &str, undisturbed: &SimDisk, experiment: impl Fn(Fault, u64, bool) -> Outcome) {
    let operations = undisturbed.operations();
    println!("{what}: operations of an undisturbed run: {operations:?}");
    let mut table = Table::default();
    for fault in Fault::ALL {
        for at in 0..operations.open_to(fault) {
            for crashes in [false, true] {
                table.add(fault, experiment(fault, at, crashes));
            }
        }
    }
    table.print(what);
}

#[test]
fn a_backup_is_the_earlier_one_or_the_new_one() {
    let (ledger, earlier) = begun();
    let undisturbed = earlier.fork(0);
    run(&ledger.reader().snapshot().unwrap(), &undisturbed).unwrap();
    every_fault("backup", &undisturbed, |fault, at, crashes| of_backup(&ledger, &earlier, fault, at, crashes));
}

#[test]
fn a_restore_makes_the_ledger_or_none() {
    let (ledger, backup) = begun();
    run(&ledger.reader().snapshot().unwrap(), &backup).unwrap();
    let undisturbed = SimDisk::new(5);
    restore(&backup, &undisturbed).unwrap();
    every_fault("restore", &undisturbed, |fault, at, crashes| of_restore(&ledger, &backup, fault, at, crashes));
}
