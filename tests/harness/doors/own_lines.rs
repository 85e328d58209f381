//! Two distributors of one partner: each sees its own lines, and sums only where its token says so.

use super::scene::{MONTH, PARTNER, Scene};

#[test]
fn nothing_of_another_distributor_appears_in_any_answer() {
    let scene = Scene::start(&[]);
    let paths = [
        format!("/v1/lines?partner={PARTNER}&month={MONTH}"),
        format!("/v1/lines?partner={PARTNER}&month={MONTH}&through=2022-12-31"),
        format!("/v1/lines?partner={PARTNER}&month=2021-12"),
        "/v1/lines?partner=P-NOBODY&month=2022-01".to_owned(),
        "/v1/receipts?source=contoso&event=s-1".to_owned(),
        "/v1/receipts?source=contoso&event=nothing".to_owned(),
        "/v1/receipts?source=fabrikam&event=s-1".to_owned(),
        format!("/v1/explain?partner={PARTNER}&month={MONTH}"),
        "/v1/views".to_owned(),
        "/v1/records/14".to_owned(),
        "/v1/head".to_owned(),
    ];
    // The other's name is in a question of this client's own, and comes back in no other answer.
    for path in &paths {
        let answer = scene.of("contoso").get(path);
        let shown = answer.body.replace("the source fabrikam is not one of this token's", "");
        for secret in ["fabrikam", "CUST-f", "SUB-f", "INV-f", "77777", "Plan of f", "263333"] {
            assert!(!shown.contains(secret), "{path}: {secret}: {shown}");
        }
    }
    let own = scene.of("contoso").get(&paths[1]).expect(200).json();
    let lines = own["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 3, "{own}");
    assert!(lines.iter().all(|line| line["event"].as_str().unwrap().starts_with("contoso/")), "{own}");
    assert!(lines.iter().any(|line| line["contribution"]["amount"].is_string()), "{own}");
    assert!(own["partner_totals"].is_null(), "{own}");
    scene.of("contoso").get("/v1/receipts?source=fabrikam&event=s-1").expect(403);
    // Its token says that it sees sums; the lines are still its own alone.
    let with_totals = scene.of("fabrikam").get(&paths[1]).expect(200).json();
    assert_eq!(with_totals["partner_totals"]["conservation"]["billed"], "263333.31", "{with_totals}");
    let text = with_totals.to_string();
    assert!(!text.contains("contoso") && !text.contains("CUST-c"), "{text}");
    scene.end();
}

#[test]
fn what_there_is_not_and_what_is_not_ones_own_answer_alike() {
    let scene = Scene::start(&[]);
    let ask = |partner: &str, month: &str| {
        scene.of("contoso").get(&format!("/v1/lines?partner={partner}&month={month}")).expect(404).body
    };
    assert_eq!(ask(PARTNER, "2021-12"), ask("P-NOBODY", MONTH));
    scene.of("contoso").get(&format!("/v1/lines?partner={PARTNER}&month=January")).expect(400);
    scene.end();
}
