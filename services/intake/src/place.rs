//! Where in the stream to go on, and whether it still is the stream that the ledger has read.

use crate::asked::StreamAsked;
use crate::classify::classify;
use crate::sequence::{MismatchPolicy, StreamMismatch, StreamState, start_judge};
use daybook_store::{AppendError, Cursor, Hole, Incoming, Ledger, Origin, ReadError};

/// Accepting one mismatch may show another: a stream made anew may have lost its start too.
const ROUNDS_MAX: u32 = 3;

/// Why there is no place to go on from.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The stream gave no answer: ask again.
    #[error("reading the message at the cursor: {0}")]
    NoAnswer(String),
    /// The stream is not the one of the cursor, and nobody said to go on.
    #[error(transparent)]
    Mismatch(#[from] StreamMismatch),
    /// The cursor could not be moved.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The sequence to go on from in a stream that says this of itself. Settles a mismatch where an operator has decided.
///
/// # Errors
/// [`PlaceError`].
pub async fn place(
    ledger: &mut Ledger,
    asked: &impl StreamAsked,
    state: &StreamState,
    policy: MismatchPolicy,
) -> Result<u64, PlaceError> {
    let mut round = 1;
    loop {
        let mismatch = match judge(ledger, asked, state).await? {
            Ok(from_sequence) => return Ok(from_sequence),
            Err(mismatch) => mismatch,
        };
        if policy == MismatchPolicy::Stop || round > ROUNDS_MAX {
            return Err(mismatch.into());
        }
        tracing::warn!(stream = asked.name(), %mismatch, "going on as told");
        accept(ledger, asked.name(), state, &mismatch)?;
        round += 1;
    }
}

async fn judge(
    ledger: &Ledger,
    asked: &impl StreamAsked,
    state: &StreamState,
) -> Result<Result<u64, StreamMismatch>, PlaceError> {
    let cursor = ledger.reader().cursor()?;
    let judged = start_judge(asked.name(), cursor.as_ref(), state);
    if let (Ok(_), Some(cursor)) = (&judged, cursor)
        && cursor.sequence >= state.first_sequence.max(1)
        && !is_known(ledger, asked, &cursor).await?
    {
        return Ok(Err(StreamMismatch::Diverged { stream: asked.name().to_owned(), cursor_sequence: cursor.sequence }));
    }
    Ok(judged)
}

/// Whether the stream's message at the cursor is one that the ledger has taken in. It is not when the broker was restored to
/// an older state and has grown past the cursor since: then all that came between would be passed over. Where the cursor has
/// the message's time, that says it: the same event, sent again, can stand there too, and an older build may have judged the
/// message otherwise than this one does.
async fn is_known(ledger: &Ledger, asked: &impl StreamAsked, cursor: &Cursor) -> Result<bool, PlaceError> {
    // Deleted since, or by retention, or before the first: nothing to compare.
    let Some(message) = asked.message(cursor.sequence).await.map_err(PlaceError::NoAnswer)? else { return Ok(true) };
    if let Some(message_at) = cursor.message_at {
        return Ok(message_at == message.published_at);
    }
    let origin = Origin { subject: Some(message.subject), ..Origin::default() };
    let reader = ledger.reader();
    match classify(message.payload, message.published_at, origin) {
        Incoming::Event { id, .. } => Ok(reader.position_of(&id)?.is_some()),
        // The message at the cursor was the last one taken in: if it was faulty, its entry is the last too.
        Incoming::Faulty { bytes, .. } => {
            let last = reader.counts()?.quarantined;
            Ok(reader.quarantine_entry(last)?.is_some_and(|entry| entry.bytes == bytes))
        }
    }
}

/// Goes on as an operator has decided. Reading again from the start loses nothing: events that stand already are dropped.
fn accept(
    ledger: &mut Ledger,
    stream: &str,
    state: &StreamState,
    mismatch: &StreamMismatch,
) -> Result<(), AppendError> {
    let cursor = |sequence| Cursor {
        stream: stream.to_owned(),
        stream_created_at: state.created_at,
        sequence,
        message_at: None,
    };
    match mismatch {
        StreamMismatch::Recreated { .. } => ledger.cursor_reset(cursor(0)),
        StreamMismatch::Behind { .. } | StreamMismatch::Diverged { .. } => {
            ledger.cursor_reset(cursor(state.first_sequence.saturating_sub(1)))
        }
        StreamMismatch::Gone { needed_sequence, first_sequence, .. } => {
            // The broker's time, not ours: ledgers of one stream stay alike.
            let hole = Hole { from: *needed_sequence, to: first_sequence - 1, recorded_at: state.newest_at };
            ledger.append(Vec::new(), Some(cursor(hole.to)), &[hole]).map(|_| ())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::StreamMessage;
    use daybook_event::Instant;
    use daybook_store::{Binding, LedgerOptions};

    /// A stream of one message, which this build finds faulty.
    struct OneMessage(Instant);

    impl OneMessage {
        fn newest(&self) -> StreamState {
            let created_at = Instant::from_micros(1);
            StreamState { created_at, first_sequence: 1, last_sequence: 1, newest_at: self.0 }
        }
    }

    impl StreamAsked for OneMessage {
        fn name(&self) -> &'static str {
            "EVENTS"
        }

        async fn state(&self) -> Result<StreamState, String> {
            Ok(self.newest())
        }

        async fn message(&self, _: u64) -> Result<Option<StreamMessage>, String> {
            let (subject, payload) = ("partner.events".to_owned(), b"rubbish".to_vec());
            Ok(Some(StreamMessage { subject, payload, published_at: self.0 }))
        }

        async fn next_sequence(&self, from: u64) -> Result<u64, String> {
            Ok(from)
        }
    }

    #[tokio::test]
    async fn the_time_of_the_message_at_the_cursor_decides_however_it_was_judged() {
        let dir = tempfile::tempdir().unwrap();
        let binding = Binding::Stream { name: "EVENTS".to_owned() };
        let mut ledger = Ledger::create_or_open(dir.path(), Some(binding), &LedgerOptions::default()).unwrap();
        let (then, later) = (OneMessage(Instant::from_micros(7)), OneMessage(Instant::from_micros(8)));
        let (stream, stream_created_at) = ("EVENTS".to_owned(), Instant::from_micros(1));
        // Nothing here has these bytes: whatever became of the message, an older build judged it.
        let cursor = Cursor { stream, stream_created_at, sequence: 1, message_at: Some(then.0) };
        ledger.append(Vec::new(), Some(cursor.clone()), &[]).unwrap();
        let stop = MismatchPolicy::Stop;
        assert_eq!(place(&mut ledger, &then, &then.newest(), stop).await.unwrap(), 2);
        let diverged = |placed| matches!(placed, Err(PlaceError::Mismatch(StreamMismatch::Diverged { .. })));
        assert!(diverged(place(&mut ledger, &later, &later.newest(), stop).await));
        // Without the time the message itself must be known.
        ledger.cursor_reset(Cursor { message_at: None, ..cursor }).unwrap();
        assert!(diverged(place(&mut ledger, &then, &then.newest(), stop).await));
    }
}
