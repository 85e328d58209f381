//! The whole simulated disk: files, names, and the fault that waits.

use super::content::{BLOCK, Content};
use super::fault::{Fault, Kind, Operations};
use crate::dice::Dice;
use daybook_store::MediumLocks;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct State {
    contents: Vec<Content>,
    /// Which content has which name, as seen.
    names: BTreeMap<PathBuf, usize>,
    /// The same, as it is durable.
    names_kept: BTreeMap<PathBuf, usize>,
    names_pending: Vec<NameChange>,
    pub(super) locks: BTreeMap<PathBuf, Arc<MediumLocks>>,
    /// Who opened a file before the last crash has nothing any more.
    pub(super) lives: u64,
    pub(super) operations: Operations,
    armed: Option<(Fault, u64)>,
    /// The fault that struck, where it did.
    pub(super) struck: Option<Fault>,
    is_powered: bool,
    is_read_only: bool,
    is_lying: bool,
    blocks_max: Option<usize>,
    dice: Dice,
}

#[derive(Debug, Clone)]
enum NameChange {
    Made(PathBuf, usize),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf),
}

impl NameChange {
    fn path(&self) -> &Path {
        match self {
            Self::Made(path, _) | Self::Removed(path) | Self::Renamed(_, path) => path,
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Made(path, content) => {
                names.insert(path.clone(), *content);
            }
            Self::Renamed(from, to) => {
                if let Some(content) = names.remove(from) {
                    names.insert(to.clone(), content);
                }
            }
            Self::Removed(path) => {
                names.remove(path);
            }
        }
    }
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            contents: Vec::new(),
            names: BTreeMap::new(),
            names_kept: BTreeMap::new(),
            names_pending: Vec::new(),
            locks: BTreeMap::new(),
            lives: 0,
            operations: Operations::default(),
            armed: None,
            struck: None,
            is_powered: true,
            is_read_only: false,
            is_lying: false,
            blocks_max: None,
            dice: Dice::new(seed),
        }
    }

    /// The same disk once more, with chance of its own, whole, and with no file open.
    pub(super) fn fork(&self, seed: u64) -> Self {
        let (names, names_kept) = (self.names.clone(), self.names_kept.clone());
        let (contents, names_pending) = (self.contents.clone(), self.names_pending.clone());
        Self { contents, names, names_kept, names_pending, ..Self::new(seed) }
    }

    /// The fault strikes the operation of this number, counted from now on among those that it may strike.
    pub(super) fn arm(&mut self, fault: Fault, at: u64) {
        (self.operations, self.struck) = (Operations::default(), None);
        self.armed = Some((fault, at));
    }

    pub(super) fn mend(&mut self) {
        (self.armed, self.is_powered, self.blocks_max) = (None, true, None);
        (self.is_read_only, self.is_lying) = (false, false);
    }

    pub(super) fn blocks_max(&mut self, bytes: usize) {
        self.blocks_max = Some(bytes / BLOCK);
    }

    pub(super) fn crash(&mut self) {
        self.mend();
        self.lives += 1;
        self.locks.clear();
        // A file system keeps its journal of names in order: so much of it, and no more.
        let kept = self.dice.place(self.names_pending.len() + 1);
        for change in self.names_pending.drain(..).take(kept) {
            change.apply(&mut self.names_kept);
        }
        self.names = self.names_kept.clone();
        for content in &mut self.contents {
            content.crash(&mut self.dice);
        }
    }

    /// Counts an operation, and says whether the fault that waits strikes it.
    fn struck(&mut self, kind: Kind, may: impl Fn(Kind) -> bool) -> io::Result<Option<Fault>> {
        if !self.is_powered {
            return Err(io::Error::other("the power is out"));
        }
        let before = self.operations;
        self.operations.add(kind);
        let Some((fault, _)) = self.armed.filter(|(fault, at)| may(fault.kind()) && before.open_to(*fault) >= *at)
        else {
            return Ok(None);
        };
        (self.armed, self.struck) = (None, Some(fault));
        match fault {
            Fault::PowerLoss => {
                self.is_powered = false;
                return Err(io::Error::other("the power is out"));
            }
            Fault::ReadOnly => self.is_read_only = true,
            Fault::DiskFull => self.blocks_max = Some(0),
            Fault::LostSync => self.is_lying = true,
            _ => {}
        }
        Ok(Some(fault))
    }

    /// The same for what changes the disk.
    fn changing(&mut self, kind: Kind) -> io::Result<Option<Fault>> {
        let struck = self.struck(kind, |of| of == kind || of == Kind::Change)?;
        if self.is_read_only {
            return Err(Errno::ROFS.into());
        }
        Ok(struck)
    }

    pub(super) fn find(&self, path: &Path) -> Option<usize> {
        self.names.get(path).copied()
    }

    pub(super) fn list(&self, folder: &Path) -> Vec<String> {
        let here = self.names.keys().filter(|path| path.parent() == Some(folder));
        here.filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned()).collect()
    }

    pub(super) fn make(&mut self, path: &Path) -> io::Result<usize> {
        self.changing(Kind::Change)?;
        self.contents.push(Content::default());
        let content = self.contents.len() - 1;
        self.name_change(NameChange::Made(path.to_owned(), content));
        Ok(content)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.changing(Kind::Change)?;
        self.find(from).ok_or(ErrorKind::NotFound)?;
        self.locks.remove(to);
        self.name_change(NameChange::Renamed(from.to_owned(), to.to_owned()));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.changing(Kind::Change)?;
        self.find(path).ok_or(ErrorKind::NotFound)?;
        self.locks.remove(path);
        self.name_change(NameChange::Removed(path.to_owned()));
        Ok(())
    }

    fn name_change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.names_pending.push(change);
    }

    pub(super) fn folder_sync(&mut self, folder: &Path) -> io::Result<()> {
        if self.changing(Kind::Sync)? == Some(Fault::SyncError) {
            return Err(Errno::IO.into());
        }
        if self.is_lying {
            return Ok(());
        }
        let is_here = |change: &NameChange| change.path().parent() == Some(folder);
        for change in self.names_pending.extract_if(.., |change| is_here(change)) {
            change.apply(&mut self.names_kept);
        }
        Ok(())
    }

    pub(super) fn len(&self, content: usize) -> io::Result<u64> {
        if !self.is_powered {
            return Err(io::Error::other("the power is out"));
        }
        Ok(self.contents[content].len() as u64)
    }

    pub(super) fn read(&mut self, content: usize, offset: usize, out: &mut [u8]) -> io::Result<()> {
        let struck = self.struck(Kind::Read, |of| of == Kind::Read)?;
        if struck == Some(Fault::ReadError) {
            return Err(Errno::IO.into());
        }
        self.contents[content].read(offset, out)?;
        if struck == Some(Fault::FlippedRead) {
            flip(out, &mut self.dice);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, content: usize, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let struck = self.changing(Kind::Write)?;
        let blocks: usize = self.contents.iter().map(Content::blocks).sum();
        let (file, dice) = (&mut self.contents[content], &mut self.dice);
        let blocks_new = file.blocks_new(offset, bytes.len());
        if blocks_new > 0 && self.blocks_max.is_some_and(|blocks_max| blocks + blocks_new > blocks_max) {
            return Err(Errno::NOSPC.into());
        }
        match struck {
            Some(Fault::TornWrite) => {
                file.write_torn(offset, bytes, dice);
                self.is_powered = false;
                return Err(io::Error::other("the power is out"));
            }
            Some(Fault::ShortWrite) => {
                file.write(offset, &bytes[..dice.place(bytes.len().max(1))]);
                return Err(Errno::IO.into());
            }
            Some(Fault::WriteError) => return Err(Errno::IO.into()),
            Some(Fault::FlippedWrite) => {
                let mut flipped = bytes.to_vec();
                flip(&mut flipped, dice);
                file.write(offset, &flipped);
            }
            Some(Fault::Misdirected) => file.write(elsewhere(offset, file.len(), dice), bytes),
            _ => file.write(offset, bytes),
        }
        Ok(())
    }

    pub(super) fn set_len(&mut self, content: usize, len: usize) -> io::Result<()> {
        self.changing(Kind::Change)?;
        self.contents[content].set_len(len);
        Ok(())
    }

    pub(super) fn sync(&mut self, content: usize) -> io::Result<()> {
        match self.changing(Kind::Sync)? {
            Some(Fault::SyncError) => {
                self.contents[content].sync_failed();
                return Err(Errno::IO.into());
            }
            _ if self.is_lying => {}
            _ => self.contents[content].sync(),
        }
        Ok(())
    }
}

fn flip(bytes: &mut [u8], dice: &mut Dice) {
    if !bytes.is_empty() {
        let at = dice.place(bytes.len());
        bytes[at] ^= 1 << dice.between(0, 7);
    }
}

/// Another block of the file, at the same place in it.
fn elsewhere(offset: usize, len: usize, dice: &mut Dice) -> usize {
    let blocks = len.div_ceil(BLOCK).max(2);
    let block = (offset / BLOCK + 1 + dice.place(blocks - 1)) % blocks;
    block * BLOCK + offset % BLOCK
}
