//! The chain of a ledger's checkpoints: kept, verified with the ledger, and held against one kept elsewhere.

use super::{Scene, sale};
use daybook_proof::{SignedNote, SignerKey};
use daybook_store::{Ledger, LedgerOptions};
use daybook_tests::daybook::Daybook;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const NONE: [&str; 0] = [];

#[test]
fn closing_signs_a_checkpoint_that_names_the_month_and_the_views() {
    let scene = Scene::new();
    let closed = scene.close("2022-01");
    assert_eq!(closed["checkpoint"], 1, "{closed}");
    let note = fs::read_to_string(scene.note(1, "1.note")).unwrap();
    let line = note.lines().find(|line| line.starts_with("closed ")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let position = closed["months"][0]["position"].to_string();
    assert_eq!(words[1..3], ["2022-01", &position]);
    assert_eq!(words[3], closed["months"][0]["statement_digest"].as_str().unwrap());
    assert!(words[4].len() == 64, "the digest of the view rows is missing: {line}");
    let again = scene.daybook.json(&["verify", "--month", "all"]);
    assert_eq!(again["findings"], json!([]), "{again}");
    assert!(again["checkpoints"].as_str().unwrap().contains("key taken from the ledger itself"), "{again}");
    assert_eq!(scene.close("2022-01")["outcome"], "duplicate");
    let listed = scene.checkpoint(&["--list"]);
    assert_eq!((listed[0]["closed"].clone(), listed.as_array().unwrap().len()), (json!(["2022-01"]), 1));
}

#[test]
fn a_ledger_is_held_against_a_checkpoint_kept_elsewhere_and_an_old_copy_is_found() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let copy = scene.path("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["ledger.redb", "signing.pub", "signing.key"] {
        fs::copy(scene.daybook.ledger().join(name), copy.join(name)).unwrap();
    }
    scene.import(&[sale("s-3", "P-A", "2022-01-20"), "not an event either".to_owned()]);
    scene.checkpoint(&[]);
    let (key, note) = (scene.public_key(), scene.note(2, "2.note"));
    assert_eq!(scene.codes(&["--key", &key, "--against", &note]), NONE);
    let old = Scene { daybook: Daybook::on(&copy), dir: scene.dir };
    // By itself the old copy is whole.
    assert_eq!(old.codes(&["--key", &key]), NONE);
    assert_eq!(old.codes(&["--key", &key, "--against", &note]), ["AGAINST"]);
    // Another history of the same length.
    old.import(&[sale("s-4", "P-A", "2022-01-20"), "not an event either".to_owned()]);
    let codes = old.codes(&["--key", &key, "--against", &note]);
    assert_eq!(codes, ["AGAINST", "AGAINST"], "the records and the quarantine differ");
    // A checkpoint of another ledger, under another key.
    let other = Scene::new();
    other.checkpoint(&[]);
    assert_eq!(old.codes(&["--key", &other.public_key()]), ["CHECKPOINT_SIGNATURE"]);
    assert_eq!(old.codes(&["--key", &key, "--against", &other.note(1, "other.note")]), ["AGAINST"]);
}

/// Adds the last checkpoint again, signed by this key alone.
fn add_signed_by(scene: &Scene, secret: &str) {
    let key = SignerKey::parse(secret.trim()).unwrap();
    let mut ledger = Ledger::create_or_open(scene.daybook.ledger(), None, &LedgerOptions::default()).unwrap();
    let kept = ledger.reader().snapshot().unwrap().checkpoint_last().unwrap().unwrap();
    let last = SignedNote::parse(kept.note.as_bytes()).unwrap();
    let mut note = SignedNote::unsigned(last.text().to_owned()).unwrap();
    note.sign(&key).unwrap();
    ledger.checkpoint_add(&note.to_string(), 1).unwrap();
    ledger.close().unwrap();
}

#[test]
fn a_key_gives_way_to_the_next_under_both_signatures() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let first = fs::read_to_string(scene.public_key()).unwrap();
    let old_key = fs::read(scene.daybook.ledger().join("signing.key")).unwrap();
    let rotated = scene.checkpoint(&["--rotate"]);
    assert_eq!((&rotated["number"], rotated["signed_by"].as_array().unwrap().len()), (&json!(2), 2), "{rotated}");
    let second = fs::read_to_string(scene.public_key()).unwrap();
    assert_ne!(first, second);
    scene.import(&[sale("s-3", "P-A", "2022-01-20")]);
    assert_eq!(scene.checkpoint(&[])["signed_by"].as_array().unwrap().len(), 1);
    // Who trusts the first key follows to the second; who knows the second alone checks what it signed.
    assert_eq!(scene.codes(&["--key", first.trim()]), NONE);
    assert_eq!(scene.codes(&["--key", second.trim()]), NONE);
    // The old key signs no more; a checkpoint of it that somebody added by other means is found.
    let path = scene.daybook.ledger().join("signing.key");
    let new_key = fs::read(&path).unwrap();
    fs::write(&path, &old_key).unwrap();
    scene.import(&[sale("s-4", "P-A", "2022-01-21")]);
    scene.daybook.run(&["checkpoint"]).expect(2, &["signs no more", "--key FILE"]);
    add_signed_by(&scene, &String::from_utf8(old_key).unwrap());
    assert_eq!(scene.codes(&["--key", first.trim()]), ["CHECKPOINT_SIGNATURE"]);
    // A lost key is drawn anew only when that is asked for.
    fs::remove_file(&path).unwrap();
    scene.import(&[sale("s-5", "P-A", "2022-01-22")]);
    scene.daybook.run(&["checkpoint"]).expect(2, &["its signing key is not there", "--rotate"]);
    fs::write(&path, new_key).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    scene.daybook.run(&["checkpoint"]).expect(2, &["others than its owner may use it", "chmod 600"]);
    // The month is closed all the same, and it is said that nothing was signed.
    let closing = ["close", "--month", "2022-01", "--through", super::THROUGH, "--by", "Ann", "--reason", "month end"];
    scene.daybook.run(&closing).expect(2, &["closed, but no checkpoint was signed", "daybook checkpoint"]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(scene.checkpoint(&[])["closed"], json!(["2022-01"]));
}
