//! One history, every way in: the same rows.

use daybook_intake::nats::Outgoing;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::dice::Dice;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::{LedgerState, LiveViews};
use std::path::Path;

const SEED: u64 = 20_201_001;
const EVENTS: usize = 2_500;

/// Drains the broker's stream into a ledger, in batches of this size.
fn drain(broker: &Broker, daybook: &Daybook, batch_records_max: &str) {
    let arguments = ["serve", "--nats", &broker.url(), "--until-drained", "--listen", "127.0.0.1:0"];
    daybook.ok(&[arguments.as_slice(), &["--through", THROUGH, "--batch-records-max", batch_records_max]].concat());
}

/// Brings the live views of a ledger bound to files to its head.
fn project(daybook: &Daybook) {
    daybook.ok(&["serve", "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH]);
}

/// The rows that are kept, and the digest of the same rows computed from the records: they must agree.
fn rows(daybook: &Daybook, what: &str) -> LiveViews {
    let live = LiveViews::read(daybook.ledger()).unwrap_or_else(|| panic!("{what}: there are no views"));
    let replayed = daybook.json(&["replay", "--through", THROUGH]);
    assert_eq!(replayed["digest"].as_str(), Some(live.digest.as_str()), "{what}: kept and replayed");
    assert_eq!(daybook.json(&["views", "--through", THROUGH])["views_digest"], replayed["digest"], "{what}: printed");
    live
}

struct Ways {
    dir: tempfile::TempDir,
    history: History,
}

impl Ways {
    fn new() -> Self {
        println!("seed {SEED}: {EVENTS} events");
        Self { dir: tempfile::tempdir().unwrap(), history: History::generate(SEED, 12, EVENTS) }
    }

    fn ledger(&self, name: &str) -> Daybook {
        Daybook::on(&self.dir.path().join(name))
    }

    /// From a file, straight into the ledger.
    fn imported(&self) -> (Daybook, LiveViews) {
        let daybook = self.ledger("imported");
        let file = self.history.write(self.dir.path(), "history.ndjson");
        daybook.ok(&["import", "--from", "ndjson", &file.display().to_string()]);
        project(&daybook);
        let rows = rows(&daybook, "imported");
        (daybook, rows)
    }
}

#[test]
fn a_file_and_a_stream_in_any_batch_size_give_the_same_rows_and_one_stream_one_root() {
    let ways = Ways::new();
    let (_, imported) = ways.imported();
    let broker = Broker::start();
    assert_eq!(broker.publish(ways.history.messages()), EVENTS as u64);
    let mut states = Vec::new();
    for batch in ["1", "17", "5000"] {
        let daybook = ways.ledger(&format!("batches-of-{batch}"));
        drain(&broker, &daybook, batch);
        imported.expect_same_rows(&rows(&daybook, batch), &format!("the stream in batches of {batch}"));
        states.push(LedgerState::read(daybook.ledger()));
    }
    assert!(states.iter().all(|state| *state == states[0]), "ledgers of one stream differ: {states:#?}");
    let bare = ["serve", "--nats", &broker.url(), "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH];
    let replica = ways.ledger("replica");
    replica.ok(&bare);
    assert_eq!(LedgerState::read(replica.ledger()), states[0], "a replica with other settings");
}

#[test]
fn a_shuffled_publication_gives_the_same_rows_under_another_root() {
    let ways = Ways::new();
    let (_, imported) = ways.imported();
    for seed in [1, 2] {
        println!("shuffled by {seed}");
        let broker = Broker::start();
        broker.publish(ways.history.shuffled(&mut Dice::new(seed)).messages());
        let daybook = ways.ledger(&format!("shuffled-{seed}"));
        drain(&broker, &daybook, "300");
        imported.expect_same_rows(&rows(&daybook, "shuffled"), &format!("shuffled by {seed}"));
    }
}

#[test]
fn resends_and_faults_between_the_events_change_no_row() {
    let ways = Ways::new();
    let (_, imported) = ways.imported();
    let broker = Broker::start();
    let (messages, faults) = ways.history.messages_with_faults(&mut Dice::new(SEED));
    // Everything once more at the end, past the broker's own memory of message ids.
    let again = ways.history.messages().into_iter().map(|message| Outgoing { message_id: None, ..message });
    broker.publish(messages.into_iter().chain(again));
    let daybook = ways.ledger("faults");
    drain(&broker, &daybook, "300");
    imported.expect_same_rows(&rows(&daybook, "with faults"), "with faults");
    let counts = LedgerState::read(daybook.ledger()).counts;
    let duplicates = faults.duplicates + EVENTS as u64;
    assert_eq!((counts.records, counts.duplicates), (EVENTS as u64, duplicates));
    assert_eq!(counts.quarantined, faults.quarantined);
    let list = daybook.json(&["quarantine", "list"]);
    for reason in ["conflict", "undecodable", "subject_mismatch"] {
        let named = list.as_array().unwrap().iter().filter(|entry| entry["reason"] == *reason).count() as u64;
        assert_eq!(named, faults.quarantined / 3, "{reason}");
    }
}

#[test]
fn an_import_through_the_socket_of_a_running_serve_gives_the_same_rows() {
    let ways = Ways::new();
    let (imported_into, imported) = ways.imported();
    let daybook = ways.ledger("served");
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    serving.address();
    assert!(serving.has_said("imports come through the socket", 1));
    let socket = std::fs::metadata(daybook.ledger().join("daybook.sock")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&socket.permissions()) & 0o777, 0o600);
    let file = ways.dir.path().join("history.ndjson").display().to_string();
    let report = daybook.json(&["import", "--from", "ndjson", &file]);
    assert_eq!(report["appended"]["lines"], EVENTS, "{report}");
    let again = daybook.json(&["import", "--from", "ndjson", &file]);
    assert_eq!(again["duplicate"]["lines"], EVENTS, "{again}");
    serving.terminate();
    serving.wait().ok();
    project(&daybook);
    imported.expect_same_rows(&rows(&daybook, "through the socket"), "through the socket");
    let envelopes = |ledger: &Path| daybook_tests::ledger_state::envelopes(ledger);
    assert!(envelopes(daybook.ledger()) == envelopes(imported_into.ledger()), "other envelopes, or in another order");
}

#[test]
fn an_import_into_a_ledger_of_a_stream_is_published_and_gives_the_same_rows() {
    let ways = Ways::new();
    let (_, imported) = ways.imported();
    let broker = Broker::start();
    let daybook = ways.ledger("published");
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&arguments);
    assert!(serving.has_said("following the stream", 1));
    let file = ways.dir.path().join("history.ndjson").display().to_string();
    let report = daybook.json(&["import", "--from", "ndjson", &file, "--nats", &url]);
    assert_eq!(report["appended"]["lines"], EVENTS, "{report}");
    serving.terminate();
    serving.wait().ok();
    drain(&broker, &daybook, "5000");
    imported.expect_same_rows(&rows(&daybook, "published"), "published");
}

#[test]
fn deleted_views_come_back_the_same() {
    let ways = Ways::new();
    let (daybook, before) = ways.imported();
    let derived = daybook.ledger().join(daybook_store::DERIVED_FILE);
    std::fs::remove_file(&derived).unwrap();
    let verified = daybook.json(&["verify"]);
    assert_eq!(verified["findings"], serde_json::json!([]));
    assert!(verified["views"].as_str().unwrap().starts_with("none"), "{verified}");
    let computed = daybook.json(&["views", "--through", THROUGH]);
    assert_eq!(computed["views_digest"].as_str(), Some(before.digest.as_str()));
    project(&daybook);
    before.expect_same_rows(&rows(&daybook, "rebuilt"), "rebuilt after deletion");
    // One that is no such file at all is made anew too.
    std::fs::write(&derived, b"not what it was").unwrap();
    project(&daybook);
    before.expect_same_rows(&rows(&daybook, "rebuilt"), "rebuilt after damage");
    assert_eq!(daybook.json(&["verify"])["findings"], serde_json::json!([]));
}
