//! Closing months: by every way into a ledger, what blocks it, and what a ledger with closed months says afterwards.

mod blocked;
mod books;
mod doors;
mod explained;
mod first_month;
mod fixture;
mod late;
mod proof;

use daybook_event::{Envelope, EventId, EventRef, PartnerId, Payload, SourceId, date_parse};
use daybook_proto::{decode_json, encode_json};
use daybook_tests::daybook::Daybook;
use serde_json::Value;
use std::fs;

/// After everything here: claims, payouts, closings.
const THROUGH: &str = "2022-12-31";
const SIGNED: [&str; 4] = ["--by", "Ann", "--reason", "month end"];
const FACTS: [&str; 7] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

/// What a partner must have to earn from January 2022 on.
fn standing(partner: &str) -> Vec<String> {
    let line = |(at, fact): (usize, &&str)| {
        format!(
            r#"{{"source":"contoso","event_id":"st-{partner}-{at}","partner_id":"{partner}","effective_on":"2022-01-03","partner_standing":{{"fact":"{fact}","status":"held"}}}}"#
        )
    };
    FACTS.iter().enumerate().map(line).collect()
}

/// A sale that earns 4 %, of it 60 % rebate and 40 % co-op.
fn sale(id: &str, partner: &str, on: &str, amount: &str, currency: &str) -> String {
    format!(
        r#"{{"source":"contoso","event_id":"{id}","partner_id":"{partner}","effective_on":"{on}","license_sale":{{"customer_id":"C-{id}","subscription_id":"S-{id}","product_id":"DZH318Z0BPS6","sku_id":"0001","product_name":"Azure plan","product_family":"Azure","segment":"commercial","quantity":1,"amount":"{amount}","currency":"{currency}","charge_type":"new","charge_start":"{on}","charge_end":"{on}","invoice_id":"G-{id}","credits":""}}}}"#
    )
}

/// Two partners with a sale in January 2022 each, and one of them another in February.
fn history() -> Vec<String> {
    let mut lines = [standing("P-A"), standing("P-B")].concat();
    lines.extend([
        sale("s-1", "P-A", "2022-01-10", "30000.00", "USD"),
        sale("s-2", "P-B", "2022-01-12", "40000.00", "USD"),
        sale("s-3", "P-A", "2022-02-14", "10000.00", "USD"),
    ]);
    lines
}

fn decoded(lines: &[String]) -> Vec<Envelope> {
    lines.iter().map(|line| decode_json(line).unwrap_or_else(|fault| panic!("{fault}: {line}"))).collect()
}

/// An act of the operators, as a file or another program would hold it.
fn by_ledger(id: &str, partner: Option<&str>, payload: Payload) -> Envelope {
    let (source, event_id) = (SourceId::parse("ledger").unwrap(), EventId::parse(id).unwrap());
    Envelope {
        id: EventRef { source, event_id },
        partner_id: partner.map(|partner| PartnerId::parse(partner).unwrap()),
        effective_on: date_parse(THROUGH).unwrap(),
        seq: 0,
        source_seq: None,
        payload,
    }
}

/// A ledger of files with that history, and every version of the terms adopted.
struct Scene {
    dir: tempfile::TempDir,
    daybook: Daybook,
}

impl Scene {
    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let daybook = Daybook::on(&dir.path().join("ledger"));
        Self { dir, daybook }
    }

    fn new() -> Self {
        let scene = Self::empty();
        scene.import(&history());
        scene.adopt(&[]);
        scene
    }

    fn import(&self, lines: &[String]) -> Value {
        let file = self.dir.path().join("events.ndjson");
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        self.daybook.json(&["import", "--operator-acts", "--from", "ndjson", &file.display().to_string()])
    }

    fn import_acts(&self, acts: &[Envelope]) -> Value {
        self.import(&acts.iter().map(encode_json).collect::<Vec<_>>())
    }

    fn adopt(&self, more: &[&str]) {
        self.daybook.ok(&[["rules", "adopt"].as_slice(), &SIGNED, more].concat());
    }

    fn close(&self, month: &str, more: &[&str]) -> Value {
        self.daybook.json(&[close(month).as_slice(), more].concat())
    }

    fn views(&self, more: &[&str]) -> Value {
        self.daybook.json(&[["views", "--through", THROUGH].as_slice(), more].concat())
    }

    fn statement(&self, partner: &str, month: &str) -> Value {
        self.daybook.json(&["statement", "--partner", partner, "--month", month, "--through", THROUGH])
    }

    /// Every closed month computed again: it must be as it was pinned.
    fn expect_whole(&self) -> Value {
        let verified = self.daybook.json(&["verify", "--month", "all"]);
        assert_eq!(verified["findings"], serde_json::json!([]), "{verified}");
        verified
    }
}

fn close(month: &str) -> [&str; 9] {
    let [by, ann, reason, why] = SIGNED;
    ["close", "--month", month, "--through", THROUGH, by, ann, reason, why]
}

/// The rows of a view that are of this partner.
fn rows_of<'v>(views: &'v Value, view: &str, partner: &str) -> Vec<&'v Value> {
    views[view].as_array().unwrap().iter().filter(|row| row["partner_id"] == partner).collect()
}
