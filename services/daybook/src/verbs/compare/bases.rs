//! Kept bases: what folds of a window came to, in files beside the ledger, so that a comparison of prices and settlement reads
//! no event. They are derived: whatever does not agree is passed over, and made anew.

use crate::window::Known;
use daybook_event::{Instant, NaiveDate, PartnerId, Position};
use daybook_replay::{AttributedPartners, AttributionPlan, KeptFault, KeptFold, KeptFolds, SharedFolds};
use daybook_rules::sha256_hex;
use daybook_store::{Columns, ColumnsError, ColumnsOptions, Part, Run, RunHead};
use daybook_views::{ENGINE_SEMANTICS, FactsOfNoPartner, KEPT_SHAPE, KeptHead, KeptNames, KeptPartner};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of kept bases, in the ledger's folder.
const FOLDER: &str = "kept";
/// Folds that are kept at most: the oldest go.
const FOLDS_MAX: usize = 8;
/// Partners times folds that are kept at most, since what is kept is in memory until it is written, about 4 KB of each: beyond it
/// only the folds of reference and candidate are.
const PARTNER_FOLDS_MAX: usize = 50_000;
/// Letters of a fold's name.
const NAME_LETTERS: usize = 32;

/// A fold that was kept, open for reading.
struct OpenFold {
    run: Run,
    names: KeptNames,
    head: KeptHead,
}

/// The folds of a comparison, every one of them kept.
pub(super) struct Bases {
    folds: Vec<OpenFold>,
    partners: Vec<PartnerId>,
}

impl Bases {
    /// Opens the folds; none where one of them is not there, or is of other records, dates or terms.
    pub(super) fn open(known: &Known, shared: &SharedFolds<'_>, through: NaiveDate) -> Option<Self> {
        let folds: Option<Vec<OpenFold>> =
            (0..shared.folds()).map(|fold| OpenFold::open(known, &shared.terms_hash(fold), through)).collect();
        let folds = folds?;
        let blocks = folds.first()?.run.blocks();
        let partners: Vec<PartnerId> =
            blocks.iter().map(|block| PartnerId::parse(&block.partner_id).ok()).collect::<Option<_>>()?;
        let same =
            |fold: &OpenFold| fold.run.blocks().iter().zip(&partners).all(|(at, id)| at.partner_id == id.as_str());
        let agree = folds.iter().all(|fold| fold.run.blocks().len() == partners.len() && same(fold));
        agree.then_some(Self { folds, partners })
    }

    /// What is closed, in words.
    pub(super) fn closed(&self) -> String {
        self.folds.first().map(|fold| fold.head.closed.clone()).unwrap_or_default()
    }

    /// Prices and settles every partner under every book of the plan.
    pub(super) fn attribute(
        &self,
        plan: &AttributionPlan,
        shared: &SharedFolds<'_>,
        threads: usize,
    ) -> Result<AttributedPartners, KeptFault> {
        let mut partners = AttributedPartners::default();
        let kept = KeptFolds {
            partners: self.partners.clone(),
            folds: self.folds.iter().map(|fold| fold as &dyn KeptFold).collect(),
            fx: self.folds.iter().map(|fold| fold.head.fx.clone()).collect(),
            of_no_partner: self.folds.iter().map(|fold| fold.head.of_no_partner.clone()).collect(),
            last_billed: self.folds.first().and_then(|fold| fold.head.last_billed),
        };
        partners.add_kept(&kept, plan, shared, threads)?;
        Ok(partners)
    }
}

impl OpenFold {
    fn open(known: &Known, terms: &str, through: NaiveDate) -> Option<Self> {
        let columns = Columns::in_folder(&folder_of(&known.dir, terms, through), &ColumnsOptions::default());
        let listed = columns.list().ok()?;
        let run = columns.open(listed.iter().find(|run| run.to == known.position)?).ok()?;
        let expected = run_head(known)?;
        let of = |head: &RunHead| (head.ledger_id, head.shape, head.from, head.to, head.root);
        if of(run.head()) != of(&expected) {
            return None;
        }
        let mut bytes = Vec::new();
        run.read(Part::Shared, &mut bytes).ok()?;
        let head = KeptHead::from_bytes(&bytes)?;
        run.read(Part::Dictionary, &mut bytes).ok()?;
        let names = KeptNames::from_bytes(&bytes)?;
        let agrees = (head.terms.as_str(), head.through, head.engine_semantics) == (terms, through, ENGINE_SEMANTICS);
        agrees.then_some(Self { run, names, head })
    }
}

impl KeptFold for OpenFold {
    fn partner(&self, at: usize, partner_id: &PartnerId) -> Result<KeptPartner, KeptFault> {
        let mut bytes = Vec::new();
        let read = self.run.read(Part::Block(at, 0), &mut bytes);
        read.map_err(|error| KeptFault::Unreadable(error.to_string()))?;
        KeptPartner::from_bytes(partner_id, &bytes, &self.names)
            .ok_or_else(|| KeptFault::Unreadable(format!("what was kept of partner {partner_id} means nothing")))
    }
}

/// Which folds of a comparison to keep: all, so that the same comparison with other prices reads no event; where that is too much,
/// those of reference and candidate, whose books are given.
pub(super) fn kept_of(shared: &SharedFolds<'_>, partners: usize, sides: [usize; 2]) -> BTreeSet<usize> {
    let folds = shared.folds();
    if folds <= FOLDS_MAX && partners.saturating_mul(folds) <= PARTNER_FOLDS_MAX {
        return (0..folds).collect();
    }
    sides.map(|book| shared.fold_of(book)).into()
}

/// What every kept fold has beside its partners.
pub(super) struct Keeping<'a> {
    pub(super) known: &'a Known,
    pub(super) through: NaiveDate,
    pub(super) closed: &'a str,
    pub(super) of_no_partner: &'a FactsOfNoPartner,
}

impl Keeping<'_> {
    /// Writes the folds that were kept, each in its own folder, and removes the oldest. Who may not write here, or finds that
    /// somebody else does, writes nothing: the answer is there already.
    pub(super) fn write(&self, shared: &SharedFolds<'_>, partners: &mut AttributedPartners) {
        for fold in 0..shared.folds() {
            let Some(names) = shared.names(fold) else { continue };
            let book = shared.book_of(fold);
            let head = KeptHead {
                terms: shared.terms_hash(fold),
                through: self.through,
                engine_semantics: ENGINE_SEMANTICS,
                fx: self.of_no_partner.fx_counting(book, self.through),
                of_no_partner: self.of_no_partner.rows(book),
                closed: self.closed.to_owned(),
                last_billed: partners.last_billed(),
            };
            let kept = partners.take_kept(fold).into_iter();
            let all: Option<Vec<_>> = kept.map(|(partner_id, bytes)| Some((partner_id, bytes?))).collect();
            // Where a partner cannot be priced from bases, the facts of all are read.
            if let Some(all) = all {
                // Nothing is lost where it fails: the next comparison reads the events again.
                let _ = self.write_fold(&head, names, &all);
            }
        }
        remove_oldest(&self.known.dir.join(FOLDER));
    }

    fn write_fold(
        &self,
        head: &KeptHead,
        names: &KeptNames,
        partners: &[(PartnerId, Vec<u8>)],
    ) -> Result<(), ColumnsError> {
        let folder = folder_of(&self.known.dir, &head.terms, self.through);
        let columns = Columns::in_folder(&folder, &ColumnsOptions::default());
        let (Some(of_run), Some(shared)) = (run_head(self.known), head.to_bytes()) else { return Ok(()) };
        let Some(writer) = columns.writer()? else { return Ok(()) };
        let between = [of_run.from, of_run.to];
        let mut run = writer.run(of_run)?;
        for (partner_id, bytes) in partners {
            run.block(partner_id.as_str(), 0, between, [bytes, &[]])?;
        }
        let written = run.finish(&names.to_bytes(), &shared)?;
        writer.keep_only(&[columns.open(&written)?])
    }
}

/// Where a fold is kept: its name is what it depends on.
fn folder_of(ledger: &Path, terms: &str, through: NaiveDate) -> PathBuf {
    let mut name = sha256_hex(format!("{terms} {through} {ENGINE_SEMANTICS} {KEPT_SHAPE}").as_bytes());
    name.truncate(NAME_LETTERS);
    ledger.join(FOLDER).join(name)
}

/// Which records a kept fold is of; none of an empty ledger, of which nothing is kept.
fn run_head(known: &Known) -> Option<RunHead> {
    let root = crate::window::root(known).ok().filter(|_| known.position > Position::ZERO)?;
    Some(RunHead {
        ledger_id: known.snapshot.identity().ledger_id,
        shape: KEPT_SHAPE,
        from: Position::new(1),
        to: known.position,
        root,
        recorded_at: Instant::default(),
    })
}

/// Removes the folders that were written longest ago, where there are too many.
fn remove_oldest(folder: &Path) {
    let written = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let Ok(listed) = fs::read_dir(folder) else { return };
    let mut folders: Vec<(SystemTime, PathBuf)> =
        listed.filter_map(|entry| Some(entry.ok()?.path())).map(|path| (written(&path), path)).collect();
    folders.sort();
    for (_, path) in folders.iter().take(folders.len().saturating_sub(FOLDS_MAX)) {
        // Whoever reads one of its files reads on; what cannot be removed goes the next time.
        let _ = fs::remove_dir_all(path);
    }
}
