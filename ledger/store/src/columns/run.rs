//! One run, open for reading.

use super::ColumnsError;
use super::layout::{BlockHead, Place, RunHead, START_BYTES, TAIL_BYTES, Tail, directory_read, start_check};
use super::sum::sum_of;
use crate::MediumFile;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Which part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is the same for all partners: numbers of classes.
    Dictionary,
    /// What is of no partner.
    Shared,
    /// A part of a block: the number of the block, and of the part within it.
    Block(usize, usize),
}

/// An open run. Its file may lose its name meanwhile: what is open can be read on.
#[derive(Debug)]
pub struct Run {
    path: PathBuf,
    file: Box<dyn MediumFile>,
    tail: Tail,
    blocks: Vec<BlockHead>,
}

impl Run {
    pub(super) fn open(path: &Path, file: Box<dyn MediumFile>) -> Result<Self, ColumnsError> {
        let unusable = |why: &str| ColumnsError::Unusable { path: path.to_owned(), why: why.to_owned() };
        let read = |offset: u64, out: &mut [u8]| file.read(offset, out).map_err(|error| read_error(path, error));
        let length = file.len().map_err(|error| read_error(path, error))?;
        let end = length.checked_sub(TAIL_BYTES as u64).ok_or_else(|| unusable("it is cut off"))?;
        let mut start = [0; START_BYTES];
        read(0, &mut start)?;
        start_check(&start).map_err(|why| unusable(&why))?;
        let mut tail = [0; TAIL_BYTES];
        read(end, &mut tail)?;
        let tail = Tail::read(&tail, end).ok_or_else(|| unusable("its end is damaged or cut off"))?;
        let mut run = Self { path: path.to_owned(), file, tail, blocks: Vec::new() };
        let mut bytes = Vec::new();
        run.place_read(run.tail.directory, "its directory", &mut bytes)?;
        run.blocks = directory_read(&bytes, end).ok_or_else(|| unusable("its directory is damaged"))?;
        Ok(run)
    }

    /// Which records it is of.
    #[must_use]
    pub fn head(&self) -> &RunHead {
        &self.tail.head
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its blocks, in order of partner.
    #[must_use]
    pub fn blocks(&self) -> &[BlockHead] {
        &self.blocks
    }

    /// The number of a partner's block, if there is one.
    #[must_use]
    pub fn block_of(&self, partner_id: &str) -> Option<usize> {
        self.blocks.binary_search_by(|block| block.partner_id.as_str().cmp(partner_id)).ok()
    }

    /// How many bytes a part has.
    #[must_use]
    pub fn part_bytes(&self, part: Part) -> u64 {
        self.place(part).map_or(0, |place| place.bytes)
    }

    /// Reads a part into the buffer, which then holds nothing else.
    ///
    /// # Errors
    /// [`ColumnsError`]: bytes that do not match their checksum, or a disk that fails.
    pub fn read(&self, part: Part, out: &mut Vec<u8>) -> Result<(), ColumnsError> {
        let missing = || self.unusable(format!("it has no {part:?}"));
        let place = self.place(part).ok_or_else(missing)?;
        match part {
            Part::Dictionary => self.place_read(place, "its dictionary", out),
            Part::Shared => self.place_read(place, "what is of no partner", out),
            Part::Block(block, _) => {
                let id = self.blocks.get(block).map_or("", |block| &block.partner_id);
                self.place_read(place, &format!("the block of partner {id}"), out)
            }
        }
    }

    /// Says that what was read of it means nothing, though its checksums match.
    #[must_use]
    pub fn unusable(&self, why: String) -> ColumnsError {
        ColumnsError::Unusable { path: self.path.clone(), why }
    }

    fn place(&self, part: Part) -> Option<Place> {
        match part {
            Part::Dictionary => Some(self.tail.dictionary),
            Part::Shared => Some(self.tail.shared),
            Part::Block(block, part) => self.blocks.get(block)?.parts.get(part).copied(),
        }
    }

    fn place_read(&self, place: Place, what: &str, out: &mut Vec<u8>) -> Result<(), ColumnsError> {
        // Its length was held against the file's before: it takes no more memory than the file has bytes.
        let bytes = usize::try_from(place.bytes).map_err(|_| self.unusable(format!("{what} is too large")))?;
        out.resize(bytes, 0);
        self.file.read(place.offset, out).map_err(|error| read_error(&self.path, error))?;
        if sum_of(out) == place.sum {
            return Ok(());
        }
        out.clear();
        Err(self.unusable(format!("{what} does not match its checksum")))
    }
}

fn read_error(path: &Path, error: std::io::Error) -> ColumnsError {
    match error.kind() {
        ErrorKind::UnexpectedEof => ColumnsError::Unusable { path: path.to_owned(), why: "it is cut off".to_owned() },
        _ => ColumnsError::Io { path: path.to_owned(), source: Box::new(error) },
    }
}
