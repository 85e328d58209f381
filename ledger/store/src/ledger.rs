//! The one writer.

use crate::append::{Writer, batch_check};
use crate::create::{ledger_make, tables_make};
use crate::decide::{DECIDING_SEMANTICS, Judge};
use crate::file::{StoreFile, caught};
use crate::format_v1::{StateRow, frame_split, unsealed_read};
use crate::format_v2::KeptRow;
use crate::format_v3::LEDGER_FORMAT;
use crate::keys::{KeyIndex, Spans, span_bits};
use crate::medium::Disk;
use crate::reader::{LedgerReader, identity_read, open_error};
use crate::seal::{SEGMENT_STORED_BYTES_MAX, Sealer, Tail};
use crate::tables::{NAMES, SLABS, UNSEALED};
use crate::upgrade::upgrade;
use crate::{
    AppendError, Appended, Binding, CloseError, Cursor, Frontier, Head, Hole, Incoming, LEDGER_FILE, Medium, OpenError,
    ReadError, Snapshot,
};
use daybook_event::{Instant, Position};
use redb::{ReadableTable, WriteTransaction};
use std::path::Path;
use std::sync::Arc;

/// A close gives room back when this part of the records, or more, came since the open.
const FILLED_SHARE: u64 = 8;
/// And when the file has as many bytes.
const FILE_BYTES_LONG: u64 = 16 * 1024 * 1024;

/// How a ledger is opened, and what a new one is given.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// The most memory for cached pages of the file.
    pub cache_bytes_max: usize,
    /// The largest stored segment. Just under a power of two wastes nothing.
    pub segment_stored_bytes_max: usize,
    /// Stored in a new ledger: the positions that are sorted at once for idempotency, as a binary logarithm from 6 to 16.
    pub key_span_bits: u8,
    /// Stored in a new ledger: when it was created.
    pub created_at: Instant,
    /// Stored in a new ledger: its id. None: a hash of binding and creation time.
    pub ledger_id: Option<[u8; 16]>,
    /// Stored in a new ledger: the number of the rules that decide append or quarantine.
    pub intake_semantics: u32,
    /// Judges a quarantine entry again when a decision says so. Without one, a batch with such a decision is refused.
    pub judge: Option<Judge>,
    /// Where the ledger's file lives. None: the file system.
    pub medium: Option<Arc<dyn Medium>>,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            cache_bytes_max: 64 * 1024 * 1024,
            segment_stored_bytes_max: SEGMENT_STORED_BYTES_MAX,
            key_span_bits: 16,
            created_at: Instant::default(),
            ledger_id: None,
            intake_semantics: DECIDING_SEMANTICS,
            judge: None,
            medium: None,
        }
    }
}

/// A ledger open for appending. There is one at a time per folder; readers may be many.
pub struct Ledger {
    reader: LedgerReader,
    pub(crate) file: Arc<StoreFile>,
    pub(crate) options: LedgerOptions,
    writer: Writer,
    upgraded_from: Option<u32>,
    /// The newest position when it was opened.
    opened_at: Position,
    /// An append failed half-way: memory may be ahead of the disk.
    pub(crate) stopped: bool,
}

impl Ledger {
    /// Opens the ledger in the folder, or creates it there, which needs a binding. One of an older format is upgraded:
    /// [`Ledger::upgraded_from`] says so.
    ///
    /// # Errors
    /// [`OpenError`]: no ledger and no binding, another binding than the ledger's, another writer, a newer format, damage.
    pub fn create_or_open(dir: &Path, binding: Option<Binding>, options: &LedgerOptions) -> Result<Self, OpenError> {
        let (disk, path) = (Disk::new(options.medium.as_ref()), dir.join(LEDGER_FILE));
        if binding.is_some() {
            disk.folder_make(dir).map_err(|error| OpenError::Io { path: dir.to_owned(), source: Box::new(error) })?;
        }
        if let Some(binding) = &binding {
            ledger_make(&disk, dir, binding, options)?;
        }
        let file = StoreFile::open_writer(&disk, &path, options.cache_bytes_max, binding.is_some())
            .map_err(|error| open_error(error, dir))?;
        let file = Arc::new(file);
        let damaged = |error: ReadError| OpenError::of_read(error, &path);
        let transaction = file.begin_read().map_err(damaged)?;
        let (format, identity) = match (identity_read(&transaction, &path)?, binding) {
            (Some((_, identity)), Some(asked)) if identity.binding != asked => {
                return Err(OpenError::WrongBinding { path, bound: identity.binding, asked });
            }
            (Some(known), _) => known,
            (None, Some(binding)) => {
                let made = caught("creating the ledger", || tables_make(&file, binding, options)).map_err(damaged)?;
                (LEDGER_FORMAT, made)
            }
            (None, None) => return Err(OpenError::Unbound { dir: dir.to_owned() }),
        };
        drop(transaction);
        let upgraded_from = Some(format).filter(|format| *format < LEDGER_FORMAT);
        if upgraded_from.is_some() {
            caught("upgrading the ledger", || upgrade(&file, (format, &identity), options)).map_err(damaged)?;
        }
        let reader = LedgerReader::new(Arc::clone(&file), identity);
        let writer =
            caught("loading the unsealed records", || writer_load(&reader.snapshot()?, options)).map_err(damaged)?;
        let opened_at = writer.state.position;
        Ok(Self { reader, file, options: options.clone(), writer, upgraded_from, opened_at, stopped: false })
    }

    /// Appends a batch in one transaction, durable when this returns. The cursor moves even if everything was a duplicate.
    /// A ledger bound to a stream needs the cursor, one bound to files has none. `holes` are sequences that the stream
    /// itself no longer has.
    ///
    /// # Errors
    /// [`AppendError`]. Except after `Storage` and `Stopped` nothing has changed and the ledger can be used on.
    pub fn append(
        &mut self,
        batch: Vec<Incoming>,
        cursor: Option<Cursor>,
        holes: &[Hole],
    ) -> Result<Appended, AppendError> {
        if self.stopped {
            return Err(AppendError::Stopped);
        }
        batch_check(&self.reader.identity_row().binding, &self.writer.state, &batch, cursor.as_ref(), holes)?;
        self.writer.judge_check(&batch)?;
        if batch.is_empty() && cursor.is_none() {
            return Ok(Appended { head: self.head(), outcomes: Vec::new() });
        }
        let outcomes =
            self.write("appending", |writer, transaction| writer.append(transaction, batch, cursor, holes))?;
        Ok(Appended { head: self.head(), outcomes })
    }

    /// Runs one transaction that changes what the writer keeps in memory. A failed one stops the ledger.
    pub(crate) fn write<T>(
        &mut self,
        doing: &str,
        work: impl FnOnce(&mut Writer, WriteTransaction) -> Result<T, ReadError>,
    ) -> Result<T, AppendError> {
        if self.stopped {
            return Err(AppendError::Stopped);
        }
        self.stopped = true;
        let done = caught(doing, || {
            let transaction = self.file.begin_write()?;
            work(&mut self.writer, transaction)
        })?;
        self.stopped = false;
        Ok(done)
    }

    /// Takes up where the last commit left off, on a file that was opened again.
    pub(crate) fn reload(&mut self) -> Result<(), ReadError> {
        self.writer = caught("loading the unsealed records", || writer_load(&self.reader.snapshot()?, &self.options))?;
        self.stopped = false;
        Ok(())
    }

    /// How many checkpoints are kept.
    pub(crate) fn checkpoints_count(&self) -> u64 {
        self.writer.kept.checkpoints
    }

    /// Sets the cursor where an operator says the stream goes on, back too: the one way past a stream that was restored or
    /// made anew.
    ///
    /// # Errors
    /// [`AppendError`], as for an append.
    pub fn cursor_reset(&mut self, cursor: Cursor) -> Result<(), AppendError> {
        let before = self.writer.state.cursor.take();
        let moved = self.append(Vec::new(), Some(cursor), &[]);
        if moved.is_err() {
            self.writer.state.cursor = before;
        }
        moved.map(|_| ())
    }

    /// The format that the ledger had before this open upgraded it; none if it was of the newest.
    #[must_use]
    pub fn upgraded_from(&self) -> Option<u32> {
        self.upgraded_from
    }

    /// The head after the last append.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            position: self.writer.state.position,
            root: self.writer.frontier.root(),
            recorded_at: self.writer.state.recorded_at,
        }
    }

    /// A reader of this ledger, for any thread. It ends when the ledger is closed or dropped.
    #[must_use]
    pub fn reader(&self) -> LedgerReader {
        self.reader.clone()
    }

    /// Closes the file. Readers made by [`Ledger::reader`] end with it. After many appends it first gives back what the file
    /// is too long, which takes a time in proportion to that.
    ///
    /// # Errors
    /// [`CloseError`]; what was committed is durable all the same.
    pub fn close(self) -> Result<(), CloseError> {
        // After many appends the file is longer than it need be. After few it is not worth the time.
        let head = self.head().position.number();
        let is_much = (head - self.opened_at.number()) * FILLED_SHARE >= head;
        let is_long = self.file.len().is_ok_and(|bytes| bytes >= FILE_BYTES_LONG);
        self.file.close(is_much && is_long)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // Readers may outlive the ledger; the file and its lock must not.
        let _ = self.file.close(false);
    }
}

/// A writer on an empty ledger.
pub(crate) fn writer_empty(options: &LedgerOptions) -> Result<Writer, ReadError> {
    Ok(Writer {
        state: StateRow::default(),
        frontier: Frontier::default(),
        quarantine_frontier: Frontier::default(),
        kept: KeptRow::default(),
        tail: Tail::default(),
        sealer: Sealer::new(options.segment_stored_bytes_max)?,
        index: KeyIndex::empty(Spans::new(span_bits(options))),
        is_deciding: false,
        judge: options.judge,
    })
}

/// Takes up where the last commit left off.
fn writer_load(snapshot: &Snapshot, options: &LedgerOptions) -> Result<Writer, ReadError> {
    let mut writer = writer_empty(options)?;
    writer.state = snapshot.state().clone();
    writer.frontier = snapshot.frontier().clone();
    writer.quarantine_frontier = snapshot.quarantine_frontier()?;
    writer.kept = *snapshot.kept()?;
    writer.is_deciding = snapshot.identity().intake_semantics >= DECIDING_SEMANTICS;
    let (slabs, names) = (snapshot.transaction().open_table(SLABS)?, snapshot.transaction().open_table(NAMES)?);
    let spans = Spans::new(snapshot.keys_row()?.span_bits);
    writer.index = KeyIndex::load(spans, writer.state.position.number(), &slabs, &names)?;
    writer.tail.sealed_to = writer.state.sealed_to;
    let table = snapshot.transaction().open_table(UNSEALED)?;
    for row in table.iter()? {
        let (key, row) = row?;
        let position = writer.tail.position(writer.tail.frames.len());
        let frame = unsealed_read(position, row.value())
            .filter(|_| key.value() == position.number())
            .and_then(|bytes| frame_split(bytes).ok())
            .filter(|(frame, rest)| rest.is_empty() && frame.position == position)
            .ok_or_else(|| ReadError::damaged(format!("the unsealed record at position {position}")))?
            .0;
        writer.tail.raw.extend_from_slice(frame.bytes);
        writer.tail.frames.push((writer.tail.raw.len(), frame.recorded_at));
    }
    let loaded_to = writer.tail.sealed_to.number() + writer.tail.frames.len() as u64;
    if loaded_to != writer.state.position.number() {
        return Err(ReadError::damaged(format!(
            "the unsealed records end at position {loaded_to}, the head is {}",
            writer.state.position
        )));
    }
    Ok(writer)
}
