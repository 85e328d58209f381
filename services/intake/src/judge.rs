//! What an operator's retry makes of an input in quarantine. Pure, like the first judgement.

use crate::classify;
use daybook_event::Instant;
use daybook_proto::peek_id;
use daybook_store::{Incoming, Origin};

/// Judges an input again because an operator said so. Bytes that were no event are none now: the one thing that a retry puts
/// right is a subject that disagreed, since the operator vouches for the event. Whoever may publish somewhere could have
/// written an act of the operators there and hope for a retry, so for these the subject counts as before.
#[must_use]
pub fn judge_again(bytes: Vec<u8>, recorded_at: Instant, origin: Origin) -> Incoming {
    let is_of_operators = peek_id(&bytes).is_none_or(|id| id.source.is_ledger());
    let subject = origin.subject.clone().filter(|_| is_of_operators);
    let judged = classify(bytes, recorded_at, Origin { subject, ..origin.clone() });
    match judged {
        Incoming::Event { id, content_hash, recorded_at, envelope, decision, origin: _ } => {
            Incoming::Event { id, content_hash, recorded_at, envelope, decision, origin }
        }
        Incoming::Faulty { reason, id, recorded_at, bytes, origin: _ } => {
            Incoming::Faulty { reason, id, recorded_at, bytes, origin }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_proto::{decode_json, encode};

    fn bytes(line: &str) -> Vec<u8> {
        encode(&decode_json(line).unwrap())
    }

    fn on(subject: &str) -> Origin {
        Origin { subject: Some(subject.to_owned()), stream_sequence: Some(7), ..Origin::default() }
    }

    const HELD: &str = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-AT","effective_on":"2021-06-01","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;
    const DISMISSED: &str = r#"{"source":"ledger","event_id":"qd-1","effective_on":"2022-02-02","quarantine_decision":{"entry":"1","verdict":"dismiss","reason":"r"}}"#;

    #[test]
    fn an_event_on_the_wrong_subject_passes_and_keeps_where_it_came_from() {
        let origin = on("csp.events.contoso.P-XX.partner_standing");
        let at = Instant::from_micros(5);
        assert!(matches!(classify(bytes(HELD), at, origin.clone()), Incoming::Faulty { .. }));
        let Incoming::Event { recorded_at, origin: kept, .. } = judge_again(bytes(HELD), at, origin.clone()) else {
            panic!("it is still faulty");
        };
        assert_eq!((recorded_at, kept), (at, origin));
    }

    #[test]
    fn an_act_of_the_operators_on_somebody_elses_subject_does_not() {
        let origin = on("csp.events.contoso.P-AT.license_sale");
        let again = judge_again(bytes(DISMISSED), Instant::default(), origin.clone());
        assert!(matches!(again, Incoming::Faulty { origin: kept, .. } if kept == origin));
    }

    #[test]
    fn bytes_that_are_no_event_stay_none() {
        let again = judge_again(b"\xff\x00".to_vec(), Instant::default(), Origin::default());
        assert!(matches!(again, Incoming::Faulty { bytes, .. } if bytes == b"\xff\x00"));
    }
}
