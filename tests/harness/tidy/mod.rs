//! The rules that keep the house in order, as tests: each failure names the place and says what to do.

mod arrows;
mod docs;
mod events_page;
mod evidence;
mod files;
mod licences;
mod manifests;
mod policy;
mod pure;
mod sealed;
mod source;
mod spdx;
mod supply_chain;

use cargo_metadata::{Metadata, MetadataCommand};
use daybook_tests::workspace_root;

/// The workspace's own packages, without resolving what they depend on.
fn workspace_members() -> Metadata {
    metadata_command().no_deps().exec().unwrap_or_else(|error| panic!("cargo metadata failed: {error}"))
}

/// Every package that the lock file names, for every platform.
fn all_packages() -> Metadata {
    metadata_command().exec().unwrap_or_else(|error| panic!("cargo metadata failed: {error}"))
}

fn metadata_command() -> MetadataCommand {
    let mut command = MetadataCommand::new();
    command.manifest_path(workspace_root().join("Cargo.toml")).other_options(["--locked".to_owned()]);
    command
}

/// Fails with one line per fault.
fn expect_none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}\n  {}\n", faults.join("\n  "));
}
