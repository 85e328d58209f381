//! Named places where a test can make the process die.
//!
//! Present in normal builds, so that what is tested is what is shipped; inert unless the environment variable
//! `DAYBOOK_CRASH_POINT` names one. `append:before_commit` dies on the first pass, `append:before_commit:3` on the third.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The names that an append and a change of derived data pass. Services may pass names of their own to [`crash_point`].
pub const CRASH_POINTS: [&str; 7] = [
    "append:begin",
    "append:sealed",
    "append:records_written",
    "append:before_commit",
    "append:after_commit",
    "derived:before_commit",
    "derived:after_commit",
];

/// The names that the upgrade of an older ledger passes, once.
pub const CRASH_POINTS_OF_UPGRADE: [&str; 4] =
    ["upgrade:begin", "upgrade:rows_written", "upgrade:before_commit", "upgrade:after_commit"];

/// The names that keeping a checkpoint passes.
pub const CRASH_POINTS_OF_CHECKPOINTS: [&str; 2] = ["checkpoint:before_commit", "checkpoint:after_commit"];

/// The environment variable that arms one point.
const VARIABLE: &str = "DAYBOOK_CRASH_POINT";

struct Armed {
    name: String,
    passes_left: AtomicU64,
}

fn armed_parse(text: &str) -> Option<Armed> {
    let (name, count) = match text.rsplit_once(':') {
        Some((name, count)) if count.bytes().all(|b| b.is_ascii_digit()) => (name, count.parse().ok()?),
        _ => (text, 1),
    };
    (!name.is_empty() && count > 0).then(|| Armed { name: name.to_owned(), passes_left: AtomicU64::new(count) })
}

impl Armed {
    fn is_due(&self, name: &str) -> bool {
        self.name == name && self.passes_left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

/// Who is told of the points that one thread passes.
pub type CrashWatcher = Box<dyn FnMut(&str)>;

thread_local! {
    static WATCHER: RefCell<Option<CrashWatcher>> = const { RefCell::new(None) };
}

/// Tells a simulation of every point that this thread passes from now on; none: no more. The thread lives on, but the disk
/// that the simulation lends it can die there.
pub fn crash_points_watch(watcher: Option<CrashWatcher>) {
    WATCHER.set(watcher);
}

/// Dies here, without unwinding or flushing, if this point is armed and its turn has come. Otherwise does nothing.
pub fn crash_point(name: &str) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().and_then(armed_parse));
    if armed.as_ref().is_some_and(|armed| armed.is_due(name)) {
        // Like kill -9: no destructor runs and nothing is flushed.
        std::process::abort();
    }
    WATCHER.with_borrow_mut(|watcher| {
        if let Some(watcher) = watcher {
            watcher(name);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_due_once_at_its_turn() {
        let armed = armed_parse("append:before_commit:3").unwrap();
        let due: Vec<bool> = (0..5).map(|_| armed.is_due("append:before_commit")).collect();
        assert_eq!(due, [false, false, true, false, false]);
        assert!(!armed.is_due("append:begin"));
    }

    #[test]
    fn a_name_without_a_count_is_the_first_pass() {
        let armed = armed_parse("append:begin").unwrap();
        assert!(armed.is_due("append:begin"));
        assert!(armed_parse("").is_none());
        assert!(armed_parse("append:begin:0").is_none());
    }
}
