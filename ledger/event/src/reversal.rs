//! The annulment of an event that was never true.

use crate::EventId;

/// From this record's position on, the named event of the same source and partner drops out of every figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The event that was never true.
    pub reverses: EventId,
    /// Why.
    pub reason: String,
}
