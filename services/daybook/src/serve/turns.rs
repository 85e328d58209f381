//! Following a stream in turns: between two of them the ledger is at hand, and checkpoints are signed.
//!
//! Intake owns the ledger while it follows. It gives it back when a turn ends, and goes on from the durable cursor in the
//! next: nothing is lost or taken twice, whatever is done between.

use super::socket::{Answers, WireAnswer, WireInput};
use super::timer::Timer;
use super::writer::{done, told};
use crate::failure::Failure;
use crate::signing::{Control, Controlled, KeyPlace, Order, perform};
use daybook_intake::nats::NatsConnection;
use daybook_intake::{IntakeEnd, IntakeOptions, IntakeProgress, MismatchPolicy};
use daybook_store::Ledger;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Something to be done between two turns, and who waits for it.
pub(super) struct Asked {
    control: Control,
    answer: oneshot::Sender<Controlled>,
}

/// The socket's end: it hands on what is to be done, and waits.
pub(super) struct Asking {
    pub(super) asked: mpsc::Sender<Asked>,
    pub(super) timer: Timer,
}

impl Answers for Asking {
    fn inputs(&mut self, _: Vec<WireInput>) -> Result<WireAnswer, Failure> {
        Ok(WireAnswer::Refused("this ledger takes its records from a stream: publish them there".to_owned()))
    }

    fn control(&mut self, control: &Control) -> Controlled {
        let (answer, answered) = oneshot::channel();
        let stopping = || Controlled::Refused("serve is stopping: ask again without it".to_owned());
        match self.asked.blocking_send(Asked { control: control.clone(), answer }) {
            Ok(()) => answered.blocking_recv().unwrap_or_else(|_| stopping()),
            Err(_) => stopping(),
        }
    }

    fn idle(&mut self) {
        if self.timer.is_due() {
            told(&self.control(&Control::Checkpoint(Order::default())));
        }
    }
}

/// What every turn needs.
pub(super) struct Turns {
    pub(super) connection: NatsConnection,
    pub(super) options: IntakeOptions,
    pub(super) progress: watch::Sender<IntakeProgress>,
    pub(super) keys: KeyPlace,
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) stop: CancellationToken,
}

impl Turns {
    /// Follows the stream until told to stop, or until it makes no sense to go on.
    pub(super) async fn follow(mut self, mut ledger: Ledger) -> IntakeEnd {
        loop {
            let turn = self.stop.child_token();
            let (end, asked) = self.turn(ledger, &turn).await;
            // An operator's word about another stream is used up with the first turn.
            self.options.on_mismatch = MismatchPolicy::Stop;
            let Some(asked) = asked else { return end };
            let (back, result) = match end {
                IntakeEnd { ledger: Some(back), result: result @ Ok(_) } => (back, result),
                end => return end,
            };
            let keys = self.keys.clone();
            let worked = tokio::task::spawn_blocking(move || {
                let mut ledger = back;
                let controlled = done(perform(&mut ledger, &keys, &asked.control));
                // Whoever asked may have gone away; what was done stays.
                let _ = asked.answer.send(controlled);
                ledger
            });
            match worked.await {
                Ok(back) => ledger = back,
                Err(_) => return IntakeEnd { ledger: None, result },
            }
            if self.stop.is_cancelled() {
                return IntakeEnd { ledger: Some(ledger), result };
            }
        }
    }

    /// One turn: until something is to be done, or the end.
    async fn turn(&mut self, ledger: Ledger, turn: &CancellationToken) -> (IntakeEnd, Option<Asked>) {
        let run = daybook_intake::run(ledger, &self.connection, self.options, turn.clone(), self.progress.clone());
        tokio::pin!(run);
        let asked = tokio::select! {
            end = &mut run => return (end, None),
            Some(asked) = self.asked.recv() => asked,
        };
        turn.cancel();
        (run.await, Some(asked))
    }
}
