//! Checkpoints, proofs and witnesses end to end: what the binary writes, verified by the binary with files alone.

mod chain;
mod files;
mod serving;
mod statements;
mod witnesses;

use daybook_tests::daybook::{Daybook, Done};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// After everything here.
const THROUGH: &str = "2022-12-31";
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

/// A sale that earns.
fn sale(id: &str, partner: &str, on: &str) -> String {
    format!(
        r#"{{"source":"contoso","event_id":"{id}","partner_id":"{partner}","effective_on":"{on}","license_sale":{{"customer_id":"C-{id}","subscription_id":"S-{id}","product_id":"DZH318Z0BPS6","sku_id":"0001","product_name":"Azure plan","product_family":"Azure","segment":"commercial","quantity":1,"amount":"30000.00","currency":"USD","charge_type":"new","charge_start":"{on}","charge_end":"{on}","invoice_id":"G-{id}","credits":""}}}}"#
    )
}

/// A ledger of files with two partners' sales, an entry in quarantine, and the terms adopted.
struct Scene {
    dir: tempfile::TempDir,
    daybook: Daybook,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let daybook = Daybook::on(&dir.path().join("ledger"));
        let scene = Self { dir, daybook };
        let mut lines = [standing("P-A"), standing("P-B")].concat();
        lines.extend([sale("s-1", "P-A", "2022-01-10"), sale("s-2", "P-B", "2022-01-12"), "no event".to_owned()]);
        scene.import(&lines);
        scene.daybook.ok(&["rules", "adopt", "--by", "Ann", "--reason", "published"]);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn import(&self, lines: &[String]) {
        let file = self.path("events.ndjson");
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        // What is in quarantine is told by the exit status too.
        self.daybook.run(&["import", "--from", "ndjson", &file.display().to_string()]);
    }

    fn close(&self, month: &str) -> Value {
        self.daybook.json(&["close", "--month", month, "--through", THROUGH, "--by", "Ann", "--reason", "month end"])
    }

    fn checkpoint(&self, more: &[&str]) -> Value {
        self.daybook.json(&[["checkpoint"].as_slice(), more].concat())
    }

    /// Writes a checkpoint's note to a file, and gives its name.
    fn note(&self, number: u64, name: &str) -> String {
        let path = self.name(name);
        self.daybook.ok(&["checkpoint", "--show", &number.to_string(), "--output", &path]);
        path
    }

    /// Writes the public key to a file, and gives its name.
    fn public_key(&self) -> String {
        let key = self.daybook.ok(&["checkpoint", "--public-key"]);
        fs::write(self.path("log.pub"), key).unwrap();
        self.name("log.pub")
    }

    /// Writes a proof to a file, and gives its name.
    fn prove(&self, what: &[&str], name: &str) -> String {
        let path = self.name(name);
        self.daybook.ok(&[["prove", "--output", &path].as_slice(), what].concat());
        path
    }

    /// Verifies a file where there is no ledger.
    fn verify_file(&self, file: &str, more: &[&str]) -> Done {
        Daybook::on(&self.path("no-ledger")).run(&[["verify", file, "--format", "json"].as_slice(), more].concat())
    }

    /// Verifies the ledger alone; the codes of what was found.
    fn codes(&self, more: &[&str]) -> Vec<String> {
        self.codes_of(&["verify", "--ledger-only", "--format", "json"], more)
    }

    /// Verifies the backup that stands in the place of the ledger; the codes of what was found.
    fn backup_codes(&self, more: &[&str]) -> Vec<String> {
        self.codes_of(&["verify", "--format", "json"], more)
    }

    fn codes_of(&self, verify: &[&str], more: &[&str]) -> Vec<String> {
        let done = self.daybook.run(&[verify, more].concat());
        let report: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    }
}

/// What a verified file says.
fn report(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}{}", done.stdout, done.stderr))
}

fn proven(done: Done) -> Value {
    serde_json::from_str(&done.ok()).unwrap()
}
