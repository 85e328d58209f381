//! Witnesses: they sign what grew out of what they saw, and nothing else.

use super::{Scene, proven, sale};
use daybook_proof::SignedNote;
use daybook_tests::daybook::Daybook;
use serde_json::json;
use std::fs;

/// Witnesses a note; on success keeps the cosigned note in a file and gives its name.
fn witness(scene: &Scene, note: &str, more: &[&str]) -> Result<String, String> {
    let (key, seen, log) = (scene.name("w.key"), scene.name("seen"), scene.name("log.pub"));
    let arguments = ["witness", note, "--log-key", &log, "--key", &key, "--name", "example.org/w", "--old", &seen];
    let done = scene.daybook.run(&[arguments.as_slice(), more].concat());
    if done.code() != Some(0) {
        return Err(done.stderr);
    }
    let path = format!("{note}.cosigned");
    fs::write(&path, done.stdout).unwrap();
    Ok(path)
}

#[test]
fn a_witness_signs_growth_and_refuses_another_history() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    scene.import(&[sale("s-3", "P-A", "2022-01-20")]);
    scene.checkpoint(&[]);
    let (key, one, two) = (scene.public_key(), scene.note(1, "1.note"), scene.note(2, "2.note"));
    witness(&scene, &one, &[]).unwrap();
    assert!(witness(&scene, &two, &[]).unwrap_err().contains("give --proof"));
    let proof = scene.prove(&["--from", "1", "--to", "2"], "1-2.tlog-consistency");
    let cosigned = witness(&scene, &two, &["--proof", &proof]).unwrap();
    // The same again needs no proof; going back is refused.
    witness(&scene, &two, &[]).unwrap();
    assert!(witness(&scene, &one, &[]).unwrap_err().contains("give --proof"));
    assert!(witness(&scene, &one, &["--proof", &proof]).unwrap_err().contains("is not the proof"));
    // The ledger takes the signature, once, and verifies with it.
    let added = scene.checkpoint(&["--cosign", &cosigned]);
    assert_eq!((&added["number"], &added["outcome"]), (&json!(2), &json!("cosigned")), "{added}");
    assert!(scene.checkpoint(&["--cosign", &cosigned])["outcome"].as_str().unwrap().starts_with("unchanged"));
    let public = scene.daybook.ok(&["witness", "--public-key", "--key", &scene.name("w.key")]);
    let none: [&str; 0] = [];
    assert_eq!(scene.codes(&["--key", &key, "--witness", public.trim()]), none);
    assert_eq!(scene.codes(&["--key", &key, "--witness", public.trim(), "--witnesses-min", "2"]), ["WITNESSES"]);
    let said = proven(scene.verify_file(&cosigned, &["--key", &key, "--witness", public.trim()]));
    assert_eq!(said["kind"], "signed note");
    let bare = scene.verify_file(&two, &["--key", &key, "--witness", public.trim()]);
    assert!(bare.code() == Some(1) && bare.stdout.contains("WITNESSES"), "{}", bare.stdout);
    // A proof of a record carries the witness along.
    let record = scene.prove(&["--event", "contoso/s-3"], "s-3.tlog-proof");
    scene.verify_file(&record, &["--key", &key, "--witness", public.trim()]).ok();
}

#[test]
fn a_wrong_signature_is_not_taken_from_a_witness_that_is_named_and_spoils_nothing_for_good() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let (key, one) = (scene.public_key(), scene.note(1, "1.note"));
    let cosigned = witness(&scene, &one, &[]).unwrap();
    let public = scene.daybook.ok(&["witness", "--public-key", "--key", &scene.name("w.key")]);
    let mut note = SignedNote::parse(&fs::read(&cosigned).unwrap()).unwrap();
    let mut wrong = note.signatures().last().unwrap().clone();
    wrong.bytes[30] ^= 1;
    let mut bad = SignedNote::parse(&fs::read(&one).unwrap()).unwrap();
    bad.add(wrong.clone()).unwrap();
    let path = scene.name("bad.cosigned");
    fs::write(&path, bad.to_string()).unwrap();
    let named = ["checkpoint", "--cosign", &path, "--witness", public.trim()];
    scene.daybook.run(&named).expect(2, &["bad.cosigned"]);
    let none: [&str; 0] = [];
    assert_eq!(scene.codes(&["--key", &key, "--witness", public.trim()]), ["WITNESSES"]);
    // Taken blindly, it is no witness; the right signature beside it is one.
    scene.checkpoint(&["--cosign", &path]);
    assert_eq!(scene.codes(&["--key", &key, "--witness", public.trim()]), ["WITNESSES"]);
    note.add(wrong).unwrap();
    fs::write(&path, note.to_string()).unwrap();
    let added = scene.checkpoint(&["--cosign", &path, "--witness", public.trim()]);
    assert_eq!(added["outcome"], json!("cosigned"), "{added}");
    assert_eq!(scene.codes(&["--key", &key, "--witness", public.trim()]), none);
}

#[test]
fn two_histories_under_one_key_meet_at_the_witness() {
    let scene = Scene::new();
    scene.checkpoint(&[]);
    let copy = scene.path("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["ledger.redb", "signing.pub", "signing.key"] {
        fs::copy(scene.daybook.ledger().join(name), copy.join(name)).unwrap();
    }
    scene.import(&[sale("s-3", "P-A", "2022-01-20")]);
    scene.checkpoint(&[]);
    scene.public_key();
    witness(&scene, &scene.note(2, "2.note"), &[]).unwrap();
    // The same keeper shows another history of the same length, signed with the same key.
    let other = Daybook::on(&copy);
    let file = scene.name("other.ndjson");
    fs::write(&file, sale("s-4", "P-A", "2022-01-20") + "\n").unwrap();
    other.ok(&["import", "--from", "ndjson", &file]);
    other.ok(&["checkpoint", "--output", &scene.name("other.note")]);
    let refused = witness(&scene, &scene.name("other.note"), &[]).unwrap_err();
    assert!(refused.contains("NOT signed") && refused.contains("two histories"), "{refused}");
    // Each half is a whole ledger; only the notes together show it.
    assert_eq!(other.json(&["verify", "--ledger-only"])["findings"], json!([]));
}
