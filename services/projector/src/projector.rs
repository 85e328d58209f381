//! The steps that bring the views forward.

use crate::affected::{affected_all, affected_by_rates};
use crate::batch::{Batch, BatchLimits};
use crate::breath::Breath;
use crate::checkpoint::{
    FactsMark, Generation, NO_PARTNER, ViewCheckpoint, checkpoint, live_put, live_read, stale_put, stale_read,
};
use crate::choose::Chooser;
use crate::closing::ClosedChooser;
use crate::kept::KeptStates;
use crate::no_partner::{no_partner_append, no_partner_load};
use crate::refold::{Terms, refold_all};
use crate::views::Views;
use crate::{ProjectError, switch};
use chrono::NaiveDate;
use daybook_event::{Month, Position};
use daybook_rules::Adoptions;
use daybook_rules::model::RuleBook;
use daybook_store::{
    Derived, DerivedOptions, DerivedRead, DerivedReader, DerivedWrite, LedgerReader, crash_point, derived_delete,
};
use daybook_views::FactsOfNoPartner;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The names of the places where a test can make the projector die.
pub const CRASH_POINTS: [&str; 3] = ["projector:before_commit", "projector:after_commit", "projector:built"];

/// Keeps the views of one ledger in one derived file.
pub struct Projector {
    pub(crate) derived: Derived,
    pub(crate) book: Arc<RuleBook>,
    pub(crate) chooser: Option<Chooser>,
    pub(crate) closed_chooser: Option<ClosedChooser>,
    pub(crate) states: KeptStates,
    /// Ends a step in the middle, or rests there.
    pub(crate) breath: Breath,
    limits: BatchLimits,
    /// What is in the derived file, as far as it is needed for every step; none after a step that failed.
    loaded: Option<Loaded>,
}

#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) facts: FactsMark,
    pub(crate) live: Generation,
    pub(crate) of_no_partner: FactsOfNoPartner,
    pub(crate) adoptions: Adoptions,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing was left to do.
    AtHead,
    /// A batch of records came in.
    Batch {
        /// How many records.
        records: u64,
        /// How many partners were folded again.
        partners: u64,
    },
    /// A batch of facts was put by, far behind the head: rows follow when all are there.
    Gathered {
        /// How many records.
        records: u64,
    },
    /// The through date moved.
    ThroughMoved {
        /// How many partners were folded again.
        partners: u64,
    },
    /// Another generation was built from the facts and switched in.
    Switched {
        /// Its number.
        generation: u32,
        /// How many partners it has.
        partners: u64,
    },
}

/// What catching up did, and where it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where the views are now.
    pub checkpoint: ViewCheckpoint,
    /// Records taken in.
    pub records: u64,
    /// Partners folded again, each time counted.
    pub partners_refolded: u64,
    /// Transactions.
    pub steps: u64,
}

impl Projector {
    /// A projector on this derived file, under this rule book.
    #[must_use]
    pub fn open(derived: Derived, book: Arc<RuleBook>, limits: BatchLimits) -> Self {
        let (states, breath) = (KeptStates::default(), Breath::never());
        Self { derived, book, chooser: None, closed_chooser: None, states, breath, limits, loaded: None }
    }

    /// A projector on the derived file in the ledger's folder. A file that cannot be used here is made anew.
    ///
    /// # Errors
    /// [`ProjectError`].
    pub fn open_in(
        dir: &Path,
        options: &DerivedOptions,
        ledger: &LedgerReader,
        book: Arc<RuleBook>,
        limits: BatchLimits,
    ) -> Result<Self, ProjectError> {
        let opened = Self::open(Derived::create_or_open(dir, options)?, Arc::clone(&book), limits);
        match opened.check(ledger) {
            Err(error) if error.is_cured_by_rebuild() => {
                tracing::warn!(%error, "the derived file is made anew");
                drop(opened);
                derived_delete(dir, options)?;
                Ok(Self::open(Derived::create_or_open(dir, options)?, book, limits))
            }
            checked => checked.map(|()| opened),
        }
    }

    /// Opens the derived file again after a step that failed for want of room. What was committed is read anew.
    ///
    /// # Errors
    /// [`ProjectError`]; it may be tried again.
    pub fn revive(&mut self) -> Result<(), ProjectError> {
        self.loaded = None;
        Ok(self.derived.revive()?)
    }

    /// Whether the derived file goes with the ledger.
    fn check(&self, ledger: &LedgerReader) -> Result<(), ProjectError> {
        let snapshot = self.derived.reader().snapshot()?;
        match FactsMark::read(&snapshot)? {
            Some(mark) => mark.check(ledger),
            None => Ok(()),
        }
    }

    /// Brings the views to the ledger's head and the through date, in as many steps as it takes.
    ///
    /// # Errors
    /// [`ProjectError`]; steps done before stand.
    pub fn catch_up(&mut self, ledger: &LedgerReader, through: NaiveDate) -> Result<Progress, ProjectError> {
        let (mut records, mut partners_refolded, mut steps) = (0, 0, 0);
        loop {
            match self.step(ledger, through)? {
                Step::AtHead => break,
                Step::Batch { records: taken, partners } => {
                    records += taken;
                    partners_refolded += partners;
                }
                Step::Gathered { records: taken } => records += taken,
                Step::ThroughMoved { partners } | Step::Switched { partners, .. } => partners_refolded += partners,
            }
            steps += 1;
        }
        let checkpoint = self.loaded(ledger, through)?.live.checkpoint.clone();
        Ok(Progress { checkpoint, records, partners_refolded, steps })
    }

    /// Does the next thing that is to be done: gathering facts, far behind the head; another generation, where rule book,
    /// engine or a through date that goes back ask for one; then the move of the through date; then one batch of records.
    ///
    /// # Errors
    /// [`ProjectError`]; nothing of the step is in the views then, unless it was committed.
    pub fn step(&mut self, ledger: &LedgerReader, through: NaiveDate) -> Result<Step, ProjectError> {
        self.loaded(ledger, through)?;
        // Put back only if the step succeeds: after a failure, what is in memory may not be what is in the file.
        let Some(mut loaded) = self.loaded.take() else { return Ok(Step::AtHead) };
        self.book_choose(&loaded);
        let lag = ledger.head()?.position.number().saturating_sub(loaded.facts.position.number());
        let checkpoint = &loaded.live.checkpoint;
        let done = if loaded.is_gathering() || self.is_far_behind(&loaded, lag) {
            self.gather(&mut loaded, ledger, through)?
        } else if !self.is_as_asked(&loaded)? || through < checkpoint.through {
            switch::switch_generation(self, &mut loaded, through)?
        } else if through > checkpoint.through {
            self.move_through(&mut loaded, through)?
        } else {
            self.take_batch(&mut loaded, ledger)?
        };
        self.book_choose(&loaded);
        self.loaded = Some(loaded);
        Ok(done)
    }

    /// Whether the live views are of the book, the engine and the closed terms of now.
    fn is_as_asked(&mut self, loaded: &Loaded) -> Result<bool, ProjectError> {
        let checkpoint = &loaded.live.checkpoint;
        Ok(checkpoint.is_of(&self.book) && checkpoint.closed == self.closed_under(loaded, checkpoint.through)?)
    }

    /// Where the views are; none before the first step.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn view_checkpoint(&self) -> Result<Option<ViewCheckpoint>, ProjectError> {
        Ok(self.views()?.map(|views| views.checkpoint().clone()))
    }

    /// The newest views, held still; none before the first step.
    ///
    /// # Errors
    /// [`ProjectError`] when the derived file cannot be read.
    pub fn views(&self) -> Result<Option<Views>, ProjectError> {
        Views::newest(&self.derived.reader())
    }

    /// A reader of the derived file, for any thread. It ends with the projector.
    #[must_use]
    pub fn derived_reader(&self) -> DerivedReader {
        self.derived.reader()
    }

    /// Goes on under another rule book: the next step builds another generation for it.
    pub fn adopt(&mut self, book: Arc<RuleBook>) {
        self.book = book;
    }

    fn loaded(&mut self, ledger: &LedgerReader, through: NaiveDate) -> Result<&Loaded, ProjectError> {
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => self.load(ledger, through)?,
        };
        Ok(self.loaded.insert(loaded))
    }

    /// Reads what every step needs. A new file gets its first generation here, empty at position 0.
    fn load(&mut self, ledger: &LedgerReader, through: NaiveDate) -> Result<Loaded, ProjectError> {
        self.states.clear();
        let mut write = self.derived.begin()?;
        let known = (FactsMark::read(&write)?, live_read(&write)?);
        let (facts, live) = if let (Some(facts), Some(live)) = known {
            facts.check(ledger)?;
            (facts, live)
        } else {
            let facts = FactsMark::at(ledger, Position::ZERO)?;
            let live = Generation {
                number: 1,
                checkpoint: checkpoint(&self.book, Position::ZERO, through, None),
                replaced: None,
            };
            facts.put(&mut write)?;
            live_put(&mut write, &live)?;
            (facts, live)
        };
        let (of_no_partner, adoptions) = no_partner_load(&write)?;
        for stale in stale_read(&write)? {
            tracing::info!(generation = stale, "dropping a generation that is not live");
            write.generation_delete(stale)?;
        }
        stale_put(&mut write, &[])?;
        write.commit()?;
        Ok(Loaded { facts, live, of_no_partner, adoptions })
    }

    fn take_batch(&mut self, loaded: &mut Loaded, ledger: &LedgerReader) -> Result<Step, ProjectError> {
        let batch = Batch::read(ledger, loaded.facts.position, &self.limits)?;
        if batch.records == 0 {
            return Ok(Step::AtHead);
        }
        let through = loaded.live.checkpoint.through;
        let settled = Month::of(through);
        let mut after = loaded.with(&batch);
        if after.adoptions.count() != loaded.adoptions.count() && !after.of_no_partner.closings().on(through).is_empty()
        {
            // What was closed is measured against the terms of now: no rows under terms that are over already.
            self.put_by(loaded, &batch, ledger)?;
            self.book_choose(loaded);
            return switch::switch_generation(self, loaded, through);
        }
        let book = Arc::clone(&self.book);
        after.live.checkpoint.closed = self.closed_under(&after, through)?;
        let closed_terms = self.closed_terms(&after.of_no_partner, &after.adoptions, through)?;
        let terms =
            Terms::new(loaded.live.number, &book, &after.of_no_partner, closed_terms.as_deref(), through, &self.breath);
        let mut changed = terms.fx.changed_from(&loaded.of_no_partner.fx_counting(&book, through));
        changed.extend(terms.closed.iter().flat_map(|closed| closed.rates_recorded_after(loaded.facts.position)));

        let mut write = self.derived.begin()?;
        no_partner_append(&mut write, &batch.chunks_of_no_partner)?;
        let mut affected = BTreeMap::new();
        for (partner_id, of_partner) in &batch.partners {
            let mut meta = write.partner(partner_id.as_str())?.unwrap_or_default();
            let month = of_partner.apply(&mut write, partner_id, &mut meta, settled)?;
            write.partner_put(partner_id.as_str(), &meta)?;
            affected.insert(partner_id.clone(), month);
        }
        affected_by_rates(&write, &changed, settled, &mut affected)?;
        if after.live.checkpoint.closed != loaded.live.checkpoint.closed {
            affected_all(&write, settled, &mut affected)?;
        }
        refold_all(&mut write, &terms, &mut self.states, &affected)?;
        write.rows_put(terms.generation, NO_PARTNER, &after.of_no_partner.rows(&book))?;
        after.facts = FactsMark::at(ledger, batch.position)?;
        after.live.checkpoint.position = batch.position;
        after.commit(write)?;
        *loaded = after;
        tracing::debug!(position = %batch.position, records = batch.records, partners = affected.len(), "batch projected");
        Ok(Step::Batch { records: batch.records, partners: affected.len() as u64 })
    }

    /// Whether folding batch by batch would fold the same history again and again: most of the ledger is still to be
    /// taken in, and it is more than two batches.
    fn is_far_behind(&self, loaded: &Loaded, lag: u64) -> bool {
        lag > self.limits.records_max.saturating_mul(2) && lag > loaded.facts.position.number()
    }

    /// Puts a batch of facts by without folding; after the last one, every partner is folded once, into another
    /// generation. Until then the live views stay what they are, at their own position. Killed in between, the next
    /// start sees that the facts are ahead of the views, and goes on here.
    fn gather(&mut self, loaded: &mut Loaded, ledger: &LedgerReader, through: NaiveDate) -> Result<Step, ProjectError> {
        let batch = Batch::read(ledger, loaded.facts.position, &self.limits)?;
        if batch.records > 0 {
            self.put_by(loaded, &batch, ledger)?;
        }
        if batch.is_full(&self.limits) {
            return Ok(Step::Gathered { records: batch.records });
        }
        self.book_choose(loaded);
        switch::switch_generation(self, loaded, through)
    }

    /// Keeps the facts of a batch, and folds nothing.
    fn put_by(&mut self, loaded: &mut Loaded, batch: &Batch, ledger: &LedgerReader) -> Result<(), ProjectError> {
        let mut write = self.derived.begin()?;
        no_partner_append(&mut write, &batch.chunks_of_no_partner)?;
        for (partner_id, of_partner) in &batch.partners {
            let mut meta = write.partner(partner_id.as_str())?.unwrap_or_default();
            of_partner.apply(&mut write, partner_id, &mut meta, Month::of(loaded.live.checkpoint.through))?;
            write.partner_put(partner_id.as_str(), &meta)?;
        }
        *loaded = loaded.with(batch);
        loaded.facts = FactsMark::at(ledger, batch.position)?;
        loaded.commit(write)?;
        tracing::info!(position = %batch.position, "gathering facts");
        Ok(())
    }

    /// Every partner goes on from the month of the old date, which may have been folded in part; rates that count only now
    /// may reach further back.
    fn move_through(&mut self, loaded: &mut Loaded, through: NaiveDate) -> Result<Step, ProjectError> {
        let before = loaded.live.checkpoint.through;
        let from = Month::of(before);
        let book = Arc::clone(&self.book);
        let closed_under = self.closed_under(loaded, through)?;
        let closed_terms = self.closed_terms(&loaded.of_no_partner, &loaded.adoptions, through)?;
        let (number, facts) = (loaded.live.number, &loaded.of_no_partner);
        let terms = Terms::new(number, &book, facts, closed_terms.as_deref(), through, &self.breath);
        let changed = terms.fx.changed_from(&loaded.of_no_partner.fx_counting(&book, before));
        let mut write = self.derived.begin()?;
        let mut affected = BTreeMap::new();
        affected_all(&write, from, &mut affected)?;
        affected_by_rates(&write, &changed, from, &mut affected)?;
        refold_all(&mut write, &terms, &mut self.states, &affected)?;
        (loaded.live.checkpoint.through, loaded.live.checkpoint.closed) = (through, closed_under);
        loaded.commit(write)?;
        tracing::info!(%before, %through, partners = affected.len(), "through date moved");
        Ok(Step::ThroughMoved { partners: affected.len() as u64 })
    }
}

impl Loaded {
    /// Whether facts were put by that the live views do not contain.
    fn is_gathering(&self) -> bool {
        self.live.checkpoint.position < self.facts.position
    }

    /// With the facts of no partner of a batch.
    fn with(&self, batch: &Batch) -> Self {
        let mut loaded = self.clone();
        for (position, envelope) in &batch.of_no_partner {
            loaded.of_no_partner.add(*position, envelope);
            loaded.adoptions.add(*position, envelope);
        }
        loaded
    }

    fn commit(&self, mut write: DerivedWrite) -> Result<(), ProjectError> {
        self.facts.put(&mut write)?;
        live_put(&mut write, &self.live)?;
        crash_point(CRASH_POINTS[0]);
        write.commit()?;
        crash_point(CRASH_POINTS[1]);
        Ok(())
    }
}
