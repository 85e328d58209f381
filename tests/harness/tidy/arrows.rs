//! Who may depend on whom, and who may know which outside library.

use super::{expect_none, workspace_members};
use cargo_metadata::{DependencyKind, Package};
use std::collections::BTreeSet;

/// The arrows of the workspace: a crate and the crates of ours that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("daybook-event", &[]),
    ("daybook-proto", &["daybook-event"]),
    ("daybook-rules", &["daybook-event"]),
    ("daybook-views", &["daybook-event", "daybook-rules"]),
    ("daybook-replay", &["daybook-event", "daybook-rules", "daybook-views"]),
    ("daybook-proof", &[]),
    ("daybook-store", &["daybook-event", "daybook-proof"]),
    ("daybook-intake", &["daybook-event", "daybook-proto", "daybook-proof", "daybook-store"]),
    ("daybook-projector", &["daybook-event", "daybook-proto", "daybook-rules", "daybook-views", "daybook-store"]),
    (
        "daybook-console",
        &[
            "daybook-event",
            "daybook-proto",
            "daybook-rules",
            "daybook-views",
            "daybook-replay",
            "daybook-proof",
            "daybook-store",
        ],
    ),
    ("daybook", ALL_BUT_TESTS),
    (TESTS, ALL_BUT_TESTS),
];

const TESTS: &str = "daybook-tests";

const ALL_BUT_TESTS: &[&str] = &[
    "daybook",
    "daybook-event",
    "daybook-proto",
    "daybook-rules",
    "daybook-views",
    "daybook-replay",
    "daybook-proof",
    "daybook-store",
    "daybook-intake",
    "daybook-projector",
    "daybook-console",
];

/// Crates that compute and do nothing else.
pub(super) const PURE: &[&str] =
    &["daybook-event", "daybook-rules", "daybook-views", "daybook-replay", "daybook-proof"];

/// All that a pure crate may use from outside: none of these can read a file, a clock or a random number for it.
const PURE_MAY_USE: &[&str] = &[
    "base64",
    "ed25519-dalek",
    "chrono",
    "hex",
    "rust_decimal",
    "serde",
    "serde_json",
    "serde_json_canonicalizer",
    "serde_spanned",
    "sha2",
    "thiserror",
    "toml",
    "zeroize",
];

const SERVICES: &[&str] = &["daybook-intake", "daybook-projector", "daybook-console", "daybook", TESTS];

/// Outside libraries that only some crates may know: what, which libraries, who.
const SECRETS: &[(&str, &[&str], &[&str])] = &[
    ("protobuf", &["prost", "prost-types", "prost-build", "protox", "pbjson", "pbjson-build"], &["daybook-proto"]),
    ("the storage engine and its encoding", &["redb", "rmp-serde", "rmp"], &["daybook-store"]),
    ("the async runtime", &["tokio", "tokio-util", "futures-util", "axum"], SERVICES),
    ("the broker", &["async-nats"], SERVICES),
    ("logging", &["tracing", "tracing-subscriber", "log"], SERVICES),
];

#[test]
fn only_the_arrows_of_the_architecture_exist() {
    let metadata = workspace_members();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let from = package.name.as_str();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == from) else {
            faults.push(format!("{from} has no line in ARROWS: add the crate to ARCHITECTURE.md and to this test"));
            continue;
        };
        for to in used(package).filter(|to| ours.contains(to) && !allowed.contains(to)) {
            let may = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
            faults.push(format!("the arrow {from} -> {to} is not in the architecture; {from} may use {may}"));
        }
        if package.dependencies.iter().any(|dependency| dependency.name == TESTS) {
            faults.push(format!("{from} depends on {TESTS}: nothing may, not even for its tests"));
        }
    }
    expect_none(&faults, "Dependencies between crates of the workspace:");
}

#[test]
fn every_arrow_names_a_crate_that_exists() {
    let metadata = workspace_members();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let named: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, ours, "ARROWS and the workspace's members differ");
}

#[test]
fn only_some_crates_know_the_broker_the_wire_and_the_disk() {
    let mut faults = Vec::new();
    for package in &workspace_members().packages {
        let name = package.name.as_str();
        for (what, libraries, knowers) in SECRETS {
            // Tests of a crate are part of what it knows, so every kind of dependency counts here.
            for library in package.dependencies.iter().map(|d| d.name.as_str()).filter(|d| libraries.contains(d)) {
                if !knowers.contains(&name) {
                    faults.push(format!("{name} uses {library}: only {} may know {what}", knowers.join(", ")));
                }
            }
        }
    }
    expect_none(&faults, "Libraries that only some crates may know:");
}

#[test]
fn pure_crates_use_only_pure_libraries() {
    let mut faults = Vec::new();
    for package in workspace_members().packages.iter().filter(|package| PURE.contains(&package.name.as_str())) {
        for library in used(package).filter(|name| !name.starts_with("daybook-") && !PURE_MAY_USE.contains(name)) {
            faults.push(format!(
                "{} is pure and uses {library}: move the work to a service, or show that {library} is pure and list it",
                package.name
            ));
        }
    }
    expect_none(&faults, "Libraries of pure crates:");
}

/// What a package needs to be built and to run; what only its tests need is left out.
fn used(package: &Package) -> impl Iterator<Item = &str> {
    let needed = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    needed.map(|dependency| dependency.name.as_str())
}
