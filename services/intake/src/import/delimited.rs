//! Protobuf files: envelopes one behind the other, each after its length in base 128, as protobuf's own libraries write
//! delimited messages. The events are the same as on the stream, and their bytes are kept as they came.

use super::chunk::{Chunk, Cut, Piece, Pieces};
use super::fault::LineFault;
use super::{FaultReason, FileError, ImportError, ImportItem, Origin};
use daybook_proto::ENVELOPE_BYTES_MAX;
use std::io::{BufRead, ErrorKind, Read};

/// How much of a message over the limit is kept for quarantine, in bytes.
const LONG_MESSAGE_BYTES_KEPT: usize = 4096;
/// The most bytes of a length: more would be a message of terabytes.
const LENGTH_BYTES_MAX: u64 = 6;

/// Reads events message by message and hands each to the sink; a bad message is handed on as faulty and reading goes on.
/// Returns the number of messages read.
///
/// # Errors
/// [`ImportError::File`] when reading fails or the file is of another kind, [`ImportError::Sink`] with the sink's own
/// error; what came before has been handed on.
pub fn protobuf<E>(
    reader: impl BufRead,
    sink: &mut dyn FnMut(ImportItem) -> Result<(), E>,
) -> Result<u64, ImportError<E>> {
    let mut messages = Messages::new(reader);
    loop {
        let chunk = messages.chunk()?;
        if chunk.pieces.is_empty() {
            return Ok(messages.count());
        }
        for (piece, bytes) in chunk.iter() {
            sink(item(piece, bytes)).map_err(ImportError::Sink)?;
        }
    }
}

/// What a message is.
pub(super) fn item(piece: Piece, bytes: &[u8]) -> ImportItem {
    let origin = Origin { file_sha256: None, line: piece.number };
    let read = cut_check(piece).and_then(|()| {
        let fault = |fault: daybook_proto::DecodeFault| LineFault::new(FaultReason::EventInvalid, fault.to_string());
        daybook_proto::decode(bytes).map_err(fault)
    });
    match read {
        Ok(envelope) => ImportItem::Event { envelope: Box::new(envelope), origin, flags: Vec::new() },
        Err(LineFault { reason, detail }) => {
            let detail = format!("message {} at byte {}: {detail}", piece.number, piece.offset);
            ImportItem::Faulty { reason, detail, origin, bytes: bytes.to_vec(), money: None }
        }
    }
}

fn cut_check(piece: Piece) -> Result<(), LineFault> {
    let (reason, detail) = match piece.cut {
        None => return Ok(()),
        Some(Cut::TooLong(bytes)) => (
            FaultReason::MessageTooLong,
            format!("has {bytes} bytes; an envelope has at most {ENVELOPE_BYTES_MAX}; its beginning is kept"),
        ),
        Some(Cut::FileEnds(bytes)) => {
            (FaultReason::MessageCutOff, format!("says that it has {bytes} bytes, and the file ends before"))
        }
    };
    Err(LineFault::new(reason, detail))
}

/// A file of messages.
pub(super) struct Messages<R> {
    reader: R,
    count: u64,
    offset: u64,
}

impl<R: BufRead> Messages<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, count: 0, offset: 0 }
    }

    /// The length before a message, and how many bytes it takes; none at the end of the file, and a length of which the
    /// file has only the beginning is that of a message that is cut off.
    fn length(&mut self) -> Result<Option<(u64, u64)>, FileError> {
        let mut length = 0;
        for at in 0..LENGTH_BYTES_MAX {
            let Some(byte) = self.byte()? else {
                return Ok((at > 0).then_some((length.max(1), at)));
            };
            length |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                return Ok(Some((length, at + 1)));
            }
        }
        Err(FileError::NotDelimited { byte: self.offset })
    }

    fn byte(&mut self) -> Result<Option<u8>, FileError> {
        let byte = self.buffer()?.first().copied();
        if byte.is_some() {
            self.reader.consume(1);
        }
        Ok(byte)
    }

    fn buffer(&mut self) -> Result<&[u8], FileError> {
        // Asked twice: what is there may not be given out of a loop that asks again.
        while let Err(error) = self.reader.fill_buf() {
            if error.kind() != ErrorKind::Interrupted {
                return Err(error.into());
            }
        }
        Ok(self.reader.fill_buf()?)
    }
}

impl<R: BufRead> Pieces for Messages<R> {
    fn piece(&mut self, chunk: &mut Chunk) -> Result<bool, FileError> {
        if self.count == 0 && self.buffer()?.starts_with(b"{\"") {
            return Err(FileError::Ndjson);
        }
        let Some((length, length_bytes)) = self.length()? else { return Ok(false) };
        let is_too_long = length > ENVELOPE_BYTES_MAX as u64;
        let kept_max = if is_too_long { LONG_MESSAGE_BYTES_KEPT as u64 } else { length };
        let kept = self.reader.by_ref().take(kept_max).read_to_end(&mut chunk.bytes)? as u64;
        let rest = length - kept_max;
        let skipped = std::io::copy(&mut self.reader.by_ref().take(rest), &mut std::io::sink())?;
        let cut = match kept + skipped == length {
            true if is_too_long => Some(Cut::TooLong(length)),
            true => None,
            false => Some(Cut::FileEnds(length)),
        };
        self.count += 1;
        chunk.pieces.push(Piece { number: self.count, offset: self.offset, end: chunk.bytes.len(), cut });
        self.offset += length_bytes + kept + skipped;
        Ok(true)
    }

    fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_proto::{decode_json, encode};

    const HELD: &str = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-AT","effective_on":"2021-06-01","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;

    fn message(bytes: &[u8]) -> Vec<u8> {
        let (mut length, mut message) = (bytes.len(), Vec::new());
        while length >= 0x80 {
            message.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        message.push(u8::try_from(length).unwrap());
        message.extend_from_slice(bytes);
        message
    }

    fn read(bytes: &[u8]) -> Result<Vec<ImportItem>, String> {
        let mut items = Vec::new();
        // A small buffer, so that lengths and messages are cut by its end.
        let reader = std::io::BufReader::with_capacity(7, bytes);
        let read = protobuf(reader, &mut |item| {
            items.push(item);
            Ok::<(), String>(())
        });
        read.map(|count| assert_eq!(count, items.len() as u64)).map_err(|error| error.to_string())?;
        Ok(items)
    }

    fn fault(item: &ImportItem) -> (&'static str, &str, &[u8]) {
        let ImportItem::Faulty { reason, detail, bytes, .. } = item else { panic!("{item:?}") };
        (reason.code(), detail, bytes)
    }

    #[test]
    fn messages_are_events_and_bad_ones_do_not_stop_the_file() {
        let held = encode(&decode_json(HELD).unwrap());
        let long = vec![b'x'; ENVELOPE_BYTES_MAX + 1];
        let file = [message(&held), message(b"no"), message(&[]), message(&long), message(&held)].concat();
        let items = read(&file).unwrap();
        let [ImportItem::Event { .. }, bad, empty, too_long, ImportItem::Event { envelope, origin, .. }] = &items[..]
        else {
            panic!("{items:?}")
        };
        assert_eq!((envelope.as_ref(), origin.line), (&decode_json(HELD).unwrap(), 5));
        let at = held.len() + 2 - usize::from(held.len() < 128);
        let (code, detail, bytes) = fault(bad);
        assert_eq!((code, bytes), ("event_invalid", b"no".as_slice()));
        assert!(detail.starts_with(&format!("message 2 at byte {at}: not a daybook.v1 envelope")), "{detail}");
        assert_eq!(fault(empty).0, "event_invalid");
        let (code, detail, bytes) = fault(too_long);
        assert_eq!((code, bytes.len()), ("message_too_long", LONG_MESSAGE_BYTES_KEPT));
        assert!(detail.contains("has 1048577 bytes; an envelope has at most 1048576"), "{detail}");
    }

    #[test]
    fn the_end_of_the_file_may_cut_a_message_or_its_length() {
        let whole = message(&encode(&decode_json(HELD).unwrap()));
        for cut in 1..whole.len() {
            let items = read(&whole[..cut]).unwrap();
            assert_eq!(items.len(), 1, "{cut}");
            assert_eq!(fault(&items[0]).0, "message_cut_off", "{cut}");
        }
        assert!(read(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_file_of_another_kind_is_none() {
        assert!(read(HELD.as_bytes()).unwrap_err().contains("--from ndjson"));
        assert!(read(&[0xff; 20]).unwrap_err().contains("at byte 0"));
    }
}
