//! Whoever holds a file-bound ledger while it is served: appends what clients of the socket send, and signs checkpoints.

use super::room;
use super::socket::{Answers, WireAnswer, WireInput, WireOutcome};
use super::timer::Timer;
use crate::failure::Failure;
use crate::four_eyes;
use crate::import::now;
use crate::signing::{Control, Controlled, KeyPlace, Order, perform};
use daybook_event::{Payload, Position};
use daybook_intake::{IntakeProgress, classify};
use daybook_store::{Appended, Incoming, Ledger, Origin};
use std::time::{Duration, Instant as ClockInstant};
use tokio::sync::watch;

/// How often a disk that takes nothing is tried again.
const ROOM_INTERVAL: Duration = Duration::from_secs(1);

/// Who hears of what is appended.
pub(super) struct Told {
    pub(super) head: watch::Sender<Position>,
    pub(super) progress: watch::Sender<IntakeProgress>,
}

impl Told {
    fn appended(&self, appended: &Appended, took: Duration) {
        self.head.send_replace(appended.head.position);
        self.progress.send_modify(|progress| progress.batch(&appended.head, appended.outcomes.iter(), took));
    }
}

/// The ledger with what it is written under.
pub(super) struct Writer {
    pub(super) ledger: Ledger,
    pub(super) told: Told,
    pub(super) is_four_eyes: bool,
    pub(super) keys: KeyPlace,
    pub(super) timer: Timer,
    /// When a disk that takes nothing was last tried again.
    pub(super) tried_at: ClockInstant,
}

impl Answers for Writer {
    fn inputs(&mut self, inputs: Vec<WireInput>) -> Result<WireAnswer, Failure> {
        let batch = inputs.into_iter().map(incoming).collect::<Result<Vec<_>, _>>()?;
        let unsigned = batch.iter().filter(|_| self.is_four_eyes).find_map(refusal);
        let since = ClockInstant::now();
        let append = || self.ledger.append(batch, None, &[]).map_err(|why| room::refused(&why, &self.told));
        Ok(match unsigned.map_or_else(append, Err) {
            Ok(appended) => {
                self.told.appended(&appended, since.elapsed());
                WireAnswer::Outcomes(appended.outcomes.into_iter().map(wire).collect())
            }
            Err(why) => WireAnswer::Refused(why),
        })
    }

    fn control(&mut self, control: &Control) -> Controlled {
        done(perform(&mut self.ledger, &self.keys, control))
    }

    fn idle(&mut self) {
        if self.ledger.is_stopped() && self.tried_at.elapsed() >= ROOM_INTERVAL {
            room::revive(&mut self.ledger, &self.told);
            self.tried_at = ClockInstant::now();
        }
        if self.timer.is_due() {
            told(&self.control(&Control::Checkpoint(Order::default())));
        }
    }
}

/// What became of it, for the one who asked.
pub(super) fn done(made: Result<crate::signing::Made, Failure>) -> Controlled {
    made.map_or_else(|why| Controlled::Refused(why.to_string()), Controlled::Made)
}

/// What became of it, where nobody asked: in the log.
pub(super) fn told(controlled: &Controlled) {
    match controlled {
        Controlled::Made(made) if made.is_new => tracing::info!(checkpoint = made.number, "signed a checkpoint"),
        Controlled::Made(_) => {}
        Controlled::Refused(why) => tracing::error!(why, "no checkpoint was made"),
    }
}

/// Why an act of the operators may not pass under four eyes, whichever verb sends it; none for whatever may.
fn refusal(incoming: &Incoming) -> Option<String> {
    let Incoming::Event { id, envelope, .. } = incoming else { return None };
    if !id.source.is_ledger() {
        return None;
    }
    let why = match daybook_proto::decode(envelope).ok()?.payload {
        Payload::RuleBookAdopted(act) => four_eyes::fault(&act.adopted_by, &act.approver)?,
        Payload::PeriodClosed(act) => four_eyes::fault(&act.closed_by, &act.approver)?,
        Payload::QuarantineDecision(act) => four_eyes::fault(&act.decided_by, &act.approver)?,
        _ => return None,
    };
    Some(format!(
        "{id}: four eyes are required by the configuration of serve, and {why}; nothing of its batch is taken in"
    ))
}

fn incoming(input: WireInput) -> Result<Incoming, Failure> {
    let bytes = hex::decode(&input.bytes).map_err(|error| Failure::Input(format!("an input is not hex: {error}")))?;
    let origin = Origin { subject: None, stream_sequence: None, file: input.file, line: input.line };
    let recorded_at = now();
    Ok(match input.reason {
        None => classify(bytes, recorded_at, origin),
        Some(reason) => {
            let id = daybook_proto::peek_head(&bytes).id();
            Incoming::Faulty { reason, id, recorded_at, origin, bytes }
        }
    })
}

fn wire(outcome: daybook_store::Outcome) -> WireOutcome {
    match outcome {
        daybook_store::Outcome::Appended(_) => WireOutcome::Appended,
        daybook_store::Outcome::Duplicate { .. } => WireOutcome::Duplicate,
        daybook_store::Outcome::Conflict { .. } => WireOutcome::Conflict,
        daybook_store::Outcome::Quarantined { .. } => WireOutcome::Quarantined,
    }
}
