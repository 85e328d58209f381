//! The main road: everything, once, in order.

use crate::support::{Broker, event_ids, events, ids};
use daybook_intake::{BatchLimits, IntakeOptions};
use std::time::Instant;

fn batches_of(events_max: usize) -> IntakeOptions {
    IntakeOptions { batch: BatchLimits { events_max, ..BatchLimits::default() }, ..IntakeOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_events_arrive_once_and_in_order() {
    let broker = Broker::start().await;
    let counts = broker.publish(events(0..5_000)).await;
    assert_eq!((counts.published, counts.duplicates, counts.last_sequence), (5_000, 0, 5_000));
    let started_at = Instant::now();
    let (ledger, progress) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 5_000).await;
    println!("drained 5,000 events in {:?}, {} batches", started_at.elapsed(), progress.batches);
    assert_eq!((progress.appended, progress.duplicates, progress.restarts), (5_000, 0, 0));
    assert_eq!(progress.stream_pending, 0);
    assert_eq!(event_ids(&ledger), ids(0..5_000));
    let cursor = ledger.reader().cursor().unwrap().unwrap();
    assert_eq!(cursor.sequence, 5_000);
    assert_eq!(progress.root, ledger.head().root);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_trickle_in_are_followed_without_beginning_again() {
    let broker = Broker::start().await;
    // Many requests end while events come one by one.
    let options = IntakeOptions { pull_messages_max: 64, ..IntakeOptions::default() };
    let mut following = broker.follow(broker.ledger("a"), options);
    for first in (0..1_000).step_by(10) {
        broker.publish(events(first..first + 10)).await;
    }
    following.until(|progress| progress.stream_sequence == 1_000).await;
    let (ledger, progress) = following.stop().await;
    assert_eq!((progress.appended, progress.duplicates, progress.restarts), (1_000, 0, 0));
    assert_eq!(event_ids(&ledger), ids(0..1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_at_is_the_brokers_timestamp() {
    let broker = Broker::start().await;
    broker.publish(events(0..3)).await;
    let (ledger, _) = broker.take_in(broker.ledger("a"), IntakeOptions::default(), 3).await;
    let stream = broker.stream().await;
    for sequence in 1..=3 {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let record = ledger.reader().record(daybook_event::Position::new(sequence)).unwrap().unwrap();
        let nanos = i64::try_from(message.time.unix_timestamp_nanos()).unwrap();
        assert_eq!(record.recorded_at.micros(), nanos.div_euclid(1_000), "sequence {sequence}");
        assert_eq!(record.envelope, message.payload, "the bytes as they came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_midway_is_resumed_from_the_cursor() {
    let broker = Broker::start().await;
    broker.publish(events(0..3_000)).await;
    let mut following = broker.follow(broker.ledger("a"), batches_of(10));
    following.until(|progress| progress.appended >= 100).await;
    let (ledger, before) = following.stop().await;
    let cursor = ledger.reader().cursor().unwrap().unwrap();
    assert_eq!(cursor.sequence, before.appended, "what is durable and the cursor go together");
    assert!(before.appended < 3_000, "stopped too late to be midway");
    ledger.close().unwrap();
    let (ledger, after) = broker.take_in(broker.ledger("a"), batches_of(10), 3_000).await;
    assert_eq!(before.appended + after.appended, 3_000);
    assert_eq!((before.duplicates, after.duplicates), (0, 0), "nothing was taken in twice");
    assert_eq!(event_ids(&ledger), ids(0..3_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_acknowledged_to_the_last_durable_message_and_leaves_no_consumer() {
    let broker = Broker::start().await;
    broker.publish(events(0..50)).await;
    let mut following = broker.follow(broker.ledger("a"), batches_of(7));
    following.until(|progress| progress.stream_sequence == 50).await;
    let stream = broker.stream().await;
    let floor = async || {
        use futures_util::TryStreamExt;
        let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
        consumers.iter().map(|consumer| consumer.ack_floor.stream_sequence).collect::<Vec<_>>()
    };
    while floor().await != [50] {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    following.stop().await;
    assert!(floor().await.is_empty(), "the consumer is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_follow_the_old_ones() {
    let broker = Broker::start().await;
    let mut following = broker.follow(broker.ledger("a"), IntakeOptions::default());
    for start in [0, 10, 20] {
        let counts = broker.publish(events(start..start + 10)).await;
        following.until(|progress| progress.stream_sequence == counts.last_sequence).await;
    }
    let (ledger, progress) = following.stop().await;
    assert_eq!(progress.appended, 30);
    assert_eq!(event_ids(&ledger), ids(0..30));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_batches_and_requests_changes_nothing() {
    let broker = Broker::start().await;
    broker.publish(events(0..300)).await;
    let (ledger, reference) = broker.take_in(broker.ledger("reference"), IntakeOptions::default(), 300).await;
    let root = ledger.head().root;
    let small_queue = IntakeOptions { queue_bytes_max: 1, pull_messages_max: 3, ..IntakeOptions::default() };
    let small_bytes = IntakeOptions {
        batch: BatchLimits { bytes_max: 100, ..BatchLimits::default() },
        pull_expires_ms: 1,
        ..IntakeOptions::default()
    };
    let all = [batches_of(1), batches_of(7), batches_of(1_000), small_queue, small_bytes];
    for (number, options) in all.into_iter().enumerate() {
        let (ledger, progress) = broker.take_in(broker.ledger(&format!("{number}")), options, 300).await;
        assert_eq!(ledger.head().root, root, "{options:?}");
        assert_eq!(progress.appended, reference.appended, "{options:?}");
        if options.batch.events_max == 1 {
            assert_eq!(progress.batches, 300);
        }
    }
}
