//! Reading a backup: its marks, its checkpoints, and its rows in order, held against the roots that it says.

use super::manifest::{Manifest, Mark};
use super::part::{Kind, part_read};
use super::{BackupError, MANIFEST_FILE, PUBLIC_KEYS_FILE};
use crate::format_v1::{Frame, frame_split};
use crate::format_v2::{DecisionRow, checkpoint_read, decision_leaf, decision_read, entry_leaf_of_row};
use crate::medium::Disk;
use crate::{Binding, Cursor, Frontier, Hash, Medium, StoredCheckpoint};
use daybook_event::Position;
use daybook_proof::{Checkpoint, leaf_hash};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A backup in a folder.
#[derive(Debug)]
pub struct Backup {
    pub(super) disk: Disk,
    pub(super) dir: PathBuf,
    pub(super) manifest: Manifest,
}

/// What the ledger was when a backup was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupMark {
    /// The newest position.
    pub position: Position,
    /// The root of the tree there, in hex.
    pub root: String,
    /// Quarantine entries.
    pub quarantined: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// How far the stream was taken; none for files.
    pub cursor: Option<Cursor>,
}

/// A row of a backup.
pub(super) enum Row<'a> {
    Record(Frame<'a>),
    Decision(u64, DecisionRow),
    Entry(u64, &'a [u8]),
    Hole(u64, &'a [u8]),
}

/// Roots on the way, at the sizes that somebody asks for.
#[derive(Debug, Default)]
pub(super) struct Roots {
    pub(super) wanted: BTreeSet<u64>,
    pub(super) found: BTreeMap<u64, Hash>,
    pub(super) quarantine_wanted: BTreeSet<u64>,
    pub(super) quarantine_found: BTreeMap<u64, Hash>,
}

impl Roots {
    /// Asks for the roots at the sizes that a checkpoint speaks of.
    pub(super) fn want(&mut self, checkpoint: &Checkpoint) {
        self.wanted.insert(checkpoint.size);
        self.quarantine_wanted.extend(checkpoint.quarantine.map(|tree| tree.leaves));
    }

    fn at(&mut self, tree: &Frontier) {
        if self.wanted.contains(&tree.size()) {
            self.found.insert(tree.size(), tree.root());
        }
    }

    fn quarantine_at(&mut self, tree: &Frontier) {
        if self.quarantine_wanted.contains(&tree.size()) {
            self.quarantine_found.insert(tree.size(), tree.root());
        }
    }
}

impl Backup {
    /// Opens the backup in the folder.
    ///
    /// # Errors
    /// [`BackupError`]: there is none, it is of a newer daybook, or its manifest is damaged.
    pub fn open(dir: &Path, medium: Option<&Arc<dyn Medium>>) -> Result<Self, BackupError> {
        let disk = Disk::new(medium);
        let manifest = Manifest::read(&disk, dir)?.filter(|manifest| !manifest.marks.is_empty());
        let manifest = manifest.ok_or_else(|| BackupError::Missing { dir: dir.to_owned() })?;
        Ok(Self { disk, dir: dir.to_owned(), manifest })
    }

    /// Whether the folder holds a backup, whole or not.
    #[must_use]
    pub fn is_in(dir: &Path) -> bool {
        dir.join(MANIFEST_FILE).exists()
    }

    /// The id of the ledger that it is of, in hex.
    #[must_use]
    pub fn ledger_id(&self) -> &str {
        &self.manifest.ledger_id
    }

    /// What that ledger takes its records from.
    #[must_use]
    pub fn binding(&self) -> &Binding {
        &self.manifest.binding
    }

    /// What the ledger was at each run, oldest first; never empty.
    #[must_use]
    pub fn marks(&self) -> Vec<BackupMark> {
        let seen = |mark: &Mark| BackupMark {
            position: Position::new(mark.position),
            root: mark.tree.root.clone(),
            quarantined: mark.quarantined,
            checkpoints: mark.checkpoints,
            cursor: mark.cursor.clone(),
        };
        self.manifest.marks.iter().map(seen).collect()
    }

    /// The public keys that lay beside the ledger, as text; none if there were none.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn public_keys(&self) -> Result<Option<Vec<u8>>, BackupError> {
        let path = self.dir.join(PUBLIC_KEYS_FILE);
        if !self.disk.exists(&path) {
            return Ok(None);
        }
        self.disk.file_read(&path).map(Some).map_err(BackupError::io(&path))
    }

    /// Every checkpoint, oldest first.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn checkpoints(&self) -> Result<Vec<StoredCheckpoint>, BackupError> {
        let (mut checkpoints, path) = (Vec::new(), self.dir.join(MANIFEST_FILE));
        if let Some(file) = &self.manifest.checkpoints {
            part_read(&self.disk, &self.dir, file, &mut |kind, number, row| {
                let is_next = kind == Kind::Checkpoints && number == checkpoints.len() as u64 + 1;
                let note = checkpoint_read(number, row).filter(|_| is_next);
                let damaged = || BackupError::damaged(&self.dir.join(&file.file), format!("checkpoint {number}"));
                checkpoints.push(StoredCheckpoint { number, note: note.ok_or_else(damaged)? });
                Ok(())
            })?;
        }
        let count = self.manifest.marks.last().map_or(0, |mark| mark.checkpoints);
        if checkpoints.len() as u64 == count {
            return Ok(checkpoints);
        }
        Err(BackupError::damaged(&path, format!("it says {count} checkpoints, there are {}", checkpoints.len())))
    }

    /// Visits the rows that one run added, in order, and holds them against the roots of its mark.
    pub(super) fn part(
        &self,
        run: usize,
        roots: &mut Roots,
        visit: &mut dyn FnMut(Row<'_>) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let manifest_path = self.dir.join(MANIFEST_FILE);
        let damaged = || BackupError::damaged(&manifest_path, format!("what it says of run {}", run + 1));
        let mark = self.manifest.marks.get(run).ok_or_else(damaged)?;
        let before = run.checked_sub(1).and_then(|run| self.manifest.marks.get(run));
        let trees = before.map_or(Some((Frontier::default(), Frontier::default())), |before| {
            Some((before.tree.frontier()?, before.quarantine.frontier()?))
        });
        let (tree, quarantine) = trees.ok_or_else(damaged)?;
        roots.at(&tree);
        roots.quarantine_at(&quarantine);
        let path = mark.part.as_ref().map_or_else(|| manifest_path.clone(), |file| self.dir.join(&file.file));
        let mut walk = Walk {
            tree,
            quarantine: QuarantineTree::from(quarantine),
            entries: before.map_or(0, |before| before.quarantined),
            decisions: before.map_or(0, |before| before.decisions),
            holes: before.map_or(0, |before| before.holes),
            roots,
            path: &path,
        };
        if let Some(file) = &mark.part {
            part_read(&self.disk, &self.dir, file, &mut |kind, number, row| walk.row(kind, number, row, visit))?;
        }
        walk.finish(mark)
    }
}

/// A part on its way through.
struct Walk<'a> {
    tree: Frontier,
    quarantine: QuarantineTree,
    entries: u64,
    decisions: u64,
    holes: u64,
    roots: &'a mut Roots,
    path: &'a Path,
}

impl Walk<'_> {
    fn row(
        &mut self,
        kind: Kind,
        number: u64,
        row: &[u8],
        visit: &mut dyn FnMut(Row<'_>) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let path = self.path;
        let damaged = || BackupError::damaged(path, format!("row {number} of its {kind:?}"));
        match kind {
            Kind::Frames => {
                let (frame, rest) = frame_split(row).map_err(|_| damaged())?;
                let is_next = number == self.tree.size() + 1 && frame.position.number() == number && rest.is_empty();
                if !is_next {
                    return Err(damaged());
                }
                self.tree.push(leaf_hash(frame.bytes), &mut |_: u8, _: u64, _: &Hash| {});
                self.roots.at(&self.tree);
                visit(Row::Record(frame))
            }
            Kind::Decisions => {
                self.decisions += 1;
                let decision = decision_read(number, row).filter(|_| number == self.decisions).ok_or_else(damaged)?;
                self.quarantine.decision(decision);
                visit(Row::Decision(number, decision))
            }
            Kind::Entries => {
                self.entries += 1;
                let leaf = entry_leaf_of_row(number, row).filter(|_| number == self.entries).ok_or_else(damaged)?;
                self.quarantine.entry_seen(leaf, |tree| self.roots.quarantine_at(tree));
                visit(Row::Entry(number, row))
            }
            Kind::Holes => {
                self.holes += 1;
                if number == self.holes { visit(Row::Hole(number, row)) } else { Err(damaged()) }
            }
            Kind::Checkpoints => Err(damaged()),
        }
    }

    fn finish(self, mark: &Mark) -> Result<(), BackupError> {
        let Self { tree, quarantine, entries, decisions, holes, roots, path } = self;
        let quarantine = quarantine.finish_seen(|tree| roots.quarantine_at(tree));
        let is_same = tree.size() == mark.position
            && hex::encode(tree.root()) == mark.tree.root
            && hex::encode(quarantine.root()) == mark.quarantine.root
            && (entries, decisions, holes) == (mark.quarantined, mark.decisions, mark.holes);
        if is_same {
            return Ok(());
        }
        Err(BackupError::damaged(path, "its rows do not give the roots and counts that the manifest says"))
    }
}

/// The quarantine tree, from decisions and entries that come one kind after the other: each decision knows its leaf.
pub(super) struct QuarantineTree {
    tree: Frontier,
    decisions: std::collections::VecDeque<DecisionRow>,
}

impl From<Frontier> for QuarantineTree {
    fn from(tree: Frontier) -> Self {
        Self { tree, decisions: std::collections::VecDeque::new() }
    }
}

impl QuarantineTree {
    /// A decision; they come before the entries.
    pub(super) fn decision(&mut self, decision: DecisionRow) {
        self.decisions.push_back(decision);
    }

    pub(super) fn entry(&mut self, leaf: Hash) {
        self.entry_seen(leaf, |_| {});
    }

    fn entry_seen(&mut self, leaf: Hash, mut seen: impl FnMut(&Frontier)) {
        self.decisions_due(&mut seen);
        self.tree.push(leaf, &mut |_: u8, _: u64, _: &Hash| {});
        seen(&self.tree);
    }

    fn decisions_due(&mut self, seen: &mut impl FnMut(&Frontier)) {
        while let Some(decision) = self.decisions.pop_front_if(|decision| decision.leaf == self.tree.size()) {
            self.tree.push(decision_leaf(&decision), &mut |_: u8, _: u64, _: &Hash| {});
            seen(&self.tree);
        }
    }

    pub(super) fn finish(self) -> Frontier {
        self.finish_seen(|_| {})
    }

    fn finish_seen(mut self, mut seen: impl FnMut(&Frontier)) -> Frontier {
        self.decisions_due(&mut seen);
        self.tree
    }
}
