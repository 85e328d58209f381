//! Deciding about the quarantine of a ledger of files.

use super::{SIGNED, Scene, sale};
use serde_json::json;

#[test]
fn a_dismissed_entry_waits_no_more_and_keeps_who_decided() {
    let scene = Scene::new();
    scene.import(&[sale("s-1", "10.00"), sale("s-2", "1,0"), sale("s-1", "11.00")]);
    assert_eq!(scene.states(), ["open", "open"]);
    let planned = scene.decide(&["dismiss", "--all", "--dry-run"]);
    assert_eq!((&planned["outcome"], planned["entries"].as_array().map(Vec::len)), (&json!("dry_run"), Some(2)));
    assert_eq!(scene.states(), ["open", "open"], "a dry run records nothing");

    let decided = scene.decide(&["dismiss", "--all", "--reason-code", "conflict"]);
    assert_eq!(
        decided["entries"],
        json!([{
            "entry": 2, "reason": "conflict", "expected": "no figure waits for it any more",
            "event": decided["entries"][0]["event"], "state": "dismissed by record 2",
        }])
    );
    assert_eq!(scene.states(), ["open", "dismissed by record 2"]);
    let shown = scene.daybook.json(&["quarantine", "show", "2"]);
    assert_eq!(shown["decision"]["decided_by"], "Ann", "{shown}");
    assert_eq!(shown["decision"]["reason"], "looked at it");
    assert_eq!(shown["became"], json!({"dismissed": {"decision": 2}}));

    let listed = |state: &str| scene.daybook.json(&["quarantine", "list", "--state", state]).as_array().unwrap().len();
    assert_eq!((listed("open"), listed("dismissed"), listed("retried"), listed("all")), (1, 1, 0, 2));
    assert_eq!(scene.daybook.json(&["verify"])["findings"], json!([]));
}

#[test]
fn what_a_decision_cannot_do_is_said_before_anything_is_recorded() {
    let scene = Scene::new();
    scene.import(&[sale("s-1", "10.00"), sale("s-2", "1,0"), sale("s-1", "11.00")]);
    let run = |arguments: &[&str]| scene.daybook.run(&[["quarantine"].as_slice(), arguments, &SIGNED].concat());
    run(&["retry", "9"]).expect(2, &["there is no quarantine entry 9", "quarantine list"]);
    run(&["retry", "0"]).expect(2, &["there is no quarantine entry 0"]);
    run(&["retry", "1"]).expect(2, &["entry 1", "still faulty", "publish the event corrected"]);
    run(&["retry", "2"]).expect(2, &["entry 2", "contoso/s-1 stands with other content, as record 1"]);
    run(&["dismiss", "1", "--source", "northwind"]).expect(2, &["entry 1", "source asked for"]);
    run(&["dismiss", "1", "9"]).expect(2, &["there is no quarantine entry 9"]);
    run(&["dismiss", "1", "--four-eyes"]).expect(2, &["four eyes are required", "--approver"]);
    run(&["dismiss"]).expect(2, &["ENTRY"]);
    assert_eq!(scene.states(), ["open", "open"]);
    assert_eq!(scene.daybook.json(&["verify"])["position"], 1, "nothing was recorded");

    scene.decide(&["dismiss", "1", "--four-eyes", "--approver", "Bea"]);
    run(&["dismiss", "1"]).expect(2, &["resolved already: dismissed by record 2"]);
    let none = scene.decide(&["retry", "--all"]);
    assert_eq!(none["outcome"], "nothing_to_decide", "{none}");
}

#[test]
fn publishing_the_event_corrected_resolves_its_entry() {
    let scene = Scene::new();
    scene.import(&[sale("s-1", "1,0")]);
    scene.import(&[sale("s-1", "1.0")]);
    assert_eq!(scene.states(), ["corrected by record 1"]);
    let receipt = scene.daybook.json(&["receipt", "--source", "contoso", "--event", "s-1"]);
    assert_eq!(receipt["state"], "appended", "{receipt}");
    assert_eq!(receipt["quarantine"][0]["state"], json!({"corrected": {"position": 1}}));
    let dismissed = scene.daybook.run(&[["quarantine", "dismiss", "1"].as_slice(), &SIGNED].concat());
    dismissed.expect(2, &["resolved already: corrected by record 1"]);
}

#[test]
fn a_file_imported_again_makes_no_second_entry() {
    let scene = Scene::new();
    let lines = [sale("s-1", "10.00"), sale("s-2", "1,0"), sale("s-1", "11.00"), "{".to_owned()];
    let first = scene.import(&lines);
    assert_eq!(
        (&first["quarantined"]["conflict"]["lines"], &first["quarantined"]["invalid"]["lines"]),
        (&json!(1), &json!(2))
    );
    scene.decide(&["dismiss", "2"]);
    let again = scene.import(&lines);
    assert_eq!(again["quarantined"], json!({}), "{again}");
    assert_eq!(again["quarantined_before"]["conflict"]["lines"], 1);
    assert_eq!(again["quarantined_before"]["invalid"]["lines"], 2);
    assert_eq!((&again["read"]["lines"], &again["duplicate"]["lines"]), (&json!(4), &json!(1)));
    assert_eq!(scene.states().len(), 3);
    // One letter more is another line.
    scene.import(&["{ ".to_owned() + "}", "{".to_owned()]);
    assert_eq!(scene.states().len(), 4);
}

#[test]
fn a_running_serve_takes_decisions_and_asks_for_two_people() {
    let scene = Scene::new();
    scene.import(&[sale("s-1", "10.00"), sale("s-2", "1,0"), "{".to_owned()]);
    let mut serving = scene.daybook.start(&["serve", "--listen", "127.0.0.1:0", "--four-eyes"]);
    serving.address();
    let alone = scene.daybook.run(&[["quarantine", "dismiss", "1"].as_slice(), &SIGNED].concat());
    alone.expect(2, &["four eyes are required by the configuration of serve"]);
    assert_eq!(scene.states(), ["open", "open"]);
    scene.decide(&["dismiss", "1", "2", "--approver", "Bea"]);
    assert_eq!(scene.states(), ["dismissed by record 2", "dismissed by record 3"]);
    serving.terminate();
    serving.wait().ok();
}
