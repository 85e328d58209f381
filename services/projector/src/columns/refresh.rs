//! Column files brought up to date with the ledger.

use super::ColumnsFault;
use super::gather::Gathering;
use super::merge::merge;
use daybook_event::Position;
use daybook_store::{Columns, ColumnsError, ColumnsOptions, ColumnsWriter, Run, RunFile, RunHead, Snapshot};
use daybook_views::COLUMNS_SHAPE;
use std::ops::ControlFlow;
use std::path::Path;

/// How column files are brought up to date.
#[derive(Debug, Clone)]
pub struct RefreshOptions {
    /// Where they live.
    pub files: ColumnsOptions,
    /// What gathered records may take in memory before they are written as a run.
    pub gathered_bytes_max: usize,
}

impl Default for RefreshOptions {
    fn default() -> Self {
        Self { files: ColumnsOptions::default(), gathered_bytes_max: 64 << 20 }
    }
}

/// What a refresh found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnsRefresh {
    /// How many records were taken in.
    pub records: u64,
    /// The last position that the files cover now.
    pub covered: Position,
    /// Whether another process writes them: then they are as they were.
    pub is_held: bool,
}

/// A run is merged with what follows it where that has at least this share of its records: one in so many.
const MERGE_RATIO: u64 = 4;

/// Brings the column files of the ledger in this folder up to the snapshot's head. `told` is told of each position that is
/// done.
///
/// # Errors
/// [`ColumnsFault`]; what stood before can be read on.
pub fn columns_refresh(
    dir: &Path,
    snapshot: &Snapshot,
    options: &RefreshOptions,
    told: &dyn Fn(Position),
) -> Result<ColumnsRefresh, ColumnsFault> {
    let columns = Columns::at(dir, &options.files);
    let head = snapshot.head().position;
    let covered = covered(&runs_of(&columns, snapshot)?);
    if covered >= head {
        return Ok(ColumnsRefresh { records: 0, covered, is_held: false });
    }
    let Some(writer) = columns.writer()? else {
        return Ok(ColumnsRefresh { records: 0, covered, is_held: true });
    };
    // Whoever held the lock before may have come further.
    let runs = runs_of(&columns, snapshot)?;
    let from = self::covered(&runs);
    writer.keep_only(&runs)?;
    drop(runs);
    build(&writer, snapshot, from, options.gathered_bytes_max, told)?;
    merge_small(&writer, snapshot)?;
    Ok(ColumnsRefresh { records: head.number() - from.number(), covered: head, is_held: false })
}

/// Removes the run that a fault names, so that the next refresh makes it anew. Whether it did: not while another process
/// writes column files.
///
/// # Errors
/// [`ColumnsFault`].
pub fn columns_discard(dir: &Path, fault: &ColumnsError, files: &ColumnsOptions) -> Result<bool, ColumnsFault> {
    let ColumnsError::Unusable { path, .. } = fault else { return Ok(false) };
    let Some(writer) = Columns::at(dir, files).writer()? else { return Ok(false) };
    writer.discard(path)?;
    Ok(true)
}

/// The runs that can be used, in order.
pub(super) fn runs_of(columns: &Columns, snapshot: &Snapshot) -> Result<Vec<Run>, ColumnsFault> {
    let ledger_id = snapshot.identity().ledger_id;
    let accepts = |head: &RunHead| {
        if head.ledger_id != ledger_id {
            return Err("it is of another ledger".to_owned());
        }
        if head.shape != COLUMNS_SHAPE {
            return Err(format!("its blocks are of shape {}, this daybook knows {COLUMNS_SHAPE}", head.shape));
        }
        match root_at(snapshot, head.to) {
            Ok(Some(root)) if root == head.root => Ok(()),
            Ok(_) => Err("it is of other records than the ledger has".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    };
    Ok(columns.covering(accepts)?.0)
}

fn root_at(snapshot: &Snapshot, position: Position) -> Result<Option<daybook_store::Hash>, ColumnsFault> {
    let head = snapshot.head();
    if position == head.position { Ok(Some(head.root)) } else { Ok(snapshot.root_at(position)?) }
}

pub(super) fn covered(runs: &[Run]) -> Position {
    runs.last().map_or(Position::ZERO, |run| run.head().to)
}

/// Writes runs of the records behind a position, each of as many as may be gathered at once.
fn build(
    writer: &ColumnsWriter,
    snapshot: &Snapshot,
    covered: Position,
    gathered_bytes_max: usize,
    told: &dyn Fn(Position),
) -> Result<(), ColumnsFault> {
    let mut next = covered.next();
    while next <= snapshot.head().position {
        let mut gathering = Gathering::default();
        gather(snapshot, next, snapshot.head().position, gathered_bytes_max, &mut gathering)?;
        let to = gathering.to;
        let root = root_at(snapshot, to)?.unwrap_or(snapshot.head().root);
        let head = RunHead {
            ledger_id: snapshot.identity().ledger_id,
            shape: COLUMNS_SHAPE,
            from: next,
            to,
            root,
            recorded_at: gathering.recorded_at,
        };
        gathering.write(writer, head)?;
        told(to);
        next = to.next();
    }
    Ok(())
}

/// Takes in records from one position to another, until so many bytes are gathered.
pub(super) fn gather(
    snapshot: &Snapshot,
    from: Position,
    to: Position,
    gathered_bytes_max: usize,
    gathering: &mut Gathering,
) -> Result<(), ColumnsFault> {
    snapshot.scan(from, to, |record| {
        let position = record.position;
        let envelope =
            daybook_proto::decode(record.envelope).map_err(|fault| ColumnsFault::Undecodable { position, fault })?;
        gathering.add(position, record.recorded_at, record.envelope, envelope)?;
        let is_full = gathering.bytes() >= gathered_bytes_max;
        Ok(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
}

/// Merges the runs at the end as long as what follows a run is not small beside it, and removes what is not needed any more.
fn merge_small(writer: &ColumnsWriter, snapshot: &Snapshot) -> Result<(), ColumnsFault> {
    let mut runs = runs_of(writer.columns(), snapshot)?;
    let merged = runs.split_off(merged_from(&runs.iter().map(records_of).collect::<Vec<_>>()));
    if merged.len() > 1 {
        let _: Option<RunFile> = merge(writer, merged)?;
    }
    drop(runs);
    Ok(writer.keep_only(&runs_of(writer.columns(), snapshot)?)?)
}

fn records_of(run: &Run) -> u64 {
    run.head().to.number() - run.head().from.number() + 1
}

/// The first of the runs that are to be one.
fn merged_from(records: &[u64]) -> usize {
    let mut from = records.len().saturating_sub(1);
    let mut behind = records.get(from).copied().unwrap_or(0);
    while let Some(before) = from.checked_sub(1) {
        if records[before] >= behind.saturating_mul(MERGE_RATIO) {
            break;
        }
        behind += records[before];
        from = before;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_while_what_follows_is_not_small() {
        assert_eq!(merged_from(&[]), 0);
        assert_eq!(merged_from(&[10]), 0);
        assert_eq!(merged_from(&[10, 10, 10]), 0);
        assert_eq!(merged_from(&[100, 10, 5]), 1);
        assert_eq!(merged_from(&[100, 10, 1]), 2);
        assert_eq!(merged_from(&[60, 10, 5]), 1);
        assert_eq!(merged_from(&[59, 10, 5]), 0);
    }

    /// However records come, runs stay few and each record is written few times.
    #[test]
    fn runs_stay_few() {
        let (mut runs, mut written) = (Vec::new(), 0);
        for _ in 0..10_000_u64 {
            runs.push(1);
            let merged: u64 = runs.split_off(merged_from(&runs)).iter().sum();
            written += merged;
            runs.push(merged);
            assert!(runs.len() <= 8, "{runs:?}");
        }
        assert!(written < 10_000 * 40, "{written}");
    }
}
