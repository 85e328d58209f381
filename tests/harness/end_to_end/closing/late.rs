//! What comes after a month is closed: a true-up in the earliest open month, by cause, once.

use super::{Scene, THROUGH, rows_of, sale};
use serde_json::json;
use std::fs;

#[test]
fn a_late_sale_is_trued_up_once_in_the_earliest_open_month() {
    let scene = Scene::new();
    let before = scene.views(&[]);
    scene.close("2022-02", &["--with-earlier"]);
    let closed = scene.views(&[]);
    for view in ["postings", "payouts", "lots", "true_ups", "conservation", "standing"] {
        assert_eq!(closed[view], before[view], "closing changes no figure: {view}");
    }
    scene.import(&[sale("late-1", "P-A", "2022-01-20", "5000.00", "USD")]);
    let views = scene.views(&[]);
    assert_eq!(rows_of(&views, "postings", "P-A"), rows_of(&before, "postings", "P-A"), "a closed month stays");
    let true_up = json!({"partner_id": "P-A", "month": "2022-03", "closed_month": "2022-01", "lever": "core_azure",
        "rebate": "120.00", "coop": "80.00", "cause": "late_event:contoso/late-1"});
    assert_eq!(views["true_ups"], json!([true_up]));
    let open = scene.views(&["--book", "2021-10"]);
    assert_eq!(open["true_ups"], json!([]), "under another book nothing is closed");
    assert_eq!(rows_of(&open, "postings", "P-A")[0]["base"], "35000.00");
    let told = scene.daybook.ok(&["views", "--through", THROUGH, "--book", "2021-10"]);
    assert!(told.contains("as if nothing were"), "{told}");
    assert!(scene.daybook.ok(&["views", "--through", THROUGH]).contains("2022-01 to 2022-02, kept as pinned"));

    scene.close("2022-03", &[]);
    let march = scene.statement("P-A", "2022-03");
    assert_eq!((&march["state"], &march["true_ups"]), (&json!("closed"), &json!([true_up])), "{march}");
    assert_eq!(march["payout"]["true_up"], "120.00");
    let january = scene.statement("P-A", "2022-01");
    assert_eq!((&january["booked_later"], &january["totals"]["earned"]), (&json!([true_up]), &json!("1200.00")));
    assert_eq!(scene.views(&[])["true_ups"], json!([true_up]), "booked, and not again");
    scene.expect_whole();
    let known = march["proof"]["position"].as_u64().unwrap();
    let then = scene.views(&["--known-as-of", &known.to_string()]);
    assert_eq!(then["true_ups"], json!([true_up]), "known as of its own position it was computed so");
}

#[test]
fn a_comparison_does_not_know_what_is_closed() {
    let scene = Scene::new();
    let compare = ["compare", "--reference", "2020-10", "--candidate", "2021-10", "--through", THROUGH];
    let without_position = || {
        let mut compared = scene.daybook.json(&compare);
        for key in ["position", "root", "events_read", "fold_passes", "repriced"] {
            compared.as_object_mut().unwrap().remove(key);
        }
        let closed = compared.as_object_mut().unwrap().remove("closed").unwrap();
        (closed, compared)
    };
    let (nothing, before) = without_position();
    scene.close("2022-03", &["--with-earlier"]);
    let (closed, after) = without_position();
    assert_eq!((nothing, after), (json!("nothing"), before));
    let said = "2022-01 to 2022-03, not kept (--keep-closed keeps what is closed)";
    assert_eq!(closed, said);
    let page = scene.dir.path().join("impact.html");
    let table = scene.daybook.ok(&[compare.as_slice(), &["--html", &page.display().to_string()]].concat());
    assert!(table.contains(said), "{table}");
    assert!(fs::read_to_string(&page).unwrap().contains(&format!("<dt>Closed</dt><dd>{said}</dd>")));
}

#[test]
fn a_comparison_that_keeps_what_is_closed_shows_the_difference_as_true_ups() {
    let scene = Scene::new();
    let line = sale("s-5", "P-A", "2022-01-15", "1000.00", "USD");
    scene.import(&[line
        .replace("Azure plan", "Microsoft 365 E3")
        .replace("Azure", "Microsoft 365")
        .replace("commercial", "nonprofit")]);
    scene.close("2022-02", &["--with-earlier"]);
    let compare = ["compare", "--candidate", "2020-10", "--through", THROUGH, "--keep-closed"];
    let kept = scene.daybook.json(&compare);
    // 12 % of 1,000.00 was pinned under the accelerator of October 2021, which the candidate does not know.
    let own = kept["true_ups_of_candidate"].as_array().unwrap();
    let [row] = own.as_slice() else { panic!("{own:#?}") };
    let fields = ["partner_id", "month", "closed_month", "lever", "rebate", "coop"].map(|field| &row[field]);
    assert_eq!(fields, ["P-A", "2022-03", "2022-01", "nonprofit_accelerator", "-72.00", "-48.00"]);
    assert!(row["cause"].as_str().unwrap().starts_with("terms:2021-10/nonprofit-accelerator"), "{row}");
    assert_eq!(kept["true_ups_of_reference"], json!([]));
    assert!(kept["closed"].as_str().unwrap().contains("2022-01 to 2022-02, kept as pinned"), "{kept}");
    scene.daybook.run(&[compare.as_slice(), &["--attribution", "alone"]].concat()).expect(2, &["--keep-closed"]);
}

#[test]
fn a_statement_is_a_page_a_table_and_lines() {
    let scene = Scene::new();
    scene.import(&[sale("s-4", "P-A", "2022-03-01", "7.00", "EUR")]);
    let open = scene.statement("P-A", "2022-03");
    assert_eq!((&open["state"], &open["provisional"]), (&json!("open"), &json!(["NOFX"])));
    scene.close("2022-02", &["--with-earlier"]);
    let page = scene.dir.path().join("statement.html");
    let arguments = ["statement", "--partner", "P-A", "--month", "2022-01", "--through", THROUGH];
    let table = scene.daybook.ok(&[arguments.as_slice(), &["--html", &page.display().to_string()]].concat());
    for said in ["closed by record", "core_azure", "1200.00", "head"] {
        assert!(table.contains(said), "{said}: {table}");
    }
    let html = fs::read_to_string(&page).unwrap();
    for said in ["Incentive statement 2022-01, P-A", "core_azure", "1200.00", "Digest of the month", "FY22H2"] {
        assert!(html.contains(said), "{said}: {html}");
    }
    for bad in ["<script", "src=", "href=", "http", "@import", "url("] {
        assert!(!html.contains(bad), "{bad}");
    }
    let csv = scene.daybook.ok(&[arguments.as_slice(), &["--format", "csv"]].concat());
    assert!(csv.contains("P-A,2022-01,closed,posting,core_azure,,,1200.00,720.00,480.00,30000.00,USD"), "{csv}");
    scene.daybook.run(&["statement", "--month", "2022-01"]).expect(2, &["--partner P", "--all with --output DIR"]);
    scene.daybook.run(&["statement", "--partner", "P-NOBODY", "--month", "2022-01"]).expect(2, &["P-NOBODY"]);

    let folder = scene.dir.path().join("statements");
    let all = ["statement", "--all", "--month", "2022-01", "--through", THROUGH, "--output"];
    let written = scene.daybook.json(&[all.as_slice(), &[&folder.display().to_string()]].concat());
    assert_eq!(written.as_array().map(Vec::len), Some(2), "{written}");
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("P-B-2022-01.json")).unwrap()).unwrap();
    assert_eq!(json["totals"]["earned"], "1600.00");
    assert!(folder.join("P-B-2022-01.html").exists());
}

#[test]
fn a_statement_says_why_its_month_is_not_closed() {
    let scene = Scene::new();
    scene.close("2022-01", &[]);
    let state = |month: &str, through: &str| {
        scene.daybook.ok(&["statement", "--partner", "P-A", "--month", month, "--through", through])
    };
    for (month, through, said) in [
        ("2022-01", THROUGH, "closed by record"),
        ("2022-02", THROUGH, "open: of now"),
        ("2022-01", "2022-03-31", "not closed on this through date: closed through 2022-12-31"),
        ("2021-12", THROUGH, "before the first closed month, 2022-01"),
    ] {
        let table = state(month, through);
        assert!(table.contains(&format!("state      {said}")), "{said}: {table}");
    }
}

/// The period of January to June 2022 accrues less than its threshold, so all of it is converted.
#[test]
fn a_lot_on_a_statement_adds_up_and_has_dates_only_while_it_can_be_used() {
    let scene = Scene::new();
    let lot = |through: &str| {
        let of = ["statement", "--partner", "P-A", "--month", "2022-02", "--through", through];
        (scene.daybook.json(&of)["lots"][0].clone(), scene.daybook.ok(&of))
    };
    let (open, _) = lot("2022-03-31");
    assert_eq!((&open["state"], &open["use_until"]), (&json!("open"), &json!("2022-12-31")), "{open}");
    let (converted, table) = lot(THROUGH);
    assert_eq!((&converted["state"], &converted["converted"]), (&json!("converted"), &converted["accrued"]));
    for day in ["use_from", "use_until", "claim_from", "claim_until"] {
        assert_eq!(converted[day], serde_json::Value::Null, "{day}: {converted}");
    }
    assert!(table.contains("converted  consumed") && !table.contains("claim_until"), "{table}");
}
