//! Checkpoints while `serve` holds the ledger: through its socket, every so often, and between turns of following a stream.

use super::{Scene, THROUGH, sale, standing};
use daybook_intake::nats::Outgoing;
use daybook_proto::decode_json;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::ledger_state::wait_until_projected;
use serde_json::json;
use std::fs;

#[test]
fn a_service_signs_through_its_socket_and_every_so_often() {
    let scene = Scene::new();
    let config = scene.path("daybook.toml");
    fs::write(&config, "[checkpoint]\nevery = \"1s\"\n").unwrap();
    let config = config.display().to_string();
    let serve = ["serve", "--config", &config, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = scene.daybook.start(&serve);
    assert!(serving.has_said("signed a checkpoint", 1), "{}", serving.log());
    // Nothing came: no second one is signed, by nobody.
    assert!(scene.checkpoint(&[])["outcome"].as_str().unwrap().starts_with("unchanged"));
    scene.import(&[sale("s-3", "P-A", "2022-01-20")]);
    assert!(serving.has_said("signed a checkpoint", 2), "{}", serving.log());
    let closed = scene.close("2022-01");
    assert!(closed["checkpoint"].as_u64().unwrap() >= 3, "{closed}");
    serving.terminate();
    serving.wait().ok();
    assert_eq!(scene.codes(&["--key", &scene.public_key()]), Vec::<String>::new());
}

#[test]
fn a_service_that_follows_a_stream_signs_between_two_turns_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let url = broker.url();
    let mut serving = daybook.start(&["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert!(serving.has_said("following the stream", 1));
    let outgoing =
        |lines: Vec<String>| lines.iter().map(|line| Outgoing::event(&decode_json(line).unwrap())).collect::<Vec<_>>();
    let mut last = broker.publish(outgoing(standing("P-A")));
    for round in 0..5_u64 {
        wait_until_projected(daybook.ledger(), last);
        let made = daybook.json(&["checkpoint"]);
        assert_eq!((&made["number"], &made["size"]), (&json!(round + 1), &json!(last)), "{made}");
        last = broker.publish(outgoing(vec![sale(&format!("s-{round}"), "P-A", "2022-01-20")]));
    }
    wait_until_projected(daybook.ledger(), last);
    serving.terminate();
    serving.wait().ok();
    let verified = daybook.json(&["verify"]);
    assert_eq!((&verified["findings"], &verified["position"]), (&json!([]), &json!(last)), "{verified}");
    assert!(verified["checkpoints"].as_str().unwrap().starts_with("5, the last at position"), "{verified}");
}
