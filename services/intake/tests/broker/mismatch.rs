//! A stream that is not the one of the cursor stops intake, with a message that says which flag goes on.

use crate::support::{Broker, event_ids, events, ids};
use daybook_intake::nats::Outgoing;
use daybook_intake::{IntakeError, IntakeOptions, MismatchPolicy, StreamMismatch};
use daybook_store::{Binding, Ledger, LedgerOptions};

const ACCEPT: fn() -> IntakeOptions =
    || IntakeOptions { on_mismatch: MismatchPolicy::Accept, ..IntakeOptions::default() };

#[tokio::test(flavor = "multi_thread")]
async fn messages_deleted_inside_the_stream_are_a_recorded_hole() {
    let broker = Broker::start().await;
    broker.publish(events(0..20)).await;
    let stream = broker.stream().await;
    for sequence in [5, 6, 7, 12] {
        stream.delete_message(sequence).await.unwrap();
    }
    let (ledger, progress) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 20).await;
    assert_eq!((progress.appended, progress.holes, progress.restarts), (16, 2, 0));
    let holes: Vec<_> = ledger.reader().holes().unwrap().iter().map(|hole| (hole.from, hole.to)).collect();
    assert_eq!(holes, [(5, 7), (12, 12)]);
    assert_eq!(event_ids(&ledger), [ids(0..4), ids(7..11), ids(12..20)].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_made_anew_stops_until_it_is_accepted() {
    let broker = Broker::start().await;
    broker.publish(events(0..10)).await;
    let (ledger, _) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 10).await;
    broker.stream_remake().await;
    broker.publish(events(5..25)).await;
    let (ledger, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    assert!(matches!(error, IntakeError::Mismatch(StreamMismatch::Recreated { .. })), "{error}");
    assert!(error.to_string().contains("--accept-stream-reset"), "{error}");
    assert_eq!(ledger.head().position.number(), 10, "nothing was appended");
    let (ledger, progress) = broker.take_in(ledger, ACCEPT(), 20).await;
    assert_eq!((progress.appended, progress.duplicates), (15, 5));
    assert_eq!(event_ids(&ledger), ids(0..25));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_made_anew_under_a_running_intake_stops_it_even_after_acceptance() {
    let broker = Broker::start().await;
    broker.publish(events(0..10)).await;
    let mut following = broker.follow(broker.ledger("a"), ACCEPT());
    following.until(|progress| progress.stream_sequence == 10).await;
    broker.stream_remake().await;
    let (ledger, error) = following.error().await;
    let is_told = matches!(error, IntakeError::Mismatch(StreamMismatch::Recreated { .. }));
    assert!(is_told || matches!(error, IntakeError::StreamMissing { .. }), "{error}");
    assert_eq!(event_ids(&ledger), ids(0..10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_lost_its_start_stops_until_the_hole_is_accepted() {
    let broker = Broker::start().await;
    broker.publish(events(0..10)).await;
    let (ledger, _) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 10).await;
    broker.publish(events(10..30)).await;
    broker.stream().await.purge().sequence(21).await.unwrap();
    let (ledger, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    let IntakeError::Mismatch(StreamMismatch::Gone { needed_sequence, first_sequence, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!((*needed_sequence, *first_sequence), (11, 21));
    let (ledger, progress) = broker.take_in(ledger, ACCEPT(), 30).await;
    assert_eq!(progress.appended, 10);
    let holes: Vec<_> = ledger.reader().holes().unwrap().iter().map(|hole| (hole.from, hole.to)).collect();
    assert_eq!(holes, [(11, 20)]);
    assert_eq!(event_ids(&ledger), [ids(0..10), ids(20..30)].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_restored_to_an_older_state_stops_until_it_is_accepted() {
    let mut broker = Broker::start().await;
    broker.publish(events(0..10)).await;
    broker.server.stop().unwrap();
    let (nats, backup) = (broker.dir.path().join("nats/jetstream"), broker.dir.path().join("backup"));
    let copied = std::process::Command::new("cp").arg("-a").arg(&nats).arg(&backup).status().unwrap();
    assert!(copied.success());
    broker.server.restart().unwrap();
    broker.publish(events(10..20)).await;
    let (ledger, _) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 20).await;
    broker.server.stop().unwrap();
    std::fs::remove_dir_all(&nats).unwrap();
    std::fs::rename(&backup, &nats).unwrap();
    broker.server.restart().unwrap();
    let (ledger, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    let IntakeError::Mismatch(StreamMismatch::Behind { cursor_sequence, last_sequence, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!((*cursor_sequence, *last_sequence), (20, 10));
    // It grows past the cursor: its length no longer shows it, the message at the cursor does.
    broker.publish(events(20..35)).await;
    let (ledger, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    assert!(matches!(error, IntakeError::Mismatch(StreamMismatch::Diverged { cursor_sequence: 20, .. })), "{error}");
    let (ledger, progress) = broker.take_in(ledger, ACCEPT(), 25).await;
    assert_eq!((progress.appended, progress.duplicates), (15, 10));
    assert_eq!(event_ids(&ledger), ids(0..35));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_on_a_quarantined_or_deleted_message_is_gone_on_from() {
    let broker = Broker::start().await;
    let odd = Outgoing { subject: "csp.events.a.b.c".into(), message_id: None, payload: b"odd".to_vec() };
    broker.publish(events(0..3).chain([odd])).await;
    let (ledger, progress) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 4).await;
    assert_eq!((progress.appended, progress.faulty), (3, 1));
    broker.publish(events(3..5)).await;
    let (ledger, _) = broker.take_in(ledger, IntakeOptions::default(), 6).await;
    broker.stream().await.delete_message(6).await.unwrap();
    broker.publish(events(5..6)).await;
    let (ledger, progress) = broker.take_in(ledger, IntakeOptions::default(), 7).await;
    assert_eq!((progress.appended, progress.holes), (1, 0), "what was taken in before it was deleted is no hole");
    assert_eq!(event_ids(&ledger), ids(0..6));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_ours_is_said() {
    let broker = Broker::start().await;
    let options = LedgerOptions::default();
    let binding = Binding::Stream { name: "ELSEWHERE".to_owned() };
    let ledger = Ledger::create_or_open(&broker.dir.path().join("a"), Some(binding), &options).unwrap();
    let (_, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    assert!(matches!(&error, IntakeError::StreamMissing { stream } if stream == "ELSEWHERE"), "{error}");
    let ledger = Ledger::create_or_open(&broker.dir.path().join("b"), Some(Binding::Files), &options).unwrap();
    let (_, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    assert!(matches!(error, IntakeError::NotOfAStream { .. }), "{error}");
    let binding = Binding::Stream { name: daybook_proto::STREAM.to_owned() };
    let newer = LedgerOptions { intake_semantics: 3, ..options };
    let ledger = Ledger::create_or_open(&broker.dir.path().join("c"), Some(binding), &newer).unwrap();
    let (_, error) = broker.follow(ledger, IntakeOptions::default()).error().await;
    assert!(matches!(error, IntakeError::Semantics { of_ledger: 3, ours: 2 }), "{error}");
}
