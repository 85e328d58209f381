//! Notices are known for what they are: no money.

use super::*;
use crate::import::ImportReport;

/// The published form, with the published values of its other fields.
fn notice(name: &str, resource: &str) -> String {
    format!(
        r#"{{"EventName":"{name}","ResourceUri":"https://api.partnercenter.microsoft.com/v1/{resource}","ResourceName":"{resource}","AuditUri":null,"ResourceChangeUtcDate":"2018-02-17T00:05:39.5485487+00:00"}}"#
    )
}

#[test]
fn one_many_or_one_a_line_are_skipped_by_name() {
    let (ready, updated) = (notice("invoice-ready", "invoices/G1"), notice("subscription-updated", "subscriptions/S"));
    assert_eq!(verdicts(ready.as_bytes(), &options()), ["invoice-ready"]);
    for file in [format!("[{ready},\n {updated}]"), format!("{ready}\n{updated}\n")] {
        assert_eq!(verdicts(file.as_bytes(), &options()), ["invoice-ready", "subscription-updated"], "{file}");
    }
}

#[test]
fn the_report_has_a_line_for_each_kind_that_says_what_to_do() {
    let file = [notice("invoice-ready", "invoices/G1"), notice("invoice-ready", "invoices/G2")].join("\n");
    let mut report = ImportReport::default();
    read(file.as_bytes(), &options()).iter().for_each(|item| report.item(item));
    let text = report.to_string();
    assert!(text.contains("skipped: invoice-ready          2"), "{text}");
    assert_eq!(text.matches("webhook invoice-ready: no money, nothing appended: an invoice is out: fetch").count(), 1);
    assert_eq!(serde_json::to_value(&report).unwrap()["skipped"]["invoice-ready"]["lines"], 2);
    assert_eq!(report.lines_open(), 0);
}

#[test]
fn unknown_names_and_mixtures_are_errors_of_the_file() {
    let unknown = try_read(notice("invoice-paid", "invoices/G1").as_bytes(), &options()).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "item 1 has the form of a webhook, but \"invoice-paid\" is no published name: leave it out of the file"
    );
    let invoice = String::from_utf8(testdata("recon-json/pc-get-invoiceline-items-06.json")).unwrap();
    let mixed = format!("{invoice}\n{}", notice("invoice-ready", "invoices/G1"));
    let mixed = try_read(mixed.as_bytes(), &options()).unwrap_err();
    assert_eq!(mixed.to_string(), "item 2 is a webhook and item 1 is none: import webhooks in files of their own");
}
