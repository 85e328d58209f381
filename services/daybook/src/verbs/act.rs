//! What the operators' acts have in common: who signs, and the way into the ledger.

use crate::cli::SignatureArguments;
use crate::failure::Failure;
use crate::four_eyes;
use crate::import::{Part, Settled, door_open, now};
use crate::serve::config::ActConfig;
use crate::window;
use daybook_event::{Envelope, EventId, EventRef, SourceId};
use daybook_intake::classify_envelope;
use daybook_intake::import::Outcome;
use daybook_store::Origin;

/// Who does it, who approves, and why.
pub(super) struct Signatures {
    pub(super) by: String,
    pub(super) approver: String,
    pub(super) reason: String,
}

impl Signatures {
    /// As given, or why they are not enough.
    pub(super) fn of(arguments: &SignatureArguments, is_four_eyes: bool) -> Result<Self, Failure> {
        let signatures = Self {
            by: arguments.by.trim().to_owned(),
            approver: arguments.approver.as_deref().unwrap_or_default().trim().to_owned(),
            reason: arguments.reason.trim().to_owned(),
        };
        for (flag, text) in [("--by", &signatures.by), ("--reason", &signatures.reason)] {
            if text.is_empty() {
                return Err(Failure::Input(format!(
                    "{flag} is empty: an act of the operators says who does it, and why"
                )));
            }
        }
        match four_eyes::fault(&signatures.by, &signatures.approver) {
            Some(why) if is_four_eyes => {
                Err(Failure::Input(format!("four eyes are required, and {why}: name somebody else with --approver")))
            }
            _ => Ok(signatures),
        }
    }
}

/// The name of an act.
pub(super) fn act_id(event_id: &str) -> Result<EventRef, Failure> {
    let source = SourceId::parse(SourceId::LEDGER).map_err(Failure::input)?;
    Ok(EventRef { source, event_id: EventId::parse(event_id).map_err(Failure::input)? })
}

/// Through the ledger's door: whether it is new there, and its position.
pub(super) fn record(config: &ActConfig, envelope: &Envelope) -> Result<(bool, Option<u64>), Failure> {
    record_after(config, std::iter::empty(), envelope)
}

/// The same for an act that counts only with others before it: it goes in with them, or once all of these are in the ledger.
/// They are sent in the door's batches, so there may be many.
pub(super) fn record_after(
    config: &ActConfig,
    before: impl Iterator<Item = Result<Envelope, Failure>>,
    envelope: &Envelope,
) -> Result<(bool, Option<u64>), Failure> {
    let incoming = |envelope: &Envelope| classify_envelope(envelope, now(), Origin::default());
    let mut door = door_open(&config.ledger, &config.nats)?;
    for earlier in before {
        check_in(&door.push(incoming(&earlier?), Part::line(None))?)?;
    }
    if !door.is_whole() {
        check_in(&door.flush()?)?;
    }
    let mut settled = door.push(incoming(envelope), Part::line(None))?;
    settled.extend(door.finish()?);
    let last = settled.pop();
    check_in(&settled)?;
    let is_new = match last.map(|one| one.outcome) {
        Some(Outcome::Appended | Outcome::Superseding) => true,
        Some(Outcome::Duplicate) => false,
        Some(Outcome::Quarantined(reason) | Outcome::QuarantinedBefore(reason)) => {
            return Err(Failure::Input(format!(
                "{} is in quarantine ({reason}), so nothing has changed: see daybook quarantine list",
                envelope.id
            )));
        }
        None => return Err(Failure::Input("the ledger did not say what became of the act".to_owned())),
    };
    let position = window::open(&config.ledger)?.position_of(&envelope.id)?;
    Ok((is_new, position.map(|(position, _)| position.number())))
}

/// Whether everything settled is in the ledger.
fn check_in(settled: &[Settled]) -> Result<(), Failure> {
    let refused = settled.iter().find_map(|one| match &one.outcome {
        Outcome::Quarantined(reason) | Outcome::QuarantinedBefore(reason) => Some(reason),
        Outcome::Appended | Outcome::Superseding | Outcome::Duplicate => None,
    });
    match refused {
        None => Ok(()),
        Some(reason) => Err(Failure::Input(format!(
            "a part of the act is in quarantine ({reason}): see daybook quarantine list, and daybook verify for what became of \
             the act"
        ))),
    }
}
