//! Following a stream: from the ledger's cursor, for as long as it is wanted.
//!
//! A run is a series of sessions. Each begins from the durable cursor with a consumer of its own, and ends when it is told
//! to, when the connection broke, or when a message was lost on the way; the last two begin the next one. So there is one
//! way to start, and every trouble comes back to it.

mod ack;
mod ask;
mod follow;
mod pace;
mod queue;
mod room;
mod session;
mod wire;

use crate::batch::BatchLimits;
use crate::classify::{INTAKE_SEMANTICS, INTAKE_SEMANTICS_FOLLOWED_MIN};
use crate::nats::NatsConnection;
use crate::progress::IntakeProgress;
use crate::sequence::{MismatchPolicy, StreamMismatch};
use daybook_store::{AppendError, Binding, Ledger, OpenError, ReadError};
use pace::Pace;
use room::wait_for_room;
use session::{Session, SessionEnd};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The wait before a session is begun again; it doubles up to the longest.
const RESTART_PAUSE: Duration = Duration::from_millis(50);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(5);

/// How a stream is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeOptions {
    /// When a batch is full.
    pub batch: BatchLimits,
    /// The most messages of one request to the broker; there is one at a time. Default 4,096.
    pub pull_messages_max: usize,
    /// The most bytes of one request; raised to the broker's largest message where that is more. Default 4 MiB.
    pub pull_bytes_max: usize,
    /// How long the broker keeps a request for which it has no messages. Default 5 s.
    pub pull_expires_ms: u64,
    /// The most bytes between the broker and the writer; beyond it nothing is asked for. Default 16 MiB.
    pub queue_bytes_max: usize,
    /// What to do at the start when the stream is not the one of the cursor.
    pub on_mismatch: MismatchPolicy,
}

impl Default for IntakeOptions {
    fn default() -> Self {
        Self {
            batch: BatchLimits::default(),
            pull_messages_max: 4_096,
            pull_bytes_max: 4 * 1024 * 1024,
            pull_expires_ms: 5_000,
            queue_bytes_max: 16 * 1024 * 1024,
            on_mismatch: MismatchPolicy::Stop,
        }
    }
}

/// Why intake stopped by itself. Trouble with the connection is none: it is waited out.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The stream is not the one of the cursor.
    #[error(transparent)]
    Mismatch(#[from] StreamMismatch),
    /// There is no such stream.
    #[error("the broker has no stream {stream}: create it, or name the broker that has it")]
    StreamMissing {
        /// Its name.
        stream: String,
    },
    /// The ledger takes its records from files.
    #[error("this ledger takes its records from {bound}: import into it, or serve another folder")]
    NotOfAStream {
        /// What it is bound to.
        bound: Binding,
    },
    /// The ledger was built by other rules of what is appended and what is quarantined.
    #[error(
        "this ledger was built with intake semantics {of_ledger}, this daybook has {ours}: use a daybook that has the ledger's"
    )]
    Semantics {
        /// The ledger's number.
        of_ledger: u32,
        /// Ours.
        ours: u32,
    },
    /// A batch could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// After a disk that took nothing, the ledger does not open again.
    #[error(transparent)]
    Revive(OpenError),
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The thread that writes could not be made, or died.
    #[error("the writing thread {0}: open the ledger again")]
    Writer(String),
}

/// How a run ended.
pub struct IntakeEnd {
    /// The ledger, unless the writing thread died with it.
    pub ledger: Option<Ledger>,
    /// What was done; or why it stopped by itself.
    pub result: Result<IntakeProgress, IntakeError>,
}

/// Follows the stream that the ledger is bound to until cancelled, appending strictly in stream order; `progress` is told
/// after every batch. When cancelled, the batch in hand is appended and acknowledged first. A ledger that was stopped by a
/// write that failed is revived first, however long the disk takes nothing.
pub async fn run(
    mut ledger: Ledger,
    connection: &NatsConnection,
    options: IntakeOptions,
    cancel: CancellationToken,
    progress: watch::Sender<IntakeProgress>,
) -> IntakeEnd {
    if ledger.is_stopped() {
        match wait_for_room(ledger, None, &cancel, &progress).await {
            ControlFlow::Continue(back) => ledger = back,
            ControlFlow::Break(end) => return end,
        }
    }
    let stream = match stream_of(&ledger) {
        Ok(stream) => stream,
        Err(error) => return IntakeEnd { ledger: Some(ledger), result: Err(error) },
    };
    let pace = Pace::new(options.pull_messages_max);
    let mut session =
        Session { connection: connection.clone(), stream, options, cancel: cancel.clone(), progress, pace };
    session.progress.send_modify(|progress| progress.at_head(&ledger.head()));
    let mut pause = RESTART_PAUSE;
    loop {
        let sequence_before = session.progress.borrow().stream_sequence;
        let (back, end) = session.run(ledger).await;
        session.progress.send_modify(|progress| progress.is_following = false);
        let why = match (back, end) {
            (Some(back), SessionEnd::Restart { why }) if !cancel.is_cancelled() => {
                ledger = back;
                why
            }
            (Some(back), SessionEnd::Stopped(IntakeError::Append(error))) if error.disk_trouble().is_some() => {
                match wait_for_room(back, Some(&error), &cancel, &session.progress).await {
                    ControlFlow::Continue(back) => ledger = back,
                    ControlFlow::Break(end) => return end,
                }
                "there was no room on the disk".to_owned()
            }
            (back, SessionEnd::Stopped(error)) => return IntakeEnd { ledger: back, result: Err(error) },
            (back, SessionEnd::Cancelled | SessionEnd::Restart { .. }) => {
                return IntakeEnd { ledger: back, result: Ok(session.progress.borrow().clone()) };
            }
        };
        if session.progress.borrow().stream_sequence != sequence_before {
            pause = RESTART_PAUSE;
        }
        tracing::warn!(stream = session.stream, why, "following the stream again from the cursor");
        session.progress.send_modify(|progress| progress.restarts += 1);
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(RESTART_PAUSE_MAX);
    }
}

/// Whether this build may add to a ledger of these intake semantics, from a stream or from files.
///
/// # Errors
/// [`IntakeError::Semantics`] where it would judge what comes by other rules than the ledger's.
pub fn semantics_check(of_ledger: u32) -> Result<(), IntakeError> {
    if (INTAKE_SEMANTICS_FOLLOWED_MIN..=INTAKE_SEMANTICS).contains(&of_ledger) {
        return Ok(());
    }
    Err(IntakeError::Semantics { of_ledger, ours: INTAKE_SEMANTICS })
}

fn stream_of(ledger: &Ledger) -> Result<String, IntakeError> {
    let identity = ledger.reader().identity()?;
    semantics_check(identity.intake_semantics)?;
    match identity.binding {
        Binding::Stream { name } => Ok(name),
        bound @ Binding::Files => Err(IntakeError::NotOfAStream { bound }),
    }
}
