//! Files cut into chunks of whole lines or messages, so that they can be judged apart from the thread that reads.

use super::FileError;

/// The bytes of a chunk, unless one piece alone has more: few enough to stay in a processor's own cache until they are judged.
pub(super) const CHUNK_BYTES: usize = 1 << 17;

/// One line of a chunk, or one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Which in the file, from 1.
    pub(super) number: u64,
    /// The byte of the file at which it begins, its length included.
    pub(super) offset: u64,
    /// Where its bytes end in the chunk; they begin where those of the piece before end.
    pub(super) end: usize,
    /// Why its bytes are only the beginning of it, or none of it.
    pub(super) cut: Option<Cut>,
}

/// Why a piece is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is longer than the limit; of a message, so many bytes.
    TooLong(u64),
    /// The file ends in it, where it has so many bytes.
    FileEnds(u64),
}

/// Whole pieces, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
}

impl Chunk {
    /// The pieces with their bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Piece, &[u8])> {
        let starts = std::iter::once(0).chain(self.pieces.iter().map(|piece| piece.end));
        self.pieces.iter().zip(starts).map(|(piece, start)| (*piece, &self.bytes[start..piece.end]))
    }
}

/// A file that is read piece by piece.
pub(super) trait Pieces {
    /// Reads the next piece behind the others of a chunk; false at the end of the file.
    fn piece(&mut self, chunk: &mut Chunk) -> Result<bool, FileError>;

    /// How many pieces were read.
    fn count(&self) -> u64;

    /// Reads the next chunk; one without pieces is the end.
    fn chunk(&mut self) -> Result<Chunk, FileError> {
        let mut chunk = Chunk { bytes: Vec::with_capacity(CHUNK_BYTES * 5 / 4), pieces: Vec::new() };
        while chunk.bytes.len() < CHUNK_BYTES && chunk.pieces.len() < CHUNK_BYTES && self.piece(&mut chunk)? {}
        Ok(chunk)
    }
}
