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

    let before = whole(&daybook);
    for (file, more) in [(&second, &["--supersede"][..]), (&second, &[]), (&first, &["--supersede"])] {
        let report = import(&daybook, file, more);
        assert_eq!(lines(&report["duplicate"]), lines(&report["read"]), "{file} {more:?}: {report}");
        assert_eq!(whole(&daybook), before, "{file} {more:?}");
    }

    import(&daybook, &third, &["--supersede"]);
    assert_eq!(january(&daybook), figures("37500.00", "1500.00"));
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
