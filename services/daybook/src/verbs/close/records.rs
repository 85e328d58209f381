//! The events of a closing.

use super::attempt::Attempt;
use crate::failure::Failure;
use crate::verbs::act::{Signatures, act_id};
use daybook_event::{Envelope, PartnerId, Payload, PeriodClosed, PinnedStatement};
use daybook_proto::ENVELOPE_BYTES_MAX;
use daybook_views::{ENGINE_SEMANTICS, Statement, closing_event_id, statement_event_id};

/// The statement of a partner. Its id follows from what it says: the same again is a duplicate.
pub(super) fn statement(attempt: &Attempt, (statement, rows): &(Statement, Vec<u8>)) -> Result<Envelope, Failure> {
    let partner_id = statement.partner_id.clone();
    let id = statement_event_id(attempt.month, &partner_id, attempt.through, rows);
    let pinned = PinnedStatement { month: attempt.month, partner_id: partner_id.clone(), rows: rows.clone() };
    checked(attempt, &id, Some(partner_id), Payload::PinnedStatement(pinned))
}

/// The record that makes the statements count. There is one id for a month, for good: a second closing is a conflict.
pub(super) fn closing(attempt: &Attempt, signatures: &Signatures, overridden: &str) -> Result<Envelope, Failure> {
    let closed = PeriodClosed {
        month: attempt.month,
        position: attempt.position,
        root: attempt.root.clone(),
        terms_hash: attempt.rule_book.clone(),
        engine_semantics: ENGINE_SEMANTICS,
        statement_digest: attempt.digest.clone(),
        override_reason: overridden.to_owned(),
        closed_by: signatures.by.clone(),
        approver: signatures.approver.clone(),
        reason: signatures.reason.clone(),
        views_digest: attempt.views_digest.clone(),
    };
    checked(attempt, &closing_event_id(attempt.month), None, Payload::PeriodClosed(closed))
}

/// The event; what intake would quarantine is refused here, where somebody reads why.
fn checked(
    attempt: &Attempt,
    event_id: &str,
    partner_id: Option<PartnerId>,
    payload: Payload,
) -> Result<Envelope, Failure> {
    let envelope = Envelope {
        id: act_id(event_id)?,
        partner_id,
        effective_on: attempt.through,
        seq: 0,
        source_seq: None,
        payload,
    };
    let bytes = daybook_proto::encode(&envelope);
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(Failure::Input(format!(
            "{} has {} bytes, an event at most {ENVELOPE_BYTES_MAX}: this month cannot be closed",
            envelope.id,
            bytes.len()
        )));
    }
    daybook_proto::decode(&bytes).map_err(Failure::input)
}
