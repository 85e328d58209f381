//! What waits in quarantine: what figures say of it, what can be decided about it, and that it blocks nothing.

mod any_decisions;
mod figures;
mod files;
mod stream;

use daybook_event::{
    Envelope, EventId, EventRef, Payload, QuarantineDecision, QuarantineVerdict, SourceId, date_parse,
};
use daybook_tests::daybook::Daybook;
use serde_json::Value;

/// Who decides, in most tests.
const SIGNED: [&str; 4] = ["--by", "Ann", "--reason", "looked at it"];

/// One sale of partner P-A in January 2022.
fn sale(event_id: &str, amount: &str) -> String {
    format!(
        r#"{{"source":"contoso","event_id":"{event_id}","partner_id":"P-A","effective_on":"2022-01-10","license_sale":{{"customer_id":"C-1","product_name":"Azure plan","product_family":"Azure","segment":"commercial","quantity":1,"amount":"{amount}","currency":"USD","charge_type":"new"}}}}"#
    )
}

fn decision(event_id: &str, entry: u64, verdict: QuarantineVerdict) -> Envelope {
    let (source, event_id) = (SourceId::parse("ledger").unwrap(), EventId::parse(event_id).unwrap());
    let payload = Payload::QuarantineDecision(QuarantineDecision {
        entry,
        verdict,
        reason: "looked at it".to_owned(),
        decided_by: "Ann".to_owned(),
        approver: String::new(),
    });
    let effective_on = date_parse("2022-02-01").unwrap();
    Envelope { id: EventRef { source, event_id }, partner_id: None, effective_on, seq: 0, source_seq: None, payload }
}

/// A ledger of files.
struct Scene {
    dir: tempfile::TempDir,
    daybook: Daybook,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let daybook = Daybook::on(&dir.path().join("ledger"));
        Self { dir, daybook }
    }

    fn import(&self, lines: &[String]) -> Value {
        let file = self.dir.path().join("events.ndjson");
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        self.daybook.json(&["import", "--from", "ndjson", &file.display().to_string()])
    }

    /// Decides, and says what became of each entry.
    fn decide(&self, arguments: &[&str]) -> Value {
        self.daybook.json(&[["quarantine"].as_slice(), arguments, &SIGNED].concat())
    }

    /// What became of every entry, in words.
    fn states(&self) -> Vec<String> {
        let list = self.daybook.json(&["quarantine", "list"]);
        list.as_array().unwrap().iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect()
    }
}
