//! What a replay reads of column files.

use super::ColumnsFault;
use super::gather::Gathering;
use super::merge::{Numbered, blocks_by_partner};
use super::refresh::{covered, gather, runs_of};
use super::shared::shared_visit;
use daybook_event::{Envelope, Instant, PartnerId, Position};
use daybook_rules::Adoptions;
use daybook_store::{Columns, ColumnsOptions, Part, Snapshot};
use daybook_views::{ColumnsBuilder, FactsOfNoPartner, LineClasses, LinesError, PartnerColumns};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Records behind the column files that are taken into memory where they cannot be written.
const BEHIND_RECORDS_MAX: u64 = 200_000;

/// The columns of every partner in a window of records.
pub struct ColumnsView {
    runs: Vec<Numbered>,
    /// Partners whose records lie behind the runs.
    behind: BTreeMap<PartnerId, PartnerColumns>,
    classes: LineClasses,
    partners: Vec<Listed>,
    of_no_partner: FactsOfNoPartner,
    adoptions: Adoptions,
    until: Position,
    recorded_at: Instant,
    /// The first fault that reading cold columns met: whoever reads them late cannot tell it himself.
    late: Arc<Mutex<Option<ColumnsFault>>>,
}

/// A partner and where its columns lie.
struct Listed {
    partner_id: PartnerId,
    lines: u64,
    /// Run and block.
    blocks: Vec<(usize, usize)>,
}

/// Opens the column files of the ledger in this folder for the records up to a position.
///
/// # Errors
/// [`ColumnsFault`]; [`ColumnsFault::Held`] where too many records lie behind them.
pub fn columns_open(
    dir: &Path,
    snapshot: &Snapshot,
    until: Position,
    files: &ColumnsOptions,
) -> Result<ColumnsView, ColumnsFault> {
    let runs = runs_of(&Columns::at(dir, files), snapshot)?;
    let covered = covered(&runs);
    if until.number().saturating_sub(covered.number()) > BEHIND_RECORDS_MAX {
        return Err(ColumnsFault::Held { covered });
    }
    let mut gathering = Gathering::default();
    let runs = runs.into_iter().map(|run| Numbered::of(run, &mut gathering.classes));
    let runs = runs.collect::<Result<Vec<_>, _>>()?;
    if covered < until {
        gather(snapshot, covered.next(), until, usize::MAX, &mut gathering)?;
    }
    let behind = gathering.finish().collect::<Result<BTreeMap<_, _>, _>>()?;
    let recorded_at = snapshot.record(until)?.map_or(Instant::default(), |record| record.recorded_at);
    let partners = partners_of(&runs, &behind, until)?;
    let Gathering { classes, shared, .. } = gathering;
    let (of_no_partner, adoptions) = no_partner_of(&runs, &shared, until)?;
    let late = Arc::default();
    Ok(ColumnsView { runs, behind, classes, partners, of_no_partner, adoptions, until, recorded_at, late })
}

/// What is of no partner up to the position: in the runs, and behind them.
fn no_partner_of(
    runs: &[Numbered],
    behind: &[u8],
    until: Position,
) -> Result<(FactsOfNoPartner, Adoptions), ColumnsFault> {
    let (mut facts, mut adoptions) = (FactsOfNoPartner::default(), Adoptions::default());
    let mut take = |position: Position, envelope: Envelope| {
        facts.add(position, &envelope);
        adoptions.add(position, &envelope);
    };
    let mut shared = Vec::new();
    for numbered in runs {
        numbered.run.read(Part::Shared, &mut shared)?;
        shared_visit(Some(&numbered.run), &shared, until, &mut take)?;
    }
    shared_visit(None, behind, until, &mut take)?;
    Ok((facts, adoptions))
}

/// Every partner with a record up to the position, in order.
fn partners_of(
    runs: &[Numbered],
    behind: &BTreeMap<PartnerId, PartnerColumns>,
    until: Position,
) -> Result<Vec<Listed>, ColumnsFault> {
    let mut partners = BTreeMap::new();
    for (partner_id, mut blocks) in blocks_by_partner(runs) {
        blocks.retain(|(run, block)| runs[*run].run.blocks()[*block].first <= until);
        let lines = blocks.iter().map(|(run, block)| runs[*run].run.blocks()[*block].lines).sum();
        let partner_id =
            PartnerId::parse(&partner_id).map_err(|_| LinesError::Damaged { what: "a partner's id is none" })?;
        if !blocks.is_empty() {
            partners.insert(partner_id.clone(), Listed { partner_id, lines, blocks });
        }
    }
    for (partner_id, columns) in behind {
        let listed = partners.entry(partner_id.clone());
        let listed = listed.or_insert_with(|| Listed { partner_id: partner_id.clone(), lines: 0, blocks: Vec::new() });
        listed.lines += columns.lines.len() as u64;
    }
    Ok(partners.into_values().collect())
}

impl ColumnsView {
    /// How many partners have a record in the window.
    #[must_use]
    pub fn partners(&self) -> usize {
        self.partners.len()
    }

    /// The partner of a place, in order of id.
    #[must_use]
    pub fn partner_id(&self, at: usize) -> &PartnerId {
        &self.partners[at].partner_id
    }

    /// The place of a partner, if it has a record in the window.
    #[must_use]
    pub fn place_of(&self, partner_id: &PartnerId) -> Option<usize> {
        self.partners.binary_search_by(|listed| listed.partner_id.cmp(partner_id)).ok()
    }

    /// How many lines the partner of a place has, about: which is the largest to fold.
    #[must_use]
    pub fn lines(&self, at: usize) -> u64 {
        self.partners[at].lines
    }

    /// The classes that the columns of all partners name.
    #[must_use]
    pub fn classes(&self) -> &LineClasses {
        &self.classes
    }

    /// The facts of no partner.
    #[must_use]
    pub fn of_no_partner(&self) -> &FactsOfNoPartner {
        &self.of_no_partner
    }

    /// What is adopted.
    #[must_use]
    pub fn adoptions(&self) -> &Adoptions {
        &self.adoptions
    }

    /// When the last record of the window was taken by the ledger.
    #[must_use]
    pub fn recorded_at(&self) -> Instant {
        self.recorded_at
    }

    /// The columns of the partner of a place. Where they lie in one block their cold part is read when it is asked for.
    ///
    /// # Errors
    /// [`ColumnsFault`].
    pub fn columns(&self, at: usize) -> Result<PartnerColumns, ColumnsFault> {
        let Listed { partner_id, blocks, .. } = &self.partners[at];
        let behind = self.behind.get(partner_id);
        if let ([(run, block)], None) = (blocks.as_slice(), behind)
            && self.runs[*run].run.blocks()[*block].last <= self.until
        {
            return self.columns_of_block(&self.runs[*run], *block);
        }
        let as_they_are = self.classes.numbers();
        let mut builder = ColumnsBuilder::default();
        for (run, block) in blocks {
            let columns = self.runs[*run].columns(*block, &self.classes)?;
            builder.append(columns, &as_they_are, self.until)?;
        }
        if let Some(columns) = behind {
            builder.append(columns.clone(), &as_they_are, self.until)?;
        }
        Ok(builder.finish(&self.classes)?)
    }

    fn columns_of_block(&self, numbered: &Numbered, block: usize) -> Result<PartnerColumns, ColumnsFault> {
        let mut hot = Vec::new();
        numbered.run.read(Part::Block(block, 0), &mut hot)?;
        let (run, late) = (Arc::clone(&numbered.run), Arc::clone(&self.late));
        let cold = move || {
            let mut bytes = Vec::new();
            run.read(Part::Block(block, 1), &mut bytes).map(|()| bytes).map_err(|error| {
                late.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.into());
                LinesError::Damaged { what: "a part of them cannot be read" }
            })
        };
        Ok(PartnerColumns::from_bytes(&hot, cold, &numbered.numbers, &self.classes)?)
    }

    /// The first fault of the files that was met while a fold asked for cold columns.
    #[must_use]
    pub fn late_fault(&self) -> Option<ColumnsFault> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
