//! What a later daybook left behind: this one says so, and changes no byte of it.

use daybook_event::Instant;
use daybook_store::{Binding, LEDGER_FILE, Ledger, LedgerOptions};
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::workspace_root;
use std::fs;
use std::path::{Path, PathBuf};

/// The format of the fixture: no release will reach it.
const FORMAT: &str = "format 4000000000";
/// A number of intake semantics that no release will reach.
const SEMANTICS: u32 = 4_000_000_000;

const READING: &[&[&str]] = &[
    &["views"],
    &["verify"],
    &["receipt", "--source", "contoso", "--event", "e-1"],
    &["quarantine", "list"],
    &["explain", "--partner", "P-1", "--month", "2022-01"],
    &["export", "--to", "hledger"],
    &["statement", "--partner", "P-1", "--month", "2022-01"],
];

const SIGNED: &[&str] = &["--by", "A. Finance", "--approver", "C. Controlling", "--reason", "because"];

/// The verbs that write, on a ledger bound to files.
fn writing(events: &Path) -> Vec<Vec<String>> {
    let file = events.display().to_string();
    let verbs: [&[&str]; 3] = [
        &["import", "--from", "ndjson", &file],
        &["rules", "adopt", "2020-01"],
        &["close", "--month", "2021-01", "--through", "2021-02-05"],
    ];
    let signed = |verb: &&[&str]| {
        let signature = if verb[0] == "import" { &[] } else { SIGNED };
        verb.iter().chain(signature).map(|word| (*word).to_owned()).collect()
    };
    verbs.iter().map(signed).collect()
}

fn events(dir: &Path) -> PathBuf {
    let path = dir.join("events.ndjson");
    let line = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-AT","effective_on":"2021-06-01","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;
    fs::write(&path, format!("{line}\n")).unwrap();
    path
}

/// Every file of the folder with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, Vec<u8>)> = entries
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_ledger_of_a_newer_format_is_refused_by_every_verb_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    fs::create_dir(&ledger).unwrap();
    let fixture = workspace_root().join("tests/fixtures/ledger-newer").join(LEDGER_FILE);
    fs::copy(fixture, ledger.join(LEDGER_FILE)).unwrap();
    let before = files(&ledger);
    let daybook = Daybook::on(&ledger);
    let writing = writing(&events(dir.path()));
    let writing: Vec<Vec<&str>> = writing.iter().map(|verb| verb.iter().map(String::as_str).collect()).collect();
    for verb in READING.iter().copied().chain(writing.iter().map(Vec::as_slice)) {
        daybook.run(verb).expect(2, &[FORMAT, "this one knows 3", "update daybook"]);
        assert!(files(&ledger) == before, "{verb:?} changed the ledger's folder");
    }
    let broker = Broker::start();
    let serve = ["serve", "--nats", &broker.url(), "--listen", "127.0.0.1:0", "--until-drained"];
    daybook.run(&serve).expect(2, &[FORMAT, "this one knows 3", "update daybook"]);
    assert!(files(&ledger) == before, "serve changed the ledger's folder");
}

/// A ledger that an importer of a later daybook made: what is read is read as ever, nothing is added by other rules.
#[test]
fn a_ledger_of_newer_intake_semantics_can_be_read_and_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    ledger_make(&ledger, Binding::Files);
    let daybook = Daybook::on(&ledger);
    daybook.ok(&["verify"]);
    daybook.ok(&["views"]);
    let before = fs::read(ledger.join(LEDGER_FILE)).unwrap();
    // Closing asks for an adopted rule book first, and this ledger takes no adoption.
    for verb in writing(&events(dir.path())).iter().filter(|verb| verb[0] != "close") {
        let verb: Vec<&str> = verb.iter().map(String::as_str).collect();
        let refused = daybook.run(&verb);
        refused.expect(2, &["intake semantics 4000000000", "this daybook has 2"]);
    }
    assert!(fs::read(ledger.join(LEDGER_FILE)).unwrap() == before, "the ledger's file");
}

#[test]
fn a_stream_is_not_followed_by_other_intake_semantics() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    ledger_make(&ledger, Binding::Stream { name: daybook_proto::STREAM.to_owned() });
    let before = fs::read(ledger.join(LEDGER_FILE)).unwrap();
    let broker = Broker::start();
    let serve = ["serve", "--nats", &broker.url(), "--listen", "127.0.0.1:0", "--until-drained"];
    Daybook::on(&ledger).run(&serve).expect(2, &["intake semantics 4000000000", "this daybook has 2"]);
    assert!(fs::read(ledger.join(LEDGER_FILE)).unwrap() == before, "the ledger's file");
}

fn ledger_make(folder: &Path, binding: Binding) {
    let options =
        LedgerOptions { created_at: Instant::from_micros(5), intake_semantics: SEMANTICS, ..LedgerOptions::default() };
    Ledger::create_or_open(folder, Some(binding), &options).unwrap().close().unwrap();
}
