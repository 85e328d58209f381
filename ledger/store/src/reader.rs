//! Reading a ledger, beside its writer or without one.

use crate::file::{FileError, StoreFile, caught};
use crate::format_v1::{self, IdentityRow, packed_read};
use crate::format_v2;
use crate::format_v3::LEDGER_FORMAT;
use crate::keys::Tail;
use crate::medium::Disk;
use crate::tables::{META, META_FORMAT, META_IDENTITY};
use crate::{
    Binding, CloseError, ContentHash, Counts, Cursor, DiskUsage, Hash, Head, Hole, Identity, LEDGER_FILE,
    LedgerOptions, OpenError, QuarantineEntry, ReadError, RecordRef, Snapshot,
};
use daybook_event::{EventRef, Instant, Position, Record};
use redb::{ReadOnlyTable, ReadTransaction, TableHandle};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Reads a ledger. Each call sees the newest commit; [`LedgerReader::snapshot`] holds one still for several calls.
#[derive(Clone)]
pub struct LedgerReader {
    file: Arc<StoreFile>,
    identity: Arc<IdentityRow>,
    /// Names behind the last run of the idempotency index, read when they are asked for.
    tail: Arc<Mutex<Tail>>,
}

impl LedgerReader {
    pub(crate) fn new(file: Arc<StoreFile>, identity: IdentityRow) -> Self {
        Self { file, identity: Arc::new(identity), tail: Arc::default() }
    }

    /// Opens the ledger in the folder for reading, while another process may be writing it.
    ///
    /// # Errors
    /// [`OpenError`]: no ledger, a newer format, damage.
    pub fn open(dir: &Path, options: &LedgerOptions) -> Result<Self, OpenError> {
        let path = dir.join(LEDGER_FILE);
        let disk = Disk::new(options.medium.as_ref());
        let file =
            StoreFile::open_reader(&disk, &path, options.cache_bytes_max).map_err(|error| open_error(error, dir))?;
        let transaction = file.begin_read().map_err(|error| OpenError::of_read(error, &path))?;
        match identity_read(&transaction, &path)? {
            Some((_, identity)) => Ok(Self::new(Arc::new(file), identity)),
            None => Err(OpenError::Missing { dir: dir.to_owned() }),
        }
    }

    /// The newest commit, held still.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let transaction = self.file.begin_read()?;
        Snapshot::new(transaction, &self.file, &self.identity, &self.tail)
    }

    /// The newest commit even where its head is damaged, and that damage.
    pub(crate) fn snapshot_for_verify(&self) -> Result<(Snapshot, Option<ReadError>), ReadError> {
        match self.snapshot() {
            Ok(snapshot) => Ok((snapshot, None)),
            Err(damage) => {
                let headless = Snapshot::headless(self.file.begin_read()?, &self.file, &self.identity);
                Ok((headless, Some(damage)))
            }
        }
    }

    pub(crate) fn identity_row(&self) -> &IdentityRow {
        &self.identity
    }

    /// Closes the file, for every clone of this reader.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn close(self) -> Result<(), CloseError> {
        self.file.close(false)
    }
}

/// Each call on a snapshot of its own.
impl LedgerReader {
    /// See [`Snapshot::head`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn head(&self) -> Result<Head, ReadError> {
        Ok(self.snapshot()?.head())
    }

    /// See [`Snapshot::identity`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn identity(&self) -> Result<Identity, ReadError> {
        Ok(self.snapshot()?.identity())
    }

    /// What the ledger takes its records from.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn binding(&self) -> Result<Binding, ReadError> {
        Ok(self.snapshot()?.identity().binding)
    }

    /// The number of the rules that decide append or quarantine.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn intake_semantics(&self) -> Result<u32, ReadError> {
        Ok(self.snapshot()?.identity().intake_semantics)
    }

    /// See [`Snapshot::cursor`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn cursor(&self) -> Result<Option<Cursor>, ReadError> {
        Ok(self.snapshot()?.cursor().cloned())
    }

    /// See [`Snapshot::counts`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn counts(&self) -> Result<Counts, ReadError> {
        Ok(self.snapshot()?.counts())
    }

    /// See [`Snapshot::scan`].
    ///
    /// # Errors
    /// [`ReadError`], or what the visitor returned.
    pub fn scan<E: From<ReadError>>(
        &self,
        from: Position,
        to_inclusive: Position,
        visit: impl FnMut(RecordRef<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.snapshot()?.scan(from, to_inclusive, visit)
    }

    /// See [`Snapshot::record`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        self.snapshot()?.record(position)
    }

    /// See [`Snapshot::position_of`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn position_of(&self, id: &EventRef) -> Result<Option<(Position, ContentHash)>, ReadError> {
        self.snapshot()?.position_of(id)
    }

    /// See [`Snapshot::position_at`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn position_at(&self, instant: Instant) -> Result<Position, ReadError> {
        self.snapshot()?.position_at(instant)
    }

    /// See [`Snapshot::root_at`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn root_at(&self, position: Position) -> Result<Option<Hash>, ReadError> {
        self.snapshot()?.root_at(position)
    }

    /// See [`Snapshot::quarantine_entry`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_entry(&self, entry: u64) -> Result<Option<QuarantineEntry>, ReadError> {
        self.snapshot()?.quarantine_entry(entry)
    }

    /// See [`Snapshot::quarantine_list`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn quarantine_list(&self, from_entry: u64, count_max: usize) -> Result<Vec<QuarantineEntry>, ReadError> {
        self.snapshot()?.quarantine_list(from_entry, count_max)
    }

    /// See [`Snapshot::holes`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn holes(&self) -> Result<Vec<Hole>, ReadError> {
        self.snapshot()?.holes()
    }

    /// See [`Snapshot::disk_usage`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn disk_usage(&self) -> Result<DiskUsage, ReadError> {
        self.snapshot()?.disk_usage()
    }
}

impl OpenError {
    pub(crate) fn of_read(error: ReadError, path: &Path) -> Self {
        let path = path.to_owned();
        match error {
            ReadError::Damaged { what } => Self::Damaged { path, detail: what },
            other => Self::Io { path, source: Box::new(other) },
        }
    }
}

/// Says what a file that does not open means for a ledger in this folder.
pub(crate) fn open_error(error: FileError, dir: &Path) -> OpenError {
    let path = dir.join(LEDGER_FILE);
    match error {
        FileError::Missing => OpenError::Missing { dir: dir.to_owned() },
        FileError::Locked => OpenError::Locked { path },
        FileError::NotADatabase(detail) => OpenError::NotALedger { path, detail },
        FileError::Unclean => OpenError::Unclean { path },
        FileError::Damaged(detail) => OpenError::Damaged { path, detail },
        FileError::Io(source) => OpenError::Io { path, source },
    }
}

/// The format's number and what was fixed at creation; none while the file has no table at all, as after a crash during
/// creation.
pub(crate) fn identity_read(
    transaction: &ReadTransaction,
    path: &Path,
) -> Result<Option<(u32, IdentityRow)>, OpenError> {
    let known = caught("listing the tables", || {
        let names: Vec<String> = transaction.list_tables()?.map(|table| table.name().to_owned()).collect();
        Ok(if names.is_empty() { None } else { Some(names.iter().any(|name| name == META.name())) })
    });
    match known.map_err(|error| OpenError::of_read(error, path))? {
        None => return Ok(None),
        Some(false) => {
            return Err(OpenError::NotALedger { path: path.to_owned(), detail: "it has other tables".to_owned() });
        }
        Some(true) => {}
    }
    let (format, row) = caught("reading what the ledger is", || {
        let meta = transaction.open_table(META)?;
        Ok((format_read(&meta)?, meta.get(META_IDENTITY)?.map(|row| row.value().to_vec())))
    })
    .map_err(|error| OpenError::of_read(error, path))?;
    let damaged = |detail: &str| OpenError::Damaged { path: path.to_owned(), detail: detail.to_owned() };
    let format = match format {
        Some(format_v1::LEDGER_FORMAT) => format_v1::LEDGER_FORMAT,
        Some(format_v2::LEDGER_FORMAT) => format_v2::LEDGER_FORMAT,
        Some(LEDGER_FORMAT) => LEDGER_FORMAT,
        Some(found) if found > LEDGER_FORMAT => {
            return Err(OpenError::Newer { path: path.to_owned(), found, known: LEDGER_FORMAT });
        }
        _ => return Err(damaged("its format number is missing or was never used")),
    };
    row.and_then(|row| packed_read(META_IDENTITY.as_bytes(), &row))
        .map(|identity| Some((format, identity)))
        .ok_or_else(|| damaged("the row of what it is does not match its checksum"))
}

/// The format's number; none where the row is missing or of another length.
pub(crate) fn format_read(meta: &ReadOnlyTable<&'static str, &'static [u8]>) -> Result<Option<u32>, ReadError> {
    let format = meta.get(META_FORMAT)?.and_then(|row| <[u8; 4]>::try_from(row.value()).ok());
    Ok(format.map(u32::from_be_bytes))
}
