//! Decisions about the quarantine, checkpoints and proofs through the door.

use super::scene::{Scene, sale};
use serde_json::json;

#[test]
fn an_operator_decides_about_an_entry_and_the_token_signs() {
    let scene = Scene::start(&[]);
    scene.of("contoso").post("/v1/events", &sale("contoso", "s-1", "5.00")).expect(200);
    let operator = scene.of("operator");
    assert_eq!(operator.get("/v1/quarantine?state=open").expect(200).json().as_array().map(Vec::len), Some(1));
    let body = json!({"reason": "sent by mistake"});
    scene.of("finance").post_json("/v1/quarantine/1/dismiss", &body).expect(403);
    operator.post_json("/v1/quarantine/1/dismiss", &json!({})).expect(400);
    operator.post_json("/v1/quarantine/1/dismiss", &body).expect(200);
    assert_eq!(operator.get("/v1/quarantine?state=open").expect(200).json(), json!([]));
    let shown = operator.get("/v1/quarantine/1").expect(200).body;
    assert!(shown.contains("operator") && shown.contains("sent by mistake"), "{shown}");
    let metrics = operator.get("/metrics").expect(200).body;
    let line = "daybook_quarantine_entries{reason=\"conflict\",state=\"dismissed\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
    scene.end();
}

#[test]
fn what_is_missing_of_a_source_is_told_to_it_and_to_no_other() {
    let scene = Scene::start(&[]);
    let own = scene.of("contoso").get("/v1/receipts?source=contoso").expect(200);
    assert!(!own.body.contains("fabrikam"), "{}", own.body);
    scene.of("contoso").get("/v1/receipts?source=fabrikam").expect(403);
    scene.end();
}

#[test]
fn a_checkpoint_is_signed_and_a_proof_to_it_verifies_without_the_ledger() {
    let scene = Scene::start(&[]);
    let (operator, auditor) = (scene.of("operator"), scene.of("auditor"));
    auditor.post_json("/v1/checkpoints", &json!({})).expect(403);
    operator.post_json("/v1/checkpoints", &json!({})).expect(200);
    let note = auditor.get("/v1/checkpoints/1").expect(200).body;
    assert!(note.lines().nth(1) == Some("13"), "{note}");
    let proof = auditor.get("/v1/proofs/inclusion?position=8").expect(200).body;
    let file = scene.dir.path().join("record.tlog-proof");
    std::fs::write(&file, proof).unwrap();
    let key = scene.daybook.ok(&["checkpoint", "--public-key"]);
    let verified = scene.daybook.run(&["verify", file.to_str().unwrap(), "--key", key.trim()]);
    assert_eq!(verified.code(), Some(0), "{} {}", verified.stderr, verified.stdout);
    let metrics = operator.get("/metrics").expect(200).body;
    assert!(metrics.contains("daybook_checkpoint_records 13\n"), "{metrics}");
    scene.end();
}
