//! The answer of a comparison: from kept bases where every fold that it needs was kept, else from the events.

use super::bases::{Bases, Keeping, kept_of};
use super::windowed;
use crate::cli::{Attribution, CompareArguments};
use crate::closed;
use crate::columns::{self, Partners};
use crate::failure::Failure;
use crate::progress;
use crate::shards::threads_of_machine;
use crate::window::{self, Known, Window};
use daybook_event::{Month, NaiveDate, Position};
use daybook_replay::{
    Attributed, AttributedPartners, AttributionMethod, AttributionPlan, AttributionRequest, ColumnsInMemory,
    ColumnsSource, KeptFault, PassFault, SharedFolds,
};
use daybook_rules::Players;
use daybook_store::Hash;
use serde::Serialize;
use std::time::Instant;

/// The coordinates of an answer, without its books.
pub(super) struct Frame {
    pub(super) position: Position,
    pub(super) root: Hash,
    pub(super) through: NaiveDate,
}

impl Frame {
    pub(super) fn of(window: &Window) -> Self {
        Self { position: window.position, root: window.root, through: window.through }
    }
}

/// What an answer took.
#[derive(Debug, Serialize)]
pub(super) struct Effort {
    /// How many events were read again; none where everything was priced from kept bases.
    pub(super) events_read: u64,
    /// How many times each partner was folded.
    fold_passes: usize,
    /// How many books were priced from what a fold for another one, or an earlier comparison, summed.
    repriced: usize,
    #[serde(skip)]
    read_ms: u128,
    #[serde(skip)]
    fold_ms: u128,
}

impl Effort {
    /// In one line.
    pub(super) fn said(&self, books: usize) -> String {
        let Self { fold_passes, repriced, read_ms, fold_ms, .. } = self;
        let by = match fold_passes {
            0 => "from kept bases".to_owned(),
            1 => "by 1 fold of each partner".to_owned(),
            folds => format!("by {folds} folds of each partner"),
        };
        format!("{books} books {by}, {repriced} of them priced anew, {fold_ms} ms; reading {read_ms} ms")
    }
}

/// An answer, and what it took.
pub(super) struct Answer {
    pub(super) attributed: Attributed,
    pub(super) frame: Frame,
    pub(super) effort: Effort,
    /// What is closed, in words.
    pub(super) closed: String,
    /// The last month in which anybody was billed.
    pub(super) last_billed: Option<Month>,
}

/// Folds the window under every book that the answer needs; from kept bases, where there are any.
pub(super) fn compute(arguments: &CompareArguments, known: &Known, players: &Players) -> Result<Answer, Failure> {
    let asked = &arguments.attribution;
    let varied = asked.vary.iter().map(|range| players.varied(range)).collect::<Result<_, _>>();
    let request = AttributionRequest {
        method: method(asked.attribution),
        seed: asked.seed,
        readings: !asked.no_interpretations,
        varied: varied.map_err(Failure::input)?,
        keep_rows: false,
    };
    let through = match arguments.window.through {
        Some(through) => through,
        None => known.snapshot.record(known.position)?.map(|record| record.recorded_at).unwrap_or_default().date_utc(),
    };
    let plan = AttributionPlan::new(players, request, through);
    let mut asking = Asking { arguments, known, plan: &plan, shared: plan.shared(through), through };
    if arguments.partner.is_none()
        && let Some(answer) = asking.of_bases()?
    {
        return Ok(answer);
    }
    asking.of_events()
}

struct Asking<'a> {
    arguments: &'a CompareArguments,
    known: &'a Known,
    plan: &'a AttributionPlan,
    shared: SharedFolds<'a>,
    through: NaiveDate,
}

impl Asking<'_> {
    fn of_bases(&self) -> Result<Option<Answer>, Failure> {
        let started = Instant::now();
        let Some(bases) = Bases::open(self.known, &self.shared, self.through) else { return Ok(None) };
        let read_ms = started.elapsed().as_millis();
        let partners = match bases.attribute(self.plan, &self.shared, threads_of_machine()) {
            Ok(partners) => partners,
            // The events have it all.
            Err(KeptFault::Unreadable(_)) => return Ok(None),
            Err(KeptFault::Overflow(overflow)) => return Err(overflow.into()),
        };
        let fold_ms = started.elapsed().as_millis() - read_ms;
        let effort = Effort { events_read: 0, fold_passes: 0, repriced: self.plan.folds(), read_ms, fold_ms };
        let frame = Frame { position: self.known.position, root: window::root(self.known)?, through: self.through };
        self.answer(partners, frame, effort, bases.closed()).map(Some)
    }

    /// From column files beside the ledger where they can be used, else from its records.
    fn of_events(&mut self) -> Result<Answer, Failure> {
        let started = Instant::now();
        if self.arguments.partner.is_none()
            && let Ok(columned) = columns::open(self.known)?
        {
            // Bases are kept, for the next comparison.
            let partners = Partners::all(&columned.view).partners();
            self.shared.keep(&kept_of(&self.shared, partners, self.plan.sides()));
            match self.folded(&Partners::all(&columned.view), started)? {
                Ok(answer) => return Ok(answer),
                // The records have it all.
                Err(fault) if fault.is_of_files() => {}
                Err(fault) => return Err(Failure::input(fault)),
            }
        }
        let window = windowed(self.known, self.arguments)?;
        let source = ColumnsInMemory::of(&window.histories).map_err(Failure::input)?;
        drop(window);
        if self.arguments.partner.is_none() {
            self.shared.keep(&kept_of(&self.shared, source.partners(), self.plan.sides()));
        }
        self.folded(&source, started)?.map_err(Failure::input)
    }

    /// Folds every partner of a source; the inner error is the source's.
    fn folded<S: ColumnsSource>(&self, source: &S, started: Instant) -> Result<Result<Answer, S::Error>, Failure> {
        let read_ms = started.elapsed().as_millis();
        let bar = progress::bar("folding", source.partners() as u64);
        let told = |partners: usize| bar.inc(partners as u64);
        let mut partners = AttributedPartners::default();
        let added = partners.add_columns(source, self.plan, &self.shared, threads_of_machine(), &told);
        bar.finish_and_clear();
        match added {
            Ok(()) => {}
            Err(PassFault::Overflow(overflow)) => return Err(overflow.into()),
            Err(PassFault::Source(error)) => return Ok(Err(error)),
        }
        let fold_ms = started.elapsed().as_millis() - read_ms;
        let of_no_partner = source.of_no_partner();
        let closed = closed::note_not_kept(of_no_partner.closings().on(self.through));
        if self.arguments.partner.is_none() {
            let keeping = Keeping { known: self.known, through: self.through, closed: &closed, of_no_partner };
            keeping.write(&self.shared, &mut partners);
        }
        let fold_passes = self.shared.folds();
        let repriced = self.plan.folds() - fold_passes;
        let effort = Effort { events_read: self.events(source), fold_passes, repriced, read_ms, fold_ms };
        let frame = Frame { position: self.known.position, root: window::root(self.known)?, through: self.through };
        self.answer(partners, frame, effort, closed).map(Ok)
    }

    /// How many events a source holds.
    fn events<S: ColumnsSource>(&self, source: &S) -> u64 {
        match &self.arguments.partner {
            None => self.known.position.number(),
            Some(_) => source.columns(0).map_or(0, |of| (of.lines.len() + of.others.len()) as u64),
        }
    }

    fn answer(
        &self,
        partners: AttributedPartners,
        frame: Frame,
        effort: Effort,
        closed: String,
    ) -> Result<Answer, Failure> {
        let names = (self.arguments.reference.as_str(), self.arguments.candidate.as_str());
        let last_billed = partners.last_billed();
        let attributed = partners.finish(self.plan, names, frame.position)?;
        Ok(Answer { attributed, frame, effort, closed, last_billed })
    }
}

fn method(asked: Attribution) -> Option<AttributionMethod> {
    match asked {
        Attribution::Shapley => Some(AttributionMethod::Shapley),
        Attribution::Announced => Some(AttributionMethod::Announced),
        Attribution::Alone => Some(AttributionMethod::Alone),
        Attribution::None => None,
    }
}
