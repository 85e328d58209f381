//! Room to compute in: so many at once, and never all of it for one caller.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Places, shared by all callers.
#[derive(Debug, Clone)]
pub(super) struct Rooms {
    all: Arc<Semaphore>,
    places: usize,
    callers: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

/// One of them; dropped, the next in line has it.
#[derive(Debug)]
pub(super) struct OnePlace {
    _of_all: OwnedSemaphorePermit,
    _of_caller: OwnedSemaphorePermit,
}

impl Rooms {
    pub(super) fn new(places: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(places)), places, callers: Arc::default() }
    }

    /// How many there are.
    pub(super) fn places(&self) -> usize {
        self.places
    }

    /// A place, as soon as there is one. A caller has at most all but one, and stands in line for no more.
    pub(super) async fn place(&self, caller: &str) -> Result<OnePlace, AcquireError> {
        // Its own places come first: what waits for them is not in the line of all.
        let of_caller = self.of_caller(caller).acquire_owned().await?;
        let of_all = Arc::clone(&self.all).acquire_owned().await?;
        Ok(OnePlace { _of_all: of_all, _of_caller: of_caller })
    }

    fn of_caller(&self, caller: &str) -> Arc<Semaphore> {
        // The map is never left half changed. Its names are those of tokens, so nobody can make it grow.
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let places = self.places.saturating_sub(1).max(1);
        Arc::clone(callers.entry(caller.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(places))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::time::Duration;
    use tokio::time::timeout;

    /// Whether it is there at once.
    async fn now<T>(place: impl Future<Output = Result<T, AcquireError>>) -> Option<T> {
        timeout(Duration::from_millis(20), place).await.ok()?.ok()
    }

    #[tokio::test]
    async fn one_caller_never_has_all_places() {
        let rooms = Rooms::new(2);
        let first = now(rooms.place("a")).await.unwrap();
        assert!(now(rooms.place("a")).await.is_none());
        let other = now(rooms.place("b")).await.unwrap();
        assert!(now(rooms.place("c")).await.is_none());
        drop(other);
        let _third = now(rooms.place("c")).await.unwrap();
        drop(first);
        assert!(now(rooms.place("a")).await.is_some());
    }

    #[tokio::test]
    async fn a_caller_stands_in_line_once_where_there_is_one_place() {
        let rooms = Rooms::new(1);
        let first = now(rooms.place("a")).await.unwrap();
        let again = rooms.place("a");
        tokio::pin!(again);
        assert!(now(&mut again).await.is_none());
        let other = rooms.place("b");
        tokio::pin!(other);
        assert!(now(&mut other).await.is_none());
        // Who came later and has nothing goes before what the first asked for again.
        drop(first);
        let other = now(&mut other).await.unwrap();
        drop(other);
        assert!(now(&mut again).await.is_some());
    }
}
