//! The list of evidence names what exists, and leaves out no section of the page on figures.

use super::expect_none;
use super::source::rust_sources;
use crate::golden::books::Rules;
use daybook_tests::workspace_root;
use std::collections::BTreeSet;

/// What a cell of the column `evidence` names.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Situation(String),
    RuleTest(String),
    Function(String),
}

/// A row of a table: its section, its line, its two cells.
struct Row<'p> {
    section: &'p str,
    line: usize,
    statement: &'p str,
    evidence: &'p str,
}

fn page(name: &str) -> String {
    std::fs::read_to_string(workspace_root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn sections(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

/// The rows of the tables under a section heading, without their headings.
fn rows(page: &str) -> Vec<Row<'_>> {
    let mut section = "";
    let mut found = Vec::new();
    for (line, text) in (1..).zip(page.lines()) {
        section = text.strip_prefix("## ").unwrap_or(section);
        let cells =
            text.strip_prefix("| ").and_then(|text| text.strip_suffix(" |")).and_then(|text| text.split_once(" | "));
        let Some((statement, evidence)) =
            cells.filter(|(statement, _)| !section.is_empty() && *statement != "statement")
        else {
            continue;
        };
        found.push(Row { section, line, statement, evidence });
    }
    found
}

/// What the cell names, one after another with commas between; none where it holds anything else.
fn named(cell: &str) -> Option<Vec<Named>> {
    let mut rest = cell;
    let mut found = Vec::new();
    loop {
        let quote = rest.chars().next().filter(|quote| ['`', '"'].contains(quote))?;
        let (name, after) = rest[1..].split_once(quote)?;
        found.push(match (quote, name.strip_suffix("()")) {
            ('"', _) => Named::RuleTest(name.to_owned()),
            (_, Some(function)) => Named::Function(function.to_owned()),
            (_, None) => Named::Situation(name.to_owned()),
        });
        match after.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return after.is_empty().then_some(found),
        }
    }
}

fn rule_test_names() -> BTreeSet<String> {
    [Rules::Shipped, Rules::Synthetic].iter().flat_map(|rules| rules.tests()).map(|test| test.name).collect()
}

#[test]
fn what_the_list_of_evidence_names_exists() {
    let text = page("docs/evidence.md");
    let tests = rule_test_names();
    let code: Vec<String> = rust_sources().into_iter().map(|source| source.text).collect();
    let situations = workspace_root().join("replay-fixtures");
    let exists = |named: &Named| match named {
        Named::Situation(folder) => situations.join(folder).join("situation.toml").is_file(),
        Named::RuleTest(name) => tests.contains(name),
        Named::Function(name) => code.iter().any(|text| text.contains(&format!("fn {name}("))),
    };
    let mut faults = Vec::new();
    let rows = rows(&text);
    assert!(rows.len() >= 200, "only {} rows found", rows.len());
    for row in rows {
        let place = format!("docs/evidence.md:{} ({})", row.line, row.statement);
        match named(row.evidence) {
            None => faults.push(format!("{place}: write `folder`, \"rule test\" or `function()`, with commas between")),
            Some(all) => {
                faults.extend(all.iter().filter(|named| !exists(named)).map(|named| format!("{place}: no {named:?}")));
            }
        }
    }
    expect_none(&faults, "Evidence that is not there:");
}

#[test]
fn every_section_of_the_page_on_figures_has_evidence() {
    let (figures, evidence) = (page("docs/figures.md"), page("docs/evidence.md"));
    let shown: BTreeSet<&str> = rows(&evidence).iter().map(|row| row.section).collect();
    let missing = sections(&figures).into_iter().filter(|section| !shown.contains(section));
    let faults: Vec<String> = missing.map(|section| format!("docs/evidence.md has no row under {section:?}")).collect();
    expect_none(&faults, "Sections of docs/figures.md:");
}

/// A situation that shows nothing of the page is either no evidence, or one that the list forgot.
#[test]
fn every_situation_is_evidence_of_something() {
    let text = page("docs/evidence.md");
    let listed: BTreeSet<String> = rows(&text)
        .iter()
        .filter_map(|row| named(row.evidence))
        .flatten()
        .filter_map(|named| match named {
            Named::Situation(folder) => Some(folder),
            _ => None,
        })
        .collect();
    let folders = std::fs::read_dir(workspace_root().join("replay-fixtures")).unwrap();
    let names = folders.map(|entry| entry.unwrap()).filter(|entry| entry.path().join("situation.toml").is_file());
    let mut faults: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !listed.contains(name))
        .map(|name| format!("replay-fixtures/{name} stands nowhere in docs/evidence.md"))
        .collect();
    faults.sort();
    expect_none(&faults, "Situations without a statement:");
}

#[test]
fn a_cell_of_evidence_is_read_whole() {
    let all = named("`a-folder`, \"A test, with a comma\", `a_function()`").unwrap();
    let wanted = [
        Named::Situation("a-folder".to_owned()),
        Named::RuleTest("A test, with a comma".to_owned()),
        Named::Function("a_function".to_owned()),
    ];
    assert_eq!(all, wanted);
    assert_eq!(named("`a-folder` and more"), None);
    assert_eq!(named("none yet"), None);
}
