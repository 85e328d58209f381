//! Closing through the socket of a running service, and through a stream.

use super::{SIGNED, Scene, THROUGH, close, decoded, history, sale};
use crate::end_to_end::adoption::stop;
use daybook_intake::nats::Outgoing;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::{Daybook, PATIENCE};
use daybook_tests::ledger_state::{LedgerState, LiveViews, wait_until_projected};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Waits until the live views are at the head, and holds them against a replay.
fn expect_live(daybook: &Daybook) -> Value {
    let since = Instant::now();
    loop {
        let position = LedgerState::read(daybook.ledger()).position;
        if LiveViews::checkpoint(daybook.ledger()).is_some_and(|at| at.position == position) {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "the views do not get to {position}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let live = LiveViews::read(daybook.ledger()).unwrap();
    let replayed = daybook.json(&["replay", "--through", THROUGH]);
    assert_eq!(replayed["digest"], json!(live.digest), "{replayed}");
    let views = daybook.json(&["views", "--through", THROUGH]);
    assert_eq!(views["views_digest"], replayed["digest"]);
    views
}

#[test]
fn a_running_service_takes_closings_through_its_socket_and_keeps_closed_months_in_the_live_views() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let mut serving =
        daybook.with("DAYBOOK_FOUR_EYES", "true").start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert!(serving.has_said("imports come through the socket", 1));
    // The client's own setting does not count: the service has the last word.
    daybook
        .run(&close("2022-01"))
        .expect(2, &["four eyes are required by the configuration of serve", "nobody approved"]);
    assert_eq!(daybook.json(&["verify", "--ledger-only"])["closed"], "no month");
    let closed = scene.close("2022-02", &["--with-earlier", "--approver", "Bob"]);
    assert_eq!(closed["outcome"], "closed", "{closed}");
    assert_eq!(expect_live(daybook)["true_ups"], json!([]));
    scene.import(&[sale("late-1", "P-A", "2022-01-20", "5000.00", "USD")]);
    let views = expect_live(daybook);
    assert_eq!(views["true_ups"][0]["cause"], "late_event:contoso/late-1", "{views}");
    scene.close("2022-03", &["--approver", "Bob"]);
    assert_eq!(expect_live(daybook)["true_ups"].as_array().map(Vec::len), Some(1));
    stop(serving);
    let verified = scene.expect_whole();
    assert!(verified["views"].as_str().unwrap().starts_with("equal a replay"), "{verified}");
    assert_eq!(verified["closed"], "2022-01 to 2022-03 are closed; 3 computed again, row by row");
}

#[test]
fn on_a_stream_a_closing_is_published_and_every_ledger_of_the_stream_is_closed_alike() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&serve);
    assert!(serving.has_said("following the stream", 1));
    let published = decoded(&history()).iter().map(Outgoing::event).collect::<Vec<_>>();
    wait_until_projected(daybook.ledger(), broker.publish(published));
    daybook.ok(&[["rules", "adopt", "--nats", &url].as_slice(), &SIGNED].concat());
    daybook.run(&close("2022-01")).expect(2, &["--nats URL"]);
    let closed = daybook.json(&[close("2022-02").as_slice(), &["--with-earlier", "--nats", &url]].concat());
    assert_eq!(closed["outcome"], "closed", "{closed}");
    let late = decoded(&[sale("late-1", "P-A", "2022-01-20", "5000.00", "USD")]);
    wait_until_projected(daybook.ledger(), broker.publish([Outgoing::event(&late[0])]));
    assert_eq!(expect_live(&daybook)["true_ups"].as_array().map(Vec::len), Some(1));
    assert_eq!(daybook.json(&["verify", "--month", "all"])["findings"], json!([]));
    stop(serving);

    let replica = Daybook::on(&dir.path().join("replica"));
    replica.ok(&[serve.as_slice(), &["--until-drained"]].concat());
    assert_eq!(LedgerState::read(replica.ledger()), LedgerState::read(daybook.ledger()));
    expect_live(&replica);
}
