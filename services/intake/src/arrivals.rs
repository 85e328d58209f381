//! What a consumer brings, held against the order of the stream: the next input, or why the following ends.

use crate::asked::{StreamAsked, StreamMessage};
use crate::batch::{StreamId, StreamPlace};
use crate::classify::classify;
use crate::sequence::{Arrival, StreamMismatch, Tracker};
use daybook_event::Instant;
use daybook_store::{Hole, Incoming, Origin};
use std::sync::Arc;

/// One message on its way from a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the stream.
    pub sequence: u64,
    /// Its place among what this consumer was sent.
    pub consumer_sequence: u64,
    /// What it is.
    pub message: StreamMessage,
}

/// Why nothing more can be taken from this consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Something came between: begin again from the cursor.
    Restart {
        /// What.
        why: String,
    },
    /// The stream lost messages that were not taken in yet.
    Mismatch(StreamMismatch),
}

/// Follows what one consumer brings.
#[derive(Debug)]
pub struct Arrivals {
    stream: Arc<StreamId>,
    tracker: Tracker,
}

impl Arrivals {
    /// Of a new consumer that starts at this sequence.
    #[must_use]
    pub fn new(stream: Arc<StreamId>, from_sequence: u64) -> Self {
        Self { stream, tracker: Tracker::new(from_sequence) }
    }

    /// Takes a delivery: an input for the ledger, or nothing where it is in hand already.
    ///
    /// # Errors
    /// [`Broken`]; this is of no more use then.
    pub async fn take(
        &mut self,
        asked: &impl StreamAsked,
        delivery: Delivery,
    ) -> Result<Option<(Incoming, StreamPlace)>, Broken> {
        let Delivery { sequence, consumer_sequence, message } = delivery;
        let recorded_at = message.published_at;
        let hole = match self.tracker.arrived(sequence, consumer_sequence) {
            Arrival::Next => None,
            Arrival::Seen => return Ok(None),
            Arrival::Lost => return Err(restart(format!("a message before sequence {sequence} was lost on its way"))),
            Arrival::Gap { from, to } => Some(hole(asked, from, to, recorded_at).await?),
        };
        let origin = Origin { subject: Some(message.subject), stream_sequence: Some(sequence), file: None, line: None };
        let place = StreamPlace { stream: Arc::clone(&self.stream), sequence, message_at: recorded_at, hole };
        Ok(Some((classify(message.payload, recorded_at, origin), place)))
    }
}

/// Asks the stream about sequences that the consumer left out. Deleted inside the stream: a hole, recorded. Gone with
/// the stream's start: retention was faster than we. Still there: they were lost on the way.
async fn hole(asked: &impl StreamAsked, from: u64, to: u64, recorded_at: Instant) -> Result<Hole, Broken> {
    let next = asked.next_sequence(from).await;
    let next = next.map_err(|error| restart(format!("asking for sequence {from}: {error}")))?;
    if next <= to {
        return Err(restart(format!("sequence {next} was lost on its way")));
    }
    let state = asked.state().await.map_err(restart)?;
    if state.first_sequence > from {
        let (stream, first_sequence) = (asked.name().to_owned(), state.first_sequence);
        return Err(Broken::Mismatch(StreamMismatch::Gone { stream, needed_sequence: from, first_sequence }));
    }
    tracing::warn!(stream = asked.name(), from, to, "the stream no longer has these sequences: recorded as a hole");
    Ok(Hole { from, to, recorded_at })
}

fn restart(why: impl Into<String>) -> Broken {
    Broken::Restart { why: why.into() }
}
