//! The door of a ledger that follows a stream: what goes in is published, and metrics say how far the stream reaches.

use super::scene::{Scene, sale};
use daybook_tests::broker::Broker;
use daybook_tests::daybook::{Daybook, PATIENCE};
use daybook_tests::history::History;
use daybook_tests::ledger_state::wait_until_projected;
use std::time::{Duration, Instant};

#[test]
fn events_through_the_door_are_published_and_the_streams_edges_are_told() {
    let broker = Broker::start();
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let url = broker.url();
    let scene = Scene::serve(dir, daybook, &["--nats", &url]);
    let sequence = broker.publish(History::generate(1, 5, 100).messages());
    wait_until_projected(scene.daybook.ledger(), sequence);
    let report = scene.of("contoso").post("/v1/events", &sale("contoso", "by-http", "1.00")).expect(200);
    let receipt = scene.of("contoso").get("/v1/receipts?source=contoso&event=by-http").expect(200).json();
    assert_eq!(receipt["state"], "appended", "{receipt} {}", report.body);
    let expected = format!("daybook_cursor_sequence {}\n", sequence + 1);
    let since = Instant::now();
    loop {
        let text = scene.of("operator").get("/metrics").expect(200).body;
        let is_there = text.contains(&expected)
            && text.contains("daybook_stream_first_sequence 1\n")
            && text.contains(&format!("daybook_stream_last_sequence {}\n", sequence + 1))
            && text.contains("daybook_stream_is_limited 0\n");
        if is_there {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "{text}");
        std::thread::sleep(Duration::from_millis(200));
    }
    scene.end();
}
