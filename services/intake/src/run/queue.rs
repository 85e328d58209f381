//! Between the broker and the writing thread: a queue bounded in bytes. When it is full nothing more is asked of the
//! broker, so that memory stays bounded however far behind the ledger is.

use super::ack::Receipt;
use crate::batch::Input;
use crate::source::{EventSource, Next};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// What one message costs beside its payload: subject, place, and the structures around them.
const MESSAGE_OVERHEAD_BYTES: usize = 512;

/// What goes along with an input.
pub(super) struct Tag {
    /// Where to acknowledge it.
    pub(super) receipt: Option<Receipt>,
    /// How many messages of the stream came after it when it was sent.
    pub(super) pending: u64,
    /// The share of the messages that came with it, on the last of them: given back when this is dropped, once they are
    /// durable.
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// The broker's end.
pub(super) struct QueueSender {
    inputs: Sender<Vec<Input<Tag>>>,
    budget: Arc<Semaphore>,
    bytes_max: u32,
}

/// The writer is gone.
pub(super) struct QueueClosed;

impl QueueSender {
    /// Waits for room for so many messages and their payloads. What is larger than the queue gets all of it.
    pub(super) async fn share(
        &self,
        messages: usize,
        payload_bytes: usize,
    ) -> Result<OwnedSemaphorePermit, QueueClosed> {
        let overhead_bytes = messages.saturating_mul(MESSAGE_OVERHEAD_BYTES);
        let bytes = u32::try_from(payload_bytes.saturating_add(overhead_bytes)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.budget).acquire_many_owned(bytes.min(self.bytes_max)).await;
        share.map_err(|_| QueueClosed)
    }

    /// Hands on inputs that came together.
    pub(super) fn send(&self, mut inputs: Vec<Input<Tag>>, share: OwnedSemaphorePermit) -> Result<(), QueueClosed> {
        let Some(last) = inputs.last_mut() else { return Ok(()) };
        last.tag.share = Some(share);
        self.inputs.send(inputs).map_err(|_| QueueClosed)
    }
}

/// The writer's end.
pub(super) struct QueueSource {
    inputs: Receiver<Vec<Input<Tag>>>,
    budget: Arc<Semaphore>,
    cancel: CancellationToken,
}

pub(super) fn queue(bytes_max: usize, cancel: CancellationToken) -> (QueueSender, QueueSource) {
    let (sender, receiver) = channel();
    let bytes_max = u32::try_from(bytes_max.max(MESSAGE_OVERHEAD_BYTES)).unwrap_or(u32::MAX);
    let budget = Arc::new(Semaphore::new(usize::try_from(bytes_max).unwrap_or(Semaphore::MAX_PERMITS)));
    let sender = QueueSender { inputs: sender, budget: Arc::clone(&budget), bytes_max };
    (sender, QueueSource { inputs: receiver, budget, cancel })
}

impl EventSource for QueueSource {
    type Tag = Tag;

    fn next(&mut self, wait_max: Option<Duration>) -> Next<Tag> {
        // What still waits in the queue is not durable and not acknowledged: the next start asks for it again.
        if self.cancel.is_cancelled() {
            return Next::End;
        }
        let inputs = match wait_max {
            // A batch that is due takes what is here already, up to its size: a commit costs the same for more.
            Some(Duration::ZERO) => self.inputs.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            }),
            None => self.inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait_max) => self.inputs.recv_timeout(wait_max),
        };
        match inputs {
            Ok(inputs) => Next::Inputs(inputs),
            Err(RecvTimeoutError::Timeout) => Next::Quiet,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }
}

impl Drop for QueueSource {
    fn drop(&mut self) {
        // Wakes a sender that waits for room that nobody will make.
        self.budget.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::Instant;
    use daybook_store::{Incoming, Origin, QuarantineReason};

    fn input() -> Input<Tag> {
        let reason = QuarantineReason::Invalid { detail: String::new() };
        let (recorded_at, origin) = (Instant::default(), Origin::default());
        Input {
            incoming: Incoming::Faulty { reason, id: None, recorded_at, origin, bytes: Vec::new() },
            place: None,
            tag: Tag { receipt: None, pending: 0, share: None },
        }
    }

    #[tokio::test]
    async fn a_full_queue_holds_the_sender_until_an_input_is_done_with() {
        let (sender, mut source) = queue(3 * MESSAGE_OVERHEAD_BYTES, CancellationToken::new());
        let has_room = async |sender: &QueueSender, bytes| {
            tokio::time::timeout(Duration::from_millis(20), sender.share(1, bytes)).await.is_ok()
        };
        for messages in [1, 2] {
            let share = sender.share(messages, 0).await.ok().unwrap();
            assert!(sender.send((0..messages).map(|_| input()).collect(), share).is_ok());
        }
        assert!(!has_room(&sender, 0).await);
        let Next::Inputs(first) = source.next(None) else { panic!("an input waits") };
        assert!(!has_room(&sender, 0).await, "taken, but not durable yet");
        drop(first);
        assert!(has_room(&sender, 0).await);
        while let Next::Inputs(_) = source.next(Some(Duration::from_millis(1))) {}
        assert!(has_room(&sender, 1_000_000).await, "one larger than the queue passes alone");
    }

    #[tokio::test]
    async fn the_end_of_either_side_ends_the_other() {
        let cancel = CancellationToken::new();
        let (sender, mut source) = queue(10_000, cancel.clone());
        let share = sender.share(1, 0).await.ok().unwrap();
        assert!(sender.send(vec![input()], share).is_ok());
        assert!(
            matches!(source.next(Some(Duration::ZERO)), Next::Inputs(_)),
            "what is here goes with the batch in hand"
        );
        assert!(matches!(source.next(Some(Duration::ZERO)), Next::Quiet), "and nothing is waited for");
        let share = sender.share(1, 0).await.ok().unwrap();
        assert!(sender.send(vec![input()], share).is_ok());
        cancel.cancel();
        assert!(matches!(source.next(None), Next::End), "what waits in the queue is asked for again");
        drop(source);
        assert!(sender.share(1, 1).await.is_err());
        let (sender, mut source) = queue(10_000, CancellationToken::new());
        drop(sender);
        assert!(matches!(source.next(None), Next::End));
    }
}
