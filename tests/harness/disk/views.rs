//! Each fault at each operation of a view commit. The derived file may be lost; a wrong row may not be read from it.

use super::judged::{Outcome, Table};
use super::scene::{event, line};
use chrono::NaiveDate;
use daybook_projector::{BatchLimits, ProjectError, Projector, Views};
use daybook_rules::RuleLibrary;
use daybook_rules::model::RuleBook;
use daybook_store::{Binding, DerivedOptions, DerivedReader, Ledger, LedgerOptions, LedgerReader};
use daybook_tests::disk::{Fault, SimDisk};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const DIR: &str = "/ledger";

struct Stage {
    book: Arc<RuleBook>,
    ledger: Ledger,
    /// Digests of the views after each batch, undisturbed.
    known: BTreeSet<String>,
    last: String,
}

fn options(disk: &SimDisk) -> DerivedOptions {
    DerivedOptions { cache_bytes_max: 1024 * 1024, medium: Some(disk.medium()) }
}

impl Stage {
    fn new() -> Self {
        let files: Vec<_> =
            daybook_rules::shipped_rule_files().into_iter().filter(|file| file.name.ends_with(".toml")).collect();
        let (library, findings) = RuleLibrary::load(&files);
        let book = Arc::new(library.unwrap_or_else(|| panic!("{findings:?}")).current());
        let options = LedgerOptions { medium: Some(SimDisk::new(1).medium()), ..LedgerOptions::default() };
        let mut ledger = Ledger::create_or_open(Path::new(DIR), Some(Binding::Files), &options).unwrap();
        let batch = (1..=30).map(|number| event(&line(number), number, None)).collect();
        ledger.append(batch, None, &[]).unwrap();
        let mut stage = Self { book, ledger, known: BTreeSet::new(), last: String::new() };
        let disk = SimDisk::new(2);
        let mut projector = stage.projector(&disk).unwrap();
        let reader = stage.ledger.reader();
        loop {
            let step = projector.step(&reader, through()).unwrap();
            stage.known.extend(projector.views().unwrap().map(|views| digest(&views)));
            if step == daybook_projector::Step::AtHead {
                break;
            }
        }
        stage.last = digest(&projector.views().unwrap().unwrap());
        stage
    }

    fn projector(&self, disk: &SimDisk) -> Result<Projector, ProjectError> {
        let limits = BatchLimits { records_max: 12, ..BatchLimits::default() };
        Projector::open_in(Path::new(DIR), &options(disk), &self.reader(), Arc::clone(&self.book), limits)
    }

    fn reader(&self) -> LedgerReader {
        self.ledger.reader()
    }

    fn catch_up(&self, disk: &SimDisk) -> Result<String, ProjectError> {
        let mut projector = self.projector(disk)?;
        projector.catch_up(&self.reader(), through())?;
        Ok(projector.views()?.map_or_else(String::new, |views| digest(&views)))
    }

    fn experiment(&self, fault: Fault, at: u64, crashes: bool) -> Outcome {
        let about = format!("{fault:?} at {at}, {}", if crashes { "then a crash" } else { "no crash" });
        let disk = SimDisk::new(at * 2 + u64::from(crashes));
        disk.arm(fault, at);
        let first = self.catch_up(&disk);
        // A whole page of before in a newer one's place passes every checksum. Rows held against the records, as verify holds
        // them, differ then; after any other fault they never may.
        let mut is_stale = first.as_ref().is_ok_and(|digest| *digest != self.last);
        if crashes {
            disk.crash();
        } else {
            disk.mend();
        }
        // What somebody reads meanwhile is rows that once were right, or an error.
        let read = match DerivedReader::open(Path::new(DIR), &options(&disk)) {
            Ok(derived) => Views::newest(&derived).and_then(|views| views.map(|views| views.digest()).transpose()),
            Err(error) => Err(error.into()),
        };
        if let Ok(Some(digest)) = &read {
            is_stale |= !self.known.contains(&digest.to_string());
        }
        // A damaged file says so until it is deleted, and then comes back the same.
        let again = self.catch_up(&disk);
        let is_damaged = again.is_err();
        is_stale |= again.as_ref().is_ok_and(|digest| *digest != self.last);
        let may_be_stale = matches!(fault, Fault::Misdirected | Fault::LostSync | Fault::SyncError);
        assert!(!is_stale || may_be_stale, "{about}: wrong rows, and no error");
        let digest = again.ok().filter(|digest| *digest == self.last).map_or_else(
            || {
                daybook_store::derived_delete(Path::new(DIR), &options(&disk))?;
                self.catch_up(&disk)
            },
            Ok::<_, ProjectError>,
        );
        assert_eq!(digest.unwrap_or_else(|error| panic!("{about}: {error}")), self.last, "{about}: wrong rows");
        if is_stale && !is_damaged {
            return Outcome::ByVerifyOnly;
        }
        match (first, is_damaged || (read.is_err() && fault_stays(fault))) {
            (_, true) => Outcome::Detected,
            (Ok(_), false) => Outcome::Unharmed,
            (Err(_), false) => Outcome::FailedNothingThere,
        }
    }
}

fn fault_stays(fault: Fault) -> bool {
    super::judged::may_damage(fault)
}

fn through() -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 6, 30).unwrap()
}

fn digest(views: &Views) -> String {
    views.digest().unwrap().to_string()
}

#[test]
fn views_come_back_the_same_whatever_the_disk_does() {
    let stage = Stage::new();
    let undisturbed = SimDisk::new(3);
    assert_eq!(stage.catch_up(&undisturbed).unwrap(), stage.last);
    let operations = undisturbed.operations();
    println!("views: operations of an undisturbed run: {operations:?}");
    let mut table = Table::default();
    for fault in Fault::ALL {
        for at in 0..operations.open_to(fault) {
            for crashes in [false, true] {
                table.add(fault, stage.experiment(fault, at, crashes));
            }
        }
    }
    table.finish("view commit");
}
