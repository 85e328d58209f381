//! The broker goes away and comes back; the ledger does not notice.

use crate::support::{Broker, event_ids, events, ids};
use daybook_intake::{BatchLimits, IntakeOptions};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_midway_and_restarted_loses_nothing() {
    let mut broker = Broker::start().await;
    broker.publish(events(0..4_000)).await;
    let batch = BatchLimits { events_max: 8, ..BatchLimits::default() };
    // A small queue, so that much is still in the broker when it dies.
    let options = IntakeOptions { batch, queue_bytes_max: 20_000, pull_messages_max: 50, ..IntakeOptions::default() };
    let mut following = broker.follow(broker.ledger("a"), options);
    for durable in [500, 1_500] {
        following.until(|progress| progress.appended >= durable).await;
        broker.server.kill().unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        broker.server.restart().unwrap();
    }
    following.until(|progress| progress.stream_sequence == 4_000).await;
    let (ledger, progress) = following.stop().await;
    assert!(progress.restarts >= 2, "{progress:?}");
    assert_eq!((progress.appended, progress.duplicates, progress.holes), (4_000, 0, 0));
    assert_eq!(event_ids(&ledger), ids(0..4_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_deleted_by_someone_else_is_made_again() {
    let broker = Broker::start().await;
    broker.publish(events(0..10)).await;
    let mut following = broker.follow(broker.ledger("a"), IntakeOptions::default());
    following.until(|progress| progress.stream_sequence == 10).await;
    use futures_util::TryStreamExt;
    let stream = broker.stream().await;
    let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
    assert_eq!(names.len(), 1);
    stream.delete_consumer(&names[0]).await.unwrap();
    broker.publish(events(10..20)).await;
    following.until(|progress| progress.stream_sequence == 20).await;
    let (ledger, progress) = following.stop().await;
    assert_eq!((progress.appended, progress.duplicates), (20, 0));
    assert_eq!(event_ids(&ledger), ids(0..20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_the_broker_is_away_does_not_wait_for_it() {
    let mut broker = Broker::start().await;
    broker.publish(events(0..10)).await;
    let mut following = broker.follow(broker.ledger("a"), IntakeOptions::default());
    following.until(|progress| progress.stream_sequence == 10).await;
    broker.server.kill().unwrap();
    following.until(|progress| !progress.is_following).await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), following.stop()).await;
    let (ledger, progress) = stopped.expect("the stop waits for the broker");
    assert_eq!(progress.appended, 10);
    assert_eq!(event_ids(&ledger), ids(0..10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stalls_is_waited_out() {
    let broker = Broker::start().await;
    let options = IntakeOptions { pull_expires_ms: 50, ..IntakeOptions::default() };
    let mut following = broker.follow(broker.ledger("a"), options);
    // Several requests that nothing answers.
    tokio::time::sleep(Duration::from_millis(300)).await;
    broker.publish(events(0..5)).await;
    following.until(|progress| progress.stream_sequence == 5).await;
    let (_, progress) = following.stop().await;
    assert_eq!((progress.appended, progress.restarts), (5, 0), "an answer that nothing came is no trouble");
}
