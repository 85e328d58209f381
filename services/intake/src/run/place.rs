//! Where in the stream to go on, and whether it still is the stream that the ledger has read.

use super::IntakeError;
use super::session::{SessionEnd, restart};
use crate::classify::classify;
use crate::sequence::{MismatchPolicy, StreamMismatch, StreamState, start_judge};
use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};
use daybook_event::Instant;
use daybook_store::{AppendError, Cursor, Hole, Incoming, Ledger, Origin, ReadError};

/// Accepting one mismatch may show another: a stream made anew may have lost its start too.
const ROUNDS_MAX: u32 = 3;

/// The sequence to go on from. Settles a mismatch where an operator has decided.
pub(super) async fn place(ledger: &mut Ledger, stream: &Stream, policy: MismatchPolicy) -> Result<u64, SessionEnd> {
    let info = stream.cached_info();
    let mut round = 1;
    loop {
        let mismatch = match judge(ledger, stream).await? {
            Ok(from_sequence) => return Ok(from_sequence),
            Err(mismatch) => mismatch,
        };
        if policy == MismatchPolicy::Stop || round > ROUNDS_MAX {
            return Err(SessionEnd::Stopped(mismatch.into()));
        }
        tracing::warn!(stream = info.config.name, %mismatch, "going on as told");
        accept(ledger, info, &mismatch).map_err(|error| SessionEnd::Stopped(error.into()))?;
        round += 1;
    }
}

async fn judge(ledger: &Ledger, stream: &Stream) -> Result<Result<u64, StreamMismatch>, SessionEnd> {
    let name = &stream.cached_info().config.name;
    let cursor = ledger.reader().cursor().map_err(stopped)?;
    let state = state_of(stream.cached_info());
    let judged = start_judge(name, cursor.as_ref(), &state);
    if let (Ok(_), Some(cursor)) = (&judged, cursor)
        && cursor.sequence >= state.first_sequence.max(1)
        && !is_known(ledger, stream, cursor.sequence).await?
    {
        return Ok(Err(StreamMismatch::Diverged { stream: name.clone(), cursor_sequence: cursor.sequence }));
    }
    Ok(judged)
}

fn stopped(error: ReadError) -> SessionEnd {
    SessionEnd::Stopped(IntakeError::from(error))
}

/// Whether the stream's message at the cursor is one that the ledger has taken in. It is not when the broker was restored to
/// an older state and has grown past the cursor since: then all that came between would be passed over.
async fn is_known(ledger: &Ledger, stream: &Stream, sequence: u64) -> Result<bool, SessionEnd> {
    let message = match stream.get_raw_message(sequence).await {
        Ok(message) => message,
        // Deleted since, or by retention, or before the first: nothing to compare.
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(true),
        Err(error) => return Err(restart("reading the message at the cursor", error)),
    };
    let origin = Origin { subject: Some(message.subject.to_string()), ..Origin::default() };
    let reader = ledger.reader();
    match classify(message.payload.into(), instant(message.time), origin) {
        Incoming::Event { id, .. } => Ok(reader.position_of(&id).map_err(stopped)?.is_some()),
        // The message at the cursor was the last one taken in: if it was faulty, its entry is the last too.
        Incoming::Faulty { bytes, .. } => {
            let last = reader.counts().map_err(stopped)?.quarantined;
            let entry = reader.quarantine_entry(last).map_err(stopped)?;
            Ok(entry.is_some_and(|entry| entry.bytes == bytes))
        }
    }
}

/// Goes on as an operator has decided. Reading again from the start loses nothing: events that stand already are dropped.
fn accept(ledger: &mut Ledger, info: &Info, mismatch: &StreamMismatch) -> Result<(), AppendError> {
    let state = state_of(info);
    let cursor = |sequence| Cursor {
        stream: info.config.name.clone(),
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
            let recorded_at = instant(info.state.first_timestamp).max(instant(info.state.last_timestamp));
            let hole = Hole { from: *needed_sequence, to: first_sequence - 1, recorded_at };
            ledger.append(Vec::new(), Some(cursor(hole.to)), &[hole]).map(|_| ())
        }
    }
}

pub(super) fn state_of(info: &Info) -> StreamState {
    StreamState {
        created_at: instant(info.created),
        first_sequence: info.state.first_sequence,
        last_sequence: info.state.last_sequence,
    }
}

/// The broker's nanoseconds in the ledger's microseconds, cut off.
pub(super) fn instant(at: async_nats::datetime::DateTime) -> Instant {
    Instant::from_micros(i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX))
}

/// The stream's state now.
pub(super) async fn state_now(stream: &Stream) -> Result<StreamState, String> {
    stream.get_info().await.map(|info| state_of(&info)).map_err(|error| error.to_string())
}
