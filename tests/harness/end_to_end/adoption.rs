//! Adopting versions of the terms: a recorded act, whichever way the ledger takes its records.

use daybook_event::{Envelope, EventId, EventRef, Payload, Reversal, RuleBookAdopted, RuleFile, SourceId, date_parse};
use daybook_intake::nats::Outgoing;
use daybook_proto::encode_json;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::{Daybook, PATIENCE, Running};
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::{LedgerState, LiveViews, wait_until_projected};
use daybook_tests::workspace_root;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SEED: u64 = 20_211_001;
pub(super) const EVENTS: usize = 400;
pub(super) const SIGNED: [&str; 4] = ["--by", "finance", "--reason", "the terms were published"];

/// A ledger of files with a history in it.
pub(super) struct Scene {
    pub(super) dir: tempfile::TempDir,
    pub(super) daybook: Daybook,
}

impl Scene {
    pub(super) fn new() -> Self {
        println!("seed {SEED}");
        let dir = tempfile::tempdir().unwrap();
        let daybook = Daybook::on(&dir.path().join("ledger"));
        let file = History::generate(SEED, 6, EVENTS).write(dir.path(), "history.ndjson");
        daybook.ok(&["import", "--from", "ndjson", &file.display().to_string()]);
        Self { dir, daybook }
    }

    /// Imports what an operator wrote by hand.
    pub(super) fn import(&self, envelope: &Envelope) {
        let file = self.dir.path().join("by-hand.ndjson");
        fs::write(&file, encode_json(envelope) + "\n").unwrap();
        let import = ["import", "--operator-acts", "--from", "ndjson", &file.display().to_string()];
        let report = self.daybook.json(&import);
        assert_eq!(report["appended"]["lines"], 1, "{report}");
    }

    /// A copy of the shipped rule files, to be changed.
    fn rules(&self) -> PathBuf {
        let copy = self.dir.path().join("rules");
        fs::create_dir_all(&copy).unwrap();
        for entry in fs::read_dir(shipped()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
            }
        }
        copy
    }
}

fn shipped() -> PathBuf {
    workspace_root().join("ledger/rules/csp-indirect-reseller")
}

/// The ids of the versions at hand, by their first date.
pub(super) fn versions(daybook: &Daybook) -> Vec<String> {
    let list = daybook.json(&["rules", "list"]);
    list.as_array().unwrap().iter().map(|line| line["version"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn adopt(daybook: &Daybook, what: &[&str]) -> Value {
    daybook.json(&[["rules", "adopt"].as_slice(), what, &SIGNED].concat())
}

pub(super) fn rule_book(daybook: &Daybook, more: &[&str]) -> Value {
    daybook.json(&[["replay", "--through", THROUGH].as_slice(), more].concat())["rule_book"].clone()
}

fn by_ledger(id: &str, payload: Payload) -> Envelope {
    let (source, event_id) = (SourceId::parse("ledger").unwrap(), EventId::parse(id).unwrap());
    Envelope {
        id: EventRef { source, event_id },
        partner_id: None,
        effective_on: date_parse("2022-12-01").unwrap(),
        seq: 0,
        source_seq: None,
        payload,
    }
}

pub(super) fn reversal(id: &str, of: &str) -> Envelope {
    let reverses = EventId::parse(of).unwrap();
    by_ledger(id, Payload::Reversal(Reversal { reverses, reason: "adopted too early".to_owned() }))
}

/// An adoption that no `rules adopt` would make.
pub(super) fn broken(id: &str) -> Envelope {
    let files = vec![RuleFile { name: "2030-10.toml".to_owned(), bytes: b"version = 2030".to_vec() }];
    let (adopted_by, approver, reason) = ("another hand".to_owned(), String::new(), String::new());
    let terms_hash = "none".to_owned();
    by_ledger(id, Payload::RuleBookAdopted(RuleBookAdopted { files, terms_hash, adopted_by, approver, reason }))
}

/// The event id of an act, without its source.
pub(super) fn event_id(report: &Value) -> String {
    report["event"].as_str().unwrap().strip_prefix("ledger/").unwrap().to_owned()
}

#[test]
fn versions_are_adopted_once_and_every_position_knows_its_own_book() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let ids = versions(daybook);
    let (first, second) = (ids[0].as_str(), ids[1].as_str());
    let whole = rule_book(daybook, &[]);
    assert!(daybook.ok(&["replay"]).contains("no version is adopted in this ledger"));

    let one = adopt(daybook, &[first]);
    assert_eq!((&one["outcome"], &one["versions"]), (&json!("adopted"), &json!([first])), "{one}");
    assert_eq!(one["position"], EVENTS + 1);
    assert_eq!(rule_book(daybook, &[]), one["rule_book"]);
    assert_eq!(rule_book(daybook, &["--book", first]), one["rule_book"]);
    assert!(daybook.ok(&["replay"]).contains(&format!("(current, adopted: {first})")));
    assert!(daybook.ok(&["replay", "--book", second]).contains("not adopted"));
    let again = adopt(daybook, &[first]);
    assert_eq!(
        (&again["outcome"], &again["position"], &again["standing"]),
        (&json!("duplicate"), &json!(null), &json!([first]))
    );

    let rest = adopt(daybook, &[]);
    assert_eq!((&rest["versions"], &rest["standing"]), (&json!(ids[1..]), &json!([first])), "{rest}");
    assert_eq!(rest["rule_book"], whole);
    assert_eq!(adopt(daybook, &[])["outcome"], "duplicate");
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), EVENTS as u64 + 2, "nothing more was recorded");
    for (position, book) in [(EVENTS, &whole), (EVENTS + 1, &one["rule_book"]), (EVENTS + 2, &whole)] {
        assert_eq!(rule_book(daybook, &["--known-as-of", &position.to_string()]), *book, "{position}");
    }
    let views = ["views", "--through", THROUGH, "--known-as-of", &(EVENTS + 1).to_string()];
    assert_eq!(daybook.json(&views)["rule_book"], one["rule_book"]);

    let list = daybook.json(&["rules", "list"]);
    for (line, act) in list.as_array().unwrap().iter().zip([&one].into_iter().chain(std::iter::repeat(&rest))) {
        assert_eq!(line["adopted_position"], act["position"], "{line}");
        assert_eq!((&line["adopted_by"], &line["at_hand"]), (&json!("finance"), &json!("same")));
        assert!(line["adopted_at"].as_str().unwrap().ends_with('Z'), "{line}");
    }
    daybook.ok(&["serve", "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    let verified = daybook.json(&["verify"]);
    assert_eq!(verified["findings"], json!([]));
    assert!(verified["views"].as_str().unwrap().starts_with("equal a replay"), "{verified}");
}

#[test]
fn the_adopted_bytes_count_whatever_becomes_of_the_files() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let all = adopt(daybook, &[]);
    let rules = scene.rules();
    let last = daybook.json(&["rules", "list"]).as_array().unwrap().last().unwrap().clone();
    let path = rules.join(last["file"].as_str().unwrap());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n# a byte that nobody adopted\n")).unwrap();
    let rules = rules.display().to_string();
    assert_eq!(rule_book(daybook, &["--rules", &rules]), all["rule_book"]);
    let refused = [["rules", "adopt", "--rules", &rules].as_slice(), &SIGNED].concat();
    daybook.run(&refused).expect(2, &[last["version"].as_str().unwrap(), "adopted already with other bytes", ".r2"]);
    let as_file = path.display().to_string();
    daybook.run(&[["rules", "adopt", &as_file].as_slice(), &SIGNED].concat()).expect(2, &["other bytes", ".r2"]);
    let list = daybook.json(&["rules", "list", "--rules", &rules]);
    assert_eq!(list.as_array().unwrap().last().unwrap()["at_hand"], "differs");
    fs::write(&path, &text).unwrap();
    assert_eq!(
        daybook.json(&["rules", "list", "--rules", &rules]).as_array().unwrap().last().unwrap()["at_hand"],
        "same"
    );
}

#[test]
fn what_may_not_be_adopted_is_refused_and_leaves_no_record() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let ids = versions(daybook);
    let refused = |what: &[&str], named: &[&str]| {
        daybook.run(&[["rules", "adopt"].as_slice(), what, &SIGNED].concat()).expect(2, named);
    };
    refused(&[&ids[1]], &[&ids[1], "extends", &ids[0], "not adopted"]);
    refused(&["1999-10"], &["no version \"1999-10\"", &ids[0]]);
    let what_if = scene.dir.path().join("what-if.toml");
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"what-if\"\nextends = \"{}\"\n\
         title = \"What if\"\nhypothetical = true\n[validity]\nfrom = 2022-01-01\n",
        ids[0]
    );
    fs::write(&what_if, &text).unwrap();
    refused(&[&what_if.display().to_string()], &["what-if", "never adopted"]);
    fs::write(&what_if, text.replace("\nversion", "\nversoin")).unwrap();
    refused(&[&what_if.display().to_string()], &["error[R", "what-if.toml"]);
    let catalogue = shipped().join("catalogue.toml").display().to_string();
    refused(&[&catalogue], &["catalogue.toml", "no rule set"]);
    daybook.run(&["rules", "adopt", "--by", " ", "--reason", "x"]).expect(2, &["--by is empty"]);
    daybook.run(&["rules", "adopt", "--by", "x", "--reason", ""]).expect(2, &["--reason is empty"]);
    let nowhere = Daybook::on(&scene.dir.path().join("nowhere"));
    nowhere.run(&[["rules", "adopt"].as_slice(), &SIGNED].concat()).expect(2, &["no ledger in"]);
    assert!(!nowhere.ledger().exists(), "a mistyped folder makes no ledger");
    let state = LedgerState::read(daybook.ledger());
    assert_eq!((state.position.number(), state.counts.quarantined), (EVENTS as u64, 0));
}

#[test]
fn a_reversed_adoption_is_none_and_can_be_made_again() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let ids = versions(daybook);
    let one = adopt(daybook, &[&ids[0]]);
    let undo = ["rules", "adopt", "--reverse", &event_id(&one), "--by", "Ann", "--reason", "too early"];
    daybook.run(&[&undo, ["--four-eyes"].as_slice()].concat()).expect(2, &["--approver"]);
    let undone = daybook.json(&[&undo, ["--four-eyes", "--approver", "Bob"].as_slice()].concat());
    assert_eq!((&undone["outcome"], &undone["reverses"]), (&json!("reversed"), &one["event"]), "{undone}");
    assert_eq!(undone["position"], EVENTS + 2);
    assert_eq!(daybook.json(&undo)["outcome"], "duplicate");
    daybook.run(&["rules", "adopt", "--reverse", "nothing", "--by", "a", "--reason", "b"]).expect(2, &["no adoption"]);
    assert!(daybook.ok(&["replay"]).contains("every adoption in this ledger was reversed"));
    assert_eq!(rule_book(daybook, &["--known-as-of", &(EVENTS + 1).to_string()]), one["rule_book"]);
    let again = adopt(daybook, &[&ids[0]]);
    assert_eq!((&again["outcome"], &again["rule_book"]), (&json!("adopted"), &one["rule_book"]), "{again}");
    assert_ne!(again["event"], one["event"]);
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
}

/// Waits until the live views are at the ledger's head under this book.
pub(super) fn wait_for_book(daybook: &Daybook, rule_book: &Value) {
    let since = Instant::now();
    loop {
        let position = LedgerState::read(daybook.ledger()).position;
        let at = LiveViews::checkpoint(daybook.ledger());
        if at.as_ref().is_some_and(|at| at.position == position && Some(at.terms_hash.as_str()) == rule_book.as_str()) {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{at:?}, not {rule_book} at {position}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The live views are rows of this book, and the same as a replay makes them.
pub(super) fn expect_live(daybook: &Daybook, rule_book: &Value) {
    wait_for_book(daybook, rule_book);
    let live = LiveViews::read(daybook.ledger()).unwrap();
    let replayed = daybook.json(&["replay", "--through", THROUGH]);
    assert_eq!((&replayed["rule_book"], &replayed["digest"]), (rule_book, &json!(live.digest)));
    assert_eq!(daybook.json(&["views", "--through", THROUGH])["views_digest"], replayed["digest"]);
}

#[test]
fn a_running_service_of_files_takes_it_through_its_socket_and_switches_the_live_views() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let ids = versions(daybook);
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert!(serving.has_said("imports come through the socket", 1));
    let whole = rule_book(daybook, &[]);
    expect_live(daybook, &whole);
    let one = adopt(daybook, &[&ids[0]]);
    assert_eq!(one["outcome"], "adopted");
    assert_ne!(one["rule_book"], whole);
    expect_live(daybook, &one["rule_book"]);
    let said = serving.log();
    assert!(said.contains("the adoptions ask for another rule book"), "{said}");
    assert!(said.contains(whole.as_str().unwrap()) && said.contains(one["rule_book"].as_str().unwrap()), "{said}");
    scene.import(&broken("by-hand-1"));
    assert!(serving.has_said("does not count", 1), "{}", serving.log());
    adopt(daybook, &[]);
    expect_live(daybook, &whole);
    stop(serving);
    // What a service finds when it starts is what it would have gone on with.
    let serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    expect_live(daybook, &whole);
    stop(serving);
}

pub(super) fn stop(serving: Running) {
    serving.terminate();
    serving.wait().ok();
}

#[test]
fn on_a_stream_it_is_published_and_every_ledger_of_the_stream_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&serve);
    assert!(serving.has_said("following the stream", 1));
    wait_until_projected(daybook.ledger(), broker.publish(History::generate(SEED, 6, EVENTS).messages()));
    let ids = versions(&daybook);
    daybook.run(&[["rules", "adopt"].as_slice(), &SIGNED].concat()).expect(2, &["--nats URL"]);
    let one = adopt(&daybook, &[&ids[0], "--nats", &url]);
    assert_eq!((&one["outcome"], &one["position"]), (&json!("adopted"), &json!(EVENTS + 1)));
    expect_live(&daybook, &one["rule_book"]);
    let receipt = daybook.json(&["receipt", "--source", "ledger", "--event", &event_id(&one)]);
    assert_eq!(receipt["position"], one["position"]);

    // By another hand, and nothing that makes a book: what stands goes on, and the finding names it until it is reversed.
    broker.publish([Outgoing::event(&broken("by-hand-1"))]);
    let sequence = broker.publish(History::generate(SEED + 1, 3, 50).messages().into_iter().take(1));
    wait_until_projected(daybook.ledger(), sequence);
    expect_live(&daybook, &one["rule_book"]);
    assert!(daybook.ok(&["rules", "list"]).contains("by-hand-1"));
    let verified = daybook.run(&["verify", "--format", "json"]);
    assert_eq!(verified.code(), Some(1), "{}", verified.stderr);
    for name in ["ADOPTION", "ledger/by-hand-1", "does not count", "equal a replay"] {
        assert!(verified.stdout.contains(name), "{name}: {}", verified.stdout);
    }
    let sequence = broker.publish([Outgoing::event(&reversal("undo-1", "by-hand-1"))]);
    wait_until_projected(daybook.ledger(), sequence);
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
    stop(serving);

    let replica = Daybook::on(&dir.path().join("replica"));
    replica.ok(&[serve.as_slice(), &["--until-drained"]].concat());
    assert_eq!(LedgerState::read(replica.ledger()), LedgerState::read(daybook.ledger()));
    expect_live(&replica, &one["rule_book"]);
}

/// A file in a folder of its own.
fn overlay(dir: &Path, extends: &str) -> String {
    let path = dir.join("overlay.toml");
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"what-if\"\nextends = \"{extends}\"\n\
         title = \"What if\"\nhypothetical = true\n[validity]\nfrom = 2022-01-01\n"
    );
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_file_as_a_book_is_added_to_what_is_adopted() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let ids = versions(daybook);
    adopt(daybook, &[&ids[0]]);
    let on_first = overlay(scene.dir.path(), &ids[0]);
    let note = daybook.ok(&["replay", "--book", &on_first]);
    assert!(note.contains(&format!(": {}, what-if)", ids[0])), "{note}");
    let compared = daybook.json(&["compare", "--candidate", &ids[1], "--through", THROUGH]);
    assert_eq!((&compared["reference"], &compared["candidate"]), (&json!("current"), &json!(ids[1])));
    let on_second = overlay(scene.dir.path(), &ids[1]);
    daybook.run(&["replay", "--book", &on_second]).expect(2, &["error[R004]", &ids[1]]);
    let differs = daybook.json(&["rules", "diff", "current", &ids[1]]);
    assert_eq!(differs["reference_rule_book"], rule_book(daybook, &[]));
}
