//! Every member takes its version, licence, lints and dependencies from the workspace.

use super::{expect_none, workspace_members};
use std::path::Path;
use toml::{Table, Value};

/// Package keys that stand once, in the workspace.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

const LICENCE: &str = "MIT OR Apache-2.0";

#[test]
fn members_inherit_lints_licence_and_versions() {
    let mut faults = Vec::new();
    for package in &workspace_members().packages {
        let manifest = manifest_read(package.manifest_path.as_std_path());
        let name = package.name.as_str();
        if !inherits(manifest.get("lints")) {
            faults.push(format!("{name}: add [lints] workspace = true"));
        }
        for key in INHERITED {
            if !inherits(manifest.get("package").and_then(|package| package.get(key))) {
                faults.push(format!("{name}: write {key}.workspace = true"));
            }
        }
        if package.license.as_deref() != Some(LICENCE) {
            faults.push(format!("{name}: the licence is {:?}, not {LICENCE}", package.license));
        }
        if package.description.is_none() {
            faults.push(format!("{name}: say in `description` what the crate is for"));
        }
    }
    expect_none(&faults, "What a member's Cargo.toml takes from the workspace:");
}

#[test]
fn members_take_every_dependency_from_the_workspace() {
    let mut faults = Vec::new();
    for package in &workspace_members().packages {
        let manifest = manifest_read(package.manifest_path.as_std_path());
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let listed = manifest.get(section).and_then(Value::as_table).into_iter().flatten();
            for (dependency, _) in listed.filter(|(_, value)| !inherits(Some(value))) {
                faults.push(format!(
                    "{}: [{section}] {dependency} has a version of its own: name it in [workspace.dependencies]",
                    package.name
                ));
            }
        }
    }
    expect_none(&faults, "Versions stand in one place:");
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn manifest_read(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
