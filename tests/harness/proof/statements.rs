//! The evidence of a statement: a month computed again from one file, by somebody who has no ledger and no rule files.

use super::{Scene, proven, report, sale};
use daybook_proof::EvidenceFile;
use serde_json::json;
use std::fs;

#[test]
fn a_third_party_computes_the_month_again_from_the_file_alone() {
    let scene = Scene::new();
    scene.close("2022-01");
    // A later record of another partner changes nothing about what was signed.
    scene.import(&[sale("s-9", "P-B", "2022-02-10")]);
    scene.close("2022-02");
    let key = scene.public_key();
    for (partner, month) in [("P-A", "2022-01"), ("P-B", "2022-02")] {
        let path = scene.name(&format!("{partner}.daybook-statement"));
        scene.daybook.ok(&[
            "statement",
            "--partner",
            partner,
            "--month",
            month,
            "--through",
            super::THROUGH,
            "--proof",
            &path,
        ]);
        let said = proven(scene.verify_file(&path, &["--key", &key]));
        let text = said["proven"].to_string();
        assert!(text.contains("computed again from these records, equal to what was pinned"), "{said}");
        assert!(text.contains("1 postings") && text.contains("payout"), "{said}");
        // The amounts stand in the report, in both forms, as the statement itself has them.
        let made = ["statement", "--partner", partner, "--month", month, "--through", super::THROUGH];
        let made = scene.daybook.json(&made);
        assert_ne!(made["payout"]["rebate"], "0.00", "{made}");
        for rows in ["postings", "payout", "conservation"] {
            assert_eq!(said["statement"][rows], made[rows], "{partner}: {rows}");
        }
        let table = scene.daybook.ok(&["verify", &path, "--key", &key]);
        for amount in [&made["postings"][0]["earned"], &made["payout"]["paid"], &made["conservation"]["billed"]] {
            assert!(table.contains(amount.as_str().unwrap()), "{amount}: {table}");
        }
        // Nobody else's records are in it.
        let file = EvidenceFile::parse(&fs::read(&path).unwrap()).unwrap();
        // As the envelope's field holds it.
        let other = if partner == "P-A" { "\x1a\x03P-B" } else { "\x1a\x03P-A" };
        assert!(file.frames.iter().all(|frame| !String::from_utf8_lossy(frame).contains(other)), "{partner}");
    }
    scene.daybook.run(&["prove", "--partner", "P-A", "--month", "2022-03"]).expect(2, &["2022-03 is not closed"]);
    let pinned = scene.prove(&["--partner", "P-A", "--month", "2022-01"], "pinned.tlog-proof");
    let said = proven(scene.verify_file(&pinned, &["--key", &key]));
    assert_eq!(said["record"]["pinned_statement"]["month"], "2022-01", "{said}");
}

#[test]
fn evidence_that_leaves_a_record_out_or_changes_one_is_found() {
    let scene = Scene::new();
    scene.close("2022-01");
    let (key, path) = (scene.public_key(), scene.name("a.daybook-statement"));
    scene.daybook.ok(&[
        "statement",
        "--partner",
        "P-A",
        "--month",
        "2022-01",
        "--through",
        super::THROUGH,
        "--proof",
        &path,
    ]);
    let text = fs::read_to_string(&path).unwrap();
    let records: Vec<&str> = text.lines().filter(|line| line.starts_with("record ")).collect();
    let changed = scene.name("changed.daybook-statement");
    let mut tried = 0;
    for record in &records {
        let other = records.iter().find(|other| *other != record).unwrap();
        for wrong in [text.replacen(&format!("{record}\n"), "", 1), text.replacen(*record, other, 1)] {
            fs::write(&changed, wrong).unwrap();
            let done = scene.verify_file(&changed, &["--key", &key]);
            assert_eq!((done.code(), &report(&done)["findings"][0]["code"]), (Some(1), &json!("PROOF")), "{record}");
            tried += 1;
        }
    }
    println!("{tried} changed files refused");
    assert!(tried >= 16, "{tried}");
    for (from, to, code) in [("partner P-A", "partner P-B", "RECORD"), ("month 2022-01", "month 2022-02", "CLOSING")] {
        fs::write(&changed, text.replacen(from, to, 1)).unwrap();
        let done = scene.verify_file(&changed, &["--key", &key]);
        assert_eq!((done.code(), &report(&done)["findings"][0]["code"]), (Some(1), &json!(code)), "{to}");
    }
}

#[test]
fn a_proof_of_fewer_records_is_whole_and_its_figures_differ() {
    let scene = Scene::new();
    scene.close("2022-01");
    let (key, path) = (scene.public_key(), scene.name("a.daybook-statement"));
    scene.daybook.ok(&[
        "statement",
        "--partner",
        "P-A",
        "--month",
        "2022-01",
        "--through",
        super::THROUGH,
        "--proof",
        &path,
    ]);
    // Somebody with the ledger leaves the sale out, and proves the rest.
    let mut file = EvidenceFile::parse(&fs::read(&path).unwrap()).unwrap();
    file.frames.retain(|frame| !String::from_utf8_lossy(frame).contains("G-s-1"));
    let reader =
        daybook_store::LedgerReader::open(scene.daybook.ledger(), &daybook_store::LedgerOptions::default()).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let position = |frame: &Vec<u8>| daybook_store::frame_record(frame).unwrap().position.number() - 1;
    let indices: Vec<u64> = file.frames.iter().map(position).collect();
    let size = file.note.text().lines().nth(1).unwrap().parse().unwrap();
    file.path = daybook_proof::multi_path(&snapshot.tree_nodes(), &indices, size).unwrap().unwrap();
    fs::write(&path, file.to_string()).unwrap();
    let done = scene.verify_file(&path, &["--key", &key]);
    let said = report(&done);
    assert_eq!((done.code(), &said["findings"][0]["code"]), (Some(1), &json!("FIGURES")), "{said}");
    assert!(said["findings"].to_string().contains("not computed"), "{said}");
}
