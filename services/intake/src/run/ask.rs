//! Asking after the stream while it is followed. A request that brings no messages looks the same whether there are none,
//! the line is dead, or the stream was emptied: only a question of its own tells.

use super::follow::FollowEnd;
use super::wire::state_of;
use crate::batch::StreamId;
use crate::progress::IntakeProgress;
use async_nats::Client;
use async_nats::jetstream::context::RequestErrorKind;
use async_nats::jetstream::stream::Stream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The time between two questions.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The next sequence that the follower waits for: told by it, read here.
#[derive(Debug, Clone)]
pub(super) struct NextSequence(Arc<AtomicU64>);

impl NextSequence {
    pub(super) fn new(sequence: u64) -> Self {
        Self(Arc::new(AtomicU64::new(sequence)))
    }

    pub(super) fn set(&self, sequence: u64) {
        self.0.store(sequence, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is asked after, and who is told.
pub(super) struct Asker {
    pub(super) client: Client,
    pub(super) stream: Stream,
    pub(super) id: Arc<StreamId>,
    pub(super) next: NextSequence,
    pub(super) progress: watch::Sender<IntakeProgress>,
}

impl Asker {
    /// Asks again and again, until there is a reason to begin again from the cursor.
    pub(super) async fn run(self) -> FollowEnd {
        let mut waited_for = None;
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            let next_before = self.next.get();
            let state = match tokio::time::timeout(ANSWER_MAX, self.stream.get_info()).await {
                Ok(Ok(info)) => state_of(&info),
                Ok(Err(error)) if error.kind() != RequestErrorKind::TimedOut => {
                    return restart(format!("asking after the stream: {error}"));
                }
                // On a slow line the answer stands behind the messages: as long as these come, it is not dead.
                Ok(Err(_)) | Err(_) if self.next.get() != next_before => continue,
                Ok(Err(_)) | Err(_) => {
                    // What the client holds for a connection may be dead: only a new one can tell.
                    let _ = self.client.force_reconnect().await;
                    return restart("the broker does not answer; connecting anew".to_owned());
                }
            };
            self.progress.send_modify(|progress| {
                progress.stream_first_sequence = state.first_sequence;
                progress.stream_last_sequence = state.last_sequence;
            });
            if state.created_at != self.id.created_at {
                return restart("the stream was made anew".to_owned());
            }
            // What was on its way when it was removed still arrives: twice the same wait is none for that.
            let next = self.next.get();
            if state.first_sequence > next && waited_for == Some(next) {
                return restart(format!("the stream no longer has sequence {next}"));
            }
            waited_for = Some(next);
        }
    }
}

fn restart(why: String) -> FollowEnd {
    FollowEnd::Restart { why }
}
