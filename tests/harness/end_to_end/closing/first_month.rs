//! Where closing begins, and what stood before it.

use super::{Scene, close, rows_of, sale, standing};
use serde_json::{Value, json};

/// A lot whose period ended before the first record.
const LOT: &str = r#"{"source":"contoso","event_id":"o-1","partner_id":"P-A","effective_on":"2022-01-05","opening":{"lot":{"period":"FY22H1","accrued":"5000.00","state":"open","consumed":"0.00"}}}"#;

fn scene(adopted: &[&str]) -> Scene {
    let scene = Scene::empty();
    scene.import(&[standing("P-A"), vec![LOT.to_owned()]].concat());
    scene.adopt(adopted);
    scene
}

/// The partner's lots and payouts, without what passes with time alone.
fn money(views: &Value) -> Value {
    json!([rows_of(views, "lots", "P-A"), rows_of(views, "payouts", "P-A")])
}

#[test]
fn what_the_conversion_of_a_lot_from_before_the_ledger_pays_is_pinned_with_the_last_month_of_its_period() {
    let scene = scene(&[]);
    let before = money(&scene.views(&[]));
    assert_eq!(before[1][0]["month"], "2021-12", "{before}");
    assert_eq!((&before[1][0]["converted"], &before[1][0]["paid"]), (&json!("5000.00"), &json!("5000.00")));
    scene.daybook.run(&close("2022-01")).expect(2, &["2021-12 is open", "--with-earlier"]);
    scene.daybook.run(&close("2021-11")).expect(2, &["first month that any partner has anything in", "2021-12"]);
    let closed = scene.close("2022-01", &["--with-earlier"]);
    let months: Vec<_> =
        closed["months"].as_array().unwrap().iter().map(|line| (&line["month"], &line["statements"])).collect();
    assert_eq!(months, [(&json!("2021-12"), &json!(1)), (&json!("2022-01"), &json!(0))]);
    assert_eq!(money(&scene.views(&[])), before);
    let statement = scene.statement("P-A", "2021-12");
    assert_eq!((&statement["lot"]["state"], &statement["payout"]["paid"]), (&json!("converted"), &json!("5000.00")));
    scene.expect_whole();
}

#[test]
fn what_became_of_a_lot_from_before_the_ledger_is_not_decided_again_under_other_terms() {
    let scene = scene(&["2020-01", "2020-10"]);
    scene.close("2022-01", &["--with-earlier"]);
    let state = |views: &Value| rows_of(views, "lots", "P-A")[0]["state"].clone();
    let before = scene.views(&[]);
    assert_eq!(state(&before), "usable", "4000.00 were enough then: {before}");
    scene.adopt(&[]);
    let open = scene.views(&["--book", "2025-07"]);
    assert_eq!(state(&open), "converted", "10000.00 are needed now: {open}");
    let kept = scene.views(&[]);
    assert_eq!(money(&kept), money(&before), "{kept}");
    assert_eq!(kept["true_ups"], json!([]));
    // Nor is it explained by a threshold that decided nothing; the coordinates that it names show the one that did.
    let lot = ["explain", "--partner", "P-A", "--lot", "FY22H1"];
    let explained = scene.daybook.json(&lot);
    let summary = explained["summary"].as_str().unwrap();
    assert!(summary.contains("ledger/closed-2021-12") && summary.contains("usable"), "{summary}");
    assert_eq!((&explained["rules"], &explained["missing"]), (&json!([]), &json!("0.00")), "{explained}");
    let (_, then) = summary.split_once("--known-as-of ").unwrap();
    let (position, through) = then.split_once(" --through ").unwrap();
    let through = through.split_once(' ').unwrap().0;
    let then = scene.daybook.json(&[&lot[..], &["--known-as-of", position, "--through", through]].concat());
    assert!(then["summary"].as_str().unwrap().contains("at least the 4000.00 that make it usable"), "{then}");
    scene.expect_whole();
}

#[test]
fn a_month_before_the_first_closed_one_is_never_closed() {
    let scene = Scene::new();
    scene.close("2022-01", &[]);
    scene.import(&[sale("late-1", "P-A", "2021-12-20", "100.00", "USD")]);
    let refused = scene.daybook.run(&close("2021-12"));
    refused.expect(2, &["2021-12 is before the first closed month, 2022-01", "true-ups"]);
    assert_eq!(scene.close("2022-01", &[])["outcome"], "duplicate");
}
