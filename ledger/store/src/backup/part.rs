//! A file of blocks: rows of one kind, packed, each block under a checksum of its own. Written once, never changed.

use super::BackupError;
use super::manifest::FileMark;
use crate::PAYLOAD_BYTES_MAX;
use crate::medium::{Disk, MediumAccess, MediumFile};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// How every file of blocks begins.
const MAGIC: &[u8; 16] = b"daybook backup1\n";
/// A block holds rows up to so many bytes, or one larger row.
const BLOCK_RAW_BYTES: usize = 256 * 1024;
/// What a block may unpack to: one row of the largest payload on top of a full one.
const UNPACKED_BYTES_MAX: usize = 2 * PAYLOAD_BYTES_MAX;
/// Kind, first number, count of rows, bytes unpacked, bytes packed.
const HEAD_BYTES: usize = 1 + 8 + 4 + 4 + 4;
const SUM_BYTES: usize = 16;
const PACK_LEVEL: i32 = 3;

/// What the rows of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Frames = 1,
    Decisions = 2,
    Entries = 3,
    Holes = 4,
    Checkpoints = 5,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Frames, Self::Decisions, Self::Entries, Self::Holes, Self::Checkpoints]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// Sees a row: its kind, its number, its bytes.
type Visit<'a> = dyn FnMut(Kind, u64, &[u8]) -> Result<(), BackupError> + 'a;

/// Writes a file of blocks under another name, and gives it its own when it is whole.
pub(super) struct PartWriter<'d> {
    disk: &'d Disk,
    path: PathBuf,
    unfinished: PathBuf,
    file: Box<dyn MediumFile>,
    bytes: u64,
    hasher: Sha256,
    rows: Vec<u8>,
    count: u32,
    head: Option<(Kind, u64)>,
}

impl<'d> PartWriter<'d> {
    pub(super) fn create(disk: &'d Disk, path: &Path) -> Result<Self, BackupError> {
        let mut name = path.as_os_str().to_owned();
        name.push(super::NEW_END);
        let unfinished = PathBuf::from(name);
        let failed = BackupError::io(&unfinished);
        let made = disk.remove(&unfinished).and_then(|()| disk.file_open(&unfinished, MediumAccess::Create));
        let file = made.map_err(failed)?;
        let (path, hasher) = (path.to_owned(), Sha256::new());
        let mut writer =
            Self { disk, path, unfinished, file, bytes: 0, hasher, rows: Vec::new(), count: 0, head: None };
        writer.write(MAGIC)?;
        Ok(writer)
    }

    /// Adds a row. Rows of one kind have numbers without a gap.
    pub(super) fn push(&mut self, kind: Kind, number: u64, row: &[u8]) -> Result<(), BackupError> {
        let is_other = self.head.is_some_and(|(of, _)| of != kind);
        if is_other || (self.count > 0 && self.rows.len() + row.len() > BLOCK_RAW_BYTES) {
            self.block_write()?;
        }
        self.head.get_or_insert((kind, number));
        let length = u32::try_from(row.len()).map_err(|_| BackupError::damaged(&self.path, "a row is too long"))?;
        self.rows.extend_from_slice(&length.to_be_bytes());
        self.rows.extend_from_slice(row);
        self.count += 1;
        Ok(())
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_none() && self.bytes == MAGIC.len() as u64
    }

    /// Makes the file durable under its own name; the name itself is durable when its folder was synced.
    pub(super) fn finish(mut self) -> Result<FileMark, BackupError> {
        self.block_write()?;
        let finished = self.file.sync().and_then(|()| self.disk.rename(&self.unfinished, &self.path));
        finished.map_err(BackupError::io(&self.path))?;
        let file = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(FileMark { file, bytes: self.bytes, sha256: hex::encode(self.hasher.finalize()) })
    }

    /// Takes it back.
    pub(super) fn abandon(self) -> Result<(), BackupError> {
        self.disk.remove(&self.unfinished).map_err(BackupError::io(&self.unfinished))
    }

    fn block_write(&mut self) -> Result<(), BackupError> {
        let Some((kind, first)) = self.head.take() else { return Ok(()) };
        let packed = zstd::bulk::compress(&self.rows, PACK_LEVEL).map_err(BackupError::io(&self.unfinished))?;
        let lengths = (u32::try_from(self.rows.len()), u32::try_from(packed.len()));
        let (Ok(raw_bytes), Ok(packed_bytes)) = lengths else {
            return Err(BackupError::damaged(&self.path, "a block is too long"));
        };
        let mut block = Vec::with_capacity(HEAD_BYTES + SUM_BYTES + packed.len());
        block.push(kind as u8);
        block.extend_from_slice(&first.to_be_bytes());
        block.extend_from_slice(&self.count.to_be_bytes());
        block.extend_from_slice(&raw_bytes.to_be_bytes());
        block.extend_from_slice(&packed_bytes.to_be_bytes());
        let sum = sum(&block, &packed);
        block.extend_from_slice(&sum);
        block.extend_from_slice(&packed);
        self.rows.clear();
        self.count = 0;
        self.write(&block)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.file.write(self.bytes, bytes).map_err(BackupError::io(&self.unfinished))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn sum(head: &[u8], packed: &[u8]) -> [u8; SUM_BYTES] {
    let digest: [u8; 32] = Sha256::new().chain_update(head).chain_update(packed).finalize().into();
    let mut sum = [0; SUM_BYTES];
    sum.copy_from_slice(&digest[..SUM_BYTES]);
    sum
}

/// Reads a file of blocks row by row, and checks each block before its first row is seen, and the whole file at the end.
pub(super) fn part_read(disk: &Disk, dir: &Path, mark: &FileMark, visit: &mut Visit<'_>) -> Result<(), BackupError> {
    let path = dir.join(&mark.file);
    let file = disk.file_open(&path, MediumAccess::Read).map_err(BackupError::io(&path))?;
    let damaged = |what: &str| BackupError::damaged(&path, what);
    if file.len().map_err(BackupError::io(&path))? != mark.bytes {
        return Err(damaged("it has another length than the manifest says"));
    }
    let mut hasher = Sha256::new();
    let mut at = 0;
    let mut take = |bytes: usize| -> Result<Vec<u8>, BackupError> {
        if mark.bytes - at < bytes as u64 {
            return Err(damaged("it is cut off"));
        }
        let mut taken = vec![0; bytes];
        file.read(at, &mut taken).map_err(BackupError::io(&path))?;
        hasher.update(&taken);
        at += bytes as u64;
        Ok(taken)
    };
    if take(MAGIC.len())? != MAGIC {
        return Err(damaged("it does not begin as a file of a backup"));
    }
    let mut left = mark.bytes - MAGIC.len() as u64;
    while left > 0 {
        let head = take(HEAD_BYTES + SUM_BYTES)?;
        let (head, stored) = head.split_at(HEAD_BYTES);
        let block = BlockHead::of(head).ok_or_else(|| damaged("the head of a block is wrong"))?;
        let packed = take(block.packed_bytes)?;
        if sum(head, &packed) != stored {
            return Err(damaged(&format!("the block that begins with row {} is damaged", block.first)));
        }
        let rows = zstd::bulk::decompress(&packed, block.raw_bytes)
            .map_err(|_| damaged(&format!("the block that begins with row {} does not unpack", block.first)))?;
        rows_visit(&block, &rows, visit).map_err(|fault| fault.unwrap_or_else(|| damaged("a row is cut off")))?;
        left -= (HEAD_BYTES + SUM_BYTES + block.packed_bytes) as u64;
    }
    if hex::encode(hasher.finalize()) == mark.sha256 {
        return Ok(());
    }
    Err(damaged("it does not match the manifest's checksum"))
}

struct BlockHead {
    kind: Kind,
    first: u64,
    count: u32,
    raw_bytes: usize,
    packed_bytes: usize,
}

impl BlockHead {
    fn of(head: &[u8]) -> Option<Self> {
        let (kind, rest) = head.split_first()?;
        let (first, rest) = rest.split_first_chunk::<8>()?;
        let [count, raw_bytes, packed_bytes]: [[u8; 4]; 3] = rest.as_chunks::<4>().0.try_into().ok()?;
        let length = |bytes: [u8; 4]| {
            let length = usize::try_from(u32::from_be_bytes(bytes)).ok()?;
            Some(length).filter(|length| *length <= UNPACKED_BYTES_MAX)
        };
        Some(Self {
            kind: Kind::of(*kind)?,
            first: u64::from_be_bytes(*first),
            count: u32::from_be_bytes(count),
            raw_bytes: length(raw_bytes)?,
            packed_bytes: length(packed_bytes)?,
        })
    }
}

/// None: a row is cut off.
fn rows_visit(block: &BlockHead, rows: &[u8], visit: &mut Visit<'_>) -> Result<(), Option<BackupError>> {
    let mut rest = rows;
    for at in 0..block.count {
        let (length, behind) = rest.split_first_chunk::<4>().ok_or(None)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| None)?;
        let (row, behind) = behind.split_at_checked(length).ok_or(None)?;
        visit(block.kind, block.first.saturating_add(u64::from(at)), row)?;
        rest = behind;
    }
    if rest.is_empty() { Ok(()) } else { Err(None) }
}
