//! A service is asked how it is, and told to stop.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::{Daybook, PATIENCE};
use daybook_tests::history::{History, THROUGH};
use daybook_tests::http::get;
use daybook_tests::ledger_state::wait_until_projected;
use std::time::{Duration, Instant};

#[test]
fn a_service_says_how_it_is_and_stops_in_good_order() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let mut broker = Broker::start();
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&arguments);
    let address = serving.address();
    let sequence = broker.publish(History::generate(1, 5, 300).messages());
    wait_until_projected(daybook.ledger(), sequence);
    assert_eq!(get(&address, "/livez"), (200, "alive\n".to_owned()));
    let since = Instant::now();
    let health = loop {
        let (status, body) = get(&address, "/readyz");
        let health: serde_json::Value = serde_json::from_str(&body).unwrap();
        if status == 200 && health["projected"] == 300 {
            break health;
        }
        assert!(since.elapsed() < PATIENCE, "{status} {body}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(
        (&health["position"], &health["lag_messages"], &health["lag_records"]),
        (&300.into(), &0.into(), &0.into())
    );
    assert_eq!(get(&address, "/nowhere").0, 404);
    // Without its broker it lives on, and is not ready: the figures stay, nothing new comes.
    broker.kill();
    let since = Instant::now();
    while get(&address, "/readyz").0 != 503 {
        assert!(since.elapsed() < PATIENCE, "ready without a broker");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(get(&address, "/livez").0, 200);
    serving.terminate();
    let done = serving.wait();
    assert_eq!(done.code(), Some(0), "{}", done.stderr);
    assert!(done.stderr.contains("stopping") && done.stderr.contains("stopped"), "{}", done.stderr);
    assert_eq!(daybook.json(&["verify"])["findings"], serde_json::json!([]));
}

#[test]
fn a_stop_in_the_middle_of_a_drain_keeps_what_is_durable_and_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger")).with("DAYBOOK_LOG", "info,daybook_intake=debug");
    let broker = Broker::start();
    let sequence = broker.publish(History::generate(2, 5, 2_000).messages());
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&[arguments.as_slice(), &["--batch-records-max", "2"]].concat());
    assert!(serving.has_said("appended a batch", 20));
    serving.terminate();
    let done = serving.wait();
    assert_eq!(done.code(), Some(0), "{}", done.stderr);
    assert_eq!(daybook.json(&["verify"])["findings"], serde_json::json!([]));
    let mut serving = daybook.start(&arguments);
    wait_until_projected(daybook.ledger(), sequence);
    assert!(!serving.has_ended());
    serving.terminate();
    serving.wait().ok();
    let verified = daybook.json(&["verify"]);
    assert_eq!((&verified["position"], &verified["findings"]), (&2_000.into(), &serde_json::json!([])));
}
