//! What waits in quarantine makes its month provisional where figures are printed, and is in no digest.

use daybook_tests::daybook::Daybook;
use serde_json::{Value, json};

/// The views of a ledger of these lines.
fn views_of(lines: &[&str]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = dir.path().join("events.ndjson");
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    daybook.run(&["import", "--from", "ndjson", &file.display().to_string()]);
    daybook.json(&["views", "--book", "2021-10", "--through", "2022-06-30"])
}

#[test]
fn what_waits_in_quarantine_flags_its_month_and_no_digest() {
    let events = daybook_tests::workspace_root().join("replay-fixtures/conflict/events.ndjson");
    let text = std::fs::read_to_string(events).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let flagged = views_of(&lines);
    lines.pop();
    let unflagged = views_of(&lines);
    assert_eq!(
        flagged["provisional"],
        json!([{"partner_id": "P-CONF", "month": "2022-01", "why": "QUARANTINE"}]),
        "{flagged}"
    );
    assert_eq!(unflagged["provisional"], json!([]));
    assert!(flagged["views_digest"].as_str().is_some_and(|digest| digest.len() == 64), "{flagged}");
    assert_eq!(flagged["views_digest"], unflagged["views_digest"]);
}
