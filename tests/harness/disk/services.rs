//! A service whose ledger may not grow any more, and one whose folder cannot be written.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::{Daybook, PATIENCE, Running};
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::{LedgerState, wait_until_projected};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Status and body of `/readyz`.
fn ready(address: &str) -> (u16, serde_json::Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// From now on no file of the service may grow beyond what the ledger has: what a full disk or a quota does.
fn fill(serving: &Running, daybook: &Daybook) {
    let bytes = std::fs::metadata(daybook.ledger().join("ledger.redb")).unwrap().len();
    serving.file_bytes_max(Some(bytes));
}

#[test]
fn a_service_whose_disk_is_full_reads_on_and_takes_in_again_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let history = History::generate(11, 6, 9_000).messages();
    broker.publish(history[..300].to_vec());
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start_ignoring_file_limit(&arguments);
    let address = serving.address();
    wait_until_projected(daybook.ledger(), 300);
    fill(&serving, &daybook);
    let last = broker.publish(history[300..].to_vec());
    assert!(serving.has_said("nothing is taken in: the disk is full", 1), "{}", serving.log());
    wait_for("not ready", || {
        let (status, body) = ready(&address);
        status == 503 && body["has_disk_trouble"] == true
    });
    let full = LedgerState::read(daybook.ledger());
    assert!(full.counts.records < 9_000, "the disk was not full");
    assert_eq!(full.counts.records, full.cursor.unwrap().sequence, "what is durable and nothing else is taken");
    daybook.ok(&["views", "--through", THROUGH]);
    serving.file_bytes_max(None);
    wait_until_projected(daybook.ledger(), last);
    wait_for("ready again", || ready(&address).0 == 200);
    assert!(serving.has_said("takes records again", 1));
    serving.terminate();
    serving.wait().ok();
    let (verified, state) = (daybook.json(&["verify"]), LedgerState::read(daybook.ledger()));
    assert_eq!((&verified["position"], &verified["findings"]), (&9_000.into(), &serde_json::json!([])));
    assert_eq!((state.counts.duplicates, state.counts.holes), (0, 0), "nothing twice, nothing lost");
    let other = Daybook::on(&dir.path().join("other"));
    other.ok(&["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert_eq!(LedgerState::read(other.ledger()).root, state.root, "the ledger of a disk that was never full");
}

#[test]
fn a_checkpoint_asked_of_a_service_whose_disk_is_full_ends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let history = History::generate(13, 6, 9_000).messages();
    broker.publish(history[..300].to_vec());
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start_ignoring_file_limit(&arguments);
    serving.address();
    wait_until_projected(daybook.ledger(), 300);
    daybook.ok(&["checkpoint"]);
    broker.publish(history[300..400].to_vec());
    wait_until_projected(daybook.ledger(), 400);
    // First the checkpoint itself meets the full disk, and messages come while it is full.
    serving.file_bytes_max(Some(1));
    assert_ne!(daybook.run(&["checkpoint"]).code(), Some(0));
    broker.publish(history[400..500].to_vec());
    assert!(serving.has_said("nothing is taken in", 1), "{}", serving.log());
    serving.file_bytes_max(None);
    wait_until_projected(daybook.ledger(), 500);
    // Then intake meets it, and checkpoints are asked for while it waits.
    fill(&serving, &daybook);
    let last = broker.publish(history[500..].to_vec());
    assert!(serving.has_said("nothing is taken in: the disk is full", 1), "{}", serving.log());
    for _ in 0..2 {
        // Refused, or made where the file has room for it: either way it ends the turn of intake.
        daybook.run(&["checkpoint"]);
    }
    serving.file_bytes_max(None);
    wait_until_projected(daybook.ledger(), last);
    daybook.ok(&["checkpoint"]);
    assert!(!serving.has_ended(), "{}", serving.log());
    serving.terminate();
    serving.wait().ok();
    let verified = daybook.json(&["verify"]);
    assert_eq!((&verified["position"], &verified["findings"]), (&9_000.into(), &serde_json::json!([])));
}

#[test]
fn a_service_of_files_says_what_is_missing_and_takes_the_same_file_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let history = History::generate(12, 6, 6_000);
    let file = history.write(dir.path(), "events.ndjson");
    let file = file.to_str().unwrap();
    let mut serving = daybook.start_ignoring_file_limit(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    let address = serving.address();
    wait_for("a socket", || daybook.ledger().join("daybook.sock").exists());
    fill(&serving, &daybook);
    let refused = daybook.run(&["import", "--from", "ndjson", file]);
    refused.expect(2, &["nothing is taken in", "make room", "nothing is added twice"]);
    wait_for("not ready", || ready(&address).1["has_disk_trouble"] == true);
    serving.file_bytes_max(None);
    wait_for("ready again", || ready(&address).1["has_disk_trouble"] == false);
    daybook.ok(&["import", "--from", "ndjson", file]);
    serving.terminate();
    serving.wait().ok();
    let verified = daybook.json(&["verify"]);
    assert_eq!((&verified["position"], &verified["findings"]), (&6_000.into(), &serde_json::json!([])));
}
