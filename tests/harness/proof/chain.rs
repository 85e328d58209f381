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
    assert_ne!(rotated["signed_by"][0], rotated["signed_by"][1], "the two keys are told apart");
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

#[test]
fn a_backup_is_held_against_keys_and_a_checkpoint_kept_elsewhere() {
    let (scene, other) = (Scene::new(), Scene::new());
    scene.checkpoint(&[]);
    let first = fs::read_to_string(scene.public_key()).unwrap();
    let backup = scene.name("backup");
    scene.daybook.ok(&["backup", &backup]);
    scene.checkpoint(&["--rotate"]);
    scene.import(&[sale("s-3", "P-A", "2022-01-20"), "not an event either".to_owned()]);
    scene.checkpoint(&[]);
    let (old, new) = (Scene { daybook: Daybook::on(&scene.path("backup")), dir: scene.dir }, scene.daybook);
    let scene = Scene { daybook: new, dir: tempfile::tempdir().unwrap() };
    let (key, note) = (scene.public_key(), scene.note(3, "3.note"));
    // Before the run that takes what is new, the backup is whole, but of another key and too old.
    assert_eq!(old.backup_codes(&["--key", first.trim()]), NONE);
    assert_eq!(old.backup_codes(&["--key", &key]), ["CHECKPOINT_SIGNATURE"]);
    assert_eq!(old.backup_codes(&["--key", first.trim(), "--against", &scene.note(1, "1.note")]), NONE);
    assert_eq!(old.backup_codes(&["--key", &key, "--against", &note]), ["CHECKPOINT_SIGNATURE", "AGAINST"]);
    scene.daybook.ok(&["backup", &backup]);
    assert_eq!(old.backup_codes(&["--key", &key, "--against", &note]), NONE);
    assert_eq!(old.backup_codes(&["--key", first.trim()]), NONE, "the first key leads to the second");
    assert_eq!(old.backup_codes(&[]), NONE);
    // Another ledger's key, note, and witness.
    other.import(&[sale("s-9", "P-A", "2022-01-20")]);
    other.checkpoint(&[]);
    let (other_key, other_note) = (other.public_key(), other.note(1, "other.note"));
    assert_eq!(old.backup_codes(&["--key", &other_key]), ["CHECKPOINT_SIGNATURE"]);
    assert_eq!(old.backup_codes(&["--against", &other_note]), ["AGAINST"]);
    assert_eq!(old.backup_codes(&["--witness", &other_key]), ["WITNESSES"]);
    let both = ["--key", &key, "--key", &other_key, "--against", &other_note];
    assert!(old.backup_codes(&both).contains(&"AGAINST".to_owned()), "another ledger's note passed");
    for flags in [["--month", "all"].as_slice(), &["--complete"]] {
        old.daybook.run(&[["verify"].as_slice(), flags].concat()).expect(2, &[flags[0], "restore it beside"]);
    }
}

#[test]
fn a_key_of_the_same_name_that_signed_nothing_here_does_not_go_on_unseen() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let first = fs::read_to_string(scene.public_key()).unwrap();
    // The key of a copy that was rotated lands in the ledger that was not.
    let copy = scene.path("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["ledger.redb", "signing.pub", "signing.key"] {
        fs::copy(scene.daybook.ledger().join(name), copy.join(name)).unwrap();
    }
    Daybook::on(&copy).ok(&["checkpoint", "--rotate"]);
    fs::copy(copy.join("signing.key"), scene.daybook.ledger().join("signing.key")).unwrap();
    scene.import(&[sale("s-3", "P-A", "2022-01-20")]);
    scene.daybook.run(&["checkpoint"]).expect(2, &["did not sign the last checkpoint", "--key FILE", "--rotate"]);
    assert_eq!(scene.codes(&["--key", first.trim()]), NONE);
    // Whoever asks for it goes on with that key, and the checkpoint names it.
    scene.checkpoint(&["--rotate"]);
    let note = fs::read_to_string(scene.note(2, "2.note")).unwrap();
    assert!(note.lines().any(|line| line.starts_with("key ")), "{note}");
    scene.import(&[sale("s-4", "P-A", "2022-01-21")]);
    scene.checkpoint(&[]);
    let second = fs::read_to_string(scene.public_key()).unwrap();
    assert_eq!(scene.codes(&["--key", second.trim()]), NONE);
    assert_eq!(scene.codes(&["--key", first.trim()])[0], "CHECKPOINT_SIGNATURE");
}

#[test]
fn the_public_key_given_out_is_the_one_that_signs() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let first = fs::read_to_string(scene.public_key()).unwrap();
    // What a rotation leaves that was cut off before its checkpoint: a key that never signed, published last.
    let stray = Scene::new();
    stray.checkpoint(&[]);
    let dead = fs::read_to_string(stray.public_key()).unwrap();
    fs::write(scene.daybook.ledger().join("signing.pub"), format!("{first}{dead}")).unwrap();
    assert_eq!(fs::read_to_string(scene.public_key()).unwrap(), first);
    scene.checkpoint(&["--rotate"]);
    let second = fs::read_to_string(scene.public_key()).unwrap();
    assert!(second != first && second != dead, "{second}");
    fs::write(scene.daybook.ledger().join("signing.pub"), format!("{first}{second}{dead}")).unwrap();
    assert_eq!(fs::read_to_string(scene.public_key()).unwrap(), second);
}
