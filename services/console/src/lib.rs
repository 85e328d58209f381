//! Console: the HTTP door for people and programs, and the pages. I/O: answers requests on a listener that it is given.
//!
//! It answers how the service is and, to whoever has a token, what the verbs of the command line say ([`http`]); it tells
//! its figures ([`metrics`]) and makes the page of a comparison ([`impact`]).

pub mod http;
pub mod impact;
pub mod metrics;

mod html;
mod money;
mod scale;
mod svg;

pub use html::escaped;

use daybook_event::Position;
use serde::Serialize;

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Health {
    /// Whether inputs are being taken in.
    pub is_following: bool,
    /// Whether the disk takes nothing: it is full, or mounted for reading only.
    pub has_disk_trouble: bool,
    /// The ledger's head.
    pub position: Position,
    /// The last position that the views contain.
    pub projected: Position,
    /// Messages that the stream has and the ledger does not.
    pub lag_messages: u64,
    /// Records that the ledger has and the views do not.
    pub lag_records: u64,
}

/// Beyond so many messages behind the stream, or records behind the ledger, the service is not ready.
pub const READY_LAG_MAX: u64 = 100_000;

impl Health {
    /// Whether figures may be asked for: inputs are followed, and neither ledger nor views are far behind.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_following
            && !self.has_disk_trouble
            && self.lag_messages <= READY_LAG_MAX
            && self.lag_records <= READY_LAG_MAX
    }
}

/// Whoever can say the figures of this moment. It may block: it is asked on a thread for that.
pub trait Measure: Send + Sync + 'static {
    /// The figures now.
    fn figures(&self) -> metrics::Figures;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_following_and_not_far_behind() {
        let ready = Health { is_following: true, ..Health::default() };
        assert!(ready.is_ready());
        assert!(Health { lag_records: READY_LAG_MAX, ..ready }.is_ready());
        assert!(!Health { lag_records: READY_LAG_MAX + 1, ..ready }.is_ready());
        assert!(!Health { lag_messages: READY_LAG_MAX + 1, ..ready }.is_ready());
        assert!(!Health { is_following: false, ..ready }.is_ready());
    }
}
