//! The bytes of a run around its blocks: mark, directory and tail. Integers are little-endian.

use super::BLOCK_PARTS;
use super::bytes::Taker;
use super::sum::sum_of;
use crate::Hash;
use daybook_event::{Instant, Position};

/// How a file of columns begins.
pub(super) const MARK: [u8; 8] = *b"DBKCOLS\n";
/// The format of runs, without the meaning of what is in them.
pub(super) const RUN_FORMAT: u32 = 1;
/// Mark, format, and four bytes that are zero.
pub(super) const START_BYTES: usize = 16;
/// What follows the last part of a run.
pub(super) const TAIL_BYTES: usize = 8 + 4 + 4 + 16 + 8 + 8 + 32 + 8 + 3 * PLACE_BYTES + 8;
const PLACE_BYTES: usize = 24;

/// Which records a run is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHead {
    /// The ledger.
    pub ledger_id: [u8; 16],
    /// What the bytes of its parts mean: another number, and the run is not used.
    pub shape: u32,
    /// The first position.
    pub from: Position,
    /// The last position.
    pub to: Position,
    /// The tree's root at the last position: a ledger that went another way after a restore has another.
    pub root: Hash,
    /// When the last record was taken by the ledger.
    pub recorded_at: Instant,
}

/// Where a part lies, and what it sums to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) sum: u64,
}

impl Place {
    fn push(self, out: &mut Vec<u8>) {
        [self.offset, self.bytes, self.sum].into_iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    }

    fn take(taker: &mut Taker<'_>) -> Option<Self> {
        Some(Self { offset: taker.u64()?, bytes: taker.u64()?, sum: taker.u64()? })
    }

    /// Whether it lies between the start and the end given.
    fn fits(self, end: u64) -> bool {
        self.offset >= START_BYTES as u64 && self.offset.checked_add(self.bytes).is_some_and(|after| after <= end)
    }
}

/// One partner's block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockHead {
    /// The partner.
    pub partner_id: String,
    /// How many lines it holds: what it takes to fold it.
    pub lines: u64,
    /// The first position among its records.
    pub first: Position,
    /// The last position among its records.
    pub last: Position,
    pub(super) parts: [Place; BLOCK_PARTS],
}

impl BlockHead {
    /// How many bytes a part has.
    #[must_use]
    pub fn part_bytes(&self, part: usize) -> u64 {
        self.parts.get(part).map_or(0, |place| place.bytes)
    }
}

pub(super) fn start_bytes() -> Vec<u8> {
    let mut out = MARK.to_vec();
    out.extend_from_slice(&RUN_FORMAT.to_le_bytes());
    out.resize(START_BYTES, 0);
    out
}

pub(super) fn start_check(bytes: &[u8; START_BYTES]) -> Result<(), String> {
    let mut taker = Taker(bytes);
    if taker.array() != Some(MARK) {
        return Err("it is no column file".to_owned());
    }
    match taker.u32() {
        Some(RUN_FORMAT) if taker.u32() == Some(0) => Ok(()),
        Some(RUN_FORMAT) | None => Err("its start is damaged".to_owned()),
        Some(found) => Err(format!("its format is {found}, this daybook knows {RUN_FORMAT}")),
    }
}

pub(super) fn directory_bytes(blocks: &[BlockHead]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(blocks.len() * 96);
    out.extend_from_slice(&(blocks.len() as u64).to_le_bytes());
    for block in blocks {
        out.extend_from_slice(&u16::try_from(block.partner_id.len()).ok()?.to_le_bytes());
        out.extend_from_slice(block.partner_id.as_bytes());
        for number in [block.lines, block.first.number(), block.last.number()] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        block.parts.iter().for_each(|place| place.push(&mut out));
    }
    Some(out)
}

/// The blocks of a directory; none where it is not one, or names what is not in the file.
pub(super) fn directory_read(bytes: &[u8], end: u64) -> Option<Vec<BlockHead>> {
    let mut taker = Taker(bytes);
    let count = usize::try_from(taker.u64()?).ok()?;
    // A count that is not true must not take memory.
    let mut blocks: Vec<BlockHead> = Vec::with_capacity(count.min(bytes.len() / (2 + 24 + BLOCK_PARTS * PLACE_BYTES)));
    for _ in 0..count {
        let length = taker.u16()?;
        let partner_id = std::str::from_utf8(taker.slice(usize::from(length))?).ok()?.to_owned();
        let lines = taker.u64()?;
        let (first, last) = (Position::new(taker.u64()?), Position::new(taker.u64()?));
        let mut parts = [Place::default(); BLOCK_PARTS];
        for place in &mut parts {
            *place = Place::take(&mut taker).filter(|place| place.fits(end))?;
        }
        let in_order = blocks.last().is_none_or(|last| last.partner_id < partner_id);
        blocks.push(in_order.then_some(BlockHead { partner_id, lines, first, last, parts })?);
    }
    taker.0.is_empty().then_some(blocks)
}

/// The end of a run: what it is, and where its parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) head: RunHead,
    pub(super) directory: Place,
    pub(super) dictionary: Place,
    pub(super) shared: Place,
}

impl Tail {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TAIL_BYTES);
        out.extend_from_slice(&MARK);
        out.extend_from_slice(&RUN_FORMAT.to_le_bytes());
        out.extend_from_slice(&self.head.shape.to_le_bytes());
        out.extend_from_slice(&self.head.ledger_id);
        out.extend_from_slice(&self.head.from.number().to_le_bytes());
        out.extend_from_slice(&self.head.to.number().to_le_bytes());
        out.extend_from_slice(&self.head.root);
        out.extend_from_slice(&self.head.recorded_at.micros().to_le_bytes());
        [self.directory, self.dictionary, self.shared].into_iter().for_each(|place| place.push(&mut out));
        out.extend_from_slice(&sum_of(&out).to_le_bytes());
        out
    }

    /// The tail that ends a file; `end` is where it begins.
    pub(super) fn read(bytes: &[u8; TAIL_BYTES], end: u64) -> Option<Self> {
        let (content, sum) = bytes.split_last_chunk::<8>()?;
        if u64::from_le_bytes(*sum) != sum_of(content) {
            return None;
        }
        let mut taker = Taker(content);
        if taker.array() != Some(MARK) || taker.u32() != Some(RUN_FORMAT) {
            return None;
        }
        let shape = taker.u32()?;
        let ledger_id = taker.array()?;
        let (from, to) = (Position::new(taker.u64()?), Position::new(taker.u64()?));
        let root = taker.array()?;
        let recorded_at = Instant::from_micros(taker.i64()?);
        let mut place = || Place::take(&mut taker).filter(|place| place.fits(end));
        let (directory, dictionary, shared) = (place()?, place()?, place()?);
        let is_of_records = Position::ZERO < from && from <= to;
        let head = RunHead { ledger_id, shape, from, to, root, recorded_at };
        is_of_records.then_some(Self { head, directory, dictionary, shared })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail() -> Tail {
        let head = RunHead {
            ledger_id: [7; 16],
            shape: 3,
            from: Position::new(1),
            to: Position::new(9),
            root: [5; 32],
            recorded_at: Instant::from_micros(-4),
        };
        let place = |offset| Place { offset, bytes: 2, sum: offset };
        Tail { head, directory: place(16), dictionary: place(18), shared: place(20) }
    }

    #[test]
    fn a_tail_is_read_as_written_and_any_flipped_bit_shows() {
        let bytes: [u8; TAIL_BYTES] = tail().bytes().try_into().unwrap();
        assert_eq!(Tail::read(&bytes, 22), Some(tail()));
        assert_eq!(Tail::read(&bytes, 21), None, "a part beyond the end");
        for bit in 0..TAIL_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Tail::read(&flipped, 22), None, "{bit}");
        }
    }

    #[test]
    fn a_directory_is_in_order_and_cut_off_nowhere() {
        let block = |id: &str| BlockHead {
            partner_id: id.to_owned(),
            lines: 4,
            first: Position::new(2),
            last: Position::new(3),
            parts: [Place { offset: 16, bytes: 3, sum: 1 }; BLOCK_PARTS],
        };
        let bytes = directory_bytes(&[block("P-1"), block("P-2")]).unwrap();
        assert_eq!(directory_read(&bytes, 19).unwrap(), [block("P-1"), block("P-2")]);
        assert_eq!(directory_read(&bytes, 18), None, "a block beyond the end");
        for length in 0..bytes.len() {
            assert_eq!(directory_read(&bytes[..length], 19), None, "{length}");
        }
        for unordered in [["P-2", "P-1"], ["P-1", "P-1"]] {
            assert_eq!(directory_read(&directory_bytes(&unordered.map(block)).unwrap(), 19), None);
        }
        assert_eq!(directory_read(&u64::MAX.to_le_bytes(), 19), None);
    }
}
