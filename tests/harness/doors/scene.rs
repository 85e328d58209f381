//! A ledger of files with one partner that two distributors publish for, its service, and tokens of every kind.

use super::client::Client;
use daybook_tests::daybook::{Daybook, Running};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// The month of the lines.
pub(super) const MONTH: &str = "2022-01";
pub(super) const PARTNER: &str = "P-SHARED";

/// Standing facts that the program asks for.
const STANDING: &[&str] = &[
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

pub(super) struct Scene {
    pub(super) dir: TempDir,
    pub(super) daybook: Daybook,
    pub(super) serving: Running,
    pub(super) client: Client,
    tokens: BTreeMap<&'static str, String>,
}

/// A sale of a source; every text in it says whose it is.
pub(super) fn sale(source: &str, event_id: &str, amount: &str) -> String {
    format!(
        r#"{{"source":"{source}","event_id":"{event_id}","partner_id":"{PARTNER}","effective_on":"{MONTH}-10","license_sale":{{"customer_id":"CUST-{source}","subscription_id":"SUB-{source}-{event_id}","product_id":"DZH318Z0BPS6","sku_id":"0001","product_name":"Plan of {source}","product_family":"Azure","segment":"commercial","quantity":1,"amount":"{amount}","currency":"USD","charge_type":"new","charge_start":"{MONTH}-10","charge_end":"2022-02-09","invoice_id":"INV-{source}","credits":""}}}}"#
    )
}

/// What both distributors published before the door opened.
fn history() -> String {
    let mut lines = String::new();
    for (at, fact) in (1..).zip(STANDING) {
        let _ = writeln!(
            lines,
            r#"{{"source":"contoso","event_id":"st-{at}","partner_id":"{PARTNER}","effective_on":"2022-01-03","partner_standing":{{"fact":"{fact}","status":"held"}}}}"#
        );
    }
    for (source, amount) in [("contoso", "10000.00"), ("fabrikam", "77777.77")] {
        for number in 1..=3 {
            lines.push_str(&sale(source, &format!("s-{number}"), amount));
            lines.push('\n');
        }
    }
    lines
}

impl Scene {
    /// Starts the service with these arguments more.
    pub(super) fn start(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let daybook = Daybook::on(&dir.path().join("ledger")).with("DAYBOOK_LOG", "debug");
        let file = dir.path().join("history.ndjson");
        std::fs::write(&file, history()).unwrap();
        daybook.ok(&["import", "--from", "ndjson", file.to_str().unwrap()]);
        Self::serve(dir, daybook, arguments)
    }

    /// Makes the tokens and starts the service on a ledger that is there, or on none.
    pub(super) fn serve(dir: TempDir, daybook: Daybook, arguments: &[&str]) -> Self {
        let file = dir.path().join("tokens.toml").to_str().unwrap().to_owned();
        let tokens = [
            ("contoso", "distributor", vec!["--source", "contoso"]),
            ("fabrikam", "distributor", vec!["--source", "fabrikam", "--partner-totals"]),
            ("auditor", "auditor", vec![]),
            ("finance", "finance", vec![]),
            ("operator", "operator", vec![]),
        ];
        let tokens = tokens.into_iter().map(|(name, role, more)| (name, token(&daybook, &file, name, role, &more)));
        let tokens = tokens.collect();
        let given =
            [&["serve", "--listen", "127.0.0.1:0", "--through", "2022-12-31", "--tokens", &file], arguments].concat();
        let mut serving = daybook.start(&given);
        let client = Client::new(&serving.address());
        Self { dir, daybook, serving, client, tokens }
    }

    /// The client of whoever has this name.
    pub(super) fn of(&self, name: &str) -> Client {
        self.client.with(&self.tokens[name])
    }

    /// Every token there is.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.values().map(String::as_str)
    }

    pub(super) fn tokens_file(&self) -> std::path::PathBuf {
        self.dir.path().join("tokens.toml")
    }

    /// Ends the service and returns its log.
    pub(super) fn end(self) -> String {
        self.serving.terminate();
        let done = self.serving.wait();
        assert_eq!(done.code(), Some(0), "{}", done.stderr);
        done.stderr
    }
}

/// Makes a token as people do.
pub(super) fn token(daybook: &Daybook, file: &str, name: &str, role: &str, more: &[&str]) -> String {
    let arguments = [&["token", "new", "--tokens", file, "--name", name, "--role", role], more].concat();
    daybook.ok(&arguments).trim().to_owned()
}

/// The name of a path as an argument.
pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
