//! Trouble with the disk that ends when somebody sees to it: what it is, and how writing is taken up again.

use crate::medium::{Disk, MediumAccess};
use crate::{AppendError, DerivedError, LEDGER_FILE, Ledger, OpenError, ReadError};
use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Why a disk takes nothing, though nothing on it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTrouble {
    /// There is no room, or the file may not grow.
    Full,
    /// It is mounted for reading only.
    ReadOnly,
}

impl fmt::Display for DiskTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the disk is full, or the file may not grow: make room",
            Self::ReadOnly => "the disk is mounted for reading only: mount it for writing",
        })
    }
}

impl DiskTrouble {
    fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(redb::Error::Io(io)) = error.downcast_ref::<redb::Error>() {
            return Self::of_io(io);
        }
        if let Some(ReadError::Storage { source }) = error.downcast_ref::<ReadError>() {
            return Self::of(source.as_ref());
        }
        match error.downcast_ref::<io::Error>() {
            Some(io) => Self::of_io(io),
            None => error.source().and_then(Self::of),
        }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Some(Self::Full),
            ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            _ => None,
        }
    }
}

impl AppendError {
    /// The trouble with the disk behind it; none where it is something else.
    #[must_use]
    pub fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::Storage(error) => DiskTrouble::of(error),
            _ => None,
        }
    }
}

impl OpenError {
    /// The trouble with the disk behind it; none where it is something else.
    #[must_use]
    pub fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::Io { source, .. } => DiskTrouble::of(source.as_ref()),
            _ => None,
        }
    }
}

impl DerivedError {
    /// The trouble with the disk behind it; none where it is something else.
    #[must_use]
    pub fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::Storage { source } => DiskTrouble::of(source.as_ref()),
            _ => None,
        }
    }
}

/// What is written to see whether the disk takes something again.
const TRIAL_FILE: &str = "trial.tmp";
const TRIAL_BYTES: usize = 1024 * 1024;

/// Whether the disk takes so much again.
pub(crate) fn trial(disk: &Disk, dir: &Path) -> io::Result<()> {
    let path = dir.join(TRIAL_FILE);
    let file = disk.file_open(&path, MediumAccess::Create)?;
    let written = file.write(0, &vec![0; TRIAL_BYTES]).and_then(|()| file.sync());
    drop(file);
    written.and(disk.remove(&path)).inspect_err(|_| {
        // What was written of it is in the way of everything else.
        let _ = disk.remove(&path);
    })
}

impl Ledger {
    /// Whether an append failed half-way: nothing is appended until [`Ledger::revive`] succeeds.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Opens the file again after an append that failed, if the disk takes something again. What the failed append left is
    /// then known: all of it, or nothing. Readers of this ledger read on.
    ///
    /// # Errors
    /// [`OpenError`]; it may be tried again.
    pub fn revive(&mut self) -> Result<(), OpenError> {
        let dir = self.file.path().parent().unwrap_or(Path::new(".")).to_owned();
        let path = dir.join(LEDGER_FILE);
        let failed = |error: io::Error| OpenError::Io { path, source: Box::new(error) };
        trial(self.file.disk(), &dir).map_err(failed)?;
        self.file.reopen(self.options.cache_bytes_max).map_err(|error| crate::reader::open_error(error, &dir))?;
        self.reload().map_err(|error| OpenError::of_read(error, self.file.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_found_behind_every_error() {
        let full = || io::Error::from(ErrorKind::StorageFull);
        let read = || ReadError::from(redb::Error::Io(full()));
        assert_eq!(AppendError::Storage(read()).disk_trouble(), Some(DiskTrouble::Full));
        assert_eq!(DerivedError::from(read()).disk_trouble(), Some(DiskTrouble::Full));
        let opened = |source| OpenError::Io { path: "/l".into(), source };
        assert_eq!(opened(Box::new(read())).disk_trouble(), Some(DiskTrouble::Full));
        let read_only = io::Error::from(ErrorKind::ReadOnlyFilesystem);
        assert_eq!(opened(Box::new(read_only)).disk_trouble(), Some(DiskTrouble::ReadOnly));
        let other = ReadError::from(redb::Error::Io(ErrorKind::UnexpectedEof.into()));
        assert_eq!((AppendError::Storage(other).disk_trouble(), AppendError::Stopped.disk_trouble()), (None, None));
    }
}
