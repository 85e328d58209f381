//! A synthetic statement of earnings against our figures: every class of variance, computed by hand in the fixture's
//! README.

use daybook_tests::daybook::Daybook;
use daybook_tests::workspace_root;
use serde_json::Value;
use std::path::Path;

fn fixture(name: &str) -> String {
    workspace_root().join("tests/fixtures/earnings").join(name).display().to_string()
}

fn ledger(dir: &Path) -> Daybook {
    let daybook = Daybook::on(&dir.join("ledger"));
    daybook.ok(&["import", "--operator-acts", "--from", "ndjson", &fixture("events.ndjson")]);
    daybook
}

/// The arguments after these files.
fn reconcile(file: &str, more: &[&str]) -> Vec<String> {
    let map = fixture("partner-map.csv");
    let arguments = ["reconcile", file, "--partner-map", &map, "--through", "2022-04-05"];
    arguments.iter().chain(more).map(|text| (*text).to_owned()).collect()
}

fn run(daybook: &Daybook, file: &str, more: &[&str]) -> (i32, String, String) {
    let arguments = reconcile(file, more);
    let done = daybook.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    (done.status.code().unwrap(), done.stdout, done.stderr)
}

fn report(daybook: &Daybook, file: &str, more: &[&str]) -> (i32, Value) {
    let (status, stdout, stderr) = run(daybook, file, &[more, &["--format", "json"]].concat());
    (status, serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}")))
}

/// Name, count, rebate, co-op, amount of each class that there is.
fn classes(report: &Value) -> Vec<String> {
    let rows = report["classes"].as_array().unwrap().iter().filter(|row| row["variances"] != 0);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.map(|row| ["class", "variances", "rebate", "coop", "amount"].map(|field| text(&row[field])).join(" "))
        .collect()
}

#[test]
fn every_class_of_variance_has_the_amount_computed_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let (status, report) = report(&daybook, &fixture("earnings.csv"), &[]);
    assert_eq!(status, 1);
    let expected = [
        "eligibility 2 6.00 4.00 10.00",
        "base 1 -2.40 -1.60 -4.00",
        "fx 1 -0.48 -0.32 -0.80",
        "rate 1 -6.00 -4.00 -10.00",
        "split 1 12.80 -12.80 0.00",
        "timing 2 0.00 0.00 0.00",
        "missing 1 -16.80 -11.20 -28.00",
        "theirs_only 2 10.00 6.00 16.00",
        "adjustment 1 -7.00 0.00 -7.00",
        "rounding 2 0.00 0.00 0.00",
    ];
    assert_eq!(classes(&report), expected);
    assert_eq!(
        (&report["theirs"], &report["ours"], &report["variance"]),
        (&"1586.03".into(), &"1609.83".into(), &"-23.80".into())
    );
    assert_eq!(report["matched"], 11);
    let aside: Vec<(&str, u64)> = report["set_aside"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["why"].as_str().unwrap(), row["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(aside, [("repeated", 9), ("rollover", 28), ("rollover", 29)]);
}

#[test]
fn a_month_alone_has_its_own_totals_and_one_that_agrees_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let (status, january) = report(&daybook, &fixture("earnings.csv"), &["--month", "2022-01"]);
    assert_eq!((status, classes(&january)), (0, vec![]));
    let (status, march) = report(&daybook, &fixture("earnings.csv"), &["--month", "2022-03"]);
    assert_eq!((status, classes(&march)), (1, vec!["timing 1 72.00 48.00 120.00".to_owned()]));
    assert_eq!((&january["matched"], &january["set_aside"]), (&1.into(), &Value::Array(vec![])));
    // By the date of the transaction, what they earned in March counts in February, as ours does.
    let by_transaction = ["--month", "2022-03", "--dated-by", "transaction"];
    let (status, _, stderr) = run(&daybook, &fixture("earnings.csv"), &by_transaction);
    assert_eq!(status, 2, "no row is of March then: {stderr}");
    let (_, all) = report(&daybook, &fixture("earnings.csv"), &["--dated-by", "transaction"]);
    assert!(!classes(&all).iter().any(|class| class.starts_with("timing")), "{all}");
}

#[test]
fn what_neither_side_names_is_refused_and_a_named_partner_without_rows_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let refused = |file: &str, more: &[&str], said: &str| {
        let (status, stdout, stderr) = run(&daybook, file, more);
        assert_eq!((status, stdout.as_str()), (2, ""), "{more:?}");
        assert!(stderr.contains(said), "{stderr}");
    };
    let file = fixture("earnings.csv");
    refused(&file, &["--partner", "NOPE"], "partner NOPE is in no row of the files");
    refused(&file, &["--month", "2021-12"], "the month 2021-12 is in no row of the files");
    refused(&file, &["--partner", "P-RECON", "--month", "2021-12"], "partner P-RECON in 2021-12 is in no row");
    let pack = dir.path().join("pack");
    refused(&file, &["--partner", "NOPE", "--output", pack.to_str().unwrap()], "nothing to compare");
    assert!(!pack.exists());
    // Their file speaks of another partner alone: all of ours is missing in its month.
    let header = std::fs::read_to_string(fixture("earnings-faulty.csv")).unwrap().lines().next().unwrap().to_owned();
    let cell = |column: &str| match column {
        "participantId" => "P-OTHER",
        "earningDate" => "2022-01-10",
        "earningType" => "Rebate",
        "earningAmountUSD" => "1.00",
        _ => "",
    };
    let row = header.split(',').map(cell).collect::<Vec<_>>().join(",");
    let others = dir.path().join("others.csv");
    std::fs::write(&others, format!("{header}\n{row}\n")).unwrap();
    let (status, found) = report(&daybook, &others.display().to_string(), &["--partner", "P-RECON"]);
    assert_eq!((status, classes(&found)), (1, vec!["missing 1 -720.00 -480.00 -1200.00".to_owned()]));
    assert_eq!(found["partners_not_named"], 0);
}

#[test]
fn lines_that_cannot_be_read_are_named_and_fail_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let (status, report) = report(&daybook, &fixture("earnings-faulty.csv"), &["--month", "2022-01"]);
    assert_eq!(status, 1);
    let faults: Vec<(u64, &str)> = report["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["code"].as_str().unwrap()))
        .collect();
    assert_eq!(faults, [(4, "amount_invalid"), (5, "partner_unknown"), (6, "row_columns")]);
    assert_eq!(report["variance"], "0.00", "the rows around them count");
    let (status, _, stderr) = run(&daybook, &fixture("events.ndjson"), &[]);
    assert_eq!(status, 2);
    assert!(stderr.contains("participantId; Earnings files have it"), "{stderr}");
}

#[test]
fn the_dispute_pack_holds_every_variance_what_to_ask_and_our_explanation() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let pack = dir.path().join("pack");
    let output = ["--output", pack.to_str().unwrap()];
    let (status, printed) = report(&daybook, &fixture("earnings.csv"), &output);
    assert_eq!(status, 1);
    let read = |name: &str| std::fs::read_to_string(pack.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
    assert_eq!(summary, printed);
    let variances = printed["variances"].as_array().unwrap();
    assert_eq!(read("variances.csv").lines().count(), variances.len() + 1);
    let page = read("partners/P-RECON.md");
    for variance in variances.iter().filter(|variance| variance["class"] != "rounding") {
        let event = variance["event"].as_str().unwrap();
        assert!(page.contains(event), "{event} is not in the page");
        assert!(page.contains(&format!("## {}: ", variance["class"].as_str().unwrap())), "{variance}");
    }
    assert!(page.contains("P-RECON earned 414.83 in 2022-02"), "{page}");
    // Both figures of the month stand there, with what lies between them.
    assert!(page.contains("Ours is 409.83: 414.83 of the month's sales and -5.00 of true-ups booked in it."), "{page}");
    assert!(page.contains("| 2022-01 | core_azure | -5.00 | 0.00 | manual |"), "{page}");
    assert!(
        page.contains(
            "Ours is 0.00: 0.00 of the month's sales and 0.00 of true-ups booked in it.\n\nWe know of no sale"
        )
    );
    assert!(!page.contains("nothing was billed"), "{page}");
    assert!(!page.contains("## rounding"), "{page}");
    // An older pack is never mixed with a new one.
    let (status, _, stderr) = run(&daybook, &fixture("earnings.csv"), &output);
    assert_eq!(status, 2);
    assert!(stderr.contains("is not empty"), "{stderr}");
}

#[test]
fn table_and_csv_say_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let (status, table, stderr) = run(&daybook, &fixture("earnings.csv"), &[]);
    assert_eq!(status, 1);
    assert!(table.contains("-23.80 (theirs less ours)") && table.contains("theirs_only"), "{table}");
    assert!(stderr.contains("theirs 1586.03 and ours 1609.83"), "{stderr}");
    let (_, csv, _) = run(&daybook, &fixture("earnings.csv"), &["--format", "csv"]);
    assert_eq!(csv.lines().count(), 15, "{csv}");
}
