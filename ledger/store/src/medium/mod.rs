//! Where files live: on the real file system, or on a medium of the caller's.

mod backend;
mod locks;
mod real;
mod steady;

pub(crate) use backend::Backend;
pub use locks::MediumLocks;
use real::RealFile;
pub(crate) use steady::Steady;

use std::fmt::Debug;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

/// A place for files other than the real file system. A write counts as kept after the `sync` of its file; a name that was
/// made or changed, after `folder_sync` of its folder.
pub trait Medium: Debug + Send + Sync {
    /// Opens the file of this name.
    ///
    /// # Errors
    /// `NotFound` where it is missing and is not to be made.
    fn open(&self, path: &Path, access: MediumAccess) -> io::Result<Box<dyn MediumFile>>;

    /// The locks of the file of this name: the same for all who have it open. A medium whose processes all died gives new ones.
    fn locks(&self, path: &Path) -> Arc<MediumLocks>;

    /// Whether there is something of this name.
    fn exists(&self, path: &Path) -> bool;

    /// Gives a file another name; what had that name is gone.
    ///
    /// # Errors
    /// `NotFound` where it is missing.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound` where it is missing.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names of the files in a folder, in order.
    ///
    /// # Errors
    /// `NotFound` where the folder is missing.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes a folder and those above it, where they are missing.
    ///
    /// # Errors
    /// What the medium says.
    fn folder_make(&self, folder: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// What the medium says.
    fn folder_sync(&self, folder: &Path) -> io::Result<()>;
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediumAccess {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// Reading and writing; it is made where it is missing.
    Create,
}

/// A file that is open on a [`Medium`].
#[allow(clippy::len_without_is_empty)] // nobody asks
pub trait MediumFile: Debug + Send + Sync {
    /// How many bytes it has.
    ///
    /// # Errors
    /// What the medium says.
    fn len(&self) -> io::Result<u64>;

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` where there are fewer.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes the bytes from `offset` on; the file grows where it must.
    ///
    /// # Errors
    /// What the medium says; how much was written is unknown then.
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file off, or fills it up with zeros.
    ///
    /// # Errors
    /// What the medium says.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Returns when everything written so far is durable.
    ///
    /// # Errors
    /// What the medium says; what is durable is unknown then.
    fn sync(&self) -> io::Result<()>;
}

/// The real file system, or a medium of the caller's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    medium: Option<Arc<dyn Medium>>,
    is_steady: bool,
}

impl Disk {
    pub(crate) fn new(medium: Option<&Arc<dyn Medium>>) -> Self {
        Self { medium: medium.cloned(), is_steady: false }
    }

    /// The same, on which files of the storage engine are written so that others need not wait for them.
    pub(crate) fn steady(self) -> Self {
        Self { is_steady: true, ..self }
    }

    pub(crate) fn is_steady(&self) -> bool {
        self.is_steady
    }

    /// None: the real file system.
    pub(crate) fn medium(&self) -> Option<&Arc<dyn Medium>> {
        self.medium.as_ref()
    }

    pub(crate) fn exists(&self, path: &Path) -> bool {
        self.medium.as_ref().map_or_else(|| path.exists(), |medium| medium.exists(path))
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match &self.medium {
            None => fs::rename(from, to),
            Some(medium) => medium.rename(from, to),
        }
    }

    /// Removes a file, if there is one.
    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match &self.medium {
            None => fs::remove_file(path),
            Some(medium) => medium.remove(path),
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) fn folder_make(&self, folder: &Path) -> io::Result<()> {
        match &self.medium {
            None => fs::create_dir_all(folder),
            Some(medium) => medium.folder_make(folder),
        }
    }

    /// Makes the name of a file durable.
    pub(crate) fn name_sync(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match &self.medium {
            None => fs::File::open(folder)?.sync_all(),
            Some(medium) => medium.folder_sync(folder),
        }
    }

    /// Opens a file that is no file of the storage engine.
    pub(crate) fn file_open(&self, path: &Path, access: MediumAccess) -> io::Result<Box<dyn MediumFile>> {
        match &self.medium {
            None => Ok(Box::new(RealFile::open(path, access)?)),
            Some(medium) => medium.open(path, access),
        }
    }

    /// All bytes of a file.
    pub(crate) fn file_read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.file_open(path, MediumAccess::Read)?;
        let mut bytes = vec![0; usize::try_from(file.len()?).map_err(|_| ErrorKind::FileTooLarge)?];
        file.read(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Puts these bytes in a file's place, durably: whoever reads sees the old ones or the new ones.
    pub(crate) fn file_replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let unfinished = Path::new(&name);
        self.remove(unfinished)?;
        let file = self.file_open(unfinished, MediumAccess::Create)?;
        file.write(0, bytes)?;
        file.sync()?;
        self.rename(unfinished, path)?;
        self.name_sync(path)
    }

    /// The names of the files in a folder, in order.
    pub(crate) fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let Some(medium) = &self.medium else {
            let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            let mut names = names.collect::<io::Result<Vec<_>>>()?;
            names.sort_unstable();
            return Ok(names);
        };
        medium.list(folder)
    }

    pub(crate) fn file_len(&self, path: &Path) -> io::Result<u64> {
        match &self.medium {
            None => Ok(fs::metadata(path)?.len()),
            Some(medium) => medium.open(path, MediumAccess::Read)?.len(),
        }
    }

    /// Keeps other processes from making something in this folder at the same time, for as long as the handle lives. A medium
    /// of the caller's belongs to one process.
    pub(crate) fn folder_lock(&self, folder: &Path) -> io::Result<Option<fs::File>> {
        if self.medium.is_some() {
            return Ok(None);
        }
        let folder = fs::File::open(folder)?;
        folder.lock()?;
        Ok(Some(folder))
    }
}
