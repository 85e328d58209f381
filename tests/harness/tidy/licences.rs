//! Every dependency may be used under a licence that we accept, and none is on the list of the refused.

use super::{all_packages, expect_none, spdx};
use daybook_tests::workspace_root;

/// Licences that ask for no more than their text and the authors' names to be passed on.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that must not come in, not even through others, and why.
const REFUSED: &[(&str, &str)] = &[
    ("atty", "unmaintained and unsound on Windows: std::io::IsTerminal does the same"),
    ("aws-lc-sys", "needs a C++ toolchain and CMake: rustls runs on ring here"),
    ("failure", "unmaintained: errors are thiserror enums"),
    ("libgit2-sys", "builds a C library that nothing here needs"),
    ("lmdb-sys", "one storage engine is enough: redb"),
    ("native-tls", "TLS is rustls, the same on every system"),
    ("openssl-sys", "needs OpenSSL on the system: TLS is rustls"),
    ("protobuf-src", "builds protoc from C++: protox compiles the schema"),
    ("rocksdb", "one storage engine is enough: redb"),
    ("serde_yaml", "unmaintained: files are TOML or JSON"),
    ("sled", "one storage engine is enough: redb"),
];

#[test]
fn every_dependency_has_an_allowed_licence() {
    let metadata = all_packages();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let name = format!("{} {}", package.name, package.version);
        let Some(text) = &package.license else {
            faults.push(format!("{name} states no licence: read its licence file, then replace the crate or list it"));
            continue;
        };
        match spdx::parse(text) {
            Some(expression) if expression.is_met_by(ALLOWED) => {}
            Some(_) => faults.push(format!("{name} is under {text:?}, which the allowed licences do not meet")),
            None => faults.push(format!("{name} states {text:?}, which is no licence expression")),
        }
    }
    // A lock file that names only ourselves would make this test pass on nothing.
    assert!(metadata.packages.len() > metadata.workspace_members.len(), "cargo metadata lists no dependencies");
    expect_none(&faults, &format!("Licences (allowed: {}):", ALLOWED.join(", ")));
}

#[test]
fn no_refused_crate_comes_in() {
    let metadata = all_packages();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        if let Some((name, why)) = REFUSED.iter().find(|(name, _)| *name == package.name.as_str()) {
            faults.push(format!("{name}: {why}; `cargo tree --invert {name}` shows who brings it in"));
        }
    }
    expect_none(&faults, "Refused crates:");
}

#[test]
fn both_licence_texts_are_here() {
    for (file, opening) in [("LICENSE-MIT", "MIT License"), ("LICENSE-APACHE", "Apache License")] {
        let path = workspace_root().join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(opening), "{file} is not the text of the {opening}");
    }
}
