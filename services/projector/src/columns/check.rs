//! Column files held against the records.

use super::ColumnsFault;
use super::merge::Numbered;
use super::refresh::{covered, runs_of};
use super::shared::shared_push;
use daybook_event::{PartnerId, Position};
use daybook_store::{Columns, ColumnsOptions, Part, Run, Snapshot};
use daybook_views::{ColumnsBuilder, ColumnsSum, LineClasses};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

/// A column file that does not say what the records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnsFinding {
    /// The file.
    pub run: String,
    /// The partner, where it is about one.
    pub partner: String,
    /// What is wrong.
    pub what: String,
}

/// What the records of a run say: of each partner, and those of no partner.
#[derive(Default)]
struct Expected {
    partners: BTreeMap<PartnerId, ColumnsSum>,
    shared: Vec<u8>,
}

/// Holds every block against the records that it is of, in memory for one partner at a time. Returns how far the files reach,
/// and what is wrong with them.
///
/// # Errors
/// [`ColumnsFault`], where the records cannot be read.
pub fn columns_check(
    dir: &Path,
    snapshot: &Snapshot,
    files: &ColumnsOptions,
) -> Result<(Position, Vec<ColumnsFinding>), ColumnsFault> {
    let columns = Columns::at(dir, files);
    let mut findings = Vec::new();
    let runs = runs_of(&columns, snapshot)?;
    for file in columns.list()? {
        let is_used = runs.iter().any(|run| run.path() == file.path);
        if !is_used && let Err(error) = columns.open(&file) {
            findings.push(finding(&file.path, "", error.to_string()));
        }
    }
    let covered = covered(&runs);
    for run in runs {
        let path = run.path().to_owned();
        let expected = expected(snapshot, &run)?;
        match check_run(run, &expected, &mut findings) {
            Err(fault) if fault.is_of_files() => findings.push(finding(&path, "", fault.to_string())),
            checked => checked?,
        }
    }
    Ok((covered, findings))
}

fn finding(run: &Path, partner: &str, what: String) -> ColumnsFinding {
    ColumnsFinding { run: run.display().to_string(), partner: partner.to_owned(), what }
}

fn expected(snapshot: &Snapshot, run: &Run) -> Result<Expected, ColumnsFault> {
    let mut expected = Expected::default();
    snapshot.scan(run.head().from, run.head().to, |record| {
        let position = record.position;
        let envelope =
            daybook_proto::decode(record.envelope).map_err(|fault| ColumnsFault::Undecodable { position, fault })?;
        match envelope.partner_id.clone() {
            Some(partner_id) => expected.partners.entry(partner_id).or_default().add(position, envelope)?,
            None => shared_push(&mut expected.shared, position, record.envelope),
        }
        Ok::<_, ColumnsFault>(ControlFlow::Continue(()))
    })?;
    expected.partners.retain(|_, sum| !sum.is_empty());
    Ok(expected)
}

fn check_run(run: Run, expected: &Expected, findings: &mut Vec<ColumnsFinding>) -> Result<(), ColumnsFault> {
    let path = run.path().to_owned();
    let mut classes = LineClasses::default();
    let numbered = Numbered::of(run, &mut classes)?;
    let mut shared = Vec::new();
    numbered.run.read(Part::Shared, &mut shared)?;
    if shared != expected.shared {
        findings.push(finding(&path, "", "its facts of no partner are not those of the records".to_owned()));
    }
    for partner_id in expected.partners.keys() {
        if numbered.run.block_of(partner_id.as_str()).is_none() {
            findings.push(finding(&path, partner_id.as_str(), "it has no block of this partner".to_owned()));
        }
    }
    for (at, block) in numbered.run.blocks().iter().enumerate() {
        let known = PartnerId::parse(&block.partner_id).ok().and_then(|id| expected.partners.get(&id));
        let found = match known {
            None => Some("the records have nothing of this partner".to_owned()),
            Some(sum) => match check_block(&numbered, at, *sum, &classes) {
                Err(fault) if fault.is_of_files() => Some(fault.to_string()),
                checked => checked?.map(str::to_owned),
            },
        };
        findings.extend(found.map(|what| finding(&path, &block.partner_id, what)));
    }
    Ok(())
}

/// What is wrong with a block: the records behind it, or what was made of them.
fn check_block(
    numbered: &Numbered,
    block: usize,
    expected: ColumnsSum,
    classes: &LineClasses,
) -> Result<Option<&'static str>, ColumnsFault> {
    let columns = numbered.columns(block, classes)?;
    if ColumnsSum::of(&columns, classes)? != expected {
        return Ok(Some("its block is not what the records say"));
    }
    let head = &numbered.run.blocks()[block];
    let is_told = columns.positions()? == Some([head.first, head.last]) && columns.lines.len() as u64 == head.lines;
    if !is_told {
        return Ok(Some("the directory says other positions or lines than its block has"));
    }
    let mut builder = ColumnsBuilder::default();
    builder.append(columns.clone(), &classes.numbers(), Position::new(u64::MAX))?;
    Ok((builder.finish(classes)? != columns).then_some("its block is not in order, or names wrong rows"))
}
