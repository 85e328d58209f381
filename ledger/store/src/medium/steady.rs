//! A file that is made durable a little at a time while it is written.
//!
//! A commit of many pages would be one long write when it is made durable, and whoever else makes a small write durable on the
//! same disk would wait for all of it. Made durable in small parts, it is waited for by none for longer than one part takes.

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much may be written before it is made durable: a few milliseconds of a disk's time.
const UNSYNCED_BYTES_MAX: usize = 1024 * 1024;

/// A file of the file system, made durable in parts.
#[derive(Debug)]
pub(crate) struct Steady {
    file: FileBackend,
    unsynced_bytes: AtomicUsize,
}

impl Steady {
    /// Opens a file for writing; makes it if asked to.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, redb::DatabaseError> {
        let opened = OpenOptions::new().read(true).write(true).create(create).truncate(false).open(path);
        let file = opened.map_err(redb::StorageError::Io)?;
        let is_empty = file.metadata().map_err(redb::StorageError::Io)?.len() == 0;
        if is_empty && !create {
            let error = io::Error::new(ErrorKind::InvalidData, "the file is empty");
            return Err(redb::StorageError::Io(error).into());
        }
        Ok(Self { file: FileBackend::new(file)?, unsynced_bytes: AtomicUsize::new(0) })
    }
}

impl StorageBackend for Steady {
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
        self.unsynced_bytes.store(0, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)?;
        if self.unsynced_bytes.fetch_add(data.len(), Ordering::Relaxed) + data.len() >= UNSYNCED_BYTES_MAX {
            self.sync_data()?;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_made_durable_a_part_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(Steady::open(&path, false).is_err(), "it is missing");
        let steady = Steady::open(&path, true).unwrap();
        assert!(Steady::open(&path, false).is_err(), "it is empty");
        let unsynced = || steady.unsynced_bytes.load(Ordering::Relaxed);
        let page = vec![7; UNSYNCED_BYTES_MAX / 4];
        for (offset, expected) in (0..).zip([1, 2, 3, 0, 1]) {
            steady.write(offset * page.len() as u64, &page).unwrap();
            assert_eq!(unsynced(), expected * page.len());
        }
        steady.sync_data().unwrap();
        assert_eq!((unsynced(), steady.len().unwrap()), (0, 5 * page.len() as u64));
        drop(steady);
        assert!(Steady::open(&path, false).is_ok());
    }
}
