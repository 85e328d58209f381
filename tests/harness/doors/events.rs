//! Events through the door: one's own alone, all or none.

use super::scene::{PARTNER, Scene, sale};

#[test]
fn a_distributor_publishes_its_own_and_asks_what_became_of_it() {
    let scene = Scene::start(&[]);
    let contoso = scene.of("contoso");
    let two = format!("{}\n{}\n", sale("contoso", "n-1", "1.00"), sale("contoso", "n-2", "2.00"));
    let report = contoso.post("/v1/events", &two).expect(200).json();
    assert!(report.to_string().contains("appended"), "{report}");
    let receipt = contoso.get("/v1/receipts?source=contoso&event=n-2").expect(200).json();
    assert_eq!((receipt["state"].as_str(), receipt["position"].as_u64()), (Some("appended"), Some(15)), "{receipt}");
    // The same again is a duplicate; another content is quarantined.
    contoso.post("/v1/events", &two).expect(200);
    contoso.post("/v1/events", &sale("contoso", "n-1", "9.00")).expect(200);
    let head = contoso.get("/v1/head").expect(200).json();
    assert_eq!(head["position"], 15, "{head}");
    let quarantine = scene.of("operator").get("/v1/quarantine").expect(200).json();
    assert_eq!(quarantine.as_array().map(Vec::len), Some(1), "{quarantine}");
    assert_eq!(scene.daybook.json(&["verify"])["findings"], serde_json::json!([]));
    scene.end();
}

#[test]
fn events_of_others_and_lines_that_are_none_take_nothing_in() {
    let scene = Scene::start(&[]);
    let contoso = scene.of("contoso");
    let own = sale("contoso", "n-1", "1.00");
    for (body, status, says) in [
        (format!("{own}\n{}", sale("fabrikam", "n-1", "1.00")), 403, "fabrikam"),
        (format!("{own}\nnot json"), 400, "line 2"),
        (format!("{own}\n{}", own.replace("license_sale", "licence_sale")), 400, "line 2"),
        (own.replace("\"contoso\"", "\"ledger\""), 400, "reserved for operators"),
        (own.replace("n-1", "n 1"), 400, "line 1"),
        ("\n\n".to_owned(), 400, "no event"),
    ] {
        let answer = contoso.post("/v1/events", &body).expect(status);
        assert!(answer.body.contains(says), "{says}: {}", answer.body);
    }
    let adoption = r#"{"source":"contoso","event_id":"a","effective_on":"2022-01-01","rule_book_adopted":{}}"#;
    let answer = contoso.post("/v1/events", adoption);
    assert!(answer.status == 400 || answer.status == 200, "{}", answer.body);
    let head = contoso.get("/v1/head").expect(200).json();
    assert_eq!(head["position"], 13, "something was taken in: {head}");
    assert!(!scene.daybook.ok(&["views", "--partner", PARTNER, "--format", "json"]).contains("n-1"));
    scene.end();
}
