//! Backups, and ledgers that come back from them.

use super::Sim;
use super::naive::Naive;
use super::process::{FOLDER, ledger_options};
use daybook_intake::identify;
use daybook_store::{Backup, BackupOptions, LEDGER_FILE, Medium, RestoreOptions, backup};
use std::path::Path;

/// Where the backup lies on the simulated disk.
const BACKUP: &str = "/backup";

/// What a backup may hold: the ledger as it must be then, and its checkpoints.
pub(super) type Kept = (Naive, Vec<String>);

impl Sim {
    /// Brings the backup up to now. One that the process died at is whole, or the one before stands.
    pub(super) fn back_up(&mut self) -> Result<String, String> {
        if !self.up()? {
            return Ok("does not get to back up".to_owned());
        }
        let now = (self.naive.clone(), self.checkpoints.clone());
        let done = self.act("backing up", |sim| {
            let Some(process) = &sim.process else { return Ok(0) };
            let snapshot = process.ledger.reader().snapshot().map_err(|error| error.to_string())?;
            let options = BackupOptions { public_keys: None, medium: Some(sim.disk.medium()) };
            let done = backup(&snapshot, Path::new(BACKUP), &options).map_err(|error| error.to_string())?;
            Ok(done.position.number())
        })?;
        if done.is_some() {
            self.backups.clear();
            self.counts.see("operator:backup");
        }
        self.backups.push(now);
        Ok(format!("backs up: {done:?}"))
    }

    /// The ledger's file is lost, and comes back from the backup. The derived file is as it was: it may be ahead now.
    pub(super) fn restore(&mut self) -> Result<String, String> {
        if self.backups.is_empty() || !self.has_backup() {
            return Ok("has no backup to restore".to_owned());
        }
        self.process = None;
        let ledger = Path::new(FOLDER).join(LEDGER_FILE);
        if self.disk.exists(&ledger) {
            self.disk.remove(&ledger).map_err(|error| error.to_string())?;
            self.disk.folder_sync(Path::new(FOLDER)).map_err(|error| error.to_string())?;
        }
        for _ in 0..20 {
            let restored = self.act("restoring", |sim| {
                // The process may have died after the last thing that a restore does.
                if sim.disk.exists(&ledger) { Ok(()) } else { sim.restore_once() }
            })?;
            if restored.is_some() {
                self.counts.see("operator:restore");
                return self.restored();
            }
        }
        Err("a restore never comes to an end".to_owned())
    }

    fn has_backup(&self) -> bool {
        Backup::open(Path::new(BACKUP), Some(&self.disk.medium())).is_ok()
    }

    fn restore_once(&self) -> Result<(), String> {
        let kept = Backup::open(Path::new(BACKUP), Some(&self.disk.medium())).map_err(|error| error.to_string())?;
        let options = RestoreOptions { position: None, ledger: ledger_options(&self.disk, self.now), identify };
        kept.restore(Path::new(FOLDER), &options).map(|_| ()).map_err(|error| error.to_string())
    }

    /// Finds out which of the backups it was, and holds the ledger against that.
    fn restored(&mut self) -> Result<String, String> {
        while !self.open()? {}
        let mut why = String::new();
        for (naive, checkpoints) in std::mem::take(&mut self.backups).into_iter().rev() {
            (self.naive, self.checkpoints) = (naive, checkpoints);
            self.checkpoints_sure = self.checkpoints.len();
            self.pending.clear();
            self.closed_rows.clear();
            let looked = self.look().and_then(|()| self.check_ledger());
            match looked {
                Ok(()) => {
                    self.backups.push((self.naive.clone(), self.checkpoints.clone()));
                    return Ok(format!("restores position {}", self.naive.position()));
                }
                Err(other) => why = other,
            }
        }
        Err(format!("what was restored is no backup that was made: {why}"))
    }
}
