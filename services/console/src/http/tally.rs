//! How often each route was answered, and with which status.

use crate::metrics::{Figures, HTTP_REQUESTS};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counts, shared by all requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<BTreeMap<(&'static str, u16), u64>>>);

impl Tally {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<(&'static str, u16), u64>> {
        // The map is never left half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one. Routes are those of the table, so nobody can make the map grow.
    pub(super) fn add(&self, route: &'static str, status: u16) {
        *self.counts().entry((route, status)).or_default() += 1;
    }

    pub(super) fn tell(&self, figures: &mut Figures) {
        for ((route, status), count) in &*self.counts() {
            figures.set_of(&HTTP_REQUESTS, &[route, &status.to_string()], *count);
        }
    }
}

/// Requests of one caller that are under way.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<BTreeMap<String, usize>>>);

/// One of them; dropped, it is done.
#[derive(Debug)]
pub(super) struct OneUnderWay {
    all: UnderWay,
    caller: String,
}

impl UnderWay {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one; none where the caller has so many already.
    pub(super) fn begin(&self, caller: &str, max: usize) -> Option<OneUnderWay> {
        let mut counts = self.counts();
        let count = counts.entry(caller.to_owned()).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(OneUnderWay { all: self.clone(), caller: caller.to_owned() })
    }
}

impl Drop for OneUnderWay {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.caller) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_so_many_under_way_and_no_more() {
        let all = UnderWay::default();
        let first = all.begin("a", 2).unwrap();
        let _second = all.begin("a", 2).unwrap();
        assert!(all.begin("a", 2).is_none());
        assert!(all.begin("b", 2).is_some());
        drop(first);
        assert!(all.begin("a", 2).is_some());
    }
}
