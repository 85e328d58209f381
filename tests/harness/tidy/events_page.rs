//! The page on events shows every kind, and what it shows is taken by the decoder.

use daybook_event::PayloadKind;
use daybook_proto::{decode_json, subject_of};
use daybook_tests::workspace_root;
use std::collections::BTreeSet;

fn page() -> String {
    let path = workspace_root().join("docs/events.md");
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("docs/events.md: {error}"))
}

#[test]
fn every_example_is_a_valid_event() {
    let page = page();
    let mut shown = BTreeSet::new();
    for (number, line) in (1..).zip(page.lines()).filter(|(_, line)| line.starts_with("{\"source\"")) {
        let envelope = decode_json(line).unwrap_or_else(|fault| panic!("docs/events.md:{number}: {fault}"));
        shown.insert(envelope.payload.kind());
    }
    for (kind, name) in PayloadKind::ALL {
        assert!(shown.contains(&kind), "docs/events.md shows no example of {name}");
    }
}

#[test]
fn every_kind_has_a_heading() {
    let page = page();
    for (_, name) in PayloadKind::ALL {
        assert!(page.contains(&format!("\n### `{name}`")), "docs/events.md has no heading for {name}");
    }
}

#[test]
fn the_subjects_shown_are_those_of_the_examples() {
    let page = page();
    let of_examples: BTreeSet<String> =
        page.lines().filter_map(|line| decode_json(line).ok()).map(|envelope| subject_of(&envelope)).collect();
    let shown: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    csp.events.")).collect();
    assert!(!shown.is_empty(), "docs/events.md shows no subject");
    for rest in shown {
        let subject = format!("csp.events.{rest}");
        assert!(of_examples.contains(&subject), "docs/events.md shows {subject}, but no example is published on it");
    }
}
