//! What cannot be appended is kept with its reason, and the rest goes on.

use crate::support::{Broker, event, event_changed, event_ids, events, ids};
use daybook_intake::IntakeOptions;
use daybook_intake::nats::Outgoing;
use daybook_proto::{ENVELOPE_BYTES_MAX, encode, subject_of};

fn raw(subject: &str, payload: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing { subject: subject.to_owned(), message_id: None, payload: payload.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_sent_twice_is_counted_and_dropped() {
    let broker = Broker::start().await;
    broker.publish(events(0..100)).await;
    // Without the message id the broker's own window does not help: it is the ledger that must know.
    let again = events(0..100).map(|outgoing| Outgoing { message_id: None, ..outgoing });
    let counts = broker.publish(again).await;
    assert_eq!((counts.published, counts.last_sequence), (100, 200));
    let (ledger, progress) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 200).await;
    assert_eq!((progress.appended, progress.duplicates, progress.conflicts), (100, 100, 0));
    assert_eq!(event_ids(&ledger), ids(0..100));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_quarantined_with_reason_subject_sequence_and_bytes() {
    let broker = Broker::start().await;
    let changed = Outgoing::event(&event_changed(0));
    let too_large = vec![b'x'; ENVELOPE_BYTES_MAX + 1];
    let elsewhere = "csp.events.contoso.P-other.partner_standing";
    let mut invalid = event(3);
    invalid.effective_on = daybook_event::NaiveDate::from_ymd_opt(1066, 10, 14).unwrap();
    let inputs = [
        ("", Outgoing::event(&event(0))),
        ("conflict", changed.clone()),
        ("undecodable", raw("csp.events.contoso.P-1.license_sale", "no envelope")),
        ("subject_mismatch", raw(elsewhere, encode(&event(2)))),
        ("invalid", raw(&subject_of(&invalid), encode(&invalid))),
        ("invalid", raw("csp.events.contoso.P-1.license_sale", "")),
        ("", Outgoing::event(&event(4))),
    ];
    let counts = broker.publish(inputs.iter().map(|(_, outgoing)| outgoing.clone())).await;
    assert_eq!(counts.published, 7);
    let (ledger, progress) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 7).await;
    assert_eq!((progress.appended, progress.conflicts, progress.faulty), (2, 1, 4));
    assert_eq!(event_ids(&ledger), ["e-0", "e-4"]);
    let entries = ledger.reader().quarantine_list(1, 100).unwrap();
    let expected: Vec<_> = (1_u64..).zip(&inputs).filter(|(_, (reason, _))| !reason.is_empty()).collect();
    assert_eq!(entries.len(), expected.len());
    for (entry, (sequence, (reason, outgoing))) in entries.iter().zip(expected) {
        assert_eq!(entry.reason.code(), *reason, "{}", entry.reason);
        assert_eq!(entry.origin.stream_sequence, Some(sequence), "{reason}");
        assert_eq!(entry.origin.subject.as_deref(), Some(outgoing.subject.as_str()), "{reason}");
        assert_eq!(entry.bytes, outgoing.payload, "{reason}");
    }
    // All of it was taken in: a second run finds nothing more to do.
    let cursor = ledger.reader().cursor().unwrap().unwrap();
    assert_eq!(cursor.sequence, 7);
    // The default broker refuses what is too large for it before the ledger sees it: the publisher says so.
    let refused = daybook_intake::nats::Publisher::new(&broker.connection, Default::default())
        .publish_all([raw("csp.events.contoso.P-1.license_sale", too_large)])
        .await
        .unwrap_err();
    assert_eq!((refused.number, refused.counts.published), (1, 0));
    assert!(refused.to_string().contains("max payload"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_larger_than_an_envelope_or_a_request_is_quarantined() {
    let dir = tempfile::tempdir().unwrap();
    let config_file = dir.path().join("large.conf");
    std::fs::write(&config_file, "max_payload: 8MB\n").unwrap();
    let options = daybook_intake::nats::ServerOptions { config_file: Some(config_file.clone()), ..Default::default() };
    let broker = Broker::start_with(options).await;
    let large = vec![b'x'; 6 * 1024 * 1024];
    broker.publish([raw("csp.events.a.P-1.license_sale", large.clone())]).await;
    broker.publish(events(0..5)).await;
    let options = IntakeOptions { pull_bytes_max: 1, queue_bytes_max: 1_000, ..IntakeOptions::default() };
    let (ledger, progress) = broker.take_in(broker.ledger("a"), options, 6).await;
    assert_eq!((progress.appended, progress.faulty, progress.restarts), (5, 1, 0));
    let entry = ledger.reader().quarantine_entry(1).unwrap().unwrap();
    assert_eq!(entry.reason.code(), "too_large");
    assert_eq!(entry.bytes, large);
}
