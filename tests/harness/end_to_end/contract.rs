//! What scripts rely on: exit statuses, and messages that say what, where and what to do.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::workspace_root;

/// A ledger of files with a few partners in it.
fn small_ledger(dir: &std::path::Path) -> Daybook {
    let daybook = Daybook::on(&dir.join("ledger"));
    let file = History::generate(6, 3, 200).write(dir, "history.ndjson").display().to_string();
    daybook.ok(&["import", "--from", "ndjson", &file]);
    daybook
}

#[test]
fn a_missing_ledger_is_named_by_every_reading_verb() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("nowhere"));
    for verb in [
        ["views"].as_slice(),
        &["replay"],
        &["compare", "--candidate", "2021-10"],
        &["explain", "--partner", "P-1", "--month", "2021-11"],
        &["verify"],
        &["receipt", "--source", "contoso", "--event", "e-1"],
        &["quarantine", "list"],
        &["quarantine", "show", "1"],
    ] {
        daybook.run(verb).expect(2, &["no ledger in", "nowhere", "import"]);
    }
    assert!(!daybook.ledger().exists(), "a reading verb made a folder");
}

#[test]
fn bad_arguments_end_with_status_2_and_say_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = small_ledger(dir.path());
    for (verb, named) in [
        (["bogus"].as_slice(), ["bogus", "--help"].as_slice()),
        (&["views", "--through", "2021-13-01"], &["--through", "2021-13-01", "YYYY-MM-DD"]),
        (&["views", "--book", "1999-01"], &["1999-01", "2020-10, 2021-10"]),
        (&["views", "--book", "nowhere.toml"], &["nowhere.toml"]),
        (&["views", "--period", "FY99"], &["--period", "FY99", "FY22H1"]),
        (&["views", "--known-as-of", "9999"], &["--known-as-of", "9999", "200"]),
        (&["views", "--known-as-of", "yesterday"], &["--known-as-of", "yesterday", "2022-02-01T00:00:00Z"]),
        (&["views", "--format", "csv"], &["--view", "postings", "true_ups"]),
        (&["views", "--view", "nothing"], &["nothing", "true_ups"]),
        (&["views", "--partner", "P-NOBODY"], &["P-NOBODY", "daybook views"]),
        (&["compare", "--candidate", "2021-10", "--partner", "P-NOBODY"], &["P-NOBODY", "daybook views"]),
        (&["compare", "--candidate", "1999-01"], &["1999-01", "2020-10, 2021-10"]),
        (&["explain", "--partner", "P-NOBODY", "--month", "2021-11"], &["P-NOBODY", "daybook views"]),
        (&["explain", "--partner", "P-NOBODY", "--lot", "nonsense"], &["nonsense", "FY22H1"]),
        (&["explain", "--partner", "P-NOBODY"], &["--month"]),
        (&["quarantine", "show", "5"], &["5", "quarantine list"]),
        (&["generate", "--partners", "0"], &["0 partners"]),
        (&["import", "--from", "ndjson", "nowhere.ndjson"], &["nowhere.ndjson"]),
        (&["import", "--from", "ndjson", "/"], &["cannot read /", "folder"]),
        (&["serve", "--config", "nowhere.toml"], &["nowhere.toml"]),
        (&["serve", "--listen", "nonsense", "--until-drained"], &["nonsense", "--listen"]),
    ] {
        daybook.run(verb).expect(2, named);
    }
}

#[test]
fn the_binding_of_a_ledger_is_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let of_files = small_ledger(dir.path());
    let broker = Broker::start();
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH];
    of_files.run(&serve).expect(2, &["files", "--nats"]);
    broker.publish(History::generate(7, 3, 100).messages());
    let of_stream = Daybook::on(&dir.path().join("of-stream"));
    of_stream.ok(&serve);
    of_stream.run(&["serve", "--listen", "127.0.0.1:0"]).expect(2, &["CSP_EVENTS", "--nats"]);
    let file = dir.path().join("history.ndjson").display().to_string();
    of_stream.run(&["import", "--from", "ndjson", &file]).expect(2, &["CSP_EVENTS", "--nats"]);
    of_stream.run(&["serve", "--nats", "nats://127.0.0.1:1", "--listen", "127.0.0.1:0"]).expect(2, &["127.0.0.1:1"]);
}

#[test]
fn a_second_writer_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = small_ledger(dir.path());
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    serving.address();
    assert!(serving.has_said("imports come through the socket", 1));
    daybook.run(&["serve", "--listen", "127.0.0.1:0"]).expect(2, &["ledger.redb"]);
    assert!(!serving.has_ended());
    daybook.ok(&["views", "--through", THROUGH]);
    serving.terminate();
    serving.wait().ok();
}

#[test]
fn an_import_that_cannot_read_its_file_makes_no_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    daybook.run(&["import", "--from", "ndjson", "nowhere.ndjson"]).expect(2, &["nowhere.ndjson"]);
    assert!(!daybook.ledger().exists(), "a mistyped file name bound a ledger to files for good");
}

#[test]
fn faulty_lines_are_quarantined_and_counted_and_the_import_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = small_ledger(dir.path());
    let bad = dir.path().join("bad.ndjson");
    let line = r#"{"source":"contoso","event_id":"x-1","partner_id":"P-1","effective_on":"2021-02-30","reversal":{"reverses":"y"}}"#;
    std::fs::write(&bad, format!("no json\n{line}\n")).unwrap();
    let report = daybook.json(&["import", "--from", "ndjson", &bad.display().to_string()]);
    assert_eq!(report["read"]["lines"], 2, "{report}");
    let list = daybook.json(&["quarantine", "list"]);
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert!(list.iter().all(|entry| entry["file"].as_str().unwrap().ends_with("bad.ndjson")), "{list:?}");
    assert_eq!(daybook.json(&["quarantine", "show", "2"])["line"], 2);
    let receipt = daybook.json(&["receipt", "--source", "contoso", "--event", "nothing"]);
    assert_eq!(receipt["state"], "unknown");
}

#[test]
fn webhooks_append_nothing_and_end_well() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = small_ledger(dir.path());
    let file = dir.path().join("webhooks.json");
    let webhook =
        |name: &str| format!(r#"{{"EventName":"{name}","ResourceUri":"https://example.org/v1/x","AuditUri":null}}"#);
    std::fs::write(&file, [webhook("subscription-updated"), webhook("invoice-ready")].join("\n")).unwrap();
    let before = daybook.json(&["views"])["root"].clone();
    let import = ["import", "--from", "partner-center", &file.display().to_string()];
    let said = daybook.ok(&import);
    assert!(said.contains("webhook invoice-ready: no money, nothing appended: an invoice is out"), "{said}");
    assert_eq!(daybook.json(&["views"])["root"], before);
    std::fs::write(&file, webhook("bogus")).unwrap();
    daybook.run(&import).expect(2, &["webhooks.json", "bogus", "no published name"]);
}

#[test]
fn a_missing_nats_server_is_named_with_the_script_that_gets_one() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Daybook::on(&dir.path().join("demo")).with("NATS_SERVER_BIN", "/nowhere/nats-server");
    demo.run(&["demo"])
        .expect(2, &["scripts/get-nats-server.sh", "NATS_SERVER_BIN", "/nowhere/nats-server", "--no-nats"]);
    assert!(workspace_root().join("scripts/get-nats-server.sh").is_file());
}

#[test]
fn a_folder_that_the_demo_did_not_make_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = small_ledger(dir.path());
    let before = std::fs::read(daybook.ledger().join(daybook_store::LEDGER_FILE)).unwrap();
    daybook.run(&["demo", "--no-nats"]).expect(2, &["was not made by the demo", "--ledger"]);
    assert!(std::fs::read(daybook.ledger().join(daybook_store::LEDGER_FILE)).unwrap() == before);
}

/// `println!` panics where the reader of a pipe went away: `daybook demo | head` must end quietly.
#[test]
fn a_reader_that_goes_away_ends_a_verb_without_a_panic() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger").display().to_string();
    for arguments in [vec!["generate", "--events", "20000"], vec!["demo", "--no-nats", "--ledger", &ledger]] {
        let mut command = Command::new(daybook_tests::daybook_bin().unwrap());
        let mut child = command.args(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        // The reader is closed at the end of this statement, after one byte.
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), said.as_ref()), (Some(141), ""), "{arguments:?}");
    }
}
