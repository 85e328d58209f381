//! Rests in the middle of work while records come in: views may be late, who sends records waits for an answer.

use crate::ProjectError;
use daybook_event::Position;
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long to rest, as a multiple of the work before it, and at most.
pub(crate) const REST_FACTOR: u32 = 3;
const REST_MAX: Duration = Duration::from_millis(200);
/// After so much work there may be a rest.
const WORK_MIN: Duration = Duration::from_millis(5);

/// When to stop, and when to rest. A pause of the fold changes no figure.
pub(crate) struct Breath {
    stop: CancellationToken,
    head: Option<watch::Receiver<Position>>,
    /// The head at the last look.
    seen: Cell<Position>,
    worked_from: Cell<Instant>,
    rested: Cell<Duration>,
}

impl Breath {
    /// Never rests, and is never stopped.
    pub(crate) fn never() -> Self {
        Self {
            stop: CancellationToken::new(),
            head: None,
            seen: Cell::default(),
            worked_from: Cell::new(Instant::now()),
            rested: Cell::default(),
        }
    }

    /// Stops when told to.
    pub(crate) fn stop_when(&mut self, stop: CancellationToken) {
        self.stop = stop;
    }

    /// Rests while the ledger grows.
    pub(crate) fn rest_while(&mut self, head: watch::Receiver<Position>) {
        self.head = Some(head);
    }

    /// Work begins.
    pub(crate) fn begin(&self) {
        self.worked_from.set(Instant::now());
        self.rested.set(Duration::ZERO);
    }

    /// How long it has rested since the work began.
    pub(crate) fn rested(&self) -> Duration {
        self.rested.get()
    }

    /// Between two pieces of work: rests where it is time to.
    ///
    /// # Errors
    /// [`ProjectError::Stopped`] when told to stop.
    pub(crate) fn take(&self) -> Result<(), ProjectError> {
        if self.stop.is_cancelled() {
            return Err(ProjectError::Stopped);
        }
        let worked = self.worked_from.get().elapsed();
        if worked < WORK_MIN {
            return Ok(());
        }
        let now = self.head.as_ref().map_or(self.seen.get(), |head| *head.borrow());
        if self.seen.replace(now) != now {
            let rest = (worked * REST_FACTOR).min(REST_MAX);
            std::thread::sleep(rest);
            self.rested.set(self.rested.get() + rest);
        }
        self.worked_from.set(Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_after_work_while_the_ledger_grows_and_at_no_other_time() {
        let (head, grows) = watch::channel(Position::ZERO);
        let mut breath = Breath::never();
        breath.rest_while(grows);
        let work = |breath: &Breath| breath.worked_from.set(Instant::now() - WORK_MIN);
        breath.begin();
        head.send_replace(Position::new(1));
        breath.take().unwrap();
        assert_eq!(breath.rested(), Duration::ZERO, "it has hardly worked");
        work(&breath);
        breath.take().unwrap();
        let rested = breath.rested();
        assert!(rested >= WORK_MIN * REST_FACTOR, "{rested:?}");
        work(&breath);
        breath.take().unwrap();
        assert_eq!(breath.rested(), rested, "nothing came since");
        breath.begin();
        assert_eq!(breath.rested(), Duration::ZERO);
    }

    #[test]
    fn it_stops_when_told_to() {
        let (mut breath, stop) = (Breath::never(), CancellationToken::new());
        breath.stop_when(stop.clone());
        assert!(breath.take().is_ok());
        stop.cancel();
        assert!(matches!(breath.take(), Err(ProjectError::Stopped)));
    }
}
