//! What the tests that cross crates share. I/O: looks for files and binaries.
//!
//! The tests themselves are in `harness/`, one module per kind, one binary for all.

pub mod broker;
pub mod daybook;
pub mod dice;
pub mod disk;
pub mod history;
pub mod http;
pub mod jwt;
pub mod ledger_state;
pub mod model;
pub mod proxy;
pub mod sim;

use std::env;
use std::path::{Path, PathBuf};

/// The folder that holds the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.parent().unwrap_or(manifest_dir).to_path_buf()
}

/// The `daybook` binary: `DAYBOOK_BIN`, else the one that was built beside this test binary.
///
/// # Errors
/// A sentence that says how to build it.
pub fn daybook_bin() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("DAYBOOK_BIN") {
        return existing(named.into()).ok_or_else(|| "DAYBOOK_BIN names no file: correct or unset it".to_owned());
    }
    let test_binary = env::current_exe().map_err(|error| format!("this test cannot find its own path: {error}"))?;
    // A test binary is <target>/<profile>/deps/all-<hash>.
    test_binary
        .ancestors()
        .nth(2)
        .map(|profile_dir| profile_dir.join(format!("daybook{}", env::consts::EXE_SUFFIX)))
        .and_then(existing)
        .ok_or_else(|| "no daybook binary beside the tests: run `cargo build -p daybook` first".to_owned())
}

/// The `nats-server` binary: `NATS_SERVER_BIN`, else `.tools/nats/bin`, else the search path.
///
/// # Errors
/// A sentence that says how to get one. A missing server is a failure, never a skipped test.
pub fn nats_server_bin() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("NATS_SERVER_BIN") {
        return existing(named.into()).ok_or_else(|| "NATS_SERVER_BIN names no file: correct or unset it".to_owned());
    }
    let search_path = env::var_os("PATH").unwrap_or_default();
    let mut candidates = vec![workspace_root().join(".tools/nats/bin")];
    candidates.extend(env::split_paths(&search_path));
    candidates
        .into_iter()
        .find_map(|folder| existing(folder.join(format!("nats-server{}", env::consts::EXE_SUFFIX))))
        .ok_or_else(|| "no nats-server found: run scripts/get-nats-server.sh first".to_owned())
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

/// Where two JSON values differ, a line each: the path, what was expected, what came.
#[must_use]
pub fn json_differences(expected: &serde_json::Value, actual: &serde_json::Value) -> Vec<String> {
    let mut found = Vec::new();
    json_walk("", expected, actual, &mut found);
    found
}

fn json_walk(path: &str, expected: &serde_json::Value, actual: &serde_json::Value, found: &mut Vec<String>) {
    use serde_json::Value;
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, value) in left {
                json_walk(&format!("{path}.{key}"), value, right.get(key).unwrap_or(&Value::Null), found);
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                found.push(format!("{path}.{key}: expected nothing, came {value}"));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for (at, (one, other)) in left.iter().zip(right).enumerate() {
                json_walk(&format!("{path}[{at}]"), one, other, found);
            }
            let rest = |all: &'_ [Value], from: usize| all.get(from..).unwrap_or_default().to_vec();
            found.extend(rest(left, right.len()).iter().map(|row| format!("{path}: expected, did not come: {row}")));
            found.extend(rest(right, left.len()).iter().map(|row| format!("{path}: not expected, came: {row}")));
        }
        (one, other) if one == other => {}
        (one, other) => found.push(format!("{path}: expected {one}, came {other}")),
    }
}
