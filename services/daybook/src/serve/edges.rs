//! How far the stream reaches, against how far we are: an alarm before its retention passes us.

use crate::failure::Failure;
use daybook_intake::IntakeProgress;
use daybook_intake::nats::NatsConnection;
use std::time::Duration;

/// How far a stream reaches, as the broker said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct StreamEdges {
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
    /// Whether it removes old messages by itself.
    pub(super) is_limited: bool,
}

impl StreamEdges {
    pub(super) fn of(progress: &IntakeProgress, is_limited: bool) -> Self {
        let (first_sequence, last_sequence) = (progress.stream_first_sequence, progress.stream_last_sequence);
        Self { first_sequence, last_sequence, is_limited }
    }

    /// Whether messages that wait for the ledger are among the oldest tenth of a stream that removes old ones: they will be
    /// gone soon.
    pub(super) fn is_retention_near(&self, cursor_sequence: u64) -> bool {
        let waiting = self.last_sequence.saturating_sub(cursor_sequence);
        let held = self.last_sequence.saturating_sub(self.first_sequence);
        let before_us = (cursor_sequence + 1).saturating_sub(self.first_sequence);
        self.is_limited && waiting > 0 && before_us <= held / 10
    }
}

/// Says so in the log when it begins, and again only after it was over.
pub(super) struct RetentionWatch {
    pub(super) is_limited: bool,
    was_near: bool,
}

impl RetentionWatch {
    pub(super) fn new(is_limited: bool) -> Self {
        Self { is_limited, was_near: false }
    }

    pub(super) fn look(&mut self, progress: &IntakeProgress) {
        let edges = StreamEdges::of(progress, self.is_limited);
        let is_near = edges.is_retention_near(progress.stream_sequence);
        if is_near && !self.was_near {
            tracing::error!(
                cursor_sequence = progress.stream_sequence,
                first_sequence = edges.first_sequence,
                last_sequence = edges.last_sequence,
                "the stream will soon remove messages that are not taken in yet"
            );
        }
        self.was_near = is_near;
    }
}

/// Whether the stream removes old messages by itself: by age, bytes or count.
pub(super) async fn is_limited(connection: &NatsConnection, stream: &str) -> Result<bool, Failure> {
    let context = async_nats::jetstream::new(connection.client().clone());
    let stream = context.get_stream(stream).await.map_err(Failure::input)?;
    let config = &stream.cached_info().config;
    Ok(config.max_age > Duration::ZERO || config.max_bytes > 0 || config.max_messages > 0)
}

#[cfg(test)]
mod tests {
    use super::StreamEdges;

    #[test]
    fn retention_is_near_when_waiting_messages_are_among_the_oldest() {
        let edges = StreamEdges { first_sequence: 1_001, last_sequence: 2_001, is_limited: true };
        assert!(edges.is_retention_near(1_000) && edges.is_retention_near(1_100) && edges.is_retention_near(500));
        assert!(!edges.is_retention_near(1_101), "an eleventh of the stream lies before what is due");
        assert!(!edges.is_retention_near(2_001), "nothing waits");
        assert!(!StreamEdges { is_limited: false, ..edges }.is_retention_near(1_000), "nothing is ever removed");
    }
}
