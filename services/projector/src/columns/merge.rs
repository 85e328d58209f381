//! Several runs made into one, a partner at a time.

use super::ColumnsFault;
use super::gather::block_write;
use daybook_event::Position;
use daybook_store::{ColumnsWriter, Part, Run, RunFile, RunHead};
use daybook_views::{ColumnsBuilder, LineClasses, LinesError, PartnerColumns};
use std::sync::Arc;

/// A run with its classes numbered among those of several runs.
#[derive(Debug, Clone)]
pub(super) struct Numbered {
    pub(super) run: Arc<Run>,
    /// The number of each of its classes.
    pub(super) numbers: Arc<Vec<u32>>,
}

impl Numbered {
    /// Reads the run's classes and gives them numbers.
    pub(super) fn of(run: Run, classes: &mut LineClasses) -> Result<Self, ColumnsFault> {
        let mut bytes = Vec::new();
        run.read(Part::Dictionary, &mut bytes)?;
        let own = LineClasses::from_bytes(&bytes)?;
        let numbers =
            own.all().iter().map(|class| classes.number_of(class)).collect::<Result<Vec<u32>, LinesError>>()?;
        Ok(Self { run: Arc::new(run), numbers: Arc::new(numbers) })
    }

    /// Whether its classes have the numbers that they have in its file.
    fn is_as_stored(&self) -> bool {
        self.numbers.iter().zip(0..).all(|(number, stored)| *number == stored)
    }

    /// The columns of a block, cold ones read with the hot ones.
    pub(super) fn columns(&self, block: usize, classes: &LineClasses) -> Result<PartnerColumns, ColumnsFault> {
        let (mut hot, mut cold) = (Vec::new(), Vec::new());
        self.run.read(Part::Block(block, 0), &mut hot)?;
        self.run.read(Part::Block(block, 1), &mut cold)?;
        let columns = PartnerColumns::from_bytes(&hot, move || Ok(cold.clone()), &self.numbers, classes)?;
        columns.lines.cold()?;
        Ok(columns)
    }
}

/// Which block of which run, in order of partner: one entry per partner.
pub(super) fn blocks_by_partner(runs: &[Numbered]) -> Vec<(String, Vec<(usize, usize)>)> {
    let mut all: Vec<(&str, usize, usize)> = Vec::new();
    for (run_at, numbered) in runs.iter().enumerate() {
        let blocks = numbered.run.blocks().iter().enumerate();
        all.extend(blocks.map(|(block_at, block)| (block.partner_id.as_str(), run_at, block_at)));
    }
    all.sort_unstable();
    let partners = all.chunk_by(|one, two| one.0 == two.0);
    partners
        .map(|blocks| (blocks[0].0.to_owned(), blocks.iter().map(|(_, run, block)| (*run, *block)).collect()))
        .collect()
}

/// Makes one run of runs that follow each other.
pub(super) fn merge(writer: &ColumnsWriter, runs: Vec<Run>) -> Result<Option<RunFile>, ColumnsFault> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(None) };
    let head = RunHead { from: first.head().from, ..last.head().clone() };
    let (mut classes, mut numbered, mut shared) = (LineClasses::default(), Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    for run in runs {
        run.read(Part::Shared, &mut bytes)?;
        shared.extend_from_slice(&bytes);
        numbered.push(Numbered::of(run, &mut classes)?);
    }
    let as_they_are = classes.numbers();
    let mut out = writer.run(head)?;
    for (partner_id, blocks) in blocks_by_partner(&numbered) {
        match blocks.as_slice() {
            [(run, block)] if numbered[*run].is_as_stored() => block_copy(&mut out, &numbered[*run].run, *block)?,
            [(run, block)] => block_write(&mut out, &partner_id, &numbered[*run].columns(*block, &classes)?)?,
            several => {
                let mut builder = ColumnsBuilder::default();
                for (run, block) in several {
                    let columns = numbered[*run].columns(*block, &classes)?;
                    builder.append(columns, &as_they_are, Position::new(u64::MAX))?;
                }
                block_write(&mut out, &partner_id, &builder.finish(&classes)?)?;
            }
        }
    }
    Ok(Some(out.finish(&classes.to_bytes()?, &shared)?))
}

/// Adds a block as it is stored.
fn block_copy(out: &mut daybook_store::RunWriter<'_>, run: &Run, block: usize) -> Result<(), ColumnsFault> {
    let (mut hot, mut cold) = (Vec::new(), Vec::new());
    run.read(Part::Block(block, 0), &mut hot)?;
    run.read(Part::Block(block, 1), &mut cold)?;
    let Some(head) = run.blocks().get(block) else { return Ok(()) };
    Ok(out.block(&head.partner_id, head.lines, [head.first, head.last], [&hot, &cold])?)
}
