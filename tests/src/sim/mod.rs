//! The whole system in one thread, drawn from one seed: the real store, what intake decides, the projector and the rules, on
//! a simulated broker, clock and disk, held against a naive ledger and the naive model of the figures.
//!
//! `docs/simulation.md` says what is drawn and what is checked. The same seed and steps do the same to the last byte.

mod backups;
mod broker;
mod checks;
mod counts;
mod faults;
mod naive;
mod operators;
mod process;
mod starts;
mod steps;
mod supply;
mod terms;
#[cfg(test)]
mod tests;

pub use counts::Counts;

use crate::dice::Dice;
use crate::disk::SimDisk;
use broker::{Message, SimStream};
use daybook_event::Instant;
use faults::Points;
use naive::{Naive, NaiveCursor};
use process::Process;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use supply::Supply;

/// When simulations begin: in the middle of the histories that are sent, so that some of it is late.
const BEGINS_AT: &str = "2020-11-02T00:00:00Z";
/// How many of the last steps a failure tells.
const TRACE_STEPS: usize = 40;

/// What one simulation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One number for everything that happened, in hex.
    pub digest: String,
    /// The records at the end.
    pub records: u64,
    /// What happened how often.
    pub counts: Counts,
}

/// Where a simulation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it was made from.
    pub seed: u64,
    /// How many steps were asked for.
    pub steps: u64,
    /// The step that failed, from 1; one more than `steps` where it failed when everything had come to rest.
    pub step: u64,
    /// What is wrong.
    pub what: String,
    /// The last steps.
    pub trace: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, steps, step, what, trace } = self;
        writeln!(f, "{}", trace.join("\n"))?;
        write!(f, "step {step} of {steps}: {what}\n\nagain: make sim SEED={seed} STEPS={steps}")
    }
}

/// What the real ledger may have done when it is looked at next: it has taken this, or the cursor was set.
enum Pending {
    Take { created_at: Instant, sequence: u64, message: Message, hole: Option<(u64, u64)> },
    Set { cursor: NaiveCursor, hole: Option<(u64, u64)> },
}

/// Everything, real and simulated.
struct Sim {
    dice: Dice,
    disk: SimDisk,
    points: Points,
    now: Instant,
    stream: SimStream,
    supply: Supply,
    process: Option<Process>,
    /// A mismatch stopped intake, and nobody has said to go on.
    is_stopped: bool,
    naive: Naive,
    pending: VecDeque<Pending>,
    /// What the months that are closed said when they were seen first.
    closed_rows: BTreeMap<(String, String), String>,
    /// The most records of one batch of the views.
    records_max: u64,
    decisions: u64,
    /// The notes that were signed; the last may have been lost with the process.
    checkpoints: Vec<String>,
    checkpoints_sure: usize,
    /// What the backup holds: one of these.
    backups: Vec<backups::Kept>,
    counts: Counts,
    log: Sha256,
    trace: VecDeque<String>,
}

/// Runs a simulation.
///
/// # Errors
/// [`Failure`]: the first thing that is not as it must be.
pub fn run(seed: u64, steps: u64) -> Result<Report, Box<Failure>> {
    let mut sim = Sim::new(seed);
    let outcome = (1..=steps).try_for_each(|step| sim.step(step).map_err(|what| (step, what)));
    let outcome = outcome.and_then(|()| sim.rest().map_err(|what| (steps + 1, what)));
    daybook_store::crash_points_watch(None);
    match outcome {
        Ok(()) => {
            let (digest, records) = (hex::encode(sim.log.finalize()), sim.naive.position());
            Ok(Report { digest, records, counts: sim.counts })
        }
        Err((step, what)) => Err(Box::new(Failure { seed, steps, step, what, trace: sim.trace.into() })),
    }
}

impl Sim {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let now = Instant::parse(BEGINS_AT).expect("an instant");
        let records_max = [2, 5, 20, 10_000][dice.place(4)];
        Self {
            disk: SimDisk::new(dice.roll()),
            points: Points::watched(),
            now,
            stream: SimStream::new(now),
            supply: Supply::new(dice.roll()),
            process: None,
            is_stopped: false,
            naive: Naive::default(),
            pending: VecDeque::new(),
            closed_rows: BTreeMap::new(),
            records_max,
            decisions: 0,
            checkpoints: Vec::new(),
            checkpoints_sure: 0,
            backups: Vec::new(),
            counts: Counts::default(),
            log: Sha256::new(),
            trace: VecDeque::new(),
            dice,
        }
    }

    /// Notes what was done; it is part of the digest.
    fn note(&mut self, line: String) {
        self.log.update(line.as_bytes());
        self.log.update(b"\n");
        if self.trace.len() == TRACE_STEPS {
            self.trace.pop_front();
        }
        self.trace.push_back(line);
    }

    fn chance(&mut self, of: u64) -> bool {
        self.dice.between(1, of) == 1
    }
}
