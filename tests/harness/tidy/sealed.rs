//! No figure can depend on sealed personal data: what computes figures has no way to it.

use super::expect_none;
use super::source::rust_sources;

/// What computes, explains and shows figures.
const FIGURES: &[&str] =
    &["ledger/rules/", "ledger/views/", "ledger/replay/", "services/projector/", "services/console/"];

/// Makes events out of the rows of rule tests: it says that they have none.
const MAKES_EVENTS: (&str, &str) = ("ledger/rules/src/rule_test/envelopes.rs", "sealed: Sealed::default()");

#[test]
fn nothing_that_computes_figures_reads_sealed_data() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for file in rust_sources().iter().filter(|file| !file.is_test) {
        if !FIGURES.iter().any(|folder| file.path.starts_with(folder)) {
            continue;
        }
        seen += 1;
        let (maker, allowed) = MAKES_EVENTS;
        let code = if file.path == maker { file.code.replace(allowed, "") } else { file.code.clone() };
        // A name alone reads nothing: what is asked of it does.
        for (number, line) in (1..).zip(code.lines()).filter(|(_, line)| reads(line)) {
            faults.push(format!(
                "{}:{number}: {}: sealed personal data is for its key's holder",
                file.path,
                line.trim()
            ));
        }
    }
    assert!(seen > 100, "only {seen} files found");
    expect_none(&faults, "Who must not look at sealed data:");
}

/// Field and method names of sealed data, as a word of their own.
fn reads(line: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "sealed" || word == "SEALED_BYTES_MAX")
}

#[test]
fn a_reader_is_seen() {
    assert!(reads("if earned.sealed.is_empty() {"));
    assert!(reads("CertificationEarned { sealed, .. }"));
    assert!(!reads("use daybook_event::Sealed;"));
    assert!(!reads("let unsealed = 1;"));
}
