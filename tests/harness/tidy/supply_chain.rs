//! What the lock file brings in is what `deny.toml` allows: crates, versions, build scripts, sources.

use super::policy::{Policy, Ruled};
use super::{all_packages, expect_none, workspace_members};
use cargo_metadata::TargetKind;
use daybook_tests::workspace_root;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

#[test]
fn no_refused_crate_comes_in() {
    let refused = Policy::read().refused();
    let mut faults = Vec::new();
    for package in &all_packages().packages {
        if let Some(Ruled { name, reason }) = refused.iter().find(|ruled| ruled.name == package.name.as_str()) {
            faults.push(format!("{name}: {reason}; `cargo tree --invert {name}` shows who brings it in"));
        }
    }
    expect_none(&faults, "Refused crates:");
}

#[test]
fn only_listed_crates_stand_twice() {
    let mut versions: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for package in all_packages().packages {
        versions.entry(package.name.to_string()).or_default().push(package.version);
    }
    let mut older = BTreeSet::new();
    for (name, mut versions) in versions {
        versions.sort();
        versions.pop();
        older.extend(versions.iter().map(|version| format!("{name}@{version}")));
    }
    let advice = "say in deny.toml, [bans] skip, who holds it back, or lift it with `cargo update`";
    expect_none(&differences(&older, &Policy::read().held_back(), advice), "Crates in two versions:");
}

#[test]
fn only_listed_crates_run_a_program_while_they_are_built() {
    let packages = all_packages().packages;
    let runs = packages
        .iter()
        .filter(|package| package.source.is_some())
        .filter(|package| package.targets.iter().any(|target| target.kind.contains(&TargetKind::CustomBuild)));
    let found: BTreeSet<String> = runs.map(|package| package.name.to_string()).collect();
    let advice = "read its build script, then say in deny.toml, [bans.build], what it does";
    expect_none(&differences(&found, &Policy::read().build_scripts(), advice), "Build scripts:");
}

#[test]
fn every_crate_comes_from_the_public_registry() {
    let policy = Policy::read();
    for key in ["unknown-registry", "unknown-git"] {
        assert_eq!(policy.setting("sources", key), Some("deny"), "deny.toml: [sources] {key}");
    }
    for key in ["allow-registry", "allow-git", "allow-org"] {
        assert!(!policy.has("sources", key), "deny.toml: [sources] {key} opens another source");
    }
    let packages = all_packages().packages;
    let elsewhere = packages.iter().filter_map(|package| Some((package, package.source.as_ref()?)));
    let faults: Vec<String> = elsewhere
        .filter(|(_, source)| !source.is_crates_io())
        .map(|(package, source)| format!("{} {} comes from {source}", package.name, package.version))
        .collect();
    expect_none(&faults, "Sources:");
}

/// Without a checksum, what was built yesterday and what is built today can differ.
#[test]
fn the_lock_files_pin_the_content_of_every_crate() {
    let ours = workspace_members().packages.iter().map(|package| package.name.to_string()).collect();
    let with_fuzzer = [&ours, &BTreeSet::from(["daybook-fuzz".to_owned()])].into_iter().flatten().cloned().collect();
    for (file, ours) in [("Cargo.lock", &ours), ("fuzz/Cargo.lock", &with_fuzzer)] {
        lock_check(file, ours);
    }
}

fn lock_check(file: &str, ours: &BTreeSet<String>) {
    let lock = lock_read(file);
    let packages = lock.get("package").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    assert!(packages.len() > 100, "only {} packages found in {file}", packages.len());
    let mut faults = Vec::new();
    for package in packages {
        let text = |key| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        match text("source") {
            "" if ours.contains(name) => {}
            "" => faults.push(format!("{name} has no source and is no member of the workspace")),
            _ if text("checksum").len() == 64 => {}
            source => faults.push(format!("{name} of {source} has no SHA-256 checksum")),
        }
    }
    expect_none(&faults, &format!("{file}:"));
}

fn lock_read(file: &str) -> Table {
    let path = workspace_root().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What was found and is not listed, what is listed and was not found, and what is listed without a reason.
fn differences(found: &BTreeSet<String>, listed: &[Ruled], advice: &str) -> Vec<String> {
    let names: BTreeSet<String> = listed.iter().map(|ruled| ruled.name.clone()).collect();
    let mut faults: Vec<String> = found.difference(&names).map(|name| format!("{name}: {advice}")).collect();
    faults.extend(names.difference(found).map(|name| format!("{name} stands in deny.toml for nothing: take it out")));
    let silent = listed.iter().filter(|ruled| ruled.reason.is_empty());
    faults.extend(silent.map(|ruled| format!("{} stands in deny.toml without a reason", ruled.name)));
    faults
}

#[test]
fn a_list_is_held_against_what_was_found_in_both_directions() {
    let found = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    let listed = |name: &str, reason: &str| Ruled { name: name.to_owned(), reason: reason.to_owned() };
    assert_eq!(differences(&found, &[listed("a", "x"), listed("b", "y")], "read it"), Vec::<String>::new());
    let faults = differences(&found, &[listed("a", ""), listed("c", "z")], "read it");
    assert_eq!(
        faults,
        ["b: read it", "c stands in deny.toml for nothing: take it out", "a stands in deny.toml without a reason"]
    );
}
