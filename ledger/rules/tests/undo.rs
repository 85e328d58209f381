//! The rules as if one change had never been written.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::RuleFile;
use daybook_rules::model::RuleSet;
use daybook_rules::{RuleLibrary, VersionChange, diff, shipped_rule_files};

/// The shipped rules, with a version on top that changes what they changed and what they added.
fn library(changes: &str) -> RuleLibrary {
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"2030-01\"\nextends = \"2021-10\"\n\
         title = \"later\"\nhypothetical = true\n[validity]\nfrom = 2030-01-01\n[source.me]\ntitle = \"me\"\n\
         authority = \"internal-reading\"\ngrade = \"inferred\"\n{changes}"
    );
    let shipped = RuleLibrary::load(&shipped_rule_files()).0.unwrap();
    if changes.is_empty() {
        return shipped;
    }
    shipped.with_file(RuleFile { name: "later.toml".to_owned(), bytes: text.into_bytes() }).unwrap()
}

const RATE: &str = "[[change]]\nid = \"more\"\nset = \"lever.nonprofit_accelerator.rate\"\nfrom = \"12%\"\nto = \"11%\"\nwhy = \"w\"\ncite = \"me\"\n";
const ANOTHER: &str = "[[change]]\nid = \"azure\"\nset = \"lever.core_azure.rate\"\nfrom = \"4%\"\nto = \"5%\"\nwhy = \"w\"\ncite = \"me\"\n";

fn change(library: &RuleLibrary, id: &str) -> VersionChange {
    let mut changes = library.versions().iter().flat_map(|version| &version.changes);
    changes.find(|change| change.id == id).unwrap_or_else(|| panic!("no change {id}")).clone()
}

fn set<'l>(library: &'l RuleLibrary, version: &str) -> &'l RuleSet {
    &library.version(version).unwrap().set
}

#[test]
fn only_what_the_change_said_is_different() {
    let library = library("");
    for id in ["ttm-threshold", "coop-threshold", "core-cap"] {
        let change = change(&library, id);
        let without = library.without_change(&change).unwrap();
        let lines = diff(&library.current(), &without.current());
        assert!(!lines.is_empty(), "{id} does nothing");
        for line in lines {
            assert!(line.path.starts_with(&change.path), "{id} changes {}", line.path);
        }
        let parent = |library: &RuleLibrary| set(library, "2020-10").hashes.terms_hash.clone();
        assert_eq!(parent(&without), parent(&library));
    }
}

#[test]
fn what_inherits_from_it_does_not_have_it_either() {
    let library = library(ANOTHER);
    let without = library.without_change(&change(&library, "coop-threshold")).unwrap();
    let threshold = |library: &RuleLibrary| set(library, "2030-01").coop.threshold.to_string();
    assert_eq!((threshold(&without).as_str(), threshold(&library).as_str()), ("4000.00", "10000.00"));
}

#[test]
fn a_change_on_which_a_later_one_builds_cannot_be_taken_away_alone() {
    let library = library(RATE);
    assert!(library.without_change(&change(&library, "nonprofit-accelerator")).is_none());
    assert!(library.without_change(&change(&library, "more")).is_some());
}

#[test]
fn a_change_of_a_sentence_or_of_what_to_do_is_wording_and_no_term() {
    let library = library("");
    let changes = library.versions().iter().flat_map(|version| &version.changes);
    let wording: Vec<&str> = changes.filter(|change| change.is_wording()).map(|change| change.id.as_str()).collect();
    assert_eq!(
        wording,
        [
            "membership-sentence",
            "designation-only-sentence",
            "designation-or-points-sentence",
            "designation-or-points-how-to"
        ]
    );
    let without = library.without_change(&change(&library, "designation-or-points-how-to")).unwrap();
    assert_eq!(without.current().terms_hash, library.current().terms_hash);
    assert_ne!(set(&without, "2025-07").hashes.document_hash, set(&library, "2025-07").hashes.document_hash);
}

#[test]
fn the_warning_stands_at_the_change() {
    let library = library("");
    let change = change(&library, "coop-threshold");
    let warning = library.change_without_effect(&change, "this ledger").unwrap().to_string();
    assert!(
        warning.starts_with(
            "warning[R029]: no figure of this ledger depends on the change \"coop-threshold\" of coop.threshold\n"
        ),
        "{warning}"
    );
    assert!(warning.contains("2021-10.toml:") && warning.contains("id   = \"coop-threshold\""), "{warning}");
}
