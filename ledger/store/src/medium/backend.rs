//! What the storage engine sees of a file on a medium of the caller's.

use super::{Medium, MediumAccess, MediumFile, MediumLocks};
use redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

/// One open file, with its share of the file's locks.
#[derive(Debug)]
pub(crate) struct Backend {
    file: Box<dyn MediumFile>,
    locks: Arc<MediumLocks>,
    owner: u64,
}

impl Backend {
    pub(crate) fn open(medium: &dyn Medium, path: &Path, access: MediumAccess) -> io::Result<Self> {
        let file = medium.open(path, access)?;
        let locks = medium.locks(path);
        let owner = locks.owner_new();
        Ok(Self { file, locks, owner })
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.locks.unlock_all(self.owner);
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.locks.unlock_all(self.owner);
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.locks.try_lock(self.owner, (start, end), false))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.locks.try_lock(self.owner, (start, end), true))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locks.lock(self.owner, (start, end), false);
        Ok(())
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locks.lock(self.owner, (start, end), true);
        Ok(())
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locks.unlock(self.owner, (start, end));
        Ok(())
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.locks.is_locked(self.owner, (start, end)))
    }
}
