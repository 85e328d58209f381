//! What intake asks a stream about. The broker answers over the wire; a simulation answers by itself. So what is decided
//! about places, gaps and mismatches is the same code for both.

use crate::sequence::StreamState;
use daybook_event::Instant;
use std::future::Future;

/// A message as the stream keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMessage {
    /// The subject that it was published to.
    pub subject: String,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// The broker's timestamp.
    pub published_at: Instant,
}

/// A stream that can be asked. An error means that the question has no answer now: intake begins again from the cursor.
pub trait StreamAsked: Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// What it says of itself now.
    fn state(&self) -> impl Future<Output = Result<StreamState, String>> + Send;

    /// The message at a sequence; none where it has none there.
    fn message(&self, sequence: u64) -> impl Future<Output = Result<Option<StreamMessage>, String>> + Send;

    /// The first sequence, from this one on, that it has a message at.
    fn next_sequence(&self, from: u64) -> impl Future<Output = Result<u64, String>> + Send;
}
