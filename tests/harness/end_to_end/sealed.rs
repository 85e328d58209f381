//! Personal data that is sealed: nothing depends on it, nobody but its key's holder reads it, and destroying the key is
//! all that forgetting takes.

use daybook_tests::daybook::{Daybook, Done};
use daybook_tests::workspace_root;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What was sealed: found anywhere else, it has leaked.
const PLAIN: &str = "Anna Example, born 1980-02-29";
const PARTNER: &str = "P-PEOPLE";
/// The person whose certification lets the partner earn.
const PERSON: &str = "X-1";
const THROUGH: &[&str] = &["--book", "2021-01", "--through", "2021-04-30"];

/// A ledger whose figures hang on certifications, the keys of the people, and files beside them.
struct Scene {
    dir: tempfile::TempDir,
    daybook: Daybook,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys").display().to_string();
        let rules = workspace_root().join("ledger/rules/synthetic").display().to_string();
        let daybook = Daybook::on(&dir.path().join("ledger"));
        let daybook = daybook.with("DAYBOOK_PERSON_KEYS", &keys).with("DAYBOOK_RULES", &rules);
        Self { dir, daybook }
    }

    fn person(&self, verb: &str, person: &str, more: &[&str]) -> Done {
        self.daybook.run(&[&["person", verb, "--source", "contoso", "--person", person], more].concat())
    }

    fn seal(&self, person: &str, plain: &str) -> Done {
        let input = self.file("plain", plain);
        let mut command = self.daybook.command(&["person", "seal", "--source", "contoso", "--person", person]);
        let output = command.stdin(File::open(&input).unwrap()).output().unwrap();
        fs::remove_file(input).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Done {
            what: "person seal".to_owned(),
            status: output.status,
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn import(&self, lines: &[String]) -> Done {
        let file = self.file("events.ndjson", &(lines.join("\n") + "\n"));
        self.daybook.run(&["import", "--from", "ndjson", &file.display().to_string()])
    }

    /// Every figure, as the verbs that print figures print them.
    fn figures(&self) -> Vec<String> {
        let explain = ["explain", "--partner", PARTNER];
        let statement = ["statement", "--partner", PARTNER, "--month", "2021-02", "--through", "2021-04-30"];
        [
            [&["views", "--format", "json"], THROUGH].concat(),
            [&explain, ["--standing", "2021-02-08", "--format", "json"].as_slice(), THROUGH].concat(),
            [&explain, ["--month", "2021-02", "--format", "json"].as_slice(), THROUGH].concat(),
            [&["export", "--to", "json"], THROUGH].concat(),
            statement.to_vec(),
        ]
        .iter()
        .map(|arguments| {
            let done = self.daybook.run(arguments);
            format!("{arguments:?}\n{}{}", done.stdout, done.stderr)
        })
        .collect()
    }

    /// What the ledger's verbs say of records, tree and quarantine.
    fn evidence(&self) -> Vec<String> {
        let receipt = ["receipt", "--source", "contoso", "--event", "c-1", "--format", "json"];
        let show = ["quarantine", "show", "1", "--format", "json"];
        [&["verify"][..], &receipt, &["quarantine", "list", "--format", "json"], &show]
            .iter()
            .map(|arguments| self.daybook.run(arguments))
            .map(|done| format!("{}\n{}{}", done.what, done.stdout, done.stderr))
            .collect()
    }

    fn ledger_bytes(&self) -> Vec<u8> {
        fs::read(self.daybook.ledger().join(daybook_store::LEDGER_FILE)).unwrap()
    }
}

/// The events of the situation; the certification of `PERSON` with this field more.
fn events(sealed: Option<&str>) -> Vec<String> {
    let path = workspace_root().join("replay-fixtures/computed-level-lost-by-expiry-and-regained/events.ndjson");
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| if line.contains("\"person_id\":\"X-1\"") { with(line, sealed) } else { line.to_owned() })
        .collect()
}

fn with(line: &str, sealed: Option<&str>) -> String {
    let Some(sealed) = sealed else { return line.to_owned() };
    let mut event: Value = serde_json::from_str(line).unwrap();
    event["certification_earned"]["sealed"] = Value::from(sealed);
    event.to_string()
}

fn expect_nowhere(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            expect_nowhere(&path);
        } else if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(!holds(&bytes, PLAIN.as_bytes()), "{} holds what was sealed", path.display());
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn forgetting_a_person_changes_no_byte_of_the_ledger_and_no_figure() {
    let scene = Scene::new();
    let blob = scene.seal(PERSON, PLAIN).ok();
    let lines = events(Some(blob.trim()));
    scene.import(&lines).ok();
    // The same id with other sealed data is another content: it waits in quarantine, unread like the rest.
    let again = scene.seal(PERSON, PLAIN).ok();
    assert_ne!(blob, again);
    scene.import(&events(Some(again.trim()))).expect(0, &[]);
    assert_eq!(scene.person("show", PERSON, &[]).ok(), PLAIN);

    let (figures, evidence, bytes) = (scene.figures(), scene.evidence(), scene.ledger_bytes());
    assert!(evidence[2].contains("CONFLICT") || evidence[2].contains("conflict"), "{}", evidence[2]);
    let forget = ["--by", "dpo", "--reason", "asked by the person"];
    let said = scene.person("forget", PERSON, &forget).ok();
    assert!(said.contains("contoso/X-1 is forgotten") && said.contains("1 records with sealed data"), "{said}");
    scene.person("show", PERSON, &[]).expect(2, &["contoso/X-1 was forgotten", "asked by the person"]);
    scene.seal(PERSON, PLAIN).expect(2, &["was forgotten"]);
    assert!(scene.person("forget", PERSON, &forget).ok().contains("nothing is left to destroy here"));

    assert_eq!(scene.ledger_bytes(), bytes, "the ledger's file");
    assert_eq!(scene.evidence(), evidence);
    assert_eq!(scene.figures(), figures);
    expect_nowhere(scene.dir.path());
    for text in figures.iter().chain(&evidence) {
        assert!(!text.contains(PLAIN), "{text}");
    }
}

#[test]
fn figures_are_those_of_the_same_events_with_nothing_sealed() {
    let (sealed, bare) = (Scene::new(), Scene::new());
    let blob = sealed.seal(PERSON, PLAIN).ok();
    sealed.import(&events(Some(blob.trim()))).ok();
    bare.import(&events(None)).ok();
    let views = |scene: &Scene| {
        let mut views = scene.daybook.json(&[&["views"], THROUGH].concat());
        let root = views.as_object_mut().unwrap().remove("root").unwrap();
        (root, views)
    };
    let ((root, views), (bare_root, bare_views)) = (views(&sealed), views(&bare));
    assert_ne!(root, bare_root, "sealed data is part of what is stored");
    assert_eq!(views, bare_views);
    assert!(views["postings"].as_array().is_some_and(|rows| !rows.is_empty()), "nothing was earned: {views}");
}

#[test]
fn sealed_data_opens_for_nobody_else() {
    let scene = Scene::new();
    let blob = scene.seal(PERSON, PLAIN).ok();
    scene.seal("X-2", "someone else").ok();
    // The blob of one person in the event of another, who has a key too.
    let moved: Vec<String> = events(None)
        .into_iter()
        .map(|line| if line.contains("\"person_id\":\"X-2\"") { with(&line, Some(blob.trim())) } else { line })
        .collect();
    scene.import(&moved).ok();
    scene.person("show", "X-2", &[]).expect(2, &["contoso/X-2", "do not open"]);
    scene.person("show", PERSON, &[]).expect(2, &["no sealed data of contoso/X-1"]);
    scene.person("show", "X-3", &[]).expect(2, &["no key of contoso/X-3"]);
    scene.person("forget", "X-3", &["--by", "dpo", "--reason", "asked"]).expect(2, &["no key of contoso/X-3"]);
}

#[test]
fn what_is_no_personal_data_is_refused_before_a_key_is_made() {
    let scene = Scene::new();
    scene.seal(PERSON, "").expect(2, &["nothing to seal"]);
    scene.seal(PERSON, &"x".repeat(2_000)).expect(2, &["at most 983 bytes"]);
    assert!(!scene.dir.path().join("keys").exists());
    let inside = scene.daybook.ledger().join("keys").display().to_string();
    let refused = scene.person("show", PERSON, &["--person-keys", &inside]);
    refused.expect(2, &["lie in each other", "keep them apart"]);
}
