//! Proof files: verified with the public key and nothing else, by us and by other people's tools.

use super::{Scene, proven, report};
use daybook_proof::{InclusionFile, SignedNote, VerifierKey, inclusion_verify, leaf_hash};
use serde_json::json;
use std::fs;

#[test]
fn a_record_is_proven_by_its_file_and_the_public_key_alone() {
    let scene = Scene::new();
    scene
        .daybook
        .run(&["prove", "--event", "contoso/s-1"])
        .expect(2, &["no checkpoint covers record", "daybook checkpoint"]);
    let made = scene.checkpoint(&[]);
    assert_eq!((&made["number"], &made["outcome"], &made["quarantine"]), (&json!(1), &json!("signed"), &json!(1)));
    let key = scene.public_key();
    let file = scene.prove(&["--event", "contoso/s-1"], "s-1.tlog-proof");
    let said = proven(scene.verify_file(&file, &["--key", &key]));
    assert_eq!((&said["kind"], &said["record"]["event_id"]), (&json!("inclusion proof"), &json!("s-1")), "{said}");
    assert_eq!(said["size"], made["size"]);
    // The parts are those of any transparency log: text, key, tree.
    let read = InclusionFile::parse(&fs::read(&file).unwrap()).unwrap();
    let trusted = VerifierKey::parse(fs::read_to_string(&key).unwrap().trim()).unwrap();
    let note = SignedNote::parse(read.note.to_string().as_bytes()).unwrap();
    assert_eq!(note.verify(&[trusted]).unwrap().len(), 1);
    let mut lines = note.text().lines().skip(1);
    let size: u64 = lines.next().unwrap().parse().unwrap();
    let root = hex::decode(made["root"].as_str().unwrap()).unwrap().try_into().unwrap();
    inclusion_verify(&leaf_hash(&read.frame), read.index, size, &read.path, &root).unwrap();
    // The same by position; and nothing about what is not there.
    let position = (read.index + 1).to_string();
    let again = scene.prove(&["--position", &position], "again.tlog-proof");
    assert_eq!(fs::read(&again).unwrap(), fs::read(&file).unwrap());
    scene.daybook.run(&["prove", "--event", "contoso/none"]).expect(2, &["no record is of contoso/none"]);
    scene.daybook.run(&["prove", "--position", "0"]).expect(2, &["record 0"]);
    scene.daybook.run(&["prove", "--position", "999"]).expect(2, &["no checkpoint covers record 999"]);
    scene.daybook.run(&["prove"]).expect(2, &["say what to prove"]);
}

#[test]
fn a_proof_file_that_was_changed_or_is_another_ledgers_is_refused() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let key = scene.public_key();
    let file = scene.prove(&["--event", "contoso/s-1"], "s-1.tlog-proof");
    let text = fs::read_to_string(&file).unwrap();
    let changed = scene.name("changed.tlog-proof");
    let other_record = fs::read_to_string(scene.prove(&["--event", "contoso/s-2"], "s-2.tlog-proof")).unwrap();
    let line = |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let wrong = [
        text.replacen(&line(&text, "extra "), &line(&other_record, "extra "), 1),
        text.replacen(&line(&text, "index "), &line(&other_record, "index "), 1),
        text.replacen("quarantine 1", "quarantine 0", 1),
        text[..text.len() - 1].to_owned(),
        text.replacen("daybook/", "daybock/", 1),
        String::new(),
        "c2sp.org/tlog-proof@v1\n".to_owned(),
    ];
    for wrong in wrong {
        fs::write(&changed, &wrong).unwrap();
        let done = scene.verify_file(&changed, &["--key", &key]);
        assert_eq!(done.code(), Some(1), "{wrong}: {}", done.stderr);
        assert_eq!(report(&done)["findings"][0]["code"], "PROOF", "{wrong}");
    }
    let other = Scene::new();
    other.checkpoint(&[]);
    let done = scene.verify_file(&file, &["--key", &other.public_key()]);
    assert!(
        done.code() == Some(1) && done.stdout.contains("no signature is of a key that was given"),
        "{}",
        done.stdout
    );
    scene.verify_file(&file, &[]).expect(2, &["--key"]);
    // A file without the record names what is missing, and takes it beside it.
    let bare: String =
        text.lines().filter(|line| !line.starts_with("extra ")).map(|line| format!("{line}\n")).collect();
    fs::write(&changed, bare).unwrap();
    let done = scene.verify_file(&changed, &["--key", &key]);
    assert!(done.code() == Some(1) && done.stdout.contains("--record FILE"), "{}", done.stdout);
    let frame = InclusionFile::parse(text.as_bytes()).unwrap().frame;
    fs::write(scene.path("record"), frame).unwrap();
    scene.verify_file(&changed, &["--key", &key, "--record", &scene.name("record")]).ok();
}

#[test]
fn growth_is_proven_from_one_checkpoint_to_another() {
    let scene = Scene::new();
    scene.checkpoint(&["--origin", "example.org/incentives"]);
    assert_eq!(scene.checkpoint(&[])["outcome"], "unchanged: nothing came since the last one");
    scene.close("2022-01");
    let key = scene.public_key();
    assert!(fs::read_to_string(&key).unwrap().starts_with("example.org/incentives+"));
    let file = scene.prove(&["--from", "1", "--to", "2"], "1-2.tlog-consistency");
    let said = proven(scene.verify_file(&file, &["--key", &key]));
    assert!(said["from_size"].as_u64() < said["size"].as_u64(), "{said}");
    let note = proven(scene.verify_file(&scene.note(2, "2.note"), &["--key", &key]));
    assert!(note["proven"][1].as_str().unwrap().starts_with("2022-01 was closed by record"), "{note}");
    scene.daybook.run(&["prove", "--from", "2", "--to", "1"]).expect(2, &["the older one comes first"]);
    scene.daybook.run(&["prove", "--from", "1", "--to", "3"]).expect(2, &["there is no checkpoint 3"]);
    scene.daybook.run(&["checkpoint", "--origin", "elsewhere"]).expect(2, &["its name never changes"]);
}
