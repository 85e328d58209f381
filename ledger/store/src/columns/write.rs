//! Writing one run, front to back.

use super::layout::{BlockHead, Place, RunHead, Tail, directory_bytes, start_bytes};
use super::sum::sum_of;
use super::{BLOCK_PARTS, ColumnsError, ColumnsWriter, RunFile};
use crate::MediumFile;
use daybook_event::Position;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// A run that is being written. Dropped before [`RunWriter::finish`] it leaves nothing that anybody reads.
pub struct RunWriter<'a> {
    writer: &'a ColumnsWriter,
    head: RunHead,
    path: PathBuf,
    file: Box<dyn MediumFile>,
    buffer: Vec<u8>,
    /// Where the buffer's first byte goes.
    written: u64,
    blocks: Vec<BlockHead>,
}

impl<'a> RunWriter<'a> {
    pub(super) fn new(writer: &'a ColumnsWriter, head: RunHead, path: PathBuf, file: Box<dyn MediumFile>) -> Self {
        let buffer = start_bytes();
        Self { writer, head, path, file, buffer, written: 0, blocks: Vec::new() }
    }

    /// Adds a partner's block: how many lines it has, and its first and last position. Partners come in order of their ids.
    ///
    /// # Errors
    /// [`ColumnsError`]: a disk that fails, or partners out of order.
    pub fn block(
        &mut self,
        partner_id: &str,
        lines: u64,
        between: [Position; 2],
        parts: [&[u8]; BLOCK_PARTS],
    ) -> Result<(), ColumnsError> {
        if self.blocks.last().is_some_and(|last| *last.partner_id >= *partner_id) {
            let error = io::Error::new(ErrorKind::InvalidInput, format!("partner {partner_id} is out of order"));
            return Err(self.failed(error));
        }
        let mut places = [Place::default(); BLOCK_PARTS];
        for (place, part) in places.iter_mut().zip(parts) {
            *place = self.part(part)?;
        }
        let [first, last] = between;
        self.blocks.push(BlockHead { partner_id: partner_id.to_owned(), lines, first, last, parts: places });
        Ok(())
    }

    /// Ends the run with its dictionary and what is of no partner, and gives it its name: from here on it is read.
    ///
    /// # Errors
    /// [`ColumnsError`]: a disk that fails. The run is then there whole, or not at all.
    pub fn finish(mut self, dictionary: &[u8], shared: &[u8]) -> Result<RunFile, ColumnsError> {
        let dictionary = self.part(dictionary)?;
        let shared = self.part(shared)?;
        let too_long = || self.failed(io::Error::new(ErrorKind::InvalidInput, "a partner's id is too long"));
        let directory = directory_bytes(&self.blocks).ok_or_else(too_long)?;
        let directory = self.part(&directory)?;
        self.buffer.extend_from_slice(&Tail { head: self.head.clone(), directory, dictionary, shared }.bytes());
        self.flush()?;
        self.file.sync().map_err(|error| self.failed(error))?;
        drop(self.file);
        self.writer.publish(&self.path, &self.head)
    }

    fn failed(&self, error: io::Error) -> ColumnsError {
        ColumnsError::Io { path: self.path.clone(), source: Box::new(error) }
    }

    fn part(&mut self, bytes: &[u8]) -> Result<Place, ColumnsError> {
        let offset = self.written + self.buffer.len() as u64;
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() > BUFFER_BYTES {
            self.write(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(Place { offset, bytes: bytes.len() as u64, sum: sum_of(bytes) })
    }

    fn flush(&mut self) -> Result<(), ColumnsError> {
        let buffer = std::mem::take(&mut self.buffer);
        self.write(&buffer)?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ColumnsError> {
        self.file.write(self.written, bytes).map_err(|error| self.failed(error))?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}
