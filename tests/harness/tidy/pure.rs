//! Pure crates: no I/O, no clock, no randomness, no float, no hash-ordered iteration.

use super::source::rust_sources;
use super::{arrows, expect_none, workspace_members};
use daybook_tests::workspace_root;

/// Words that may not stand in pure code, and what to do instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("fs", "take the bytes as an argument"),
    ("std::io", "return a value; the caller reads and writes"),
    ("std::net", "return a value; a service talks to the network"),
    ("std::process", "return a value; the binary ends the process"),
    ("env", "take the setting as an argument"),
    ("SystemTime", "time is an argument"),
    ("Instant::now", "time is an argument"),
    ("Utc::now", "time is an argument"),
    ("Local::now", "time is an argument"),
    ("thread_rng", "randomness has no place here"),
    ("rand", "randomness has no place here"),
    ("HashMap", "use BTreeMap: its order is the same everywhere"),
    ("HashSet", "use BTreeSet: its order is the same everywhere"),
    ("f32", "money and rates are exact: use Amount, Exact or Rate"),
    ("f64", "money and rates are exact: use Amount, Exact or Rate"),
    ("println!", "return the text; the binary prints"),
    ("eprintln!", "return the text; the binary prints"),
    ("print!", "return the text; the binary prints"),
    ("eprint!", "return the text; the binary prints"),
    ("tracing", "return a finding; services write logs"),
    ("async", "pure code is called, never awaited"),
    ("thread_local!", "state is a value that is passed"),
    ("static mut", "state is a value that is passed"),
];

#[test]
fn pure_crates_touch_nothing_outside() {
    let folders = pure_folders();
    let mut faults = Vec::new();
    for file in rust_sources() {
        // Examples are programs around the crate, for measuring it.
        let is_example = file.path.contains("/examples/");
        if file.is_test || is_example || !folders.iter().any(|folder| file.path.starts_with(folder)) {
            continue;
        }
        for (number, line) in (1..).zip(file.code.lines()) {
            for (word, instead) in FORBIDDEN.iter().filter(|(word, _)| has_word(line, word)) {
                faults.push(format!("{}:{number}: {word}: {instead}", file.path));
            }
        }
    }
    expect_none(&faults, "Pure crates compute from their arguments and nothing else:");
}

/// The folders of the pure crates, from the workspace's root, with a closing `/`.
fn pure_folders() -> Vec<String> {
    let root = workspace_root();
    let metadata = workspace_members();
    let pure = metadata.packages.iter().filter(|package| arrows::PURE.contains(&package.name.as_str()));
    let folders: Vec<String> = pure
        .filter_map(|package| package.manifest_path.parent())
        .filter_map(|folder| folder.as_std_path().strip_prefix(&root).ok())
        .map(|folder| format!("{}/", folder.display()))
        .collect();
    assert_eq!(folders.len(), arrows::PURE.len(), "a pure crate is missing from the workspace");
    folders
}

/// Whether the line has the word, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let joined_before = line[..at].ends_with(is_word) && word.starts_with(is_word);
        let joined_after = line[at + found.len()..].starts_with(is_word) && word.ends_with(is_word);
        !joined_before && !joined_after
    })
}

#[test]
fn a_word_is_found_whole() {
    assert!(has_word("use std::{fs, io};", "fs"));
    assert!(has_word("let x: HashMap<A, B>", "HashMap"));
    assert!(!has_word("let offset = refs;", "fs"));
    assert!(!has_word("fn operand()", "rand"));
    assert!(has_word("    println!(", "println!"));
    assert!(!has_word("    eprintln!(", "println!"));
}
