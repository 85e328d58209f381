//! Where to go on in a stream, and what each arrival means. Pure: the caller asks the broker.

use daybook_event::Instant;
use daybook_store::Cursor;

/// What the broker says of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamState {
    /// When it was created: tells it from another of the same name.
    pub created_at: Instant,
    /// The first sequence that it still has, or, when empty, would give next; 0 in a new one.
    pub first_sequence: u64,
    /// The last sequence that it gave.
    pub last_sequence: u64,
    /// When the newest of its messages was published, the first and the last being those that it names.
    pub newest_at: Instant,
}

/// The stream is not the one that the ledger's cursor speaks of. Never passed over in silence: going on could lose events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamMismatch {
    /// Deleted and created again.
    #[error(
        "the stream {stream} was created at {found_at}, the ledger's cursor is of one created at {expected_at}: if it was \
         made anew on purpose, go on from its start with --accept-stream-reset"
    )]
    Recreated {
        /// The stream's name.
        stream: String,
        /// The creation time in the cursor.
        expected_at: Instant,
        /// The creation time that the broker says.
        found_at: Instant,
    },
    /// Its last sequence is before the cursor: restored from an older state.
    #[error(
        "the stream {stream} ends at sequence {last_sequence}, before the ledger's cursor {cursor_sequence}: restore the \
         broker's newer state, or read the stream again from its start with --accept-stream-reset"
    )]
    Behind {
        /// The stream's name.
        stream: String,
        /// The last sequence that the ledger has taken in.
        cursor_sequence: u64,
        /// The last sequence that the stream has.
        last_sequence: u64,
    },
    /// It has another message at the cursor than the ledger took in there: restored from an older state, and grown since.
    #[error(
        "the stream {stream} has another message at sequence {cursor_sequence} than the one that the ledger took in: restore \
         the broker's newer state, or read the stream again from its start with --accept-stream-reset"
    )]
    Diverged {
        /// The stream's name.
        stream: String,
        /// The last sequence that the ledger has taken in.
        cursor_sequence: u64,
    },
    /// Messages that the ledger never took in are gone from its start.
    #[error(
        "the stream {stream} begins at sequence {first_sequence}, but the ledger needs {needed_sequence} next: the messages \
         between are gone; restore them, or record the hole and go on with --accept-stream-reset"
    )]
    Gone {
        /// The stream's name.
        stream: String,
        /// The sequence after the cursor.
        needed_sequence: u64,
        /// The first sequence that the stream still has.
        first_sequence: u64,
    },
}

/// What to do about a [`StreamMismatch`] at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MismatchPolicy {
    /// Stop and say so.
    #[default]
    Stop,
    /// Go on: an operator has decided. Holds for the start only; a mismatch met later stops all the same.
    Accept,
}

/// The sequence to go on from, if the stream is the one that the cursor speaks of.
pub(crate) fn start_judge(stream: &str, cursor: Option<&Cursor>, state: &StreamState) -> Result<u64, StreamMismatch> {
    let stream = || stream.to_owned();
    let taken = cursor.map_or(0, |cursor| cursor.sequence);
    if let Some(cursor) = cursor {
        if cursor.stream_created_at != state.created_at {
            let (expected_at, found_at) = (cursor.stream_created_at, state.created_at);
            return Err(StreamMismatch::Recreated { stream: stream(), expected_at, found_at });
        }
        if state.last_sequence < taken {
            let last_sequence = state.last_sequence;
            return Err(StreamMismatch::Behind { stream: stream(), cursor_sequence: taken, last_sequence });
        }
    }
    let needed_sequence = taken + 1;
    if state.first_sequence > needed_sequence {
        let first_sequence = state.first_sequence;
        return Err(StreamMismatch::Gone { stream: stream(), needed_sequence, first_sequence });
    }
    Ok(needed_sequence)
}

/// What an arrival means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The next message.
    Next,
    /// One that is in hand already: the broker sent it again.
    Seen,
    /// The next one that the consumer was given, with these stream sequences left out: the stream must confirm it.
    Gap {
        /// The first left out.
        from: u64,
        /// The last left out.
        to: u64,
    },
    /// Something between the broker and here was lost: start again from the cursor.
    Lost,
}

/// Follows one consumer's two sequences.
#[derive(Debug)]
pub(crate) struct Tracker {
    stream_next: u64,
    consumer_next: u64,
}

impl Tracker {
    /// A new consumer that starts at this stream sequence.
    pub(crate) fn new(stream_next: u64) -> Self {
        Self { stream_next, consumer_next: 1 }
    }

    /// Takes an arrival. After `Lost` the tracker is of no more use.
    pub(crate) fn arrived(&mut self, stream_sequence: u64, consumer_sequence: u64) -> Arrival {
        if consumer_sequence != self.consumer_next {
            return Arrival::Lost;
        }
        self.consumer_next += 1;
        if stream_sequence < self.stream_next {
            return Arrival::Seen;
        }
        let from = self.stream_next;
        self.stream_next = stream_sequence + 1;
        if stream_sequence == from { Arrival::Next } else { Arrival::Gap { from, to: stream_sequence - 1 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: Instant = Instant::from_micros(1_000);

    fn judged(cursor: Option<(i64, u64)>, first_sequence: u64, last_sequence: u64) -> Result<u64, String> {
        let cursor = cursor.map(|(created, sequence)| Cursor {
            stream: "S".into(),
            stream_created_at: Instant::from_micros(created),
            sequence,
            message_at: None,
        });
        let state = StreamState { created_at: CREATED, first_sequence, last_sequence, newest_at: CREATED };
        start_judge("S", cursor.as_ref(), &state).map_err(|mismatch| match mismatch {
            StreamMismatch::Recreated { .. } => "recreated".to_owned(),
            StreamMismatch::Behind { .. } => "behind".to_owned(),
            StreamMismatch::Diverged { .. } => unreachable!("told by its message, not by its state"),
            StreamMismatch::Gone { needed_sequence, first_sequence, .. } => {
                format!("gone {needed_sequence}..{first_sequence}")
            }
        })
    }

    #[test]
    fn the_start_follows_the_cursor_or_says_what_is_wrong() {
        assert_eq!(judged(None, 0, 0), Ok(1), "a new stream");
        assert_eq!(judged(None, 1, 9), Ok(1));
        assert_eq!(judged(None, 3, 9), Err("gone 1..3".into()), "an old stream for a new ledger");
        assert_eq!(judged(Some((1_000, 5)), 1, 9), Ok(6));
        assert_eq!(judged(Some((1_000, 9)), 1, 9), Ok(10), "nothing new");
        assert_eq!(judged(Some((1_000, 9)), 10, 9), Ok(10), "purged, but all of it was taken in");
        assert_eq!(judged(Some((1_000, 5)), 6, 9), Ok(6), "retention may take what was taken in");
        assert_eq!(judged(Some((1_000, 5)), 7, 9), Err("gone 6..7".into()));
        assert_eq!(judged(Some((1_000, 10)), 1, 9), Err("behind".into()));
        assert_eq!(judged(Some((999, 5)), 1, 9), Err("recreated".into()));
        assert_eq!(judged(Some((999, 50)), 1, 9), Err("recreated".into()), "another stream, whatever its length");
    }

    #[test]
    fn each_message_names_the_flag_that_continues() {
        let mismatches = [
            StreamMismatch::Recreated { stream: "S".into(), expected_at: CREATED, found_at: CREATED },
            StreamMismatch::Behind { stream: "S".into(), cursor_sequence: 2, last_sequence: 1 },
            StreamMismatch::Diverged { stream: "S".into(), cursor_sequence: 2 },
            StreamMismatch::Gone { stream: "S".into(), needed_sequence: 2, first_sequence: 4 },
        ];
        for mismatch in mismatches {
            assert!(mismatch.to_string().contains("--accept-stream-reset"), "{mismatch}");
        }
    }

    #[test]
    fn arrivals_tell_deleted_messages_from_lost_ones() {
        let mut tracker = Tracker::new(5);
        assert_eq!(tracker.arrived(5, 1), Arrival::Next);
        assert_eq!(tracker.arrived(8, 2), Arrival::Gap { from: 6, to: 7 }, "the consumer skipped them");
        assert_eq!(tracker.arrived(5, 3), Arrival::Seen, "sent again");
        assert_eq!(tracker.arrived(9, 4), Arrival::Next);
        assert_eq!(tracker.arrived(11, 6), Arrival::Lost, "the consumer sent one that never came");
    }
}
