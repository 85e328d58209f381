//! Reading and judging ahead of the thread that appends: one thread reads chunks, others judge them, and the caller takes
//! them in the order of the file. Every queue is bounded: whoever is quickest waits for the others.

use super::chunk::{Chunk, Piece, Pieces};
use super::delimited::{self, Messages};
use super::ndjson::{self, Lines};
use super::{FileError, ImportError, ImportItem, Money};
use crate::classify::{Billed, classify, classify_envelope, classify_line, classify_message};
use daybook_event::Instant;
use daybook_store::{Incoming, Origin};
use std::io::BufRead;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// One line or message, judged.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // nearly all of them are events
pub enum Judged {
    /// An event, ready for the ledger: no act of its operators.
    Event {
        /// What goes into the ledger.
        incoming: Incoming,
        /// The money that it bills.
        money: Option<Money>,
    },
    /// What whoever takes it has to look at: an operator's act, a fault, a webhook.
    Item(Box<ImportItem>),
}

/// Where the lines come from, and when.
#[derive(Debug, Clone)]
pub struct Read {
    /// The file's name, for the origin of what is quarantined.
    pub file: String,
    /// When the import began.
    pub recorded_at: Instant,
    /// The most threads that judge. At least one does.
    pub threads_max: usize,
}

/// Reads an NDJSON file, as [`super::ndjson`] does.
///
/// # Errors
/// [`ImportError`], as there; what came before has been handed on.
pub fn ndjson_ahead<E>(
    reader: impl BufRead + Send,
    read: &Read,
    sink: &mut dyn FnMut(Vec<Judged>) -> Result<(), E>,
) -> Result<u64, ImportError<E>> {
    ahead(Lines::new(reader), read, line_judge, sink)
}

/// Reads a protobuf file, as [`super::protobuf`] does; the bytes of an event are kept as they came.
///
/// # Errors
/// [`ImportError`], as there; what came before has been handed on.
pub fn protobuf_ahead<E>(
    reader: impl BufRead + Send,
    read: &Read,
    sink: &mut dyn FnMut(Vec<Judged>) -> Result<(), E>,
) -> Result<u64, ImportError<E>> {
    ahead(Messages::new(reader), read, message_judge, sink)
}

/// Judged chunks that wait for the caller: more events than it appends at once. With fewer, the judges would wait for each of its
/// commits, and then it for them.
const JUDGED_CHUNKS_MAX: usize = 192;

/// Chunks that wait for each judge: few, since reading is quick.
const CHUNKS_WAITING_MAX: usize = 4;

/// What a piece is; none where a line is blank.
type Judge = fn(Piece, &[u8], &Read) -> Option<Judged>;

fn ahead<E>(
    mut pieces: impl Pieces + Send,
    read: &Read,
    judge: Judge,
    sink: &mut dyn FnMut(Vec<Judged>) -> Result<(), E>,
) -> Result<u64, ImportError<E>> {
    thread::scope(|scope| {
        let (mut to_judges, mut from_judges) = (Vec::new(), Vec::new());
        let threads = read.threads_max.clamp(1, JUDGED_CHUNKS_MAX);
        for _ in 0..threads {
            let (chunks_tx, chunks) = sync_channel(CHUNKS_WAITING_MAX);
            let (judged_tx, judged) = sync_channel(JUDGED_CHUNKS_MAX / threads);
            scope.spawn(move || judge_all(&chunks, &judged_tx, read, judge));
            to_judges.push(chunks_tx);
            from_judges.push(judged);
        }
        let reading = scope.spawn(move || {
            let read = read_all(&mut pieces, &to_judges);
            read.map(|()| pieces.count())
        });
        // The chunks went round in this order, and come back in it; the first judge that has no more had none to come.
        let taken = from_judges.iter().cycle().map_while(|judged| judged.recv().ok()).try_for_each(&mut *sink);
        // Wakes the judges, and through them the reader, where the sink takes no more.
        drop(from_judges);
        let count = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.map_err(ImportError::Sink)?;
        Ok(count?)
    })
}

/// Hands chunks round until the file ends, or nobody takes them any more.
fn read_all(pieces: &mut impl Pieces, to_judges: &[SyncSender<Chunk>]) -> Result<(), FileError> {
    for judge in to_judges.iter().cycle() {
        let chunk = pieces.chunk()?;
        if chunk.pieces.is_empty() || judge.send(chunk).is_err() {
            break;
        }
    }
    Ok(())
}

fn judge_all(chunks: &Receiver<Chunk>, judged: &SyncSender<Vec<Judged>>, read: &Read, judge: Judge) {
    for chunk in chunks {
        let mut batch = Vec::with_capacity(chunk.pieces.len());
        batch.extend(chunk.iter().filter_map(|(piece, bytes)| judge(piece, bytes, read)));
        if judged.send(batch).is_err() {
            return;
        }
    }
}

impl Read {
    fn origin(&self, line: u64) -> Origin {
        Origin { subject: None, stream_sequence: None, file: Some(self.file.clone()), line: Some(line) }
    }
}

fn line_judge(piece: Piece, bytes: &[u8], read: &Read) -> Option<Judged> {
    let line = ndjson::content(bytes, piece.number == 1);
    if line.is_empty() {
        return None;
    }
    let text = std::str::from_utf8(line).ok().filter(|_| piece.cut.is_none());
    let origin = || read.origin(piece.number);
    if let Some(event) = text.and_then(|text| classify_line(text, read.recorded_at, origin)) {
        return Some(event.into());
    }
    let item = ndjson::item(line, piece);
    Some(match item {
        ImportItem::Event { envelope, .. } if !envelope.id.source.is_ledger() => {
            let incoming = classify_envelope(&envelope, read.recorded_at, read.origin(piece.number));
            Judged::Event { incoming, money: super::envelope_money(&envelope) }
        }
        item => Judged::Item(Box::new(item)),
    })
}

fn message_judge(piece: Piece, bytes: &[u8], read: &Read) -> Option<Judged> {
    let origin = || read.origin(piece.number);
    let whole = Some(bytes).filter(|_| piece.cut.is_none());
    if let Some(event) = whole.and_then(|bytes| classify_message(bytes, read.recorded_at, origin)) {
        return Some(event.into());
    }
    Some(match delimited::item(piece, bytes) {
        ImportItem::Event { envelope, .. } if !envelope.id.source.is_ledger() => {
            let incoming = classify(bytes.to_vec(), read.recorded_at, read.origin(piece.number));
            Judged::Event { incoming, money: super::envelope_money(&envelope) }
        }
        item => Judged::Item(Box::new(item)),
    })
}

impl From<(Incoming, Billed)> for Judged {
    fn from((incoming, billed): (Incoming, Billed)) -> Self {
        let money = billed.map(|(amount, currency)| Money { currency, value: amount.decimal() });
        Self::Event { incoming, money }
    }
}

#[cfg(test)]
mod tests;
