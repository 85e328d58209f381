//! Who may adopt: the operators alone, under four eyes two of them; and what is in force while an act makes no book.

use super::adoption::{
    EVENTS, SIGNED, Scene, adopt, broken, event_id, expect_live, reversal, rule_book, stop, versions, wait_for_book,
};
use daybook_proto::encode_json;
use daybook_tests::history::THROUGH;
use daybook_tests::ledger_state::LedgerState;
use serde_json::json;
use std::fs;

#[test]
fn four_eyes_are_two_people() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let config = scene.dir.path().join("daybook.toml");
    fs::write(&config, "[rules]\nfour_eyes = true\n").unwrap();
    let config = config.display().to_string();
    let adopt = ["rules", "adopt", "--by", "Ann", "--reason", "published"];
    let by_variable = daybook.with("DAYBOOK_FOUR_EYES", "true");
    for (daybook, flags) in [(daybook, &["--four-eyes"][..]), (daybook, &["--config", &config]), (&by_variable, &[])] {
        daybook.run(&[&adopt, flags].concat()).expect(2, &["--approver"]);
        daybook.run(&[&adopt, flags, &["--approver", " ANN "]].concat()).expect(2, &["Ann", "somebody else"]);
        let blanks = ["--by", "Ann Lee", "--reason", "published", "--approver", "ann  lee"];
        daybook.run(&[["rules", "adopt"].as_slice(), flags, &blanks].concat()).expect(2, &["Ann Lee", "somebody else"]);
    }
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), EVENTS as u64);
    let done = daybook.json(&[&adopt, ["--config", &config, "--approver", " Bob "].as_slice()].concat());
    assert_eq!(
        (&done["outcome"], &done["adopted_by"], &done["approver"]),
        (&json!("adopted"), &json!("Ann"), &json!("Bob"))
    );
    assert_eq!(daybook.json(&["rules", "list"])[0]["approver"], "Bob");
}

#[test]
fn acts_of_the_operators_are_imported_only_where_somebody_says_that_they_are_theirs() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let file = scene.dir.path().join("from-elsewhere.ndjson");
    for envelope in [broken("by-hand-1"), reversal("undo-1", "adopt-1")] {
        fs::write(&file, encode_json(&envelope) + "\n").unwrap();
        let import = ["import", "--from", "ndjson", &file.display().to_string()];
        daybook.run(&import).expect(2, &["from-elsewhere.ndjson:1", "operators", "--operator-acts"]);
    }
    let state = LedgerState::read(daybook.ledger());
    assert_eq!((state.position.number(), state.counts.quarantined), (EVENTS as u64, 0));
}

#[test]
fn a_correction_by_hand_is_imported_only_with_who_approved_it() {
    let scene = Scene::new();
    let file = scene.dir.path().join("by-hand.ndjson");
    let import = ["import", "--operator-acts", "--from", "ndjson", &file.display().to_string()];
    let correction = |approver: &str| {
        format!(
            r#"{{"source":"ledger","event_id":"adj-1","partner_id":"P-BIRCH","effective_on":"2022-03-01","manual_adjustment":{{"month":"2022-01","rebate":"25.00","coop":"0.00","currency":"USD","reason":"agreed","approver":"{approver}"}}}}"#
        ) + "\n"
    };
    fs::write(&file, correction(" ")).unwrap();
    scene.daybook.run(&import).expect(2, &["by-hand.ndjson:1", "nobody approved"]);
    assert_eq!(LedgerState::read(scene.daybook.ledger()).position.number(), EVENTS as u64);
    fs::write(&file, correction("finance")).unwrap();
    scene.daybook.ok(&import);
    assert_eq!(LedgerState::read(scene.daybook.ledger()).position.number(), EVENTS as u64 + 1);
}

#[test]
fn a_service_that_needs_four_eyes_takes_no_adoption_of_one_and_names_those_that_stand() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let one = adopt(daybook, &[&versions(daybook)[0]]);
    assert_eq!(daybook.json(&["verify"])["findings"], json!([]));
    let verified = daybook.run(&["verify", "--four-eyes"]);
    verified.expect(1, &[]);
    assert!(verified.stdout.contains("ADOPTION"), "{}", verified.stdout);
    let (by_variable, event) = (daybook.with("DAYBOOK_FOUR_EYES", "true"), event_id(&one));
    assert!(by_variable.ok(&["rules", "list"]).contains("lacks the second of four eyes"));
    let mut serving = by_variable.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert!(serving.has_said("imports come through the socket", 1));
    assert!(serving.has_said("lacks the second of four eyes", 1), "{}", serving.log());
    // The client's own setting does not count: the service has the last word.
    let refused = [["rules", "adopt"].as_slice(), &SIGNED].concat();
    daybook.run(&refused).expect(2, &["four eyes are required by the configuration of serve", "nobody approved"]);
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), EVENTS as u64 + 1);
    daybook.ok(&[
        "rules",
        "adopt",
        "--reverse",
        &event,
        "--by",
        "Ann",
        "--approver",
        "Bob",
        "--reason",
        "one signature",
    ]);
    daybook.ok(&[&refused, ["--approver", "Bob"].as_slice()].concat());
    assert_eq!(by_variable.json(&["verify", "--ledger-only"])["findings"], json!([]));
    stop(serving);
}

#[test]
fn where_an_adoption_stands_that_makes_no_book_there_is_none_until_it_is_reversed() {
    let scene = Scene::new();
    let daybook = &scene.daybook;
    let whole = rule_book(daybook, &[]);
    scene.import(&broken("by-hand-1"));
    daybook
        .run(&["replay"])
        .expect(2, &["no rule book is in force", "ledger/by-hand-1", "rules adopt --reverse by-hand-1"]);
    assert!(daybook.ok(&["rules", "list"]).contains("by-hand-1"));
    assert_eq!(rule_book(daybook, &["--known-as-of", &EVENTS.to_string()]), whole);
    // A service goes on, under what was in force before: the cure comes in through it.
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    assert!(serving.has_said("the views keep the last one", 1), "{}", serving.log());
    assert!(serving.has_said("imports come through the socket", 1), "{}", serving.log());
    wait_for_book(daybook, &whole);
    daybook.ok(&["rules", "adopt", "--reverse", "by-hand-1", "--by", "Ann", "--reason", "no book"]);
    expect_live(daybook, &whole);
    stop(serving);
}
