//! Checkpoints every so often.

use std::time::{Duration, Instant};

/// Says when the next checkpoint is due.
pub(super) struct Timer {
    every: Option<Duration>,
    last: Instant,
}

impl Timer {
    /// The first is due after one interval; never without one.
    pub(super) fn new(every: Option<Duration>) -> Self {
        Self { every, last: Instant::now() }
    }

    /// Whether one is due; from then on the next is waited for.
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.every.is_some_and(|every| self.last.elapsed() >= every);
        if is_due {
            self.last = Instant::now();
        }
        is_due
    }
}
