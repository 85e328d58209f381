//! `daybook explain`, with closed months and without.

use super::{Scene, THROUGH, sale};
use serde_json::Value;

const CLAIM: &str = r#"{"source":"contoso","event_id":"cl-1","partner_id":"P-A","effective_on":"2022-02-20","coop_claim":{"claim_id":"CL-1","state":"submitted","activity":"tradeshows","activity_start":"2022-02-01","activity_end":"2022-02-03","amount":"100.00","currency":"USD","evidence":""}}"#;

fn explain(scene: &Scene, figure: &[&str]) -> Value {
    let arguments = ["explain", "--partner", "P-A", "--through", THROUGH];
    scene.daybook.json(&[arguments.as_slice(), figure].concat())
}

#[test]
fn a_closed_month_shows_what_was_pinned_and_what_was_booked_for_it_later() {
    let scene = Scene::new();
    scene.close("2022-01", &[]);
    scene.import(&[sale("s-late", "P-A", "2022-01-20", "1000.00", "USD")]);
    // 4 % of 30,000.00 is 1,200.00, of which 720.00 is rebate; of the late 1,000.00 it is 40.00 and 24.00.
    let month = explain(&scene, &["--month", "2022-01"]);
    let closed = &month["closed"];
    assert_eq!((&closed["event"], &closed["pinned"][0]["rebate"]), (&"ledger/closed-2022-01".into(), &"720.00".into()));
    let steps = ["rebate: pinned 720.00 + true-ups 24.00 = 744.00", "co-op: pinned 480.00 + true-ups 16.00 = 496.00"];
    for (step, expected) in closed["arithmetic"].as_array().unwrap().iter().zip(steps) {
        assert_eq!(step.as_str().unwrap(), format!("{expected}, as the records give it now"));
    }
    assert_eq!(month["postings"][0]["rebate"], "744.00", "the records as they are now: {month}");
    let booked = &closed["true_ups"][0];
    assert_eq!((&booked["month"], &booked["cause"]), (&"2022-02".into(), &"late_event:contoso/s-late".into()));
    // And back: from the event to the correction that it caused, and to the payout that holds it.
    let event = explain(&scene, &["--event", "contoso/s-late"]);
    let caused = event["uses"].as_array().unwrap().iter().find(|one| one["view"] == "true_ups").unwrap();
    assert_eq!((&caused["amount"], &caused["row"]), (&"40.00".into(), &"2022-02 of 2022-01 core_azure".into()));
    let payout = explain(&scene, &["--payout", "2022-02"]);
    let part = payout["parts"].as_array().unwrap().iter().find(|part| part["amount"] == "24.00").unwrap();
    assert_eq!(part["of"], "true-up of 2022-01 (late_event:contoso/s-late)");
    // Under a book that keeps nothing closed there is nothing pinned.
    let other = explain(&scene, &["--month", "2022-01", "--book", "2021-10"]);
    assert_eq!((&other["closed"], &other["postings"][0]["rebate"]), (&Value::Null, &"744.00".into()));
    // The page for people says the same.
    let text = scene.daybook.ok(&["explain", "--partner", "P-A", "--month", "2022-01", "--through", THROUGH]);
    assert!(text.contains("Closed by ledger/closed-2022-01") && text.contains(steps[0]), "{text}");
}

/// The figures of an event: view, row and what it is in them.
fn uses(event: &Value) -> Vec<[&str; 3]> {
    let uses = event["uses"].as_array().unwrap();
    uses.iter().map(|one| ["view", "row", "part"].map(|key| one[key].as_str().unwrap())).collect()
}

#[test]
fn a_late_event_is_part_of_its_true_up_and_not_of_what_was_pinned_without_it() {
    let scene = Scene::new();
    scene.close("2022-01", &[]);
    scene.import(&[sale("s-late", "P-A", "2022-01-20", "1000.00", "USD")]);
    let event = explain(&scene, &["--event", "contoso/s-late"]);
    let found = uses(&event);
    let of = |view: &str| found.iter().filter(|one| one[0] == view).map(|one| [one[1], one[2]]).collect::<Vec<_>>();
    assert_eq!(of("payouts"), [["2022-02", "the rebate of its true-ups; 264.00 is paid"]], "{event}");
    assert_eq!(of("lots"), [["FY22H2", "the co-op of its true-ups; the lot is converted"]], "{event}");
    assert!(of("postings")[0][1].ends_with(", as the records give it now"), "{event}");
    let summary = event["summary"].as_str().unwrap();
    assert!(summary.ends_with("; 2022-01 was closed before it was recorded."), "{summary}");
    // One that was pinned is in the pinned figures.
    let pinned = explain(&scene, &["--event", "contoso/s-1"]);
    let found = uses(&pinned);
    assert!(found.contains(&["payouts", "2022-01", "the rebate of its postings; 720.00 is paid"]), "{pinned}");
    assert!(!found.iter().any(|one| one[2].contains("as the records give it now")), "{pinned}");
}

/// What takes an event of P-A back.
fn reversal(source: &str, id: &str, of: &str) -> String {
    format!(
        r#"{{"source":"{source}","event_id":"{id}","partner_id":"P-A","effective_on":"2022-03-01","reversal":{{"reverses":"{of}","reason":"billed twice"}}}}"#
    )
}

/// A correction by hand of January 2022.
fn by_hand(id: &str, rebate: &str) -> String {
    format!(
        r#"{{"source":"ledger","event_id":"{id}","partner_id":"P-A","effective_on":"2022-01-25","manual_adjustment":{{"month":"2022-01","lever":"core_azure","rebate":"{rebate}","coop":"0.00","currency":"USD","reason":"agreed","approver":"finance"}}}}"#
    )
}

#[test]
fn a_closed_month_is_explained_when_every_line_of_it_was_taken_back() {
    let scene = Scene::new();
    scene.close("2022-01", &[]);
    scene.import(&[reversal("contoso", "r-1", "s-1")]);
    for figure in [["--month", "2022-01"].as_slice(), &["--month", "2022-01", "--lever", "core_azure"]] {
        let month = explain(&scene, figure);
        assert_eq!((&month["postings"], &month["not_earning"]), (&serde_json::json!([]), &serde_json::json!([])));
        assert_eq!(month["closed"]["pinned"][0]["earned"], "1200.00");
        let step = month["closed"]["arithmetic"][0].as_str().unwrap();
        assert!(step.ends_with("pinned 720.00 + true-ups -720.00 = 0.00, as the records give it now"), "{step}");
        let summary = month["summary"].as_str().unwrap();
        assert!(summary.starts_with("P-A earned 0.00 "), "{summary}");
        assert!(summary.ends_with("as the records give it now; closed with 1200.00."), "{summary}");
    }
    let unknown = ["explain", "--partner", "P-A", "--through", THROUGH, "--month", "2022-01", "--lever", "nothing"];
    scene.daybook.run(&unknown).expect(2, &["nothing", "it has: core_azure"]);
}

#[test]
fn corrections_by_hand_keep_the_sum_of_a_closed_month_true() {
    let scene = Scene::new();
    scene.import(&[by_hand("adj-1", "100.00"), by_hand("adj-2", "7.00")]);
    scene.close("2022-01", &[]);
    let arithmetic = || {
        let month = explain(&scene, &["--month", "2022-01"]);
        month["closed"]["arithmetic"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(arithmetic(), "rebate: pinned 720.00 + true-ups 0.00 = 720.00, as the records give it now");
    scene.import(&[reversal("ledger", "undo-1", "adj-1")]);
    let month = explain(&scene, &["--month", "2022-01"]);
    let booked = month["closed"]["true_ups"].as_array().unwrap().iter();
    let booked: Vec<_> = booked.map(|row| [&row["cause"], &row["rebate"]].map(|cell| cell.as_str().unwrap())).collect();
    assert_eq!(booked, [["manual", "7.00"], ["manual", "100.00"], ["reversal:ledger/undo-1", "-100.00"]]);
    assert_eq!(arithmetic(), "rebate: pinned 720.00 + true-ups 0.00 = 720.00, as the records give it now");
}

#[test]
fn one_lever_of_a_closed_month_is_explained_for_itself() {
    let scene = Scene::new();
    let other = |id: &str, amount: &str| {
        let line = sale(id, "P-A", "2022-01-15", amount, "USD");
        line.replace("Azure plan", "Microsoft 365 E3").replace(r#""Azure""#, r#""Microsoft 365""#)
    };
    scene.import(&[other("o-1", "1000.00")]);
    scene.close("2022-01", &[]);
    scene.import(&[other("o-late", "500.00"), sale("s-late", "P-A", "2022-01-20", "1000.00", "USD")]);
    let whole = explain(&scene, &["--month", "2022-01"]);
    assert!(whole["closed"]["true_ups"].as_array().unwrap().len() >= 2, "{whole}");
    let month = explain(&scene, &["--month", "2022-01", "--lever", "core_azure"]);
    let closed = &month["closed"];
    for rows in [&closed["pinned"], &closed["true_ups"]] {
        assert!(rows.as_array().unwrap().iter().all(|row| row["lever"] == "core_azure"), "{closed}");
    }
    let expected = "rebate of core_azure: pinned 720.00 + true-ups 24.00 = 744.00, as the records give it now";
    assert_eq!(closed["arithmetic"][0], expected);
    let summary = "P-A earned 1240.00 with core_azure in 2022-01: 744.00 as rebate and 496.00 as co-op, as the records give it now; closed with 1200.00.";
    assert_eq!(month["summary"], summary);
    let text = scene.daybook.ok(&["explain", "--partner", "P-A", "--month", "2022-01", "--through", THROUGH]);
    assert!(text.contains("booked in 2022-02 for core_azure: rebate 24.00, co-op 16.00"), "{text}");
}

#[test]
fn a_reversal_leads_to_what_it_took_back_and_the_event_to_what_was_pinned_with_it() {
    let scene = Scene::new();
    scene.import(&[by_hand("adj-1", "100.00")]);
    scene.close("2022-01", &[]);
    scene.import(&[reversal("contoso", "r-1", "s-1"), reversal("ledger", "undo-1", "adj-1")]);
    let trued_up = ["true_ups", "2022-02 of 2022-01 core_azure"];
    for (of, by, true_ups) in [("contoso/s-1", "contoso/r-1", "-1200.00"), ("ledger/adj-1", "ledger/undo-1", "-100.00")]
    {
        let event = explain(&scene, &["--event", by]);
        let found = uses(&event);
        assert_eq!(found[0][..2], ["events", of], "{event}");
        assert_eq!((&found[1][..2], &event["uses"][1]["amount"]), (&trued_up[..], &true_ups.into()), "{event}");
        assert!(found.iter().any(|one| one[..2] == ["payouts", "2022-02"]), "{event}");
        assert!(event["summary"].as_str().unwrap().ends_with(" caused 1 true-up."), "{event}");

        let event = explain(&scene, &["--event", of]);
        assert_eq!((&event["counts"], &event["reversed_by"]), (&false.into(), &by.into()));
        assert!(
            event["summary"].as_str().unwrap().contains(&format!("is reversed at record {}", event["reversed_at"]))
        );
        let found = uses(&event);
        let taken_back = format!("takes it back: reversal:{by}");
        assert!(found.contains(&[trued_up[0], trued_up[1], &taken_back]), "{event}");
        assert!(found.iter().any(|one| one[..2] == ["payouts", "2022-01"]), "{event}");
    }
    let found = explain(&scene, &["--event", "contoso/s-1"]);
    assert!(uses(&found).contains(&[
        "postings",
        "2022-01 core_azure 2021-10",
        "pinned with it, before it was reversed"
    ]));
    assert!(uses(&explain(&scene, &["--event", "ledger/adj-1"])).contains(&[
        "true_ups",
        "2022-01 of 2022-01 core_azure",
        "the correction itself"
    ]));
}

#[test]
fn an_exchange_rate_leads_to_the_lines_that_it_converts_and_to_what_it_changed() {
    let rate = |id: &str, rate: &str| {
        format!(
            r#"{{"source":"rates","event_id":"{id}","effective_on":"2022-02-01","fx_rate":{{"currency":"EUR","month":"2022-01","rate":"{rate}"}}}}"#
        )
    };
    let scene = Scene::new();
    scene.import(&[sale("e-1", "P-A", "2022-01-11", "1000.00", "EUR"), rate("fx-1", "1.10")]);
    scene.close("2022-01", &[]);
    let event = explain(&scene, &["--event", "rates/fx-1"]);
    assert_eq!(uses(&event), [["conservation", "2022-01", "the rate of 1 lines in EUR"]], "{event}");
    scene.import(&[rate("fx-2", "1.20")]);
    let event = explain(&scene, &["--event", "rates/fx-2"]);
    let found = uses(&event);
    assert_eq!(found[0], ["conservation", "2022-01", "the rate of 1 lines in EUR"]);
    assert_eq!(found[1], ["true_ups", "2022-02 of 2022-01 core_azure", "its cause: exchange_rate:rates/fx-2"]);
    assert_eq!(event["uses"][1]["amount"], "4.00", "4 % of 0.10 on 1,000.00: {event}");
    assert!(found.iter().any(|one| one[..2] == ["payouts", "2022-02"]), "{event}");
    let before = explain(&scene, &["--event", "rates/fx-1"]);
    assert_eq!((&before["counts"], &before["uses"]), (&false.into(), &serde_json::json!([])));
    assert!(before["summary"].as_str().unwrap().contains("does not count, rates/fx-2 does"), "{before}");
}

#[test]
fn what_could_not_be_converted_is_told_in_its_own_currency() {
    let scene = Scene::new();
    scene.import(&[sale("e-1", "P-A", "2022-03-01", "7.00", "EUR"), sale("e-2", "P-A", "2022-03-02", "500.00", "SEK")]);
    let text = scene.daybook.ok(&["explain", "--partner", "P-A", "--month", "2022-03", "--through", THROUGH]);
    for said in [
        " 7.00 EUR + 500.00 SEK did not earn (unconverted:NOFX).",
        "Not earning: 7.00 EUR + 500.00 SEK unconverted:NOFX",
        "beside that, not converted: 7.00 EUR + 500.00 SEK",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn every_figure_is_explained_in_every_form() {
    let scene = Scene::new();
    scene.import(&[CLAIM.to_owned()]);
    let figures = [
        ["--month", "2022-01"],
        ["--lot", "FY22H2"],
        ["--claim", "CL-1"],
        ["--standing", "2022-01-12"],
        ["--payout", "2022-01"],
        ["--event", "contoso/s-1"],
    ];
    for figure in figures {
        let json = explain(&scene, &figure);
        let summary = json["summary"].as_str().unwrap_or_else(|| panic!("{figure:?}: no sentence on top: {json}"));
        for format in ["table", "csv"] {
            let arguments = ["explain", "--partner", "P-A", "--through", THROUGH, "--format", format];
            let text = scene.daybook.ok(&[arguments.as_slice(), &figure].concat());
            let whole = if format == "table" { text.starts_with(summary) } else { text.lines().count() > 1 };
            assert!(whole, "{figure:?} as {format}: {text}");
        }
    }
}

#[test]
fn what_cannot_be_explained_is_said() {
    let scene = Scene::new();
    let wrong = |figure: &[&str], named: &[&str]| {
        let arguments = ["explain", "--partner", "P-A", "--through", THROUGH];
        scene.daybook.run(&[arguments.as_slice(), figure].concat()).expect(2, named);
    };
    wrong(&[], &["--month", "--claim", "--standing"]);
    wrong(&["--month", "2022-01", "--lot", "FY22H2"], &["--lot"]);
    wrong(&["--claim", "CL-9"], &["P-A", "CL-9", "none"]);
    wrong(&["--standing", "2023-06-01"], &["2023-06-01", THROUGH]);
    wrong(&["--payout", "2021-01"], &["P-A", "2021-01"]);
    wrong(&["--event", "contoso/s-9"], &["contoso/s-9", "receipt"]);
    wrong(&["--event", "s-9"], &["SOURCE/ID"]);
    scene.import(&[reversal("contoso", "r-1", "s-3")]);
    let event = explain(&scene, &["--event", "contoso/r-1"]);
    assert_eq!(uses(&event), [["events", "contoso/s-3", "this event takes that one out of what counts"]]);
    assert!(event["summary"].as_str().unwrap().ends_with(" caused no true-up."), "{event}");
    let reversed = explain(&scene, &["--event", "contoso/s-3"]);
    assert_eq!((&reversed["counts"], &reversed["uses"]), (&false.into(), &serde_json::json!([])));
    wrong(&["--lot", "2022"], &["FY22H1"]);
}
