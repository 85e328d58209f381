//! One redb file, opened so that one process writes and others read.

use crate::error::Source;
use crate::medium::{Backend, Disk, MediumAccess, Steady};
use crate::{CloseError, ReadError};
use redb::{
    Builder, CompactionError, ConcurrencyMode, Database, DatabaseError, Durability, ReadOnlyDatabase, ReadTransaction,
    ReadableDatabase, StorageBackend, StorageError, WriteTransaction,
};
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

/// How often, and how long apart, an open is tried again while another process holds the file. A reader that sets a file
/// right after a crash holds it for milliseconds.
const LOCKED_TRIES: u32 = 5;
const LOCKED_PAUSE: Duration = Duration::from_millis(20);

/// How often a reader tries a file that is found unclosed: a writer whose disk is full opens it again and again, and each
/// time leaves it unclosed.
const UNCLEAN_TRIES: u32 = 100;

/// Why a file does not open.
#[derive(Debug)]
pub(crate) enum FileError {
    Missing,
    Locked,
    NotADatabase(String),
    Unclean,
    Damaged(String),
    Io(Source),
}

impl FileError {
    fn of(error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::Locked,
            DatabaseError::RepairAborted => Self::Unclean,
            DatabaseError::Storage(StorageError::Io(io)) => match io.kind() {
                ErrorKind::NotFound => Self::Missing,
                ErrorKind::InvalidData => Self::NotADatabase(io.to_string()),
                ErrorKind::UnexpectedEof => Self::Damaged(format!("the file is cut off: {io}")),
                _ => Self::Io(Box::new(io)),
            },
            DatabaseError::Storage(StorageError::Corrupted(what)) => Self::Damaged(what),
            // No ledger was ever of an older one: the number is not what was written.
            DatabaseError::UpgradeRequired(number) => {
                Self::Damaged(format!("the storage engine's format number is {number}"))
            }
            other => Self::Io(Box::new(other)),
        }
    }
}

/// Runs a piece of work on the storage engine. A panic of it on damaged bytes becomes an error.
pub(crate) fn caught<T>(doing: &str, work: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    caught_as(doing, work)
}

/// The same for work with an error of its own.
pub(crate) fn caught_as<T, E: From<ReadError>>(doing: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => Err(ReadError::damaged(format!("{doing}: {}", panic_text(panic.as_ref()))).into()),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the storage engine stopped at it ({})", text.unwrap_or("no message").replace('\n', " "))
}

fn open_caught<T>(open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T, FileError> {
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(result) => result.map_err(FileError::of),
        Err(panic) => Err(FileError::Damaged(panic_text(panic.as_ref()))),
    }
}

fn builder(cache_bytes_max: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes_max).set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

/// Opens for writing on whatever the file lives on. The file system goes straight to the engine's own code for files.
fn database_open(disk: &Disk, path: &Path, cache_bytes_max: usize, create: bool) -> Result<Database, DatabaseError> {
    let builder = builder(cache_bytes_max);
    match disk.medium() {
        None if disk.is_steady() => builder.create_with_backend(Steady::open(path, create)?),
        None if create => builder.create(path),
        None => builder.open(path),
        Some(medium) => {
            let access = if create { MediumAccess::Create } else { MediumAccess::Write };
            let backend = Backend::open(medium.as_ref(), path, access)?;
            if !create && backend.len()? == 0 {
                return Err(io::Error::new(ErrorKind::InvalidData, "the file is empty").into());
            }
            builder.create_with_backend(backend)
        }
    }
}

fn database_open_read_only(
    disk: &Disk,
    path: &Path,
    cache_bytes_max: usize,
) -> Result<ReadOnlyDatabase, DatabaseError> {
    let builder = builder(cache_bytes_max);
    match disk.medium() {
        None => builder.open_read_only(path),
        Some(medium) => builder.open_read_only_with_backend(Backend::open(medium.as_ref(), path, MediumAccess::Read)?),
    }
}

enum Handle {
    Writer(Database),
    Reader(ReadOnlyDatabase),
}

/// An open file. Closing it ends its snapshots too: what they then read is an error.
pub(crate) struct StoreFile {
    disk: Disk,
    path: PathBuf,
    handle: RwLock<Option<Handle>>,
}

impl StoreFile {
    /// Opens for writing; creates the file if asked to.
    pub(crate) fn open_writer(
        disk: &Disk,
        path: &Path,
        cache_bytes_max: usize,
        create: bool,
    ) -> Result<Self, FileError> {
        let is_new = create && !disk.exists(path);
        let database = while_locked(|| open_caught(|| database_open(disk, path, cache_bytes_max, create)))?;
        if is_new {
            disk.name_sync(path).map_err(|error| FileError::Io(Box::new(error)))?;
        }
        Ok(Self::new(disk, path, Handle::Writer(database)))
    }

    /// Opens for reading, beside a writer or without one.
    pub(crate) fn open_reader(disk: &Disk, path: &Path, cache_bytes_max: usize) -> Result<Self, FileError> {
        let open = || while_locked(|| open_caught(|| database_open_read_only(disk, path, cache_bytes_max)));
        let mut opened = open();
        for _ in 0..UNCLEAN_TRIES {
            // A killed writer leaves the file to be set right by the next one that may write.
            let Err(FileError::Unclean) = opened else { break };
            if set_right(disk, path, cache_bytes_max)? == SetRight::ByAnother {
                std::thread::sleep(LOCKED_PAUSE);
            }
            opened = open();
        }
        Ok(Self::new(disk, path, Handle::Reader(opened?)))
    }

    fn new(disk: &Disk, path: &Path, handle: Handle) -> Self {
        Self { disk: disk.clone(), path: path.to_owned(), handle: RwLock::new(Some(handle)) }
    }

    /// Closes the file, whatever state it is in, and opens it for writing again, for whoever holds it.
    pub(crate) fn reopen(&self, cache_bytes_max: usize) -> Result<(), FileError> {
        let mut handle = self.handle.write().unwrap_or_else(PoisonError::into_inner);
        // A file whose writing failed does not close well; what it has committed is durable.
        if let Some(Handle::Writer(database)) = handle.take() {
            let _ = open_caught(|| database.close());
        }
        let database = while_locked(|| open_caught(|| database_open(&self.disk, &self.path, cache_bytes_max, false)))?;
        *handle = Some(Handle::Writer(database));
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// How many bytes the file has.
    pub(crate) fn len(&self) -> Result<u64, ReadError> {
        self.disk.file_len(&self.path).map_err(|error| ReadError::Storage { source: Box::new(error) })
    }

    fn handle(&self) -> RwLockReadGuard<'_, Option<Handle>> {
        self.handle.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin_read(&self) -> Result<ReadTransaction, ReadError> {
        caught("starting to read", || match &*self.handle() {
            Some(Handle::Writer(database)) => Ok(database.begin_read()?),
            Some(Handle::Reader(database)) => Ok(database.begin_read()?),
            None => Err(ReadError::Closed),
        })
    }

    /// A write transaction that is durable when its commit returns, and quick to set right after a crash.
    pub(crate) fn begin_write(&self) -> Result<WriteTransaction, ReadError> {
        caught("starting to write", || match &*self.handle() {
            Some(Handle::Writer(database)) => {
                let mut transaction = database.begin_write()?;
                transaction.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
                transaction.set_quick_repair(true);
                Ok(transaction)
            }
            Some(Handle::Reader(_)) | None => Err(ReadError::Closed),
        })
    }

    /// Closes the file, for whoever still holds it too. Asked to, it first moves what lies last into gaps and gives the rest back:
    /// the storage engine lets a file grow by doubling it. Where somebody reads, it stays as long as it is.
    pub(crate) fn close(&self, give_back: bool) -> Result<(), CloseError> {
        let handle = self.handle.write().unwrap_or_else(PoisonError::into_inner).take();
        let closed = open_caught(|| match handle {
            Some(Handle::Writer(mut database)) => {
                if give_back && let Err(CompactionError::Storage(error)) = database.compact() {
                    return Err(error.into());
                }
                database.close()
            }
            Some(Handle::Reader(database)) => database.close(),
            None => Ok(()),
        });
        closed.map_err(|error| CloseError {
            path: self.path.clone(),
            source: match error {
                FileError::Io(source) => source,
                other => format!("{other:?}").into(),
            },
        })
    }
}

impl Drop for StoreFile {
    fn drop(&mut self) {
        // A storage engine that stopped at damaged bytes may stop again when it lets go of the file.
        let handle = self.handle.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let _ = open_caught(move || {
            drop(handle);
            Ok(())
        });
    }
}

fn while_locked<T>(open: impl Fn() -> Result<T, FileError>) -> Result<T, FileError> {
    for _ in 1..LOCKED_TRIES {
        match open() {
            Err(FileError::Locked) => std::thread::sleep(LOCKED_PAUSE),
            other => return other,
        }
    }
    open()
}

/// Who sets an unclosed file right.
#[derive(Debug, PartialEq, Eq)]
enum SetRight {
    /// This call has.
    Done,
    /// A writer, or another reader, that got there first: it may not be through yet.
    ByAnother,
}

/// Opens and closes for writing, which sets an unclosed file right, unless another got there first.
fn set_right(disk: &Disk, path: &Path, cache_bytes_max: usize) -> Result<SetRight, FileError> {
    match open_caught(|| database_open(disk, path, cache_bytes_max, false)?.close()) {
        Ok(()) => Ok(SetRight::Done),
        Err(FileError::Locked) => Ok(SetRight::ByAnother),
        Err(FileError::Io(_)) => Err(FileError::Unclean),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_on_damaged_bytes_is_one_line_of_damage() {
        let caught_panic = caught("reading a page", || -> Result<(), ReadError> { panic!("index 9\nout of range") });
        let text = caught_panic.unwrap_err().to_string();
        assert!(text.contains("reading a page: the storage engine stopped at it (index 9 out of range)"), "{text}");
    }
}
