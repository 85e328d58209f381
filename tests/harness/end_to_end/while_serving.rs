//! Readers beside a service at work see one commit, whole.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::{LiveViews, wait_until_projected};

const SEED: u64 = 20_210_101;
const EVENTS: usize = 3_000;
/// What is published at once, with a look at the views after each.
const PUBLISHED_AT_ONCE: usize = 500;

#[test]
fn what_is_read_during_a_drain_equals_a_replay_at_its_position() {
    println!("seed {SEED}");
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&[arguments.as_slice(), &["--batch-records-max", "20"]].concat());
    assert!(serving.has_said("following the stream", 1));
    let mut seen = Vec::new();
    let mut last_sequence = 0;
    for part in History::generate(SEED, 12, EVENTS).messages().chunks(PUBLISHED_AT_ONCE) {
        last_sequence = broker.publish(part.iter().cloned());
        let printed = daybook.json(&["views", "--through", THROUGH]);
        seen.push((printed["position"].as_u64().unwrap(), printed["views_digest"].clone(), printed["root"].clone()));
        if let Some(live) = LiveViews::read(daybook.ledger()) {
            let position = live.checkpoint.position.number();
            seen.push((position, serde_json::Value::String(live.digest), serde_json::Value::Null));
        }
    }
    wait_until_projected(daybook.ledger(), last_sequence);
    seen.sort_by_key(|(position, ..)| *position);
    let midway = seen.iter().filter(|(position, ..)| (1..EVENTS as u64).contains(position)).count();
    assert!(midway > 0, "nothing was read in the middle: {seen:?}");
    // Asked again, still beside the service.
    for (position, digest, root) in &seen {
        let then = ["views", "--through", THROUGH, "--known-as-of", &position.to_string()];
        let replayed = daybook.json(&then);
        assert_eq!(replayed["views_digest"], *digest, "position {position}");
        assert!(root.is_null() || replayed["root"] == *root, "position {position}: {replayed}");
    }
    println!("{} reads, {midway} of them midway", seen.len());
    serving.terminate();
    serving.wait().ok();
}
