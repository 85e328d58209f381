//! Opening derived data, for writing and for reading.

use super::{
    DERIVED_FORMAT, DIGESTS, DerivedError, DerivedSnapshot, DerivedWrite, FACTS, GLOBALS, META, META_FORMAT, PARTNERS,
    ROWS, STATES,
};
use crate::file::{FileError, StoreFile, caught};
use crate::medium::Disk;
use crate::trouble::trial;
use crate::{CloseError, DERIVED_FILE, Medium, ReadError};
use redb::{ReadTransaction, TableHandle};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How derived data is opened.
#[derive(Debug, Clone)]
pub struct DerivedOptions {
    /// The most memory for cached pages of the file.
    pub cache_bytes_max: usize,
    /// Where the file lives. None: the file system.
    pub medium: Option<Arc<dyn Medium>>,
}

impl Default for DerivedOptions {
    fn default() -> Self {
        Self { cache_bytes_max: 64 * 1024 * 1024, medium: None }
    }
}

/// What an open found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DerivedOpened {
    /// Derived data as it was left.
    Existing,
    /// There was none: it is empty now.
    Created,
    /// There was some that cannot be used: it is empty now.
    Recreated {
        /// Why it could not be used.
        why: String,
    },
}

/// Derived data open for writing. One at a time per folder; readers may be many.
pub struct Derived {
    file: Arc<StoreFile>,
    cache_bytes_max: usize,
    opened: DerivedOpened,
}

impl Derived {
    /// Opens the derived data in the folder, or makes it, or makes it anew where it cannot be used.
    ///
    /// # Errors
    /// [`DerivedError`]: another writer, or a disk that fails.
    pub fn create_or_open(dir: &Path, options: &DerivedOptions) -> Result<Self, DerivedError> {
        let path = dir.join(DERIVED_FILE);
        let existed = Disk::new(options.medium.as_ref()).exists(&path);
        match open_checked(&path, options) {
            Ok(file) => {
                let opened = if existed { DerivedOpened::Existing } else { DerivedOpened::Created };
                Ok(Self { file: Arc::new(file), cache_bytes_max: options.cache_bytes_max, opened })
            }
            Err(DerivedError::Damaged { what }) => {
                derived_delete(dir, options)?;
                let file = Arc::new(open_checked(&path, options)?);
                let opened = DerivedOpened::Recreated { why: what };
                Ok(Self { file, cache_bytes_max: options.cache_bytes_max, opened })
            }
            Err(other) => Err(other),
        }
    }

    /// What the open found.
    #[must_use]
    pub fn opened(&self) -> &DerivedOpened {
        &self.opened
    }

    /// Begins a transaction: what it writes is seen by others, all at once, when it commits.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn begin(&mut self) -> Result<DerivedWrite<'_>, DerivedError> {
        Ok(DerivedWrite::new(self.file.begin_write()?))
    }

    /// Opens the file again after a write that failed, if the disk takes something again. Readers of this file read on.
    ///
    /// # Errors
    /// [`DerivedError`]; it may be tried again.
    pub fn revive(&mut self) -> Result<(), DerivedError> {
        let dir = self.file.path().parent().unwrap_or(Path::new("."));
        trial(self.file.disk(), dir).map_err(|error| DerivedError::Storage { source: Box::new(error) })?;
        self.file.reopen(self.cache_bytes_max).map_err(|error| file_error(error, self.file.path()))
    }

    /// A reader of this file, for any thread. It ends when this is closed or dropped.
    #[must_use]
    pub fn reader(&self) -> DerivedReader {
        DerivedReader { file: Arc::clone(&self.file) }
    }

    /// Closes the file.
    ///
    /// # Errors
    /// [`CloseError`]; what was committed is durable all the same.
    pub fn close(self) -> Result<(), CloseError> {
        self.file.close(false)
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        // Readers may outlive the writer; the file's lock must not.
        let _ = self.file.close(false);
    }
}

/// Reads derived data.
#[derive(Clone)]
pub struct DerivedReader {
    file: Arc<StoreFile>,
}

impl DerivedReader {
    /// Opens the derived data in the folder for reading, while another process may be writing it.
    ///
    /// # Errors
    /// [`DerivedError`]: none there, another format, damage.
    pub fn open(dir: &Path, options: &DerivedOptions) -> Result<Self, DerivedError> {
        let path = dir.join(DERIVED_FILE);
        let disk = Disk::new(options.medium.as_ref());
        let file =
            StoreFile::open_reader(&disk, &path, options.cache_bytes_max).map_err(|error| file_error(error, &path))?;
        let found = format_read(&file.begin_read()?)?;
        match found {
            Some(DERIVED_FORMAT) => Ok(Self { file: Arc::new(file) }),
            Some(found) => Err(format_differs(found)),
            None => Err(DerivedError::Missing { dir: dir.to_owned() }),
        }
    }

    /// The newest commit, held still.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn snapshot(&self) -> Result<DerivedSnapshot, DerivedError> {
        Ok(DerivedSnapshot::new(self.file.begin_read()?))
    }
}

/// Deletes the derived data in the folder, if there is any. Nobody may have it open for writing.
///
/// # Errors
/// [`DerivedError::Storage`] if the disk fails.
pub fn derived_delete(dir: &Path, options: &DerivedOptions) -> Result<(), DerivedError> {
    let deleted = Disk::new(options.medium.as_ref()).remove(&dir.join(DERIVED_FILE));
    deleted.map_err(|error| DerivedError::Storage { source: Box::new(error) })
}

fn file_error(error: FileError, path: &Path) -> DerivedError {
    let damaged = |what: String| DerivedError::Damaged { what: format!("{}: {what}", path.display()) };
    match error {
        FileError::Missing => DerivedError::Missing { dir: path.parent().map_or_else(PathBuf::new, Path::to_owned) },
        FileError::Locked => DerivedError::Locked { path: path.to_owned() },
        FileError::NotADatabase(what) | FileError::Damaged(what) => damaged(what),
        FileError::Unclean => damaged("it was not closed, and cannot be set right here".to_owned()),
        FileError::Io(source) => DerivedError::Storage { source },
    }
}

fn format_differs(found: u32) -> DerivedError {
    DerivedError::Damaged { what: format!("its format is {found}, not {DERIVED_FORMAT}") }
}

/// Opens for writing and makes sure that the tables of this format are there.
fn open_checked(path: &Path, options: &DerivedOptions) -> Result<StoreFile, DerivedError> {
    // Views may be durable later, records that come in meanwhile may not.
    let disk = Disk::new(options.medium.as_ref()).steady();
    let file =
        StoreFile::open_writer(&disk, path, options.cache_bytes_max, true).map_err(|error| file_error(error, path))?;
    match format_read(&file.begin_read()?)? {
        Some(DERIVED_FORMAT) => Ok(file),
        Some(found) => Err(format_differs(found)),
        None => {
            caught("making the tables", || tables_make(&file))?;
            Ok(file)
        }
    }
}

/// The format's number; none while the file has no table at all.
fn format_read(transaction: &ReadTransaction) -> Result<Option<u32>, DerivedError> {
    Ok(caught("reading the format", || {
        if transaction.list_tables()?.next().is_none() {
            return Ok(None);
        }
        let known = transaction.list_tables()?.any(|table| table.name() == META.name());
        let format = if known { transaction.open_table(META)?.get(META_FORMAT)?.map(|row| row.value()) } else { None };
        Ok(Some(format.ok_or_else(|| ReadError::damaged("it has no format number"))?))
    })?)
}

fn tables_make(file: &StoreFile) -> Result<(), ReadError> {
    let transaction = file.begin_write()?;
    transaction.open_table(FACTS)?;
    transaction.open_table(STATES)?;
    transaction.open_table(ROWS)?;
    transaction.open_table(DIGESTS)?;
    transaction.open_table(PARTNERS)?;
    transaction.open_table(GLOBALS)?;
    transaction.open_table(META)?.insert(META_FORMAT, DERIVED_FORMAT)?;
    transaction.commit()?;
    Ok(())
}
