//! A ledger of format 2 with everything that format 2 adds: the quarantine tree, decisions, checkpoints.

use super::audit::audit;
use daybook_event::Instant;
use daybook_intake::{classify, judge_again};
use daybook_proof::{Checkpoint, KeyKind, KeyName, QuarantineTree, SignedNote, SignerKey, VerifierKey};
use daybook_proto::{decode_json, encode, subject_of};
use daybook_store::{Binding, Cursor, Hole, Incoming, Ledger, LedgerOptions, LedgerReader, Origin};
use daybook_tests::daybook::Daybook;
use daybook_tests::workspace_root;
use serde::Deserialize;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder to make the ledger in: see the fixture's `make.sh`.
const MAKE: &str = "DAYBOOK_FIXTURE_DIR";
/// When the ledger was made, and its first message taken: all its times follow.
const MADE_AT: Instant = Instant::from_micros(1_660_000_000_000_000);

/// What stands in `expected.toml`.
#[derive(Deserialize)]
struct Expected {
    position: u64,
    root: String,
    quarantine_leaves: u64,
    quarantine_root: String,
    checkpoints: usize,
    key: String,
    states: Vec<String>,
}

fn folder() -> PathBuf {
    workspace_root().join("tests/fixtures/ledger-0.2.0-format2")
}

fn expected() -> Expected {
    toml::from_str(&fs::read_to_string(folder().join("expected.toml")).unwrap()).unwrap()
}

fn options() -> LedgerOptions {
    LedgerOptions {
        created_at: MADE_AT,
        ledger_id: Some(*b"fixture-format-2"),
        judge: Some(judge_again),
        // Few records already make segments.
        segment_stored_bytes_max: 1_400,
        ..LedgerOptions::default()
    }
}

/// The test key of this fixture. It signs nothing else.
fn signer() -> SignerKey {
    SignerKey::of_seed(KeyName::parse("daybook/fixture").unwrap(), KeyKind::Log, &[2; 32])
}

/// Messages as a stream would bring them, one sequence after the other.
struct Stream {
    ledger: Ledger,
    sequence: u64,
}

impl Stream {
    fn take(&mut self, bytes: Vec<u8>, subject: &str) {
        self.sequence += 1;
        let origin =
            Origin { subject: Some(subject.to_owned()), stream_sequence: Some(self.sequence), ..Origin::default() };
        let batch = vec![classify(bytes, self.now(), origin)];
        self.append(batch, &[]);
    }

    fn line(&mut self, line: &str) {
        let envelope = decode_json(line).unwrap();
        self.take(encode(&envelope), &subject_of(&envelope));
    }

    fn decide(&mut self, entry: u64, verdict: &str) {
        let id = self.sequence;
        self.line(&format!(
            r#"{{"source":"ledger","event_id":"qd-{id}","effective_on":"2022-05-01","quarantine_decision":{{"entry":"{entry}","verdict":"{verdict}","reason":"of the fixture"}}}}"#
        ));
    }

    fn now(&self) -> Instant {
        Instant::from_micros(MADE_AT.micros() + i64::try_from(self.sequence).unwrap() * 1_000_000)
    }

    fn append(&mut self, batch: Vec<Incoming>, holes: &[Hole]) {
        let cursor = Cursor {
            stream: "CSP_EVENTS".to_owned(),
            stream_created_at: MADE_AT,
            sequence: self.sequence,
            message_at: Some(self.now()),
        };
        self.ledger.append(batch, Some(cursor), holes).unwrap();
    }

    fn checkpoint(&mut self) {
        let snapshot = self.ledger.reader().snapshot().unwrap();
        let frontier = snapshot.quarantine_frontier().unwrap();
        let quarantine = QuarantineTree { leaves: frontier.size(), root: frontier.root() };
        let (size, root) = (snapshot.head().position.number(), snapshot.head().root);
        let text = Checkpoint::new(signer().public().name().clone(), size, root, quarantine, Vec::new()).to_string();
        let mut note = SignedNote::unsigned(text).unwrap();
        note.sign(&signer()).unwrap();
        self.ledger.checkpoint_add(&note.to_string(), size).unwrap();
    }
}

fn make(dir: &Path) {
    let binding = Binding::Stream { name: "CSP_EVENTS".to_owned() };
    let mut stream = Stream { ledger: Ledger::create_or_open(dir, Some(binding), &options()).unwrap(), sequence: 0 };
    let events = |name: &str| fs::read_to_string(workspace_root().join("tests/fixtures/ledger-0.1.0").join(name));
    events("events-1.ndjson").unwrap().lines().for_each(|line| stream.line(line));
    stream.checkpoint();
    // Entry 1 is on the wrong subject, 2 is no event, 3 claims an id that a good event takes later, 4 is a conflict, 5 waits.
    let late = r#"{"source":"contoso","event_id":"wrong-subject","partner_id":"P-BIRCH","effective_on":"2021-07-02","partner_standing":{"fact":"reseller_agreement","status":"held"}}"#;
    stream.take(encode(&decode_json(late).unwrap()), "csp.events.contoso.P-ALPINE.partner_standing");
    stream.take(b"\xff no envelope".to_vec(), "csp.events.contoso.P-ALPINE.license_sale");
    let claimed = late.replace("wrong-subject", "sent-twice");
    stream.take(encode(&decode_json(&claimed).unwrap()), "csp.events.contoso.P-ALPINE.partner_standing");
    let first = events("events-1.ndjson").unwrap().lines().next().unwrap().replace("2021-07-01", "2021-07-03");
    stream.line(&first);
    stream.take(b"".to_vec(), "csp.events.contoso.P-CEDAR.license_sale");
    stream.line(&claimed);
    stream.decide(1, "retry");
    stream.decide(2, "dismiss");
    stream.decide(4, "retry");
    stream.decide(2, "retry");
    stream.decide(99, "dismiss");
    let hole = Hole { from: stream.sequence + 1, to: stream.sequence + 2, recorded_at: stream.now() };
    stream.sequence += 2;
    stream.append(Vec::new(), &[hole]);
    events("events-2.ndjson").unwrap().lines().for_each(|line| stream.line(line));
    stream.checkpoint();
    stream.ledger.close().unwrap();
}

#[test]
#[ignore = "make.sh of the fixture runs it"]
fn make_the_fixture() {
    if let Ok(dir) = std::env::var(MAKE) {
        make(Path::new(&dir));
    }
}

fn states(dir: &Path) -> Vec<String> {
    let snapshot = LedgerReader::open(dir, &options()).unwrap().snapshot().unwrap();
    let entries = snapshot.quarantine_list(1, 100).unwrap();
    snapshot.entry_states(&entries).unwrap().iter().map(|state| serde_json::to_string(state).unwrap()).collect()
}

fn is_as_expected(dir: &Path) {
    let expected = expected();
    let audit = audit(dir, Some(&VerifierKey::parse(&expected.key).unwrap()));
    assert!(audit.report.is_whole(), "{:?}", audit.report.findings);
    let head = audit.report.head.unwrap();
    assert_eq!((head.position.number(), hex::encode(head.root)), (expected.position, expected.root));
    assert_eq!(audit.report.quarantined + audit.report.decisions, expected.quarantine_leaves);
    assert_eq!(audit.report.quarantine_root_recomputed.map(hex::encode), Some(expected.quarantine_root));
    assert_eq!((audit.checkpoints, states(dir)), (expected.checkpoints, expected.states));
}

#[test]
fn the_ledger_of_format_2_is_whole_and_has_the_roots_states_and_checkpoints_of_then() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(folder().join("ledger.redb"), dir.path().join("ledger.redb")).unwrap();
    is_as_expected(dir.path());
    let daybook = Daybook::on(dir.path());
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
    // A writer takes it over, once, and everything is as it was.
    for upgraded_from in [Some(2), None] {
        let ledger = Ledger::create_or_open(dir.path(), None, &options()).unwrap();
        assert_eq!(ledger.upgraded_from(), upgraded_from);
        drop(ledger);
        is_as_expected(dir.path());
    }
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
}

/// The reason of a quarantine entry is in the quarantine tree, in words too: words that change are another root, so replicas
/// of two builds would differ.
#[test]
fn the_same_messages_make_the_same_roots_today() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    is_as_expected(dir.path());
}
