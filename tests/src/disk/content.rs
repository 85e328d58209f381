//! The bytes of one simulated file: what is seen, what would survive a crash, and what is on its way.

use crate::dice::Dice;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
/// What a file system gives out.
pub(super) const BLOCK: usize = 4096;

#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// What a read sees.
    seen: Vec<u8>,
    /// What is durable.
    kept: Vec<u8>,
    /// What was done since the last sync.
    pending: Vec<Change>,
    /// Blocks that the file has.
    blocks: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::Length(len) => to.resize(*len, 0),
        }
    }
}

impl Content {
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn read(&self, offset: usize, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len());
        out.copy_from_slice(self.seen.get(offset..end).ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.blocks.extend(blocks_of(offset, bytes.len()));
        self.change(Change::Write { offset, bytes: bytes.to_vec() });
    }

    /// Writes some sectors, each or none of it.
    pub(super) fn write_torn(&mut self, offset: usize, bytes: &[u8], dice: &mut Dice) {
        for (from, sector) in sectors(offset, bytes) {
            if dice.between(0, 1) == 1 {
                self.write(from, sector);
            }
        }
    }

    pub(super) fn set_len(&mut self, len: usize) {
        self.blocks.retain(|block| block * BLOCK < len);
        self.change(Change::Length(len));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.kept);
        }
    }

    /// A sync that failed: nobody will try these changes again.
    pub(super) fn sync_failed(&mut self) {
        self.pending.clear();
    }

    /// How many blocks this write would need anew.
    pub(super) fn blocks_new(&self, offset: usize, length: usize) -> usize {
        blocks_of(offset, length).filter(|block| !self.blocks.contains(block)).count()
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Keeps what was durable and any of the sectors on their way, in any order. Lengths keep their order, and no write from
    /// behind one goes before it.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        let keep_of_four = dice.between(0, 4);
        let mut arriving: Vec<Change> = Vec::new();
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Write { offset, bytes } => {
                    let pieces = sectors(offset, &bytes)
                        .filter(|_| dice.between(1, 4) <= keep_of_four)
                        .map(|(offset, sector)| Change::Write { offset, bytes: sector.to_vec() });
                    arriving.extend(pieces);
                }
                Change::Length(_) => {
                    self.arrive(&mut arriving, dice);
                    if dice.between(1, 4) <= keep_of_four {
                        change.apply(&mut self.kept);
                    }
                }
            }
        }
        self.arrive(&mut arriving, dice);
        self.seen = self.kept.clone();
        self.blocks = blocks_of(0, self.seen.len()).collect();
    }

    fn arrive(&mut self, arriving: &mut Vec<Change>, dice: &mut Dice) {
        dice.shuffle(arriving);
        for change in arriving.drain(..) {
            change.apply(&mut self.kept);
        }
    }
}

fn blocks_of(offset: usize, length: usize) -> std::ops::Range<usize> {
    offset / BLOCK..(offset + length).div_ceil(BLOCK)
}

/// A write cut at the borders of sectors.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let length = (SECTOR - (offset + at) % SECTOR).min(bytes.len() - at);
        let piece = (offset + at, &bytes[at..at + length]);
        at += length;
        (length > 0).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &Content) -> Vec<u8> {
        let mut out = vec![0; content.len()];
        content.read(0, &mut out).unwrap();
        out
    }

    #[test]
    fn a_crash_keeps_what_was_synced_and_whole_sectors_of_the_rest() {
        let mut kept_some = BTreeSet::new();
        for seed in 0..64 {
            let (mut content, mut dice) = (Content::default(), Dice::new(seed));
            content.write(0, &[1; 2 * SECTOR]);
            content.sync();
            content.write(SECTOR - 10, &[2; SECTOR + 20]);
            content.crash(&mut dice);
            let bytes = all(&content);
            let changed: Vec<bool> = [SECTOR - 10..SECTOR, SECTOR..2 * SECTOR, 2 * SECTOR..2 * SECTOR + 10]
                .map(|piece| {
                    let piece = bytes.get(piece).unwrap_or_default();
                    assert!(piece.windows(2).all(|pair| pair[0] == pair[1]), "a sector is whole");
                    piece.first() == Some(&2)
                })
                .to_vec();
            assert_eq!(bytes[..SECTOR - 10], [1; SECTOR - 10]);
            kept_some.insert(changed);
        }
        assert_eq!(kept_some.len(), 8, "every subset of three sectors");
    }

    #[test]
    fn a_failed_sync_can_be_read_and_is_gone_after_a_crash() {
        let mut content = Content::default();
        content.write(0, b"old");
        content.sync();
        content.write(0, b"new");
        content.sync_failed();
        content.sync();
        assert_eq!(all(&content), b"new");
        content.crash(&mut Dice::new(1));
        assert_eq!(all(&content), b"old");
    }

    #[test]
    fn blocks_are_counted_once() {
        let mut content = Content::default();
        assert_eq!(content.blocks_new(BLOCK - 1, 2), 2);
        content.write(BLOCK - 1, b"ab");
        assert_eq!(content.blocks_new(0, 3 * BLOCK), 1);
        content.set_len(BLOCK);
        assert_eq!(content.blocks(), 1);
    }
}
