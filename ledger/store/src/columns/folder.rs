//! The folder of column files: which runs there are, which cover the records, and who may write.

use super::layout::RunHead;
use super::run::Run;
use super::write::RunWriter;
use super::{COLUMNS_FOLDER, ColumnsError};
use crate::medium::{Backend, Disk};
use crate::{Medium, MediumAccess};
use daybook_event::Position;
use redb::StorageBackend;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file whose lock says who may write.
const LOCK_FILE: &str = "lock";
/// How the names of runs end, and what they have behind that while they are written.
const RUN_END: &str = ".columns";
const UNFINISHED_END: &str = ".new";
/// How often the folder is listed again where a run went away between the listing and the opening.
const LISTINGS_MAX: usize = 8;

/// How column files are opened.
#[derive(Debug, Clone, Default)]
pub struct ColumnsOptions {
    /// Where they live. None: the file system.
    pub medium: Option<Arc<dyn Medium>>,
}

/// A run by name, with the positions that the name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// Its path.
    pub path: PathBuf,
    /// The first position.
    pub from: Position,
    /// The last position.
    pub to: Position,
}

/// A run that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// Runs one behind the other, and those that were left out.
pub type Covering = (Vec<Run>, Vec<Unusable>);

/// The column files of a ledger.
#[derive(Debug, Clone)]
pub struct Columns {
    folder: PathBuf,
    disk: Disk,
}

impl Columns {
    /// Those in the ledger's folder, whether there are any or not.
    #[must_use]
    pub fn at(dir: &Path, options: &ColumnsOptions) -> Self {
        Self::in_folder(&dir.join(COLUMNS_FOLDER), options)
    }

    /// Those of another folder that holds blocks of partners in the same way.
    #[must_use]
    pub fn in_folder(folder: &Path, options: &ColumnsOptions) -> Self {
        Self { folder: folder.to_owned(), disk: Disk::new(options.medium.as_ref()) }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The runs there are, by name, in order of their first position; of two that begin alike, the longer one first.
    ///
    /// # Errors
    /// [`ColumnsError::Io`]; a folder that is missing holds none.
    pub fn list(&self) -> Result<Vec<RunFile>, ColumnsError> {
        let mut runs: Vec<RunFile> = self.names()?.iter().filter_map(|name| self.run_named(name)).collect();
        runs.sort_by_key(|run| (run.from, std::cmp::Reverse(run.to)));
        Ok(runs)
    }

    /// Opens a run.
    ///
    /// # Errors
    /// [`ColumnsError`].
    pub fn open(&self, run: &RunFile) -> Result<Run, ColumnsError> {
        let file = self.disk.file_open(&run.path, MediumAccess::Read).map_err(|error| io_error(&run.path, error))?;
        let open = Run::open(&run.path, file)?;
        if (open.head().from, open.head().to) != (run.from, run.to) {
            return Err(open.unusable("it is of other positions than its name says".to_owned()));
        }
        Ok(open)
    }

    /// Opens runs that together cover the records from the first on, one behind the other, as far as there are any; the
    /// longest wherever several begin. A run that cannot be opened, or that `accepts` refuses with a reason, is left out, and
    /// told.
    ///
    /// # Errors
    /// [`ColumnsError::Io`], where the folder cannot be read.
    pub fn covering(&self, accepts: impl Fn(&RunHead) -> Result<(), String>) -> Result<Covering, ColumnsError> {
        for _ in 1..LISTINGS_MAX {
            if let Some(found) = self.covering_listed(&self.list()?, &accepts)? {
                return Ok(found);
            }
        }
        // Whoever writes is faster than this one lists: what is there then counts as nothing.
        Ok((Vec::new(), Vec::new()))
    }

    /// None where a listed run has gone meanwhile, as after a merge.
    fn covering_listed(
        &self,
        listed: &[RunFile],
        accepts: &impl Fn(&RunHead) -> Result<(), String>,
    ) -> Result<Option<Covering>, ColumnsError> {
        let (mut runs, mut unusable, mut next) = (Vec::new(), Vec::new(), Position::new(1));
        for file in listed {
            // In order of first position, the longest first: what begins earlier is within what is taken already.
            if file.from != next {
                continue;
            }
            let checked = self.open(file).and_then(|run| match accepts(run.head()) {
                Ok(()) => Ok(run),
                Err(why) => Err(run.unusable(why)),
            });
            match checked {
                Ok(run) => {
                    next = file.to.next();
                    runs.push(run);
                }
                Err(ColumnsError::Unusable { path, why }) => unusable.push(Unusable { path, why }),
                Err(ColumnsError::Io { .. }) if !self.disk.exists(&file.path) => return Ok(None),
                Err(error @ ColumnsError::Io { .. }) => {
                    unusable.push(Unusable { path: file.path.clone(), why: error.to_string() });
                }
            }
        }
        Ok(Some((runs, unusable)))
    }

    /// Takes the lock of who may write, if nobody has it. It ends with the writer, or with its process.
    ///
    /// # Errors
    /// [`ColumnsError::Io`]: a disk that fails, or a folder that is not writable.
    pub fn writer(&self) -> Result<Option<ColumnsWriter>, ColumnsError> {
        let path = self.folder.join(LOCK_FILE);
        let taken = self.disk.folder_make(&self.folder).and_then(|()| lock_take(&self.disk, &path));
        let lock = taken.map_err(|error| io_error(&path, error))?;
        Ok(lock.map(|lock| ColumnsWriter { columns: self.clone(), _lock: lock }))
    }

    fn names(&self) -> Result<Vec<String>, ColumnsError> {
        match self.disk.list(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed.map_err(|error| io_error(&self.folder, error)),
        }
    }

    fn run_named(&self, name: &str) -> Option<RunFile> {
        let (from, to) = name.strip_suffix(RUN_END)?.split_once('-')?;
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        let run = RunFile { path: self.folder.join(name), from: Position::new(from), to: Position::new(to) };
        (run_name(run.from, run.to) == name && 0 < from && from <= to).then_some(run)
    }
}

/// Deletes the column files in the ledger's folder, if there are any.
///
/// # Errors
/// [`ColumnsError::Io`].
pub fn columns_delete(dir: &Path, options: &ColumnsOptions) -> Result<(), ColumnsError> {
    let columns = Columns::at(dir, options);
    for name in columns.names()? {
        columns.remove(&columns.folder.join(name))?;
    }
    Ok(())
}

impl Columns {
    fn remove(&self, path: &Path) -> Result<(), ColumnsError> {
        self.disk.remove(path).map_err(|error| io_error(path, error))
    }
}

/// Names sort as their positions do.
fn run_name(from: Position, to: Position) -> String {
    format!("{:020}-{:020}{RUN_END}", from.number(), to.number())
}

/// Whoever may write column files of a ledger: one at a time.
#[derive(Debug)]
pub struct ColumnsWriter {
    columns: Columns,
    _lock: Lock,
}

impl ColumnsWriter {
    /// The files that it writes.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Begins a run.
    ///
    /// # Errors
    /// [`ColumnsError::Io`].
    pub fn run(&self, head: RunHead) -> Result<RunWriter<'_>, ColumnsError> {
        let path = self.columns.folder.join(run_name(head.from, head.to) + UNFINISHED_END);
        self.columns.remove(&path)?;
        let file = self.columns.disk.file_open(&path, MediumAccess::Create).map_err(|error| io_error(&path, error))?;
        Ok(RunWriter::new(self, head, path, file))
    }

    /// Removes every file but those of the runs that are kept: what was merged, what a killed process left, what is unusable.
    /// Whoever has one of them open reads on.
    ///
    /// # Errors
    /// [`ColumnsError::Io`].
    pub fn keep_only(&self, kept: &[Run]) -> Result<(), ColumnsError> {
        for name in self.columns.names()? {
            let path = self.columns.folder.join(&name);
            let is_ours = name.ends_with(RUN_END) || name.ends_with(UNFINISHED_END);
            if is_ours && !kept.iter().any(|run| run.path() == path) {
                self.columns.remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes the file of a run that cannot be used. A file that is none of these runs stays.
    ///
    /// # Errors
    /// [`ColumnsError::Io`].
    pub fn discard(&self, path: &Path) -> Result<(), ColumnsError> {
        let listed = self.columns.list()?;
        if listed.iter().any(|run| run.path == path) { self.columns.remove(path) } else { Ok(()) }
    }

    pub(super) fn publish(&self, unfinished: &Path, head: &RunHead) -> Result<RunFile, ColumnsError> {
        let path = self.columns.folder.join(run_name(head.from, head.to));
        let disk = &self.columns.disk;
        let named = disk.rename(unfinished, &path).and_then(|()| disk.name_sync(&path));
        named.map_err(|error| io_error(&path, error))?;
        Ok(RunFile { path, from: head.from, to: head.to })
    }
}

/// Held for as long as it lives.
#[derive(Debug)]
enum Lock {
    File(#[allow(dead_code)] File), // its handle is the lock
    Medium(#[allow(dead_code)] Backend),
}

fn lock_take(disk: &Disk, path: &Path) -> io::Result<Option<Lock>> {
    let Some(medium) = disk.medium() else {
        let file = File::options().read(true).append(true).create(true).open(path)?;
        return match file.try_lock() {
            Ok(()) => Ok(Some(Lock::File(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        };
    };
    let backend = Backend::open(medium.as_ref(), path, MediumAccess::Create)?;
    match backend.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
        Ok(true) => Ok(Some(Lock::Medium(backend))),
        Ok(false) => Ok(None),
        Err(error) => Err(io::Error::other(format!("{error:?}"))),
    }
}

fn io_error(path: &Path, error: io::Error) -> ColumnsError {
    ColumnsError::Io { path: path.to_owned(), source: Box::new(error) }
}
