//! Listening to the acknowledgements that `serve` sends after its commits.
//!
//! The broker hands an acknowledgement to whoever listens on its subject. The subject names the stream's sequence up to which
//! everything is durable. So a third party learns it when the service says it, on the clock of whoever published.

use async_nats::{Client, Subscriber};
use futures_util::StreamExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::runtime::Runtime;

const SUBJECTS: &str = "$JS.ACK.>";

/// The acknowledgements so far.
#[derive(Debug, Clone)]
pub(crate) struct Acks {
    heard: Arc<Mutex<Vec<(Instant, u64)>>>,
}

impl Acks {
    /// Begins to listen.
    pub(super) fn listen(runtime: &Runtime, client: &Client) -> Result<Self, String> {
        let subscriber = runtime.block_on(async {
            let subscriber = client.subscribe(SUBJECTS).await.map_err(|error| error.to_string())?;
            // Once this is answered the broker knows of the subscription.
            client.flush().await.map_err(|error| error.to_string())?;
            Ok::<_, String>(subscriber)
        })?;
        let acks = Self { heard: Arc::default() };
        runtime.spawn(acks.clone().hear(subscriber));
        Ok(acks)
    }

    async fn hear(self, mut subscriber: Subscriber) {
        while let Some(message) = subscriber.next().await {
            let at = Instant::now();
            if let Some(sequence) = sequence_of(&message.subject) {
                self.heard.lock().unwrap_or_else(PoisonError::into_inner).push((at, sequence));
            }
        }
    }

    /// Forgets what was heard.
    pub(crate) fn clear(&self) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// When everything up to this sequence was first said to be durable.
    pub(crate) fn first_at(&self, sequence: u64) -> Option<Instant> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().find(|(_, durable)| *durable >= sequence).map(|(at, _)| *at)
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> Vec<(Instant, u64)> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The stream's sequence in the subject of an acknowledgement: the form of a server without domains, and the one with them.
fn sequence_of(subject: &str) -> Option<u64> {
    let parts: Vec<&str> = subject.split('.').collect();
    let at = if parts.len() >= 11 { 7 } else { 5 };
    parts.get(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_the_sequence_of_the_stream() {
        assert_eq!(sequence_of("$JS.ACK.CSP_EVENTS.consumer.1.4096.17.1700000000000000000.5"), Some(4_096));
        assert_eq!(sequence_of("$JS.ACK._.hash.CSP_EVENTS.consumer.1.4096.17.1700000000000000000.5"), Some(4_096));
        assert_eq!(sequence_of("$JS.ACK.CSP_EVENTS"), None);
    }
}
