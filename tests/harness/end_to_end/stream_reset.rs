//! A stream that is not the one that the ledger has read is never followed in silence.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::LedgerState;

#[test]
fn a_stream_made_anew_stops_serve_until_an_operator_accepts_it() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let messages = History::generate(3, 5, 600).messages();
    broker.publish(messages[..400].iter().cloned());
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH];
    daybook.ok(&serve);
    let before = LedgerState::read(daybook.ledger());
    assert_eq!(before.position.number(), 400);
    broker.stream_delete();
    broker.stream_make();
    broker.publish(messages[300..].iter().cloned());
    daybook.run(&serve).expect(2, &["CSP_EVENTS", "--accept-stream-reset"]);
    assert_eq!(LedgerState::read(daybook.ledger()), before, "a refused stream leaves the ledger as it was");
    daybook.ok(&[serve.as_slice(), &["--accept-stream-reset"]].concat());
    let after = LedgerState::read(daybook.ledger());
    assert_eq!((after.position.number(), after.counts.duplicates), (600, 100));
    assert_eq!(daybook.json(&["verify"])["findings"], serde_json::json!([]));
    daybook.ok(&serve);
}

#[test]
fn a_stream_that_is_gone_is_not_taken_for_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    broker.publish(History::generate(4, 5, 100).messages());
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH];
    daybook.ok(&serve);
    broker.stream_delete();
    daybook.run(&serve).expect(2, &["CSP_EVENTS"]);
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), 100);
}
