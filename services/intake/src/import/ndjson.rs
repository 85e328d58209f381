//! NDJSON: one event a line, the same events as on the stream.

use super::chunk::{Chunk, Cut, Piece, Pieces};
use super::fault::LineFault;
use super::webhook::{Noticed, noticed};
use super::{FaultReason, FileError, ImportError, ImportItem, Origin, SkipReason};
use daybook_event::Envelope;
use std::io::BufRead;

pub use daybook_proto::limits::LINE_BYTES_MAX;

/// How much of a line over the limit is kept for quarantine, in bytes.
const LONG_LINE_BYTES_KEPT: usize = 4096;

/// Reads events line by line and hands each to the sink; a bad line is handed on as faulty and reading goes on. Memory
/// holds one line of at most [`LINE_BYTES_MAX`] bytes. Blank lines are passed over. Returns the number of lines read.
///
/// # Errors
/// [`ImportError::File`] when reading fails, [`ImportError::Sink`] with the sink's own error; what came before has been
/// handed on.
pub fn ndjson<E>(
    reader: impl BufRead,
    sink: &mut dyn FnMut(ImportItem) -> Result<(), E>,
) -> Result<u64, ImportError<E>> {
    let mut lines = Lines::new(reader);
    let mut chunk = Chunk::default();
    while lines.piece(&mut chunk)? {
        for (piece, bytes) in chunk.iter() {
            let line = content(bytes, piece.number == 1);
            if !line.is_empty() {
                sink(item(line, piece)).map_err(ImportError::Sink)?;
            }
        }
        chunk.bytes.clear();
        chunk.pieces.clear();
    }
    Ok(lines.count())
}

/// What a line is that is not blank.
pub(super) fn item(bytes: &[u8], piece: Piece) -> ImportItem {
    let origin = Origin { file_sha256: None, line: piece.number };
    let is_cut = piece.cut.is_some();
    match envelope(bytes, is_cut) {
        Ok(envelope) => ImportItem::Event { envelope: Box::new(envelope), origin, flags: Vec::new() },
        Err(LineFault { reason: FaultReason::EventInvalid, detail }) => not_an_event(bytes, detail, origin),
        Err(fault) => {
            let kept = if is_cut { &bytes[..bytes.len().min(LONG_LINE_BYTES_KEPT)] } else { bytes };
            let LineFault { reason, detail } = fault;
            ImportItem::Faulty { reason, detail, origin, bytes: kept.to_vec(), money: None }
        }
    }
}

/// A webhook is no fault of an event; one of a name that is not published is.
fn not_an_event(bytes: &[u8], detail: String, origin: Origin) -> ImportItem {
    let reason = FaultReason::EventInvalid;
    let faulty = |detail| ImportItem::Faulty { reason, detail, origin, bytes: bytes.to_vec(), money: None };
    match std::str::from_utf8(bytes).ok().and_then(noticed) {
        Some(Noticed::Webhook(webhook)) => {
            ImportItem::Skipped { why: SkipReason::Webhook(webhook), origin, money: None, flags: Vec::new() }
        }
        Some(Noticed::Unknown(name)) => faulty(format!("a webhook of the name {name:?}, which is not published")),
        None => faulty(detail),
    }
}

fn envelope(bytes: &[u8], cut: bool) -> Result<Envelope, LineFault> {
    if cut {
        let what = format!("the line has more than {LINE_BYTES_MAX} bytes; its beginning is kept");
        return Err(LineFault::new(FaultReason::LineTooLong, what));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| LineFault::new(FaultReason::NotUtf8, format!("not UTF-8 at byte {}", e.valid_up_to())))?;
    daybook_proto::decode_json(text).map_err(|fault| LineFault::new(FaultReason::EventInvalid, fault.to_string()))
}

/// What may stand around a line without counting: a byte order mark before, a carriage return after.
const LINE_EDGE_BYTES: usize = 4;

/// The line without what stands around it.
pub(super) fn content(bytes: &[u8], is_first: bool) -> &[u8] {
    let bytes = if is_first { bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes) } else { bytes };
    bytes.trim_ascii()
}

/// A file of lines. No line takes more memory than the limit.
pub(super) struct Lines<R> {
    reader: R,
    count: u64,
    offset: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, count: 0, offset: 0 }
    }
}

impl<R: BufRead> Pieces for Lines<R> {
    fn piece(&mut self, chunk: &mut Chunk) -> Result<bool, FileError> {
        let start = chunk.bytes.len();
        let mut line_bytes = 0_u64;
        loop {
            let part = match self.reader.fill_buf() {
                Ok(part) => part,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            if part.is_empty() && line_bytes == 0 {
                return Ok(false);
            }
            let line_end = line_end(part);
            let text = &part[..line_end.unwrap_or(part.len())];
            let room = (LINE_BYTES_MAX + LINE_EDGE_BYTES).saturating_sub(chunk.bytes.len() - start);
            chunk.bytes.extend_from_slice(&text[..text.len().min(room)]);
            let (is_last, used) = (line_end.is_some() || part.is_empty(), text.len() + usize::from(line_end.is_some()));
            self.reader.consume(used);
            line_bytes += used as u64;
            if is_last {
                let end_bytes = u64::from(line_end.is_some());
                self.push(chunk, start, line_bytes, line_bytes - end_bytes);
                return Ok(true);
            }
        }
    }

    fn count(&self) -> u64 {
        self.count
    }
}

impl<R> Lines<R> {
    fn push(&mut self, chunk: &mut Chunk, start: usize, used: u64, line_bytes: u64) {
        let is_cut = line_bytes > (chunk.bytes.len() - start) as u64;
        self.count += 1;
        let cut = is_cut.then_some(Cut::TooLong(line_bytes));
        chunk.pieces.push(Piece { number: self.count, offset: self.offset, end: chunk.bytes.len(), cut });
        self.offset += used;
    }
}

/// How many bytes are looked at together.
const BLOCK_BYTES: usize = 32;

/// Where the first line of these bytes ends. Block by block, of which each is tested at once.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let has_end = |block: &[u8]| block.iter().fold(false, |has, byte| has | (*byte == b'\n'));
    let block = bytes.chunks(BLOCK_BYTES).position(has_end)? * BLOCK_BYTES;
    bytes[block..].iter().position(|byte| *byte == b'\n').map(|at| block + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    const SALE: &str = r#"{"source":"contoso","event_id":"s-1001","partner_id":"P-AT","effective_on":"2022-01-10","license_sale":{"customer_id":"C-1","subscription_id":"S-1","product_name":"Microsoft 365 Business Premium","quantity":25,"amount":"550.00","currency":"USD","charge_type":"new"}}"#;
    const HELD: &str = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-AT","effective_on":"2021-06-01","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;

    fn read(bytes: &[u8]) -> Vec<ImportItem> {
        let mut items = Vec::new();
        // A tiny buffer: lines span many chunks.
        let reader = BufReader::with_capacity(7, bytes);
        ndjson(reader, &mut |item| -> Result<(), std::convert::Infallible> {
            items.push(item);
            Ok(())
        })
        .unwrap();
        items
    }

    #[test]
    fn events_come_in_order_with_their_lines() {
        let text = format!("\u{feff}{SALE}\r\n\n  {HELD}  ");
        let items = read(text.as_bytes());
        let seen: Vec<_> = items
            .iter()
            .map(|item| match item {
                ImportItem::Event { envelope, origin, .. } => (origin.line, envelope.id.event_id.as_str().to_owned()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, [(1, "s-1001".to_owned()), (3, "st-1".to_owned())]);
        assert_eq!(items[0].money().unwrap().value.to_string(), "550");
        assert_eq!(items[1].money(), None);
    }

    #[test]
    fn bad_lines_are_faults_and_the_next_goes_on() {
        let bad_amount = SALE.replace("550.00", "5x");
        let mut bytes = format!("{bad_amount}\n{{\"source\":\n").into_bytes();
        bytes.extend(b"\xff\xfe{}\n");
        bytes.extend(HELD.as_bytes());
        let items = read(&bytes);
        let faults: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                ImportItem::Faulty { reason, detail, origin, bytes, .. } => Some((*reason, detail, origin.line, bytes)),
                ImportItem::Event { .. } | ImportItem::Skipped { .. } => None,
            })
            .collect();
        assert_eq!(items.len(), 4);
        assert_eq!(faults.len(), 3);
        assert_eq!((faults[0].0, faults[0].2), (FaultReason::EventInvalid, 1));
        assert_eq!(faults[0].1, "license_sale.amount: \"5x\" is not a decimal number");
        assert_eq!(faults[0].3, bad_amount.as_bytes());
        assert_eq!(faults[1].0, FaultReason::EventInvalid);
        assert_eq!(faults[2].0, FaultReason::NotUtf8);
    }

    #[test]
    fn a_webhook_is_skipped_by_name_and_an_unknown_one_is_a_fault() {
        let webhook = |name: &str| format!(r#"{{"EventName":"{name}","ResourceUri":"https://example.org/x"}}"#);
        let items = read(format!("{}\n{}\n{HELD}", webhook("invoice-ready"), webhook("bogus")).as_bytes());
        let ImportItem::Skipped { why, .. } = &items[0] else { panic!("{:?}", items[0]) };
        assert_eq!(why.code(), "invoice-ready");
        let ImportItem::Faulty { detail, .. } = &items[1] else { panic!("{:?}", items[1]) };
        assert_eq!(detail, "a webhook of the name \"bogus\", which is not published");
        assert!(matches!(items[2], ImportItem::Event { .. }));
    }

    #[test]
    fn a_line_at_the_limit_is_read_and_a_longer_one_is_cut() {
        let mut bytes = SALE.as_bytes().to_vec();
        bytes.resize(LINE_BYTES_MAX, b' ');
        bytes.push(b'\n');
        bytes.extend(vec![b'x'; 3 * LINE_BYTES_MAX]);
        bytes.push(b'\n');
        bytes.extend(HELD.as_bytes());
        let items = read(&bytes);
        assert!(matches!(items[0], ImportItem::Event { .. }));
        let ImportItem::Faulty { reason, bytes, .. } = &items[1] else { panic!("{:?}", items[1]) };
        assert_eq!((*reason, bytes.len()), (FaultReason::LineTooLong, LONG_LINE_BYTES_KEPT));
        assert!(matches!(items[2], ImportItem::Event { .. }));
    }

    #[test]
    fn the_sink_can_stop_the_import() {
        let text = format!("{SALE}\n{HELD}\n");
        let mut taken = 0;
        let stopped = ndjson(text.as_bytes(), &mut |_| {
            taken += 1;
            Err("full")
        });
        assert_eq!(stopped.unwrap_err().to_string(), "full");
        assert_eq!(taken, 1);
    }
}
