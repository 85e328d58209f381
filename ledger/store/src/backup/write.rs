//! Making a backup, or bringing one up to date, from one snapshot of the ledger.

use super::manifest::{FileMark, Manifest, Mark, Tree};
use super::part::{Kind, PartWriter};
use super::{BLOCKS_END, BackupError, CHECKPOINTS_START, MANIFEST_FILE, NOTE_FILE, PART_START, PUBLIC_KEYS_FILE};
use crate::file::caught;
use crate::format_v1::frame_push;
use crate::format_v2::{checkpoint_row, decision_read, entry_leaf_of_row};
use crate::medium::Disk;
use crate::tables::{DECISIONS, HOLES, QUARANTINE};
use crate::{Frontier, Hash, Medium, ReadError, Snapshot, StoredCheckpoint};
use daybook_event::Position;
use daybook_proof::leaf_hash;
use redb::TableDefinition;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// How a backup is made.
#[derive(Debug, Clone, Default)]
pub struct BackupOptions {
    /// The public keys as they stand beside the ledger, if there are any.
    pub public_keys: Option<Vec<u8>>,
    /// Where the backup lives. None: the file system.
    pub medium: Option<Arc<dyn Medium>>,
}

/// What a backup did. Durable by the time it is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupDone {
    /// Its last position.
    pub position: Position,
    /// The root of the tree there.
    pub root: Hash,
    /// The position of the backup before; zero for a first one.
    pub from: Position,
    /// Records that were added.
    pub records: u64,
    /// Quarantine entries that were added.
    pub quarantined: u64,
    /// Checkpoints that it holds.
    pub checkpoints: u64,
    /// Bytes that were written in files of rows.
    pub bytes: u64,
}

/// Brings the backup in the folder up to this snapshot, or makes one there.
///
/// # Errors
/// [`BackupError`]: the folder holds something else, the ledger is damaged, or the disk failed. The earlier backup stands.
pub fn backup(snapshot: &Snapshot, dir: &Path, options: &BackupOptions) -> Result<BackupDone, BackupError> {
    let disk = Disk::new(options.medium.as_ref());
    disk.folder_make(dir).map_err(BackupError::io(dir))?;
    let _alone = disk.folder_lock(dir).map_err(BackupError::io(dir))?;
    let mut manifest = manifest_for(&disk, dir, snapshot)?;
    let before = manifest.marks.last().cloned();
    let run = manifest.marks.len() + 1;
    let since = before.as_ref().map_or(Ok(Since::default()), |mark| Since::of(mark, dir))?;
    let mut bytes = 0;
    let mut mark = mark_of(snapshot)?;
    let mut part = PartWriter::create(&disk, &dir.join(format!("{PART_START}{run:06}{BLOCKS_END}")))?;
    rows_add(&mut part, snapshot, &since)?;
    if part.is_empty() {
        part.abandon()?;
    } else {
        let file = part.finish()?;
        bytes += file.bytes;
        mark.part = Some(file);
    }
    let checkpoints = snapshot.checkpoints(1, usize::MAX)?;
    let note = checkpoints.last().map(|checkpoint| checkpoint.note.clone());
    let file = checkpoints_add(&disk, dir, run, &checkpoints)?;
    // The notes of kept checkpoints may have gained signatures; where they are as they were, the file of before stays.
    let are_new = file.as_ref().map(|file| &file.sha256) != manifest.checkpoints.as_ref().map(|file| &file.sha256);
    if are_new {
        bytes += file.as_ref().map_or(0, |file| file.bytes);
        manifest.checkpoints = file;
    }
    let done = BackupDone {
        position: Position::new(mark.position),
        root: snapshot.head().root,
        from: Position::new(before.as_ref().map_or(0, |before| before.position)),
        records: mark.position - since.position,
        quarantined: mark.quarantined - since.quarantined,
        checkpoints: mark.checkpoints,
        bytes,
    };
    // A mark for every file that counts: the next run writes under the next number, never over what the manifest names.
    if are_new || before.is_none_or(|before| Mark { part: None, ..before } != mark) {
        manifest.marks.push(mark);
        commit(&disk, dir, &manifest)?;
    }
    unnamed_remove(&disk, dir, &manifest)?;
    beside(&disk, dir, note.as_deref(), options.public_keys.as_deref())?;
    Ok(done)
}

/// The manifest to go on from. Nothing is written where the folder is not for this ledger.
fn manifest_for(disk: &Disk, dir: &Path, snapshot: &Snapshot) -> Result<Manifest, BackupError> {
    let ours = Manifest::new(&snapshot.identity());
    let Some(manifest) = Manifest::read(disk, dir)? else {
        let names = disk.list(dir).map_err(BackupError::io(dir))?;
        return match names.into_iter().find(|name| !super::is_ours(name)) {
            Some(name) => Err(BackupError::NotABackup { dir: dir.to_owned(), name }),
            None => Ok(ours),
        };
    };
    if manifest.ledger_id != ours.ledger_id {
        let (of, ours) = (manifest.ledger_id, ours.ledger_id);
        return Err(BackupError::Another { dir: dir.to_owned(), of, ours });
    }
    let Some(mark) = manifest.marks.last() else { return Ok(manifest) };
    let root = snapshot.root_at(Position::new(mark.position))?.map(hex::encode);
    let quarantine = snapshot.quarantine_root_at(mark.quarantine.leaves)?.map(hex::encode);
    if root.as_ref() == Some(&mark.tree.root) && quarantine.as_ref() == Some(&mark.quarantine.root) {
        return Ok(manifest);
    }
    Err(BackupError::OtherHistory { dir: dir.to_owned(), position: mark.position })
}

/// What the backup has already.
#[derive(Default)]
struct Since {
    position: u64,
    quarantined: u64,
    decisions: u64,
    holes: u64,
    tree: Frontier,
    quarantine: Frontier,
}

impl Since {
    fn of(mark: &Mark, dir: &Path) -> Result<Self, BackupError> {
        let damaged = || BackupError::damaged(&dir.join(MANIFEST_FILE), "the tree of a mark is none");
        Ok(Self {
            position: mark.position,
            quarantined: mark.quarantined,
            decisions: mark.decisions,
            holes: mark.holes,
            tree: mark.tree.frontier().ok_or_else(damaged)?,
            quarantine: mark.quarantine.frontier().ok_or_else(damaged)?,
        })
    }
}

fn mark_of(snapshot: &Snapshot) -> Result<Mark, BackupError> {
    let (head, counts) = (snapshot.head(), snapshot.counts());
    Ok(Mark {
        position: head.position.number(),
        recorded_at: head.recorded_at,
        tree: Tree::of(snapshot.frontier()),
        quarantine: Tree::of(&snapshot.quarantine_frontier()?),
        quarantined: counts.quarantined,
        decisions: snapshot.kept()?.decisions,
        holes: counts.holes,
        duplicates: counts.duplicates,
        checkpoints: snapshot.checkpoints_count()?,
        cursor: snapshot.cursor().cloned(),
        part: None,
    })
}

/// Adds every row that is new. What is written must give the ledger's roots: damage is not carried over.
fn rows_add(part: &mut PartWriter<'_>, snapshot: &Snapshot, since: &Since) -> Result<(), BackupError> {
    let (mut tree, mut frame) = (since.tree.clone(), Vec::new());
    snapshot.scan(Position::new(since.position + 1), Position::new(u64::MAX), |record| {
        frame.clear();
        frame_push(&mut frame, record.position, record.recorded_at, record.envelope)
            .map_err(|fault| ReadError::damaged(fault.to_string()))?;
        tree.push(leaf_hash(&frame), &mut |_: u8, _: u64, _: &Hash| {});
        part.push(Kind::Frames, record.position.number(), &frame)?;
        Ok::<_, BackupError>(ControlFlow::Continue(()))
    })?;
    let mut quarantine = super::read::QuarantineTree::from(since.quarantine.clone());
    if snapshot.keeps_decisions() {
        table_add(snapshot, DECISIONS, since.decisions, |number, row| {
            let decision = decision_read(number, row).ok_or_else(|| row_damaged("decision", number))?;
            quarantine.decision(decision);
            part.push(Kind::Decisions, number, row)
        })?;
    }
    table_add(snapshot, QUARANTINE, since.quarantined, |number, row| {
        let leaf = entry_leaf_of_row(number, row).ok_or_else(|| row_damaged("quarantine entry", number))?;
        quarantine.entry(leaf);
        part.push(Kind::Entries, number, row)
    })?;
    table_add(snapshot, HOLES, since.holes, |number, row| part.push(Kind::Holes, number, row))?;
    let is_same =
        tree.root() == snapshot.head().root && quarantine.finish().root() == snapshot.quarantine_frontier()?.root();
    if is_same { Ok(()) } else { Err(ReadError::damaged("its rows do not give its roots").into()) }
}

fn row_damaged(what: &str, number: u64) -> BackupError {
    ReadError::damaged(format!("the {what} {number}")).into()
}

/// Visits the rows of a table behind a number, in order.
fn table_add(
    snapshot: &Snapshot,
    table: TableDefinition<'_, u64, &'static [u8]>,
    behind: u64,
    mut visit: impl FnMut(u64, &[u8]) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut rows =
        caught("reading rows for a backup", || Ok(snapshot.transaction().open_table(table)?.range(behind + 1..)?))?;
    let mut next = || {
        caught("reading a row for a backup", || {
            let row = rows.next().transpose()?;
            Ok(row.map(|(number, row)| (number.value(), row.value().to_vec())))
        })
    };
    while let Some((number, row)) = next()? {
        visit(number, &row)?;
    }
    Ok(())
}

/// Writes every checkpoint into a file of this run; none where there are none.
fn checkpoints_add(
    disk: &Disk,
    dir: &Path,
    run: usize,
    checkpoints: &[StoredCheckpoint],
) -> Result<Option<FileMark>, BackupError> {
    if checkpoints.is_empty() {
        return Ok(None);
    }
    let mut file = PartWriter::create(disk, &dir.join(format!("{CHECKPOINTS_START}{run:06}{BLOCKS_END}")))?;
    for kept in checkpoints {
        file.push(Kind::Checkpoints, kept.number, &checkpoint_row(kept.number, &kept.note))?;
    }
    file.finish().map(Some)
}

/// The moment at which the new backup is the backup.
fn commit(disk: &Disk, dir: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let path = dir.join(MANIFEST_FILE);
    let text = manifest.to_text().map_err(|error| BackupError::damaged(&path, error.to_string()))?;
    // The files of rows have their names before anything refers to them.
    disk.name_sync(&path).map_err(BackupError::io(dir))?;
    disk.file_replace(&path, text.as_bytes()).map_err(BackupError::io(&path))
}

/// Removes files of rows that the manifest does not name: a run that was killed left them, or a newer one stands in their place.
fn unnamed_remove(disk: &Disk, dir: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let named: Vec<&str> = manifest.files().map(|file| file.file.as_str()).collect();
    let names = disk.list(dir).map_err(BackupError::io(dir))?;
    for name in names.iter().filter(|name| name.ends_with(BLOCKS_END) && super::is_ours(name)) {
        if !named.contains(&name.as_str()) {
            disk.remove(&dir.join(name)).map_err(BackupError::io(dir))?;
        }
    }
    Ok(())
}

/// What lies beside: nothing of it decides anything.
fn beside(disk: &Disk, dir: &Path, note: Option<&str>, public_keys: Option<&[u8]>) -> Result<(), BackupError> {
    for (name, bytes) in [(NOTE_FILE, note.map(str::as_bytes)), (PUBLIC_KEYS_FILE, public_keys)] {
        if let Some(bytes) = bytes {
            let path = dir.join(name);
            disk.file_replace(&path, bytes).map_err(BackupError::io(&path))?;
        }
    }
    Ok(())
}
