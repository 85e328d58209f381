//! How many messages one request asks for. What does not arrive in the time of a request is lost with it, and begins again:
//! a slow line must be asked for less at once.

use std::time::Duration;

/// The size of requests, as the line has shown itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    now: usize,
    max: usize,
}

impl Pace {
    /// Starts with the largest request.
    pub(super) fn new(max: usize) -> Self {
        Self { now: max.max(1), max: max.max(1) }
    }

    /// What to ask for.
    pub(super) fn messages(self) -> usize {
        self.now
    }

    /// A request was given up after so many of its messages had come.
    pub(super) fn given_up(&mut self, taken: usize) {
        self.now = (taken / 2).clamp(1, self.now);
    }

    /// A request was answered whole, so fast.
    pub(super) fn answered(&mut self, took: Duration, limit: Duration) {
        if took < limit / 4 {
            self.now = self.now.saturating_mul(2).min(self.max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_line_is_asked_for_less_and_a_fast_one_for_more_again() {
        let limit = Duration::from_secs(5);
        let mut pace = Pace::new(2_048);
        assert_eq!(pace.messages(), 2_048);
        pace.given_up(300);
        assert_eq!(pace.messages(), 150);
        pace.answered(Duration::from_secs(3), limit);
        assert_eq!(pace.messages(), 150, "no faster than it must be");
        for _ in 0..10 {
            pace.answered(Duration::from_millis(10), limit);
        }
        assert_eq!(pace.messages(), 2_048, "never above the limit");
        pace.given_up(0);
        assert_eq!(pace.messages(), 1);
        assert_eq!(Pace::new(0).messages(), 1);
    }
}
