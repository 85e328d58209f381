//! Locks on ranges of a file that lives on a medium of the caller's.

use std::ops::{Bound, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Who holds which range of one file. It is how a writer and its readers keep out of each other's way.
#[derive(Debug, Default)]
pub struct MediumLocks {
    held: Mutex<Vec<Held>>,
    released: Condvar,
    owners: AtomicU64,
}

#[derive(Debug)]
struct Held {
    owner: u64,
    range: RangeInclusive<u64>,
    shared: bool,
}

pub(crate) type Bounds = (Bound<u64>, Bound<u64>);

impl MediumLocks {
    /// A number for one more who has the file open.
    pub(crate) fn owner_new(&self) -> u64 {
        self.owners.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes the range, unless another's lock is in the way.
    pub(crate) fn try_lock(&self, owner: u64, bounds: Bounds, shared: bool) -> bool {
        taken(&mut self.held(), owner, bounds, shared)
    }

    /// Takes the range, and waits for those in the way.
    pub(crate) fn lock(&self, owner: u64, bounds: Bounds, shared: bool) {
        let mut held = self.held();
        while !taken(&mut held, owner, bounds, shared) {
            held = self.released.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether another's lock is in the way of an exclusive one.
    pub(crate) fn is_locked(&self, owner: u64, bounds: Bounds) -> bool {
        in_the_way(&self.held(), owner, &range_of(bounds), false)
    }

    /// Lets go of exactly this range.
    pub(crate) fn unlock(&self, owner: u64, bounds: Bounds) {
        let range = range_of(bounds);
        self.held().retain(|held| held.owner != owner || held.range != range);
        self.released.notify_all();
    }

    /// Lets go of everything.
    pub(crate) fn unlock_all(&self, owner: u64) {
        self.held().retain(|held| held.owner != owner);
        self.released.notify_all();
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken(held: &mut Vec<Held>, owner: u64, bounds: Bounds, shared: bool) -> bool {
    let range = range_of(bounds);
    if in_the_way(held, owner, &range, shared) {
        return false;
    }
    held.push(Held { owner, range, shared });
    true
}

fn in_the_way(held: &[Held], owner: u64, range: &RangeInclusive<u64>, shared: bool) -> bool {
    held.iter().any(|other| {
        let apart = other.range.end() < range.start() || range.end() < other.range.start();
        other.owner != owner && !apart && !(shared && other.shared)
    })
}

fn range_of((start, end): Bounds) -> RangeInclusive<u64> {
    let start = match start {
        Bound::Unbounded => 0,
        Bound::Included(start) => start,
        Bound::Excluded(start) => start.saturating_add(1),
    };
    let end = match end {
        Bound::Unbounded => u64::MAX,
        Bound::Included(end) => end,
        Bound::Excluded(end) => end.saturating_sub(1),
    };
    start..=end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_a_writer_is_alone() {
        let locks = MediumLocks::default();
        let [one, other] = [locks.owner_new(), locks.owner_new()];
        let first_ten = (Bound::Unbounded, Bound::Excluded(10));
        assert!(locks.try_lock(one, first_ten, true));
        assert!(locks.try_lock(other, (Bound::Included(9), Bound::Included(9)), true));
        assert!(!locks.try_lock(other, (Bound::Included(0), Bound::Included(0)), false));
        assert!(locks.try_lock(other, (Bound::Included(10), Bound::Unbounded), false), "it only touches the other");
        assert!(locks.is_locked(one, (Bound::Included(u64::MAX), Bound::Unbounded)));
        locks.unlock_all(other);
        assert!(!locks.is_locked(one, (Bound::Included(9), Bound::Unbounded)));
        locks.unlock(one, first_ten);
        assert!(locks.try_lock(other, (Bound::Unbounded, Bound::Unbounded), false));
    }
}
