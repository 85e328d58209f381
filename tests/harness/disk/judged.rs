//! What an experiment on a failing disk came to, counted by fault.

use daybook_tests::disk::Fault;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a fault did. Anything else fails the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The work was done in spite of it, and was whole afterwards.
    Unharmed,
    /// The operation failed, and nothing of it is there.
    FailedNothingThere,
    /// The operation failed, and all of it is there: a commit whose outcome was not known.
    FailedAllThere,
    /// What was acknowledged is gone and what is there is whole, as it once was: only a checkpoint kept elsewhere tells.
    OlderAndWhole,
    /// What is stored is damaged, and it says so: at the open, at a read, or by a finding of verify.
    Detected,
    /// Views only: a page of before stands in a newer one's place, whole, and verify alone tells, against the records.
    ByVerifyOnly,
}

impl Outcome {
    const ALL: [Self; 6] = [
        Self::Unharmed,
        Self::FailedNothingThere,
        Self::FailedAllThere,
        Self::OlderAndWhole,
        Self::Detected,
        Self::ByVerifyOnly,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Unharmed => "unharmed",
            Self::FailedNothingThere => "failed, nothing there",
            Self::FailedAllThere => "failed, all there",
            Self::OlderAndWhole => "older and whole",
            Self::Detected => "detected",
            Self::ByVerifyOnly => "by verify only",
        }
    }
}

/// Whether stored bytes may be wrong after this fault. No store survives that; this one must say so.
pub(super) fn may_damage(fault: Fault) -> bool {
    match fault {
        Fault::SyncError | Fault::LostSync | Fault::FlippedWrite | Fault::FlippedRead | Fault::Misdirected => true,
        Fault::PowerLoss
        | Fault::TornWrite
        | Fault::ShortWrite
        | Fault::WriteError
        | Fault::ReadError
        | Fault::DiskFull
        | Fault::ReadOnly => false,
    }
}

/// Whether what was acknowledged may be gone after this fault.
pub(super) fn may_lose(fault: Fault) -> bool {
    may_damage(fault) && fault != Fault::FlippedRead
}

/// How often each fault ended how.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<(Fault, Outcome), u64>);

impl Table {
    pub(super) fn add(&mut self, fault: Fault, outcome: Outcome) {
        *self.0.entry((fault, outcome)).or_default() += 1;
    }

    pub(super) fn of(&self, fault: Fault) -> u64 {
        Outcome::ALL.iter().filter_map(|outcome| self.0.get(&(fault, *outcome))).sum()
    }

    /// Prints it, and fails where a fault was never tried.
    pub(super) fn finish(&self, what: &str) {
        self.print(what);
        let untried: Vec<Fault> = Fault::ALL.into_iter().filter(|fault| self.of(*fault) == 0).collect();
        assert!(untried.is_empty(), "{what}: never tried: {untried:?}");
    }

    pub(super) fn print(&self, what: &str) {
        let mut text = format!("{what}: fault | tried");
        for outcome in Outcome::ALL {
            let _ = write!(text, " | {}", outcome.heading());
        }
        for fault in Fault::ALL {
            let _ = write!(text, "\n{what}: {fault:?} | {}", self.of(fault));
            for outcome in Outcome::ALL {
                let _ = write!(text, " | {}", self.0.get(&(fault, outcome)).unwrap_or(&0));
            }
        }
        println!("{text}");
    }
}
