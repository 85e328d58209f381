//! The process under test: the real ledger, what intake decides, and the real projector, on a simulated disk.

use super::broker::{OnTheWay, STREAM, SimConsumer, SimStream};
use super::terms::ladder;
use crate::disk::SimDisk;
use chrono::NaiveDate;
use daybook_event::Instant;
use daybook_intake::{
    Arrivals, BatchLimits, Broken, EventSource, INTAKE_SEMANTICS, Input, MismatchPolicy, Next, PlaceError, StreamId,
    drain, judge_again, place,
};
use daybook_projector::{Projector, Step};
use daybook_store::{Binding, DerivedOptions, Ledger, LedgerOptions, derived_delete};
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// Where the ledger lies on the simulated disk.
pub(super) const FOLDER: &str = "/ledger";
/// Small, so that segments are sealed in short runs.
const SEGMENT_BYTES_MAX: usize = 800;
const CACHE_BYTES_MAX: usize = 1024 * 1024;

/// Everything that is gone when the process dies.
pub(super) struct Process {
    pub(super) ledger: Ledger,
    pub(super) projector: Option<Projector>,
    pub(super) session: Option<Session>,
}

/// Following the stream through one consumer.
pub(super) struct Session {
    consumer: SimConsumer,
    arrivals: Arrivals,
    in_hand: VecDeque<Input<u64>>,
    /// The sequence that must come next, unless the stream no longer has it.
    pub(super) next: u64,
}

/// How a ledger on this disk is opened.
pub(super) fn ledger_options(disk: &SimDisk, created_at: Instant) -> LedgerOptions {
    LedgerOptions {
        cache_bytes_max: CACHE_BYTES_MAX,
        segment_stored_bytes_max: SEGMENT_BYTES_MAX,
        created_at,
        intake_semantics: INTAKE_SEMANTICS,
        judge: Some(judge_again),
        medium: Some(disk.medium()),
        ..LedgerOptions::default()
    }
}

fn derived_options(disk: &SimDisk) -> DerivedOptions {
    DerivedOptions { cache_bytes_max: CACHE_BYTES_MAX, medium: Some(disk.medium()) }
}

impl Process {
    /// Opens the ledger, or makes it.
    pub(super) fn open(disk: &SimDisk, created_at: Instant) -> Result<Self, String> {
        let binding = Binding::Stream { name: STREAM.to_owned() };
        let options = ledger_options(disk, created_at);
        let ledger = Ledger::create_or_open(Path::new(FOLDER), Some(binding), &options);
        Ok(Self { ledger: ledger.map_err(|error| error.to_string())?, projector: None, session: None })
    }

    /// Finds the place in the stream and makes a consumer there.
    pub(super) fn start(&mut self, stream: &SimStream, policy: MismatchPolicy) -> Result<u64, PlaceError> {
        let state = stream.state_now();
        let placed = place(&mut self.ledger, stream, &state, policy).now_or_never();
        let next = placed.expect("a simulated stream answers at once")?;
        let id = Arc::new(StreamId { name: STREAM.to_owned(), created_at: state.created_at });
        let (consumer, arrivals) = (SimConsumer::new(next), Arrivals::new(id, next));
        self.session = Some(Session { consumer, arrivals, in_hand: VecDeque::new(), next });
        Ok(next)
    }

    /// Appends what is in hand, as the writing thread does; how many batches that were.
    pub(super) fn commit(&mut self, limits: BatchLimits) -> Result<u64, String> {
        let Some(session) = &mut self.session else { return Ok(0) };
        let (mut hand, mut batches) = (Hand(std::mem::take(&mut session.in_hand)), 0);
        drain(&mut self.ledger, &mut hand, limits, |_| batches += 1).map_err(|error| error.to_string())?;
        Ok(batches)
    }

    /// Does so many steps with the views, or fewer if nothing is left to do; whether it came to the head.
    pub(super) fn project(
        &mut self,
        disk: &SimDisk,
        records_max: u64,
        through: NaiveDate,
        steps: u64,
    ) -> Result<bool, String> {
        let reader = self.ledger.reader();
        if self.projector.is_none() {
            let limits = daybook_projector::BatchLimits { records_max, bytes_max: 64 * 1024 };
            let (book, options) = (Arc::clone(&ladder().at_hand), derived_options(disk));
            let mut projector = Projector::open_in(Path::new(FOLDER), &options, &reader, book, limits)
                .map_err(|error| error.to_string())?;
            projector.follow_adoptions(Box::new(|adoptions, known| Ok(ladder().book(adoptions, known))));
            projector.follow_closings(Box::new(|adoptions, closing, _| Ok(ladder().closed_terms(adoptions, closing))));
            self.projector = Some(projector);
        }
        let Some(projector) = &mut self.projector else { return Ok(false) };
        for _ in 0..steps {
            if projector.step(&reader, through).map_err(|error| error.to_string())? == Step::AtHead {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes the derived file, as anybody may.
    pub(super) fn derived_delete(&mut self, disk: &SimDisk) -> Result<(), String> {
        self.projector = None;
        derived_delete(Path::new(FOLDER), &derived_options(disk)).map_err(|error| error.to_string())
    }
}

/// What is in hand, as a source that ends.
struct Hand(VecDeque<Input<u64>>);

impl EventSource for Hand {
    type Tag = u64;

    fn next(&mut self, _wait_max: Option<std::time::Duration>) -> Next<u64> {
        self.0.pop_front().map_or(Next::End, |input| Next::Inputs(vec![input]))
    }
}

/// A message that intake took into its hand: its sequence, and the sequences before it that it holds for a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) sequence: u64,
    pub(super) hole: Option<(u64, u64)>,
}

impl Session {
    /// Takes the next messages of the consumer: those that are new, and why nothing more comes, if so.
    pub(super) fn deliver(&mut self, stream: &SimStream, happens: OnTheWay) -> (Vec<Taken>, Option<Broken>) {
        let mut taken = Vec::new();
        for delivery in self.consumer.next(stream, happens) {
            let arrived = self.arrivals.take(stream, delivery).now_or_never();
            match arrived.expect("a simulated stream answers at once") {
                Ok(Some((incoming, at))) => {
                    let hole = at.hole.as_ref().map(|hole| (hole.from, hole.to));
                    taken.push(Taken { sequence: at.sequence, hole });
                    self.in_hand.push_back(Input { incoming, tag: at.sequence, place: Some(at) });
                }
                Ok(None) => {}
                Err(broken) => return (taken, Some(broken)),
            }
        }
        (taken, None)
    }
}
