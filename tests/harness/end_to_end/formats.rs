//! Every reading verb in every format, and the keys that other people's scripts read.

use daybook_tests::daybook::Daybook;
use daybook_tests::dice::Dice;
use daybook_tests::history::{History, THROUGH};
use serde_json::Value;
use std::collections::BTreeSet;

/// There only where something waits in quarantine.
const WAITING: &[&str] = &["quarantine"];
/// The keys of `views --format json`: top level first, then each view's.
const VIEWS: &[(&str, &[&str])] = &[
    ("standing", &["partner_id", "on", "state", "cause", "measured", "required", "rule_set", "events"]),
    ("postings", &["partner_id", "month", "period", "lever", "rule_set", "base", "earned", "rebate", "coop"]),
    (
        "lots",
        &[
            "partner_id",
            "period",
            "accrued",
            "state",
            "converted",
            "consumed",
            "reserved",
            "available",
            "forfeited",
            "overdrawn",
        ],
    ),
    ("claims", &["partner_id", "claim_id", "period", "state", "amount", "refused"]),
    ("true_ups", &["partner_id", "month", "closed_month", "lever", "rebate", "coop", "cause"]),
    (
        "payouts",
        &[
            "partner_id",
            "month",
            "rebate",
            "converted",
            "true_up",
            "carried_in",
            "paid",
            "held",
            "forfeited",
            "carried_out",
            "due_on",
        ],
    ),
    (
        "conservation",
        &[
            "partner_id",
            "month",
            "billed",
            "earning",
            "ineligible",
            "unmatched",
            "capped",
            "provisional_noterms",
            "unconverted",
        ],
    ),
    ("provisional", &["partner_id", "month", "why"]),
    ("findings", &["partner_id", "code", "events"]),
];
const VIEWS_HEAD: &[&str] = &["position", "through", "root", "rule_book", "engine_semantics", "views_digest", "closed"];

/// The keys of `compare --format json`: both sides, whose doing it is, what it does to whom.
const COMPARE: &[&str] = &[
    "reference",
    "candidate",
    "position",
    "through",
    "root",
    "reference_book",
    "candidate_book",
    "engine_semantics",
    "events_read",
    "fold_passes",
    "repriced",
    "closed",
    "totals",
    "partners",
];
const ATTRIBUTION: &[&str] =
    &["changes", "attribution", "cash_days", "interpretations", "ranges", "sensitivity", "earlier_differences"];
const IMPACT: &[&str] = &[
    "bands",
    "states",
    "transitions",
    "by_month",
    "by_lever",
    "by_area",
    "by_size",
    "distribution",
    "concentration",
    "near_cliffs",
    "movers",
    "provisional_partners",
];
const DELTA: &[&str] = &["measure", "reference", "candidate", "delta"];
const BY_CHANGE: &[&str] = &["by_change"];
const TALLY: &[&str] = &["measure", "reference", "candidate", "delta", "partners", "gain", "lose", "by_change"];
const MEASURES: &[&str] = &["earned", "rebate", "coop_accrued", "cash", "coop_usable", "coop_forfeited"];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

/// All of these keys, and besides them only those that may be added.
fn expect_keys(value: &Value, must: &[&str], may: &[&str], what: &str) {
    let (found, must): (BTreeSet<&str>, BTreeSet<&str>) = (keys(value), must.iter().copied().collect());
    let missing: Vec<_> = must.difference(&found).collect();
    let more: Vec<_> = found.difference(&must).filter(|key| !may.contains(key)).collect();
    assert!(missing.is_empty() && more.is_empty(), "{what}: missing {missing:?}, not in the contract {more:?}");
}

/// What no generated history has: a sale before the first terms, one in a currency without a rate, a correction by hand.
const ODD: &[&str] = &[
    r#"{"source":"contoso","event_id":"odd-1","partner_id":"P-ODD","effective_on":"2020-01-10","license_sale":{"customer_id":"C-1","subscription_id":"S-1","product_id":"CFQ7TTC0LCHC","sku_id":"0002","product_name":"Microsoft 365 Business Premium","product_family":"Microsoft 365","segment":"commercial","quantity":25,"amount":"550.00","currency":"USD","charge_type":"new","charge_start":"2020-01-10","charge_end":"2020-02-09","invoice_id":"G000001","credits":""}}"#,
    r#"{"source":"contoso","event_id":"odd-2","partner_id":"P-ODD","effective_on":"2022-01-10","license_sale":{"customer_id":"C-1","subscription_id":"S-1","product_id":"CFQ7TTC0LCHC","sku_id":"0002","product_name":"Microsoft 365 Business Premium","product_family":"Microsoft 365","segment":"commercial","quantity":25,"amount":"550.00","currency":"SEK","charge_type":"new","charge_start":"2022-01-10","charge_end":"2022-02-09","invoice_id":"G000002","credits":""}}"#,
    r#"{"source":"ledger","event_id":"odd-3","partner_id":"P-ODD","effective_on":"2022-02-10","manual_adjustment":{"month":"2022-01","lever":"core_azure","rebate":"100.00","coop":"50.00","currency":"USD","reason":"agreed with the partner","approver":"finance"}}"#,
    "no json",
];

/// A ledger with rows in every view, and with something in quarantine.
fn ledger(dir: &std::path::Path) -> Daybook {
    let daybook = Daybook::on(&dir.join("ledger"));
    let history = History::generate(8, 6, 2_000);
    let file = history.shuffled(&mut Dice::new(8)).write(dir, "history.ndjson").display().to_string();
    std::fs::write(dir.join("odd.ndjson"), ODD.join("\n")).unwrap();
    daybook.ok(&[
        "import",
        "--operator-acts",
        "--from",
        "ndjson",
        &file,
        &dir.join("odd.ndjson").display().to_string(),
    ]);
    daybook
}

#[test]
fn the_keys_of_views_and_compare_are_those_of_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let views = daybook.json(&["views", "--through", THROUGH]);
    let names: Vec<&str> = VIEWS.iter().map(|(name, _)| *name).collect();
    expect_keys(&views, &[VIEWS_HEAD, &names].concat(), WAITING, "views");
    for (name, row_keys) in VIEWS {
        let rows = views[*name].as_array().unwrap_or_else(|| panic!("{name} is no list"));
        assert!(!rows.is_empty(), "{name} has no row to look at");
        rows.iter().for_each(|row| expect_keys(row, row_keys, &[], name));
    }
    let unconverted =
        views["conservation"].as_array().unwrap().iter().flat_map(|row| row["unconverted"].as_array().unwrap());
    let unconverted: Vec<&Value> = unconverted.collect();
    assert_eq!(unconverted.len(), 1, "{unconverted:?}");
    expect_keys(unconverted[0], &["currency", "amount"], &[], "unconverted");

    let comparison =
        daybook.json(&["compare", "--reference", "2020-10", "--candidate", "2021-10", "--through", THROUGH]);
    expect_keys(&comparison, &[COMPARE, ATTRIBUTION, IMPACT].concat(), WAITING, "compare");
    for (name, row_keys) in [
        ("totals", [DELTA, BY_CHANGE].concat()),
        ("partners", [&["partner_id", "period"], DELTA, BY_CHANGE].concat()),
        ("states", vec!["state", "reference", "candidate"]),
        ("transitions", vec!["from", "to", "partners", "periods", "amount", "earned", "cash", "coop_usable"]),
        ("by_month", [&["month"], TALLY].concat()),
        ("by_lever", [&["lever"], TALLY].concat()),
        ("by_area", [&["area"], TALLY].concat()),
        ("by_size", [&["size"], TALLY].concat()),
        ("distribution", vec!["measure", "class", "from", "below", "partners", "amount"]),
        ("concentration", vec!["measure", "top", "amount", "of", "percent"]),
        ("movers", [&["partner_id", "band", "size", "earned_percent"], MEASURES].concat()),
    ] {
        let rows = comparison[name].as_array().unwrap();
        assert!(!rows.is_empty(), "{name} has no row to look at");
        rows.iter().for_each(|row| expect_keys(row, &row_keys, &[], name));
    }
    for (band, tally) in comparison["bands"].as_object().unwrap() {
        expect_keys(tally, &[&["partners"], MEASURES].concat(), &[], band);
    }
}

/// Amounts are decimal text and rows are sorted by partner.
#[test]
fn amounts_are_text_and_rows_are_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let views = ledger(dir.path()).json(&["views", "--through", THROUGH]);
    for (view, amounts) in [
        ("postings", ["base", "earned", "rebate", "coop"].as_slice()),
        ("lots", &["accrued", "converted", "consumed", "reserved", "available", "forfeited", "overdrawn"]),
        ("payouts", &["rebate", "converted", "true_up", "carried_in", "paid", "held", "forfeited", "carried_out"]),
        ("conservation", &["billed", "earning", "unmatched", "capped", "provisional_noterms"]),
    ] {
        let rows = views[view].as_array().unwrap();
        for amount in rows.iter().flat_map(|row| amounts.iter().map(|name| &row[*name])) {
            let text = amount.as_str().unwrap_or_else(|| panic!("{view}: {amount} is no text"));
            let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
            assert!(decimals.len() >= 2 && text.parse::<rust_decimal::Decimal>().is_ok(), "{view}: {text:?}");
        }
        let partners: Vec<&str> = rows.iter().map(|row| row["partner_id"].as_str().unwrap()).collect();
        assert!(partners.is_sorted(), "{view}: {partners:?}");
    }
}

#[test]
fn every_reading_verb_prints_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = ledger(dir.path());
    let views = daybook.json(&["views", "--through", THROUGH]);
    let posting = &views["postings"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (partner, month, period) = (text(&posting["partner_id"]), text(&posting["month"]), text(&posting["period"]));
    let event = text(&views["standing"][0]["events"][0]);
    let (source, event_id) = event.split_once('/').unwrap();
    let through = ["--through", THROUGH];
    for verb in [
        [["views", "--view", "postings"].as_slice(), &through].concat(),
        [["views", "--view", "true_ups"].as_slice(), &through].concat(),
        [["replay"].as_slice(), &through].concat(),
        [["compare", "--candidate", "2020-10"].as_slice(), &through].concat(),
        [["explain", "--partner", &partner, "--month", &month].as_slice(), &through].concat(),
        [["explain", "--partner", &partner, "--lot", &period].as_slice(), &through].concat(),
        vec!["verify"],
        vec!["receipt", "--source", source, "--event", event_id],
        vec!["quarantine", "list"],
        vec!["quarantine", "show", "1"],
        vec!["rules", "list"],
        vec!["rules", "lint"],
        vec!["rules", "test"],
    ] {
        daybook.json(&verb);
        let csv = daybook.ok(&[verb.as_slice(), &["--format", "csv"]].concat());
        csv_check(&csv, &verb);
        let table = daybook.run(&[verb.as_slice(), &["--format", "table"]].concat());
        assert!(table.stderr.is_empty(), "{verb:?} wrote to standard error: {}", table.stderr);
        assert!(!table.ok().trim().is_empty(), "{verb:?} printed no table");
    }
}

/// As many fields in every record as in its header.
fn csv_check(text: &str, verb: &[&str]) {
    let records = csv_records(text);
    let width = records.first().map_or(0, |header| *header);
    assert!(records.iter().all(|fields| *fields == width), "{verb:?}: ragged CSV\n{text}");
}

/// The number of fields of each record, by the rules of RFC 4180: quoted fields may hold commas, quotes and line ends.
fn csv_records(text: &str) -> Vec<usize> {
    let (mut records, mut fields, mut is_quoted, mut is_begun) = (Vec::new(), 1, false, false);
    for c in text.chars() {
        is_begun = true;
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields += 1,
            '\n' if !is_quoted => {
                records.push(fields);
                (fields, is_begun) = (1, false);
            }
            _ => {}
        }
    }
    assert!(!is_quoted && !is_begun, "the CSV ends within a record");
    records
}

#[test]
fn quoted_fields_count_as_one() {
    assert_eq!(csv_records("a,b\n\"x,\"\"y\"\"\nz\",2\n"), [2, 2]);
}
