//! The loop of the service: wakes when the ledger grows or the date changes, and brings the views forward.

use crate::breath::REST_FACTOR;
use crate::{ProjectError, Projector, Step, ViewCheckpoint};
use chrono::NaiveDate;
use daybook_event::Position;
use daybook_store::{Durations, LedgerReader};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// How the loop waits.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// How long at most between two looks at ledger and date, where nobody says that the ledger grew.
    pub poll_interval: Duration,
    /// Called on each thread that folds, before it does: to let others go first, for example. Default: nothing.
    pub thread_started: fn(),
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { poll_interval: Duration::from_secs(60), thread_started: || {} }
    }
}

/// What the loop tells.
#[derive(Debug, Clone)]
pub struct Told {
    /// The view checkpoint that was found, and then every new one.
    pub checkpoint: watch::Sender<Option<ViewCheckpoint>>,
    /// The position up to which nothing was left to do: neither records nor another book, engine or through date.
    pub rested: watch::Sender<Option<Position>>,
    /// How long the steps took: each takes a batch of records in and folds again whom it touches.
    pub steps: watch::Sender<Durations>,
}

/// The wait before a disk that takes nothing is tried again; it doubles up to the longest.
const TRY_PAUSE: Duration = Duration::from_millis(250);
const TRY_PAUSE_MAX: Duration = Duration::from_secs(15);

/// The shortest and the longest pause between two looks at a head that moves.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A head that has not moved for so long is one that rests.
const QUIET: Duration = Duration::from_millis(50);

/// Follows the ledger until it is told to stop, and then gives the projector back. `head` says that the ledger grew,
/// `through` gives the through date of the moment, `told` hears of what is done. Stopping waits for the partner that is
/// being folded: a step that is not done is given up, and taken again at the next start.
///
/// # Errors
/// The first [`ProjectError`]. Steps done before stand, so starting again goes on from there.
pub async fn run(
    mut projector: Projector,
    ledger: LedgerReader,
    mut head: watch::Receiver<Position>,
    through: impl Fn() -> NaiveDate + Clone + Send + 'static,
    told: Told,
    options: RunOptions,
    stop: CancellationToken,
) -> Result<Projector, ProjectError> {
    let mut is_head_told = true;
    projector.breath.stop_when(stop.clone());
    projector.breath.rest_while(head.clone());
    // What is there is read by everybody until the first step is done, which may fold every partner again.
    told.checkpoint.send_replace(projector.view_checkpoint()?);
    while !stop.is_cancelled() {
        head.borrow_and_update();
        let (ledger, through, grows) = (ledger.clone(), through.clone(), head.clone());
        let (told, stop_work) = (told.clone(), stop.clone());
        let work = move || {
            let has_grown = || grows.has_changed().unwrap_or(false);
            let outcome = follow(&mut projector, &ledger, &through, &told, &has_grown, &stop_work);
            (projector, outcome)
        };
        let worked_from = Instant::now();
        let outcome;
        (projector, outcome) = apart(options.thread_started, work).await?;
        if let Err(error) = outcome {
            if matches!(error, ProjectError::Stopped) {
                break;
            }
            let Some(trouble) = error.disk_trouble() else { return Err(error) };
            tracing::error!("the views stay where they are: {trouble}; they go on by themselves then");
            projector = wait_for_room(projector, &stop).await?;
            continue;
        }
        // While more keeps coming, a pause longer than the work lets the next batch grow: a thousand small steps would fold
        // the same partners a thousand times. And it leaves processor and disk to what must be answered at once.
        let rested = projector.breath.rested();
        let pause = (worked_from.elapsed().saturating_sub(rested) * REST_FACTOR).saturating_sub(rested);
        let has_grown = tokio::select! {
            () = stop.cancelled() => break,
            has_grown = rest(&mut head, pause.clamp(PAUSE_MIN, PAUSE_MAX)) => has_grown,
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = std::future::ready(()), if has_grown => {}
            changed = head.changed(), if is_head_told => is_head_told = changed.is_ok(),
            () = tokio::time::sleep(options.poll_interval) => {}
        }
    }
    tracing::info!("projector stopped");
    Ok(projector)
}

/// Rests so long, or until the head rests too; whether it has moved.
async fn rest(head: &mut watch::Receiver<Position>, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    let mut has_grown = false;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(QUIET)).await;
        // Nobody tells any more where this is an error: there is nothing to be waited for.
        if !head.has_changed().unwrap_or(false) {
            return has_grown;
        }
        has_grown = true;
        if left <= QUIET {
            return has_grown;
        }
        head.borrow_and_update();
    }
}

/// Runs the work on a thread of its own. The fold is work for a processor and the file blocks: neither belongs on a thread of
/// the runtime, nor on one that is lent to others afterwards.
async fn apart<T: Send + 'static>(
    thread_started: fn(),
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ProjectError> {
    let (done, finished) = oneshot::channel();
    let thread = std::thread::Builder::new().name("projector".to_owned()).spawn(move || {
        thread_started();
        // Nobody waits any more where the process is going down.
        let _ = done.send(work());
    });
    let thread = thread.map_err(|_| ProjectError::RuntimeStopped)?;
    match finished.await {
        Ok(done) => Ok(done),
        Err(_) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(ProjectError::RuntimeStopped),
        },
    }
}

/// Tries the derived file again and again, until the disk takes it or until told to stop.
async fn wait_for_room(mut projector: Projector, stop: &CancellationToken) -> Result<Projector, ProjectError> {
    let mut pause = TRY_PAUSE;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(projector),
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(TRY_PAUSE_MAX);
        let tried = tokio::task::spawn_blocking(move || {
            let revived = projector.revive();
            (projector, revived)
        });
        let Ok((back, revived)) = tried.await else { return Err(ProjectError::RuntimeStopped) };
        projector = back;
        match revived {
            Ok(()) => return Ok(projector),
            Err(error) if error.is_waited_out() => tracing::debug!(%error, "the derived file is tried again"),
            Err(error) => return Err(error),
        }
    }
}

/// Steps until nothing is left to do, until the ledger has grown meanwhile, or until told to stop.
fn follow(
    projector: &mut Projector,
    ledger: &LedgerReader,
    through: &impl Fn() -> NaiveDate,
    told: &Told,
    has_grown: &impl Fn() -> bool,
    stop: &CancellationToken,
) -> Result<(), ProjectError> {
    projector.breath.begin();
    while !stop.is_cancelled() {
        let since = Instant::now();
        let done = projector.step(ledger, through())?;
        if done != Step::AtHead {
            told.steps.send_modify(|steps| steps.add(since.elapsed()));
        }
        let checkpoint = projector.view_checkpoint()?;
        // An adoption's book comes with the next step.
        if checkpoint.as_ref().is_some_and(|checkpoint| projector.is_of_its_book(checkpoint)) {
            told.checkpoint.send_if_modified(|known| {
                let is_new = *known != checkpoint;
                known.clone_from(&checkpoint);
                is_new
            });
        }
        if done == Step::AtHead {
            let position = checkpoint.map(|checkpoint| checkpoint.position);
            told.rested.send_if_modified(|known| std::mem::replace(known, position) != position);
            return Ok(());
        }
        if has_grown() {
            return Ok(());
        }
    }
    Ok(())
}
