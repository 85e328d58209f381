//! The broker's answers to what intake asks of a stream.

use crate::asked::{StreamAsked, StreamMessage};
use crate::sequence::StreamState;
use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};
use daybook_event::Instant;

impl StreamAsked for Stream {
    fn name(&self) -> &str {
        &self.cached_info().config.name
    }

    async fn state(&self) -> Result<StreamState, String> {
        self.get_info().await.map(|info| state_of(&info)).map_err(|error| error.to_string())
    }

    async fn message(&self, sequence: u64) -> Result<Option<StreamMessage>, String> {
        match self.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(StreamMessage {
                subject: message.subject.to_string(),
                payload: message.payload.into(),
                published_at: instant(message.time),
            })),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn next_sequence(&self, from: u64) -> Result<u64, String> {
        let next = self.raw_message_builder().sequence(from).next_by_subject(">").send().await;
        next.map(|message| message.sequence).map_err(|error| error.to_string())
    }
}

pub(super) fn state_of(info: &Info) -> StreamState {
    StreamState {
        created_at: instant(info.created),
        first_sequence: info.state.first_sequence,
        last_sequence: info.state.last_sequence,
        newest_at: instant(info.state.first_timestamp).max(instant(info.state.last_timestamp)),
    }
}

/// The broker's nanoseconds in the ledger's microseconds, cut off.
pub(super) fn instant(at: async_nats::datetime::DateTime) -> Instant {
    Instant::from_micros(i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX))
}
