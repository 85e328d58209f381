//! The books of a ledger with closed months: what they keep, what is booked later, and a statement held against them.

use super::{Scene, THROUGH, sale};
use daybook_tests::workspace_root;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// January and February closed, then a late sale of January.
fn with_a_late_sale() -> Scene {
    let scene = Scene::new();
    scene.close("2022-02", &["--with-earlier"]);
    scene.import(&[sale("late-1", "P-A", "2022-01-20", "5000.00", "USD")]);
    scene
}

fn export(scene: &Scene, more: &[&str]) -> Value {
    let arguments = [["export", "--to", "json", "--through", THROUGH].as_slice(), more].concat();
    serde_json::from_str(&scene.daybook.ok(&arguments)).unwrap()
}

fn number(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// Balances by account: as the entries add up, and as the views say.
fn balances(books: &Value) -> [BTreeMap<String, Decimal>; 2] {
    let mut of_entries = BTreeMap::new();
    for line in books["entries"].as_array().unwrap().iter().flat_map(|entry| entry["lines"].as_array().unwrap()) {
        *of_entries.entry(line["account"].as_str().unwrap().to_owned()).or_default() += number(&line["amount"]);
    }
    of_entries.retain(|_, balance: &mut Decimal| !balance.is_zero());
    let of_views = books["balances"].as_array().unwrap().iter();
    let of_views = of_views.map(|of| (of["account"].as_str().unwrap().to_owned(), number(&of["balance"]))).collect();
    [of_entries, of_views]
}

#[test]
fn a_late_sale_is_a_true_up_in_the_books_and_no_entry_of_a_closed_month_changes() {
    let before = {
        let scene = Scene::new();
        scene.close("2022-02", &["--with-earlier"]);
        export(&scene, &[])
    };
    let scene = with_a_late_sale();
    let books = export(&scene, &[]);
    let [of_entries, of_views] = balances(&books);
    assert_eq!(of_entries, of_views);
    let up_to_february = |books: &Value| -> Vec<Value> {
        let entries = books["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["on"].as_str().unwrap() <= "2022-02-28").cloned().collect()
    };
    assert_eq!(up_to_february(&books), up_to_february(&before));
    let of_kind = |kind: &str| -> Vec<Value> {
        books["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind).cloned().collect()
    };
    let [true_up] = of_kind("true_up").try_into().unwrap();
    assert_eq!((&true_up["on"], &true_up["cause"]), (&json!("2022-03-31"), &json!("late_event:contoso/late-1")));
    assert_eq!(true_up["lines"][0], json!({"account": "expenses:rebate:P-A", "amount": "120.00"}));
    let [open, of_open] = balances(&export(&scene, &["--book", "2021-10"]));
    assert_eq!(open, of_open, "under another book nothing is closed");
    let journal = scene.daybook.ok(&["export", "--to", "hledger", "--through", THROUGH]);
    assert!(journal.contains("; closed 2022-01 to 2022-02, kept as pinned"), "{journal}");
}

/// They pay the late sale in its own month; we booked it as a true-up in March.
#[test]
fn a_statement_that_pays_a_late_sale_in_a_closed_month_differs_by_our_true_up() {
    let scene = with_a_late_sale();
    let header = fs::read_to_string(workspace_root().join("tests/fixtures/earnings/earnings-faulty.csv")).unwrap();
    let columns: Vec<&str> = header.lines().next().unwrap().split(',').collect();
    let row = |values: &[(&str, &str)]| {
        let cell = |column: &&str| values.iter().find(|(name, _)| name == column).map_or("", |(_, value)| *value);
        columns.iter().map(cell).collect::<Vec<_>>().join(",")
    };
    let sold = |sale: &str, on: &str, amount: &str, earning_type: &str, earned: &str| {
        row(&[
            ("earningId", &format!("{sale}-{earning_type}")),
            ("participantId", "P-A"),
            ("subscriptionId", &format!("S-{sale}")),
            ("transactionAmount", amount),
            ("transactionCurrency", "USD"),
            ("earningDate", on),
            ("lever", "Core Azure"),
            ("earningType", earning_type),
            ("earningAmountUSD", earned),
        ])
    };
    let rows = [
        sold("s-1", "2022-01-10", "30000.00", "Rebate", "720.00"),
        sold("s-1", "2022-01-10", "30000.00", "Co-op", "480.00"),
        sold("late-1", "2022-01-20", "5000.00", "Rebate", "120.00"),
        sold("late-1", "2022-01-20", "5000.00", "Co-op", "80.00"),
    ];
    let file = scene.dir.path().join("earnings.csv");
    fs::write(&file, format!("{}\n{}\n", columns.join(","), rows.join("\n"))).unwrap();
    let file = file.display().to_string();
    let run = |more: &[&str]| -> Value {
        let arguments = [["reconcile", &file, "--through", THROUGH, "--format", "json"].as_slice(), more].concat();
        let done = scene.daybook.run(&arguments);
        assert_eq!(done.status.code(), Some(1), "{}", done.stderr);
        serde_json::from_str(&done.stdout).unwrap()
    };
    let pack = scene.dir.path().join("pack");
    let kept = run(&["--output", &pack.display().to_string()]);
    let said: Vec<(&str, &str, &str, &str)> = kept["variances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| ["month", "class", "rebate", "coop"].map(|field| of[field].as_str().unwrap()).into())
        .collect();
    assert_eq!(said, [("2022-01", "adjustment", "120.00", "80.00")]);
    let page = fs::read_to_string(pack.join("partners/P-A.md")).unwrap();
    assert!(page.contains("Ours is 1200.00: 1200.00 of the month's sales and 0.00 of true-ups"), "{page}");
    assert!(page.contains("1200.00 stands as it was pinned. The records of now come to 1400.00"), "{page}");
    // In March stands our true-up, for which their statement has nothing yet.
    let pack = scene.dir.path().join("pack-march");
    let march = run(&["--month", "2022-03", "--output", &pack.display().to_string()]);
    assert_eq!(
        (&march["theirs"], &march["ours"], &march["variance"]),
        (&json!("0.00"), &json!("200.00"), &json!("-200.00"))
    );
    let page = fs::read_to_string(pack.join("partners/P-A.md")).unwrap();
    assert!(page.contains("| 2022-01 | core_azure | 120.00 | 80.00 | late_event:contoso/late-1 |"), "{page}");
}
