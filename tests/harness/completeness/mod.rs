//! What is missing of a source is named: by its own count, by its manifests, and by what the broker lost.

use daybook_intake::nats::Outgoing;
use daybook_proto::decode_json;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use serde_json::{Value, json};

const ON: &str = "2022-01-10";

fn sale(source: &str, number: u64, amount: &str) -> String {
    format!(
        r#"{{"source":"{source}","event_id":"s-{number}","partner_id":"P-A","effective_on":"{ON}","source_seq":"{number}","license_sale":{{"customer_id":"C-1","product_name":"Azure plan","product_family":"Azure","segment":"commercial","quantity":1,"amount":"{amount}","currency":"USD","charge_type":"new"}}}}"#
    )
}

fn manifest(source: &str, count: u64, sum: &str) -> String {
    format!(
        r#"{{"source":"{source}","event_id":"m-{count}","effective_on":"{ON}","manifest":{{"count":"{count}","sums":[{{"currency":"USD","amount":"{sum}"}}]}}}}"#
    )
}

fn imported(lines: &[String]) -> (tempfile::TempDir, Daybook) {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = dir.path().join("events.ndjson");
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    daybook.ok(&["import", "--from", "ndjson", &file.display().to_string()]);
    (dir, daybook)
}

fn findings(receipt: &Value) -> Vec<String> {
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let row =
        |finding: &Value| format!("{} {}: {}", text(finding, "code"), text(finding, "place"), text(finding, "what"));
    receipt["findings"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn what_the_broker_acknowledged_and_lost_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let lines: Vec<String> = (1..=10).map(|number| sale("contoso", number, "10.00")).collect();
    let events = lines
        .iter()
        .chain([&manifest("contoso", 10, "100.00")])
        .map(|line| decode_json(line).unwrap())
        .collect::<Vec<_>>();
    broker.publish(events.iter().map(Outgoing::event));
    for sequence in [4, 5] {
        broker.with_stream(async |stream| stream.delete_message(sequence).await).expect("a message can be deleted");
    }
    let url = broker.url();
    daybook.ok(&["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0"]);
    let receipt = daybook.json(&["receipt", "--source", "contoso"]);
    assert_eq!(
        findings(&receipt),
        [
            "MANIFEST_DIFFERS 2022-01-10: m-10 (record 9): events: said 10, the ledger has 8; USD: said 100.00, the ledger has \
             80.00",
            "SOURCE_SEQ_MISSING 4 to 5: 2 not seen",
        ]
    );
    let lost = &receipt["lost_by_broker"];
    assert_eq!((&lost[0]["from"], &lost[0]["to"], lost.as_array().map(Vec::len)), (&json!(4), &json!(5), Some(1)));
    daybook.run(&["receipt", "--complete"]).expect(1, &["something is missing"]);
    // The distributor sends them again: everything is there, and only the broker's own loss stays on record.
    broker.publish(events[3..5].iter().map(|event| Outgoing { message_id: None, ..Outgoing::event(event) }));
    daybook.ok(&["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0"]);
    assert_eq!(findings(&daybook.json(&["receipt", "--source", "contoso"])), [""; 0]);
    daybook.ok(&["verify", "--complete"]);
}

#[test]
fn a_number_in_quarantine_is_named_with_its_entry() {
    let lines = [
        sale("contoso", 1, "10.00"),
        sale("contoso", 2, "1,0"),
        sale("contoso", 4, "10.00"),
        manifest("contoso", 3, "30.00"),
        sale("northwind", 1, "5.00"),
    ];
    let (_dir, daybook) = imported(&lines);
    let receipt = daybook.json(&["receipt"]);
    assert_eq!(
        findings(&receipt),
        [
            "MANIFEST_DIFFERS 2022-01-10: m-3 (record 3): events: said 3, the ledger has 2; USD: said 30.00, the ledger has \
             20.00; 1 of that date in quarantine",
            "SOURCE_SEQ_MISSING 2: in quarantine as entry 1",
            "SOURCE_SEQ_MISSING 3: 1 not seen",
        ]
    );
    assert_eq!((&receipt["complete"], &receipt["findings"][1]["entries"]), (&json!(false), &json!([1])));
    let sources = receipt["sources"].as_array().unwrap();
    assert_eq!(
        sources[0],
        json!({"source": "contoso", "events": 3, "numbered": 2, "first_source_seq": 1, "last_source_seq": 4, "missing": 2,
               "holes": 1, "twice": 0, "manifests": 1, "manifests_differing": 1, "last_position": 3,
               "quarantine": {"open": 1, "retried": 0, "dismissed": 0, "corrected": 0}})
    );
    assert_eq!((&sources[1]["source"], &sources[1]["missing"]), (&json!("northwind"), &json!(0)));
    let csv = daybook.ok(&["receipt", "--source", "contoso", "--format", "csv"]);
    assert!(csv.starts_with("source,code,place,what,entries\n"), "{csv}");
    assert_eq!(csv.lines().count(), 4, "{csv}");
}

#[test]
fn a_source_of_which_nothing_but_faulty_messages_came_is_listed() {
    let (_dir, daybook) =
        imported(&[sale("northwind", 1, "5.00"), sale("contoso", 1, "1,0"), sale("contoso", 2, "1,0")]);
    let receipt = daybook.json(&["receipt", "--source", "contoso"]);
    let sources = receipt["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 1, "{receipt}");
    let numbers = ["source", "events", "first_source_seq"].map(|name| sources[0][name].clone());
    assert_eq!(numbers, [json!("contoso"), json!(0), json!(null)], "{receipt}");
    assert_eq!(sources[0]["quarantine"]["open"], 2, "{receipt}");
    let all = daybook.json(&["receipt"]);
    let names: Vec<&Value> = all["sources"].as_array().unwrap().iter().map(|line| &line["source"]).collect();
    assert_eq!(names, ["contoso", "northwind"], "{all}");
    daybook.run(&["receipt", "--source", "fabrikam"]).expect(2, &["no entry of its quarantine names it"]);
}

#[test]
fn what_is_missing_is_no_damage_unless_somebody_asks_for_it() {
    let (_dir, daybook) = imported(&[sale("contoso", 1, "10.00"), sale("contoso", 3, "10.00")]);
    let verified = daybook.json(&["verify"]);
    assert_eq!((&verified["findings"], &verified["missing"][0]["place"]), (&json!([]), &json!("2")), "{verified}");
    daybook.run(&["verify", "--complete"]).expect(1, &["nothing damaged, and 1 things missing"]);
    daybook.run(&["receipt", "--source", "fabrikam"]).expect(2, &["no record of the source fabrikam"]);
    daybook.run(&["receipt", "--event", "s-1"]).expect(2, &["--source"]);
}
