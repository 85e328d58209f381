//! What the operators' acts on rule books have in common: who signs, and the way into the ledger.

use crate::cli::SignatureArguments;
use crate::failure::Failure;
use crate::four_eyes;
use crate::import::{Part, door_open, now};
use crate::serve::config::ActConfig;
use crate::window;
use daybook_event::{Envelope, EventId, EventRef, Instant, Payload, SourceId};
use daybook_intake::classify_envelope;
use daybook_intake::import::Outcome;
use daybook_proto::ENVELOPE_BYTES_MAX;
use daybook_rules::Adoptions;
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
                return Err(Failure::Input(format!("{flag} is empty: an adoption says who adopts, and why")));
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

/// The event. Its id follows from what it says and from how many adoptions and reversals there are: the same act by two
/// hands at once is one record, and an act that was reversed can be done again.
pub(super) fn envelope(
    verb: &str,
    newest: Instant,
    adoptions: &Adoptions,
    payload: Payload,
) -> Result<Envelope, Failure> {
    let number = adoptions.count() + 1;
    let id = |event_id: &str| -> Result<EventRef, Failure> {
        let source = SourceId::parse(SourceId::LEDGER).map_err(Failure::input)?;
        Ok(EventRef { source, event_id: EventId::parse(event_id).map_err(Failure::input)? })
    };
    let mut envelope = Envelope {
        id: id(&format!("{verb}-{number}"))?,
        partner_id: None,
        effective_on: now().max(newest).date_utc(),
        seq: 0,
        source_seq: None,
        payload,
    };
    let digest = hex::encode(daybook_proto::content_hash(&envelope));
    envelope.id = id(&format!("{verb}-{number}-{}", digest.get(..16).unwrap_or_default()))?;
    let bytes = daybook_proto::encode(&envelope);
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(Failure::Input(format!(
            "the adoption has {} bytes, an event at most {ENVELOPE_BYTES_MAX}: adopt fewer versions at once",
            bytes.len()
        )));
    }
    // What intake would quarantine is refused here, where somebody reads why.
    daybook_proto::decode(&bytes).map_err(Failure::input)
}

/// Through the ledger's door: whether it is new there, and its position.
pub(super) fn record(config: &ActConfig, envelope: &Envelope) -> Result<(bool, Option<u64>), Failure> {
    let mut door = door_open(&config.ledger, &config.nats)?;
    let mut settled = door.push(classify_envelope(envelope, now(), Origin::default()), Part::line(None))?;
    settled.extend(door.finish()?);
    let is_new = match settled.into_iter().next().map(|one| one.outcome) {
        Some(Outcome::Appended | Outcome::Superseding) => true,
        Some(Outcome::Duplicate) => false,
        Some(Outcome::Quarantined(reason)) => {
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
