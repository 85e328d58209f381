//! Every dependency may be used under a licence that `deny.toml` accepts.

use super::policy::Policy;
use super::{all_packages, expect_none, spdx};
use daybook_tests::workspace_root;

#[test]
fn every_dependency_has_an_allowed_licence() {
    let metadata = all_packages();
    let allowed = Policy::read().licences();
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let name = format!("{} {}", package.name, package.version);
        let Some(text) = &package.license else {
            faults.push(format!("{name} states no licence: read its licence file, then replace the crate or list it"));
            continue;
        };
        match spdx::parse(text) {
            Some(expression) if expression.is_met_by(&allowed) => {}
            Some(_) => faults.push(format!("{name} is under {text:?}, which the allowed licences do not meet")),
            None => faults.push(format!("{name} states {text:?}, which is no licence expression")),
        }
    }
    // A lock file that names only ourselves would make this test pass on nothing.
    assert!(metadata.packages.len() > metadata.workspace_members.len(), "cargo metadata lists no dependencies");
    expect_none(&faults, &format!("Licences (allowed: {}):", allowed.join(", ")));
}

#[test]
fn every_accepted_licence_is_needed() {
    let packages = all_packages().packages;
    let stated: Vec<&str> = packages.iter().filter_map(|package| package.license.as_deref()).collect();
    let faults: Vec<String> = Policy::read()
        .licences()
        .into_iter()
        .filter(|licence| !stated.iter().any(|text| text.contains(licence.as_str())))
        .map(|licence| format!("{licence} stands in deny.toml for nothing: take it out"))
        .collect();
    expect_none(&faults, "Accepted licences:");
}

#[test]
fn both_licence_texts_are_here() {
    for (file, opening) in [("LICENSE-MIT", "MIT License"), ("LICENSE-APACHE", "Apache License")] {
        let path = workspace_root().join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(opening), "{file} is not the text of the {opening}");
    }
}
