//! How far the stream reaches, asked again and again: an alarm before its retention passes us.

use super::figures::StreamEdges;
use daybook_intake::IntakeProgress;
use daybook_intake::nats::NatsConnection;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two questions.
const INTERVAL: Duration = Duration::from_secs(10);

/// Asks until told to stop; nothing is told while the broker does not answer.
pub(super) async fn watch_edges(
    connection: NatsConnection,
    stream: String,
    progress: watch::Receiver<IntakeProgress>,
    told: watch::Sender<StreamEdges>,
    stop: CancellationToken,
) {
    let mut was_near = false;
    while !stop.is_cancelled() {
        if let Some(edges) = ask(&connection, &stream).await {
            told.send_replace(edges);
            let cursor_sequence = progress.borrow().stream_sequence;
            let is_near = edges.is_retention_near(cursor_sequence);
            if is_near && !was_near {
                tracing::error!(
                    stream,
                    cursor_sequence,
                    first_sequence = edges.first_sequence,
                    last_sequence = edges.last_sequence,
                    "the stream will soon remove messages that are not taken in yet"
                );
            }
            was_near = is_near;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

async fn ask(connection: &NatsConnection, stream: &str) -> Option<StreamEdges> {
    let context = async_nats::jetstream::new(connection.client().clone());
    let stream = context.get_stream(stream).await.ok()?;
    let (state, config) = (&stream.cached_info().state, &stream.cached_info().config);
    let is_limited = config.max_age > Duration::ZERO || config.max_bytes > 0 || config.max_messages > 0;
    Some(StreamEdges { first_sequence: state.first_sequence, last_sequence: state.last_sequence, is_limited })
}
