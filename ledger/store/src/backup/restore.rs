//! A ledger built again from a backup: records and rows as they were, tree and idempotency entries computed anew.
//!
//! At a position between two runs, records are those up to it; quarantine, holes and cursor are those of the last run at or
//! before it. What the stream then sends again is known by its id where it is a record, and quarantined again where it was.

use super::manifest::Mark;
use super::read::{Roots, Row};
use super::verify::{held, roots_of};
use super::{Backup, BackupError, PUBLIC_KEYS_FILE};
use crate::append::{Staged, Writer};
use crate::create::{UNFINISHED_FILE, tables_make};
use crate::file::{StoreFile, caught};
use crate::format_v2::checkpoint_row;
use crate::idempotency::{EventKey, Standing};
use crate::keys::KeyTables;
use crate::ledger::writer_empty;
use crate::medium::Disk;
use crate::reader::open_error;
use crate::tables::{CHECKPOINTS, HOLES};
use crate::{Cursor, Head, Identified, LEDGER_FILE, LedgerOptions, OpenError, StoredCheckpoint, Verdict};
use daybook_event::Position;
use daybook_proof::Checkpoint;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// So many bytes of rows go into one transaction.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// What a restore is given.
pub struct RestoreOptions<I> {
    /// The position to end at; none: the end of the backup.
    pub position: Option<Position>,
    /// How the new ledger is made and where it lives.
    pub ledger: LedgerOptions,
    /// Decodes an envelope.
    pub identify: I,
}

/// A ledger that was restored, and what it was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its head.
    pub head: Head,
    /// The id that it kept, in hex.
    pub ledger_id: String,
    /// The position up to which quarantine, holes and cursor are restored.
    pub quarantine_as_of: Position,
    /// Checkpoints that it keeps: the ledger has the root of each at its size.
    pub checkpoints: u64,
    /// The newest of them; none where the backup has none up to the position.
    pub newest: Option<(StoredCheckpoint, Checkpoint)>,
}

/// What of a backup is to be restored.
struct Plan<'b> {
    to: u64,
    /// The runs whose parts are read.
    runs: usize,
    /// The last run at or before the position; none where even the first is behind it.
    base: Option<(usize, &'b Mark)>,
}

impl Plan<'_> {
    /// Whether the ledger comes to a checkpoint: it has its records, and as much of the quarantine.
    fn reaches(&self, checkpoint: &Checkpoint) -> bool {
        let leaves = self.base.and_then(|(_, mark)| mark.quarantine.frontier()).map_or(0, |frontier| frontier.size());
        checkpoint.size <= self.to && checkpoint.quarantine.is_none_or(|tree| tree.leaves <= leaves)
    }
}

impl Backup {
    /// The newest checkpoint that a ledger restored to the position is held against and keeps; none where it keeps none.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn newest_at(&self, position: Option<Position>) -> Result<Option<(StoredCheckpoint, Checkpoint)>, BackupError> {
        let plan = self.plan(position)?;
        let mut newest = None;
        for kept in self.checkpoints()? {
            let number = kept.number;
            let checkpoint =
                super::verify::checkpoint_of(&kept).map_err(|what| BackupError::Checkpoint { number, what })?;
            if !plan.reaches(&checkpoint) {
                break;
            }
            newest = Some((kept, checkpoint));
        }
        Ok(newest)
    }

    /// Builds the ledger in a folder that has none. There is a ledger when all of it was held against the backup's roots and
    /// checkpoints, and none before.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no ledger.
    pub fn restore<I>(&self, dir: &Path, options: &RestoreOptions<I>) -> Result<Restored, BackupError>
    where
        I: Fn(&[u8]) -> Result<Identified, String>,
    {
        let plan = self.plan(options.position)?;
        let disk = Disk::new(options.ledger.medium.as_ref());
        let (path, unfinished) = (dir.join(LEDGER_FILE), dir.join(UNFINISHED_FILE));
        disk.folder_make(dir).map_err(BackupError::io(dir))?;
        let _alone = disk.folder_lock(dir).map_err(BackupError::io(dir))?;
        if disk.exists(&path) {
            return Err(BackupError::LedgerThere { dir: dir.to_owned() });
        }
        disk.remove(&unfinished).map_err(BackupError::io(&unfinished))?;
        let mut build = Build::new(self, &disk, &unfinished, &options.ledger)?;
        let restored = self.fill(&plan, &mut build, &options.identify)?;
        let closed = build.file.close(true);
        closed.map_err(|error| OpenError::Io { path: unfinished.clone(), source: Box::new(error) })?;
        if let Some(keys) = self.public_keys()? {
            let keys_path = dir.join(PUBLIC_KEYS_FILE);
            disk.file_replace(&keys_path, &keys).map_err(BackupError::io(&keys_path))?;
        }
        let named = disk.rename(&unfinished, &path).and_then(|()| disk.name_sync(&path));
        named.map_err(BackupError::io(&path))?;
        Ok(restored)
    }

    fn plan(&self, position: Option<Position>) -> Result<Plan<'_>, BackupError> {
        let marks = &self.manifest.marks;
        let last = marks.last().map_or(0, |mark| mark.position);
        let to = position.map_or(last, Position::number);
        if to > last {
            return Err(BackupError::Beyond { position: to, last });
        }
        let base = marks.iter().enumerate().rfind(|(_, mark)| mark.position <= to);
        let is_exact = base.is_some_and(|(_, mark)| mark.position == to);
        let runs = base.map_or(0, |(run, _)| run + 1);
        let rest = marks.iter().skip(runs).take_while(|mark| !is_exact && mark.position < to).count();
        Ok(Plan { to, runs: if is_exact { runs } else { runs + rest + 1 }, base })
    }

    fn fill<I>(&self, plan: &Plan<'_>, build: &mut Build, identify: &I) -> Result<Restored, BackupError>
    where
        I: Fn(&[u8]) -> Result<Identified, String>,
    {
        let checkpoints = self.checkpoints()?;
        let mut roots = roots_of(&checkpoints);
        let rows_of = plan.base.map_or(0, |(run, _)| run + 1);
        for run in 0..plan.runs {
            let after = self.manifest.marks.get(run).map_or(plan.to, |mark| mark.position);
            self.part(run, &mut roots, &mut |row| match row {
                Row::Record(frame) if frame.position.number() > plan.to => Ok(()),
                Row::Record(frame) => {
                    let position = frame.position.number();
                    let known = identify(frame.envelope).map_err(|what| BackupError::Envelope { position, what })?;
                    build.record(&frame, &known)
                }
                Row::Decision(number, decision) if run < rows_of => {
                    build.decision(number, decision);
                    Ok(())
                }
                // Its record would be known and have no effect when the stream sends it again.
                Row::Decision(_, decision) if decision.position.number() <= plan.to => {
                    let decision = decision.position.number();
                    Err(BackupError::BehindDecision { position: plan.to, decision, after })
                }
                Row::Entry(number, row) if run < rows_of => build.entry(number, row),
                Row::Hole(number, row) if run < rows_of => build.hole(number, row),
                Row::Decision(..) | Row::Entry(..) | Row::Hole(..) => Ok(()),
            })?;
        }
        self.finish(plan, build, &checkpoints, &roots)
    }

    /// Writes what is left, and holds the ledger against the mark and against every checkpoint that it has reached.
    fn finish(
        &self,
        plan: &Plan<'_>,
        build: &mut Build,
        checkpoints: &[StoredCheckpoint],
        roots: &Roots,
    ) -> Result<Restored, BackupError> {
        let differs = |size| BackupError::RootDiffers { dir: self.dir.clone(), size };
        // Behind no run the stream is read from its beginning: what is here already is known by its id.
        let first = self.manifest.marks.first().and_then(|mark| mark.cursor.clone());
        build.writer.state.cursor = first.map(|cursor| Cursor { sequence: 0, message_at: None, ..cursor });
        if let Some((_, mark)) = plan.base {
            let quarantine = mark.quarantine.frontier().ok_or_else(|| differs(mark.position))?;
            build.writer.quarantine_frontier = quarantine;
            build.writer.state.duplicates = mark.duplicates;
            build.writer.state.cursor.clone_from(&mark.cursor);
        }
        let mut newest = None;
        for kept in checkpoints {
            let read = super::verify::checkpoint_of(kept);
            if read.is_ok_and(|checkpoint| !plan.reaches(&checkpoint)) {
                break;
            }
            let held = held(kept, roots).map_err(|what| BackupError::Checkpoint { number: kept.number, what })?;
            build.checkpoints.push(kept.clone());
            newest = Some((kept.clone(), held));
        }
        build.commit()?;
        // The tree has the last records only now.
        let marked = plan.base.map(|(_, mark)| mark).filter(|mark| mark.position == plan.to);
        let is_as_marked = marked.is_none_or(|mark| hex::encode(build.writer.frontier.root()) == mark.tree.root);
        if build.writer.state.position.number() != plan.to || !is_as_marked {
            return Err(differs(plan.to));
        }
        let state = &build.writer.state;
        Ok(Restored {
            head: Head { position: state.position, root: build.writer.frontier.root(), recorded_at: state.recorded_at },
            ledger_id: self.manifest.ledger_id.clone(),
            quarantine_as_of: Position::new(plan.base.map_or(0, |(_, mark)| mark.position)),
            checkpoints: build.checkpoints_written,
            newest,
        })
    }
}

/// A ledger that is being built.
struct Build {
    file: StoreFile,
    path: PathBuf,
    writer: Writer,
    staged: Staged,
    holes: Vec<(u64, Vec<u8>)>,
    checkpoints: Vec<StoredCheckpoint>,
    checkpoints_written: u64,
    states: BTreeMap<u64, u64>,
    bytes: usize,
}

impl Build {
    fn new(backup: &Backup, disk: &Disk, path: &Path, options: &LedgerOptions) -> Result<Self, BackupError> {
        let manifest = &backup.manifest;
        let ledger_id: Option<[u8; 16]> = hex::decode(&manifest.ledger_id).ok().and_then(|id| id.try_into().ok());
        let damaged = || BackupError::damaged(&backup.dir.join(super::MANIFEST_FILE), "the ledger's id is none");
        let options = LedgerOptions {
            created_at: manifest.created_at,
            ledger_id: Some(ledger_id.ok_or_else(damaged)?),
            intake_semantics: manifest.intake_semantics,
            ..options.clone()
        };
        let file = StoreFile::open_writer(disk, path, options.cache_bytes_max, true)
            .map_err(|error| open_error(error, path.parent().unwrap_or(path)))?;
        caught("creating the ledger", || tables_make(&file, manifest.binding.clone(), &options))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            writer: writer_empty(&options)?,
            staged: Staged::default(),
            holes: Vec::new(),
            checkpoints: Vec::new(),
            checkpoints_written: 0,
            states: BTreeMap::new(),
            bytes: 0,
        })
    }

    fn record(&mut self, frame: &crate::format_v1::Frame<'_>, known: &Identified) -> Result<(), BackupError> {
        let position = self.writer.record(frame.recorded_at, frame.envelope)?;
        let standing = Standing { position, content: known.content_hash };
        self.staged.name(&known.id, EventKey::of(&known.id), standing);
        self.grown(frame.bytes.len())
    }

    /// A later decision about an entry is its state only where it had an effect, as when it was made.
    fn decision(&mut self, number: u64, decision: crate::format_v2::DecisionRow) {
        // Its leaf comes after those of the entries and decisions before it: an entry of a later leaf was not there yet.
        let entries_before = decision.leaf.saturating_sub(number.saturating_sub(1));
        let has_effect = match decision.verdict {
            Verdict::Retry => decision.resolved != Position::ZERO,
            Verdict::Dismiss => decision.entry <= entries_before && !self.states.contains_key(&decision.entry),
        };
        self.staged.decisions.push((number, decision));
        self.writer.kept.decisions = number;
        if has_effect {
            self.states.insert(decision.entry, number);
            self.staged.states.insert(decision.entry, number);
        }
    }

    fn entry(&mut self, number: u64, row: &[u8]) -> Result<(), BackupError> {
        self.writer.state.quarantined = number;
        self.staged.quarantine.push((number, row.to_vec()));
        self.grown(row.len())
    }

    fn hole(&mut self, number: u64, row: &[u8]) -> Result<(), BackupError> {
        self.writer.state.holes = number;
        self.holes.push((number, row.to_vec()));
        self.grown(row.len())
    }

    fn grown(&mut self, bytes: usize) -> Result<(), BackupError> {
        self.bytes += bytes;
        if self.bytes >= BATCH_BYTES { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), BackupError> {
        let mut staged = std::mem::take(&mut self.staged);
        let (holes, checkpoints) = (std::mem::take(&mut self.holes), std::mem::take(&mut self.checkpoints));
        self.bytes = 0;
        self.checkpoints_written += checkpoints.len() as u64;
        self.writer.kept.checkpoints = self.checkpoints_written;
        let written = caught("writing restored rows", || {
            let transaction = self.file.begin_write()?;
            let sealed = self.writer.grow(&mut staged, &mut KeyTables::open(&transaction)?)?;
            crate::append::write_staged(&transaction, &staged)?;
            self.writer.write_frames(&transaction, &sealed)?;
            for (number, row) in &holes {
                transaction.open_table(HOLES)?.insert(*number, row.as_slice())?;
            }
            for kept in &checkpoints {
                let row = checkpoint_row(kept.number, &kept.note);
                transaction.open_table(CHECKPOINTS)?.insert(kept.number, row.as_slice())?;
            }
            self.writer.write_state(&transaction)?;
            transaction.commit().map_err(Into::into)
        });
        written.map_err(|error| OpenError::of_read(error, &self.path).into())
    }
}
