//! Publishing, and the stream that is published to.

use crate::support::{Broker, event, event_changed, events};
use async_nats::jetstream::stream::{Config, RetentionPolicy};
use daybook_intake::nats::{Outgoing, Publisher, PublisherOptions, StreamError, StreamOptions, ensure_stream};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_drops_a_resend_but_not_another_content_under_the_same_id() {
    let broker = Broker::start().await;
    assert_eq!(broker.publish(events(0..10)).await.published, 10);
    let again = broker.publish(events(0..10)).await;
    assert_eq!((again.published, again.duplicates, again.last_sequence), (0, 10, 10));
    let changed = broker.publish([Outgoing::event(&event_changed(0)), Outgoing::event(&event(0))]).await;
    assert_eq!((changed.published, changed.duplicates, changed.last_sequence), (1, 1, 11));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_one_publishes_all_in_order() {
    let broker = Broker::start().await;
    let publisher = Publisher::new(&broker.connection, PublisherOptions { window: 0, ..PublisherOptions::default() });
    assert_eq!(publisher.publish_all(events(0..20)).await.unwrap().published, 20);
    let message = broker.stream().await.get_raw_message(20).await.unwrap();
    assert_eq!(message.payload, Outgoing::event(&event(19)).payload);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_for_a_moment_is_waited_for() {
    let mut broker = Broker::start().await;
    let publisher =
        Publisher::new(&broker.connection, PublisherOptions { ack_timeout_ms: 500, ..PublisherOptions::default() });
    publisher.publish_all(events(0..10)).await.unwrap();
    broker.server.kill().unwrap();
    let (counts, ()) = tokio::join!(publisher.publish_all(events(0..100)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        broker.server.restart().unwrap();
    });
    let counts = counts.unwrap();
    assert_eq!(counts.published + counts.duplicates, 100);
    assert_eq!(broker.stream().await.cached_info().state.messages, 100, "each is there once");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_stream_the_first_message_is_named() {
    let broker = Broker::start().await;
    let options = PublisherOptions { stream: "ELSEWHERE".into(), attempts_max: 2, ..PublisherOptions::default() };
    let error = Publisher::new(&broker.connection, options).publish_all(events(0..5)).await.unwrap_err();
    assert_eq!((error.number, error.counts.published), (1, 0));
    assert!(error.to_string().contains("csp.events.contoso.P-0.partner_standing"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_made_once_and_then_checked() {
    let broker = Broker::start().await;
    let report = ensure_stream(&broker.connection, &StreamOptions::default()).await.unwrap();
    assert!(!report.is_new && report.warnings.is_empty(), "{report:?}");
    let info = broker.stream().await.cached_info().clone();
    assert_eq!(info.config.retention, RetentionPolicy::Limits);
    assert!(info.config.max_messages <= 0 && info.config.max_bytes <= 0 && info.config.max_age.is_zero());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_would_lose_events_is_refused() {
    let broker = Broker::start().await;
    let context = async_nats::jetstream::new(broker.connection.client().clone());
    let ensure = async |name: &str, subjects: &str| {
        let options = StreamOptions { name: name.into(), subjects: vec![subjects.into()], ..StreamOptions::default() };
        ensure_stream(&broker.connection, &options).await
    };
    let make = async |name: &str, retention, max_age| {
        let subjects = vec![format!("{name}.>")];
        context.create_stream(Config { name: name.into(), subjects, retention, max_age, ..Config::default() }).await
    };
    make("QUEUE", RetentionPolicy::WorkQueue, Duration::ZERO).await.unwrap();
    let error = ensure("QUEUE", "QUEUE.>").await.unwrap_err();
    assert!(matches!(error, StreamError::Unfit { .. }) && error.to_string().contains("Limits"), "{error}");
    make("AGED", RetentionPolicy::Limits, Duration::from_secs(3600)).await.unwrap();
    assert_eq!(ensure("AGED", "AGED.>").await.unwrap().warnings, ["it deletes messages by age"]);
    let error = ensure("AGED", "other.>").await.unwrap_err();
    assert!(error.to_string().contains("other.>"), "{error}");
    let error = ensure("TWICE", "csp.events.>").await.unwrap_err();
    assert!(matches!(error, StreamError::Broker { doing: "create", .. }), "{error}");
}
