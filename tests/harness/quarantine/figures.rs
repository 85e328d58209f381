//! Every verb that prints figures says what they may miss, and none of it is in a digest.

use super::{SIGNED, Scene, sale};
use serde_json::{Value, json};

const THROUGH: [&str; 2] = ["--through", "2022-06-30"];

/// Every verb that prints figures of P-A as JSON.
fn figures() -> Vec<(&'static str, Vec<&'static str>)> {
    let verbs: [(&str, &[&str]); 6] = [
        ("views", &["views"]),
        ("replay", &["replay"]),
        ("compare", &["compare", "--candidate", "2022-10"]),
        ("compare --keep-closed", &["compare", "--candidate", "2022-10", "--keep-closed"]),
        ("explain", &["explain", "--partner", "P-A", "--month", "2022-01"]),
        ("statement", &["statement", "--partner", "P-A", "--month", "2022-01"]),
    ];
    verbs.into_iter().map(|(name, verb)| (name, [verb, &THROUGH].concat())).collect()
}

fn exported(scene: &Scene) -> Value {
    let text = scene.daybook.ok(&[["export", "--to", "json"].as_slice(), &THROUGH].concat());
    serde_json::from_str(&text).unwrap()
}

fn scene() -> Scene {
    let scene = Scene::new();
    let held = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-A","effective_on":"2022-01-03","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;
    scene.import(&[sale("s-1", "30000.00"), held.to_owned()]);
    scene.daybook.ok(&[["rules", "adopt"].as_slice(), &SIGNED].concat());
    scene
}

#[test]
fn an_open_entry_makes_its_partner_provisional_in_every_figure_until_it_is_resolved() {
    let scene = scene();
    let digest = |scene: &Scene| {
        scene.daybook.json(&["views", "--known-as-of", "3", "--through", "2022-06-30"])["views_digest"].clone()
    };
    let before = digest(&scene);
    let adopted = scene.daybook.json(&["verify"])["position"].as_u64().unwrap();
    assert_eq!(adopted, 3);
    scene.import(&[sale("s-2", "1,0"), "{".to_owned()]);
    let provisional = json!([{"partner_id": "P-A", "month": "2022-01", "why": "QUARANTINE"}]);
    let waiting = json!({"open": 2, "of_no_partner": 1, "provisional": provisional});
    let line = "1 entry of partner P-A: provisional, later months may follow from them; 1 entry names no partner";
    for (name, verb) in figures() {
        let printed = scene.daybook.json(&verb);
        assert_eq!(printed["quarantine"], waiting, "{name}: {printed}");
        let table = scene.daybook.ok(&verb);
        assert!(table.contains(line), "{name}: {table}");
    }
    let views = scene.daybook.json(&[["views"].as_slice(), &THROUGH].concat());
    assert_eq!(views["provisional"], provisional, "{views}");
    let statement = scene.daybook.json(&figures()[5].1);
    assert_eq!(statement["provisional"], json!(["QUARANTINE"]), "{statement}");
    let export = exported(&scene);
    assert_eq!((&export["quarantine"], &export["flags"]), (&waiting, &provisional));
    let journal = scene.daybook.ok(&[["export", "--to", "hledger"].as_slice(), &THROUGH].concat());
    assert!(journal.contains(line), "{journal}");
    assert_eq!(digest(&scene), before);
    let close = [["close", "--month", "2022-01"].as_slice(), &THROUGH, &SIGNED].concat();
    scene.daybook.run(&close).expect(1, &["2022-01 is not closed"]);

    scene.daybook.ok(&[["quarantine", "dismiss", "1", "2"].as_slice(), &SIGNED].concat());
    for (name, verb) in figures() {
        let printed = scene.daybook.json(&verb);
        assert_eq!(printed["quarantine"], Value::Null, "{name}: {printed}");
        assert!(!scene.daybook.ok(&verb).contains("names no partner"), "{name}");
    }
    assert_eq!(exported(&scene)["flags"], json!([]));
    assert_eq!(digest(&scene), before);
    scene.daybook.ok(&close);
}

#[test]
fn an_entry_of_another_partner_flags_only_that_one() {
    let scene = scene();
    scene.import(&[sale("s-2", "1,0").replace("P-A", "P-B")]);
    let of = |partner: &str| {
        let verb = [["views", "--partner", partner].as_slice(), &THROUGH].concat();
        scene.daybook.run(&verb)
    };
    assert!(!of("P-A").ok().contains("quarantine"));
    of("P-B").expect(2, &["partner P-B has no facts", "quarantine list"]);
    let all = scene.daybook.json(&[["views"].as_slice(), &THROUGH].concat());
    assert_eq!(all["provisional"][0]["partner_id"], "P-B", "{all}");
}
