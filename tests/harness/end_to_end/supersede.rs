//! A distributor issues an invoice again: its lines take the place of the first issue's, and the figures follow.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::ledger_state::LedgerState;
use serde_json::Value;
use std::path::Path;

const THROUGH: &str = "2022-12-31";

/// A partner that may earn.
const FACTS: &[&str] = &[
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn facts(dir: &Path) -> String {
    let line = |fact: &&str| {
        format!(
            r#"{{"source":"contoso","event_id":"st-{}","partner_id":"P-AT","effective_on":"2022-01-03","partner_standing":{{"fact":"{fact}","status":"held"}}}}"#,
            fact.replace(':', ".")
        )
    };
    write(dir, "facts.ndjson", &FACTS.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// An invoice of Azure plans: subscription, amount.
fn invoice(dir: &Path, name: &str, lines: &[(&str, &str)]) -> String {
    let mut text =
        "CustomerId,InvoiceNumber,ResellerMPNID,ProductName,ProductId,SkuId,SubscriptionId,Subtotal,Currency,\
                    ChargeType,ChargeStartDate,BillableQuantity\n"
            .to_owned();
    for (subscription, amount) in lines {
        text.push_str(&format!(
            "C-1,G220101,P-AT,Azure plan,DZH318Z0BPS6,0001,{subscription},{amount},USD,new,2022-01-10,1\n"
        ));
    }
    write(dir, name, &text)
}

fn import(daybook: &Daybook, file: &str, more: &[&str]) -> Value {
    daybook.json(&[&["import", "--from", "partner-center", file], more].concat())
}

/// What January billed and earned.
fn january(daybook: &Daybook) -> (String, String) {
    let views = daybook.json(&["views", "--through", THROUGH]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&views["conservation"][0]["billed"]), text(&views["postings"][0]["earned"]))
}

/// Root and digest of the views.
fn whole(daybook: &Daybook) -> (Value, Value) {
    let views = daybook.json(&["views", "--through", THROUGH]);
    (views["root"].clone(), views["views_digest"].clone())
}

fn figures(billed: &str, earned: &str) -> (String, String) {
    (billed.to_owned(), earned.to_owned())
}

fn lines(tally: &Value) -> u64 {
    tally["lines"].as_u64().unwrap_or_else(|| panic!("{tally}"))
}

/// Imports whose lines are all duplicates, whichever issue they bring.
fn same_again(daybook: &Daybook, imports: &[(&str, &[&str])]) {
    let before = whole(daybook);
    for (file, more) in imports {
        let report = import(daybook, file, more);
        assert_eq!(lines(&report["duplicate"]), lines(&report["read"]), "{file} {more:?}: {report}");
        assert_eq!(whole(daybook), before, "{file} {more:?}");
    }
}

/// NDJSON: an Azure sale, and what it is credited with.
fn sales(dir: &Path, name: &str, amount: &str, credit: Option<&str>) -> String {
    let line = |id: &str, amount: &str, credits: &str| {
        format!(
            r#"{{"source":"contoso","event_id":"{id}","partner_id":"P-AT","effective_on":"2022-01-10","license_sale":{{"customer_id":"C-1","subscription_id":"S-1","product_id":"DZH318Z0BPS6","sku_id":"0001","product_name":"Azure plan","quantity":1,"amount":"{amount}","currency":"USD","charge_type":"new","invoice_id":"G1"{credits}}}}}"#
        )
    };
    let mut text = vec![line("s-1", amount, "")];
    text.extend(credit.map(|credit| line("c-1", credit, r#","credits":"s-1""#)));
    write(dir, name, &text.join("\n"))
}

#[test]
fn the_figures_are_those_of_the_last_issue() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let daybook = Daybook::on(&dir.join("ledger"));
    daybook.ok(&["import", "--from", "ndjson", &facts(dir)]);
    let first = invoice(dir, "first.csv", &[("S-1", "30000"), ("S-2", "1000"), ("S-3", "500")]);
    let second = invoice(dir, "second.csv", &[("S-1", "35000"), ("S-2", "1000")]);
    let third = invoice(dir, "third.csv", &[("S-1", "36000"), ("S-2", "1000"), ("S-3", "500")]);
    import(&daybook, &first, &[]);
    assert_eq!(january(&daybook), figures("31500.00", "1260.00"));

    // Without the word for it, another issue is a conflict, and the report says what to do.
    let said = daybook.ok(&["import", "--from", "partner-center", &second]);
    assert!(said.contains("quarantined: conflict") && said.contains("--supersede"), "{said}");
    assert_eq!(january(&daybook), figures("31500.00", "1260.00"));

    let report = import(&daybook, &second, &["--supersede"]);
    let done = &report["supersession"];
    assert_eq!(done["superseding"]["money"]["USD"], "35000.00", "{report}");
    assert_eq!(done["reversed"]["money"]["USD"], "30000.00", "{report}");
    assert_eq!((lines(&report["duplicate"]), lines(&done["left"])), (1, 1), "{report}");
    assert_eq!(done["left_lines"][0]["invoice"], "G220101", "{report}");
    assert_eq!(done["quarantine_entries"], serde_json::json!([1]), "{report}");
    assert_eq!(january(&daybook), figures("36500.00", "1460.00"), "S-3 stands until somebody reverses it");

    same_again(&daybook, &[(&second, &["--supersede"]), (&second, &[]), (&first, &["--supersede"])]);

    import(&daybook, &third, &["--supersede"]);
    assert_eq!(january(&daybook), figures("37500.00", "1500.00"));
    same_again(&daybook, &[(&first, &["--supersede"]), (&second, &["--supersede"]), (&second, &[])]);
    daybook.ok(&["verify"]);
}

#[test]
fn an_import_that_supersedes_and_is_killed_is_completed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let daybook = Daybook::on(&dir.join("ledger"));
    daybook.ok(&["import", "--from", "ndjson", &facts(dir)]);
    import(&daybook, &invoice(dir, "first.csv", &[("S-1", "30000"), ("S-2", "1000")]), &[]);
    let second = invoice(dir, "second.csv", &[("S-1", "35000"), ("S-2", "1100")]);
    for point in ["append:before_commit", "append:after_commit"] {
        let armed = daybook.with("DAYBOOK_CRASH_POINT", point);
        let done = armed.run(&["import", "--from", "partner-center", &second, "--supersede"]);
        assert!(done.signal().is_some(), "{point} is never passed: {}", done.stderr);
    }
    let report = import(&daybook, &second, &["--supersede"]);
    assert_eq!(lines(&report["duplicate"]), 2, "{report}");
    assert_eq!(january(&daybook), figures("36100.00", "1444.00"));
}

#[test]
fn through_the_socket_and_through_the_stream_it_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let broker = Broker::start();
    let url = broker.url();
    let facts = facts(dir);
    let first = invoice(dir, "first.csv", &[("S-1", "30000"), ("S-2", "1000")]);
    let second = invoice(dir, "second.csv", &[("S-1", "35000"), ("S-2", "1100")]);
    for (name, nats) in [("files", &[][..]), ("stream", &["--nats", url.as_str()])] {
        let daybook = Daybook::on(&dir.join(name));
        let serve = ["serve", "--listen", "127.0.0.1:0", "--through", THROUGH];
        let mut serving = daybook.start(&[&serve, nats].concat());
        serving.address();
        daybook.ok(&[&["import", "--from", "ndjson", &facts], nats].concat());
        import(&daybook, &first, nats);
        for (appended, records) in [(2, 13), (0, 13)] {
            let report = import(&daybook, &second, &[&["--supersede"], nats].concat());
            assert_eq!(lines(&report["supersession"]["superseding"]), appended, "{name}: {report}");
            assert_eq!(lines(&report["supersession"]["reversed"]), appended, "{name}: {report}");
            assert_eq!(LedgerState::read(daybook.ledger()).counts.records, records, "{name}");
        }
        assert_eq!(january(&daybook), figures("36100.00", "1444.00"), "{name}");
        serving.terminate();
        serving.wait().ok();
    }
}

#[test]
fn two_imports_at_once_leave_one_issue_of_each_line() {
    const LINES: u64 = 1_500;
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let daybook = Daybook::on(&dir.join("ledger"));
    daybook.ok(&["import", "--from", "ndjson", &facts(dir)]);
    let ids: Vec<String> = (0..LINES).map(|number| format!("S-{number}")).collect();
    let issue = |name: &str, amount: &str| {
        let lines: Vec<_> = ids.iter().map(|id| (id.as_str(), amount)).collect();
        invoice(dir, name, &lines)
    };
    let (first, second, third) = (issue("first.csv", "1"), issue("second.csv", "2"), issue("third.csv", "3"));
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH]);
    serving.address();
    import(&daybook, &first, &[]);
    let at_once = [&second, &third]
        .map(|file| daybook.start(&["import", "--from", "partner-center", file, "--supersede", "--format", "json"]));
    for importing in at_once {
        importing.wait().ok();
    }
    serving.terminate();
    serving.wait().ok();
    // The reversal of each line's first issue, and of one of the two that came at once; nothing is lost, nothing twice.
    let records = LedgerState::read(daybook.ledger()).counts.records;
    assert_eq!(records, FACTS.len() as u64 + LINES * 5, "each line has three issues and two reversals");
    let before = whole(&daybook);
    for file in [&second, &third, &first] {
        let report = import(&daybook, file, &["--supersede"]);
        assert_eq!(lines(&report["duplicate"]), LINES, "{report}");
        assert_eq!(whole(&daybook), before, "{file}");
    }
    daybook.ok(&["verify"]);
}

#[test]
fn credits_follow_a_line_that_is_issued_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let daybook = Daybook::on(&dir.join("ledger"));
    daybook.ok(&["import", "--from", "ndjson", &facts(dir)]);
    let first = sales(dir, "first.ndjson", "50000", Some("-20000"));
    let second = sales(dir, "second.ndjson", "60000", Some("-20000"));
    let third = sales(dir, "third.ndjson", "70000", None);
    let supersede = |file: &str| daybook.json(&["import", "--from", "ndjson", "--supersede", file]);
    supersede(&first);
    assert_eq!(january(&daybook), figures("30000.00", "1200.00"));
    let report = supersede(&second);
    assert_eq!(report["supersession"]["credits_moved"]["money"]["USD"], "-20000.00", "{report}");
    assert_eq!(january(&daybook), figures("40000.00", "1600.00"));
    supersede(&third);
    assert_eq!(january(&daybook), figures("50000.00", "2000.00"), "the credit is in a file of its own");
    let before = whole(&daybook);
    for file in [&first, &second, &third] {
        let report = supersede(file);
        assert_eq!(lines(&report["duplicate"]), lines(&report["read"]), "{report}");
        assert_eq!(whole(&daybook), before, "{file}");
    }
}

#[test]
fn through_the_stream_a_conflict_is_said_to_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let broker = Broker::start();
    let url = broker.url();
    let daybook = Daybook::on(&dir.join("ledger"));
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0", "--through", THROUGH, "--nats", &url]);
    serving.address();
    let import = |file: &str| daybook.ok(&["import", "--from", "ndjson", file, "--nats", &url]);
    import(&sales(dir, "first.ndjson", "550", None));
    let said = import(&sales(dir, "second.ndjson", "600", None));
    assert!(said.contains("quarantined: conflict") && said.contains("--supersede"), "{said}");
    serving.terminate();
    serving.wait().ok();
}
