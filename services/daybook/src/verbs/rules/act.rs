//! The event of an act on rule books.

use crate::failure::Failure;
use crate::import::now;
use crate::verbs::act::act_id;
use daybook_event::{Envelope, Instant, Payload};
use daybook_proto::ENVELOPE_BYTES_MAX;
use daybook_rules::Adoptions;

/// The event. Its id follows from what it says and from how many adoptions and reversals there are: the same act by two
/// hands at once is one record, and an act that was reversed can be done again.
pub(super) fn envelope(
    verb: &str,
    newest: Instant,
    adoptions: &Adoptions,
    payload: Payload,
) -> Result<Envelope, Failure> {
    let number = adoptions.count() + 1;
    let mut envelope = Envelope {
        id: act_id(&format!("{verb}-{number}"))?,
        partner_id: None,
        effective_on: now().max(newest).date_utc(),
        seq: 0,
        source_seq: None,
        payload,
    };
    let digest = hex::encode(daybook_proto::content_hash(&envelope));
    envelope.id = act_id(&format!("{verb}-{number}-{}", digest.get(..16).unwrap_or_default()))?;
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
