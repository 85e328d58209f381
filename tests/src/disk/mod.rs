//! A simulated disk: what was written and not synced may be lost at a crash, and any operation may go wrong. Seeded: the same
//! seed and the same operations give the same bytes.

mod content;
mod fault;
mod state;

pub use fault::{Fault, Operations};

use daybook_store::{Medium, MediumAccess, MediumFile, MediumLocks};
use state::State;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A disk with files. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    /// An empty disk, with chance from this seed on.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(seed))))
    }

    /// The same bytes on another disk, with other chance and no fault.
    #[must_use]
    pub fn fork(&self, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(self.state().fork(seed))))
    }

    /// It as a ledger's options take it.
    #[must_use]
    pub fn medium(&self) -> Arc<dyn Medium> {
        Arc::new(self.clone())
    }

    /// The machine stops and starts again. Of what was not synced any sectors arrive, in any order; of names not synced, the
    /// first few. Who had a file open has it no more. Faults end.
    pub fn crash(&self) {
        self.state().crash();
    }

    /// The fault strikes the operation of this number, from 0, among those that it may strike from now on.
    pub fn arm(&self, fault: Fault, at: u64) {
        self.state().arm(fault, at);
    }

    /// The fault that was armed, once it has struck.
    #[must_use]
    pub fn struck(&self) -> Option<Fault> {
        self.state().struck
    }

    /// Ends every fault: there is room, and the disk takes changes. What was written wrong stays wrong.
    pub fn mend(&self) {
        self.state().mend();
    }

    /// From now on the files may have so many bytes together, in whole blocks.
    pub fn limit(&self, bytes_max: usize) {
        self.state().blocks_max(bytes_max);
    }

    /// How many operations there were since the disk was made or a fault armed.
    #[must_use]
    pub fn operations(&self) -> Operations {
        self.state().operations
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for SimDisk {
    fn open(&self, path: &Path, access: MediumAccess) -> io::Result<Box<dyn MediumFile>> {
        let mut state = self.state();
        let content = match state.find(path) {
            Some(content) => content,
            None if access == MediumAccess::Create => state.make(path)?,
            None => return Err(ErrorKind::NotFound.into()),
        };
        let life = state.lives;
        drop(state);
        Ok(Box::new(SimFile { disk: self.clone(), content, life }))
    }

    fn locks(&self, path: &Path) -> Arc<MediumLocks> {
        Arc::clone(self.state().locks.entry(path.to_owned()).or_default())
    }

    fn exists(&self, path: &Path) -> bool {
        self.state().find(path).is_some()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state().rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state().remove(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Ok(self.state().list(folder))
    }

    fn folder_make(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn folder_sync(&self, folder: &Path) -> io::Result<()> {
        self.state().folder_sync(folder)
    }
}

/// An open file. After a crash it is of no use any more.
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    content: usize,
    life: u64,
}

impl SimFile {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.lives == self.life { Ok(state) } else { Err(io::Error::other("the machine has stopped")) }
    }
}

impl MediumFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        self.state()?.len(self.content)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.state()?.read(self.content, place(offset)?, out)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.state()?.write(self.content, place(offset)?, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state()?.set_len(self.content, place(len)?)
    }

    fn sync(&self) -> io::Result<()> {
        self.state()?.sync(self.content)
    }
}

/// No simulated file is larger than this: a damaged length must not take the machine's memory.
const FILE_BYTES_MAX: u64 = 1 << 30;

fn place(offset: u64) -> io::Result<usize> {
    let place = Some(offset).filter(|offset| *offset <= FILE_BYTES_MAX).and_then(|offset| usize::try_from(offset).ok());
    place.ok_or_else(|| io::Error::from(ErrorKind::FileTooLarge))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(disk: &SimDisk, name: &str) -> io::Result<Box<dyn MediumFile>> {
        disk.open(Path::new(name), MediumAccess::Create)
    }

    #[test]
    fn every_fault_strikes_where_it_is_told_to() {
        for fault in Fault::ALL {
            let disk = SimDisk::new(3);
            let written = |disk: &SimDisk| -> io::Result<Vec<u8>> {
                let file = file(disk, "/d/f")?;
                for block in 0..3 {
                    file.write(block * 4096, &[7; 4096])?;
                    file.sync()?;
                }
                let mut out = vec![0; 3 * 4096];
                file.read(0, &mut out)?;
                Ok(out)
            };
            disk.arm(fault, 0);
            let outcome = written(&disk);
            assert_eq!(disk.struck(), Some(fault));
            let is_silent =
                [Fault::LostSync, Fault::FlippedWrite, Fault::FlippedRead, Fault::Misdirected].contains(&fault);
            assert_eq!(outcome.is_ok(), is_silent, "{fault:?}: {outcome:?}");
            if let Ok(out) = outcome {
                assert_eq!(out == [7; 3 * 4096], fault == Fault::LostSync, "{fault:?}");
            }
        }
    }

    #[test]
    fn a_full_disk_takes_what_needs_no_new_block_and_goes_on_when_there_is_room() {
        let disk = SimDisk::new(1);
        let file = file(&disk, "/d/f").unwrap();
        file.write(0, &[1; 4096]).unwrap();
        disk.limit(4096);
        file.write(10, &[2; 10]).unwrap();
        assert_eq!(file.write(4096, &[3; 1]).unwrap_err().kind(), ErrorKind::StorageFull);
        disk.mend();
        file.write(4096, &[3; 1]).unwrap();
    }

    #[test]
    fn a_name_that_was_not_synced_may_be_gone_after_a_crash() {
        let mut outcomes = std::collections::BTreeSet::new();
        for seed in 0..32 {
            let disk = SimDisk::new(seed);
            file(&disk, "/d/old").unwrap();
            disk.folder_sync(Path::new("/d")).unwrap();
            disk.rename(Path::new("/d/old"), Path::new("/d/new")).unwrap();
            file(&disk, "/d/other").unwrap();
            disk.crash();
            outcomes.insert(disk.list(Path::new("/d")).unwrap());
        }
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let expected = [named(&["new"]), named(&["new", "other"]), named(&["old"])];
        assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), expected);
    }
}
