//! A CSV file as rows of cells, each with the bytes it was read from.

use super::super::FaultReason;
use super::super::fault::{FileError, LineFault};
use super::FILE_LINES_MAX;
use super::columns::{Cells, Header};
use super::source_file::{RowContent, SourceFile, SourceRow};
use csv::ByteRecord;
use daybook_event::printable;

/// Reads the header, then every row; a row that is damaged is a fault and the next one goes on.
pub(super) fn read(bytes: &[u8]) -> Result<SourceFile<'_>, FileError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = LineCount::default();
    let mut record = ByteRecord::new();
    let Some((head, _)) = row_next(&mut reader, &mut record, bytes, &mut lines)? else {
        return Err(FileError::Empty);
    };
    // A header that is not UTF-8 has no name that we know: lossy reading leaves the missing one to be named.
    let names: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let header = Header::read(names.iter().map(String::as_str))?;
    let mut rows = Vec::new();
    while let Some((raw, line)) = row_next(&mut reader, &mut record, bytes, &mut lines)? {
        rows.push(SourceRow { line, raw, content: row_content(&record, &header, names.len()) });
        if rows.len() > FILE_LINES_MAX {
            return Err(FileError::TooManyLines { lines_max: FILE_LINES_MAX as u64 });
        }
    }
    Ok(SourceFile { head, rows })
}

fn row_content(record: &ByteRecord, header: &Header, columns: usize) -> Result<RowContent, LineFault> {
    if record.len() != columns {
        let what = format!("the row has {} fields, the header {columns}", record.len());
        return Err(LineFault::new(FaultReason::RowColumns, what));
    }
    let texts: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
    let texts = texts.map_err(|_| LineFault::new(FaultReason::NotUtf8, "the row is not UTF-8"))?;
    let cells = Cells::collect(|name| header.place(name).map(|place| texts[place]));
    Ok(RowContent::Line { cells: Box::new(cells), kind: header.kind })
}

/// The next row's bytes, without line ends, and its line number.
pub(crate) fn row_next<'a>(
    reader: &mut csv::Reader<&[u8]>,
    record: &mut ByteRecord,
    bytes: &'a [u8],
    lines: &mut LineCount,
) -> Result<Option<(&'a [u8], u64)>, FileError> {
    let from = reader.position().byte();
    if !reader.read_byte_record(record).map_err(|e| FileError::Csv(printable(&e.to_string())))? {
        return Ok(None);
    }
    let place = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
    let mut start = place(from);
    let mut end = place(reader.position().byte());
    // The reader leaves the second half of CR LF, and empty lines, to the record that follows.
    let line_end = |at: usize| matches!(bytes[at], b'\r' | b'\n');
    while start < end && line_end(start) {
        start += 1;
    }
    while end > start && line_end(end - 1) {
        end -= 1;
    }
    Ok(Some((&bytes[start..end], lines.at(bytes, start))))
}

/// Counts lines as far as asked, so that a file is counted once.
#[derive(Default)]
pub(crate) struct LineCount {
    bytes: usize,
    line_ends: u64,
}

impl LineCount {
    fn at(&mut self, bytes: &[u8], place: usize) -> u64 {
        self.line_ends += bytes[self.bytes..place].iter().filter(|b| **b == b'\n').count() as u64;
        self.bytes = place;
        self.line_ends + 1
    }
}
