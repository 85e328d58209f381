//! What holds for every file written by hand.

use super::expect_none;
use super::source::{RustSource, rust_sources, sources};
use daybook_tests::workspace_root;

/// Longest hand-written Rust file, in lines, its tests not counted.
const LINES_MAX: usize = 400;

/// Text files besides Rust that people write here.
const TEXT_ENDINGS: &[&str] =
    &[".rs", ".toml", ".proto", ".md", ".sh", ".py", ".yaml", ".yml", ".conf", ".service", "Makefile", "Containerfile"];

/// Marks of unfinished work, split so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of a person's machine.
const MACHINE_FOLDERS: &[&str] = &[concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];

#[test]
fn no_source_file_is_too_long() {
    let mut faults = Vec::new();
    for file in rust_sources().iter().filter(|file| !file.is_test) {
        let lines = lines_without_tests(file);
        if lines > LINES_MAX {
            faults.push(format!("{}: {lines} lines before its tests: split it by subject", file.path));
        }
    }
    expect_none(&faults, &format!("A file has one subject and at most {LINES_MAX} lines:"));
}

/// Lines up to the last one that still has code in it once test items are taken out.
fn lines_without_tests(file: &RustSource) -> usize {
    file.code.lines().collect::<Vec<_>>().iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1)
}

#[test]
fn rust_sources_have_no_tabs_and_only_ascii() {
    let mut faults = Vec::new();
    for file in rust_sources() {
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.contains('\t') {
                faults.push(format!("{}:{number}: a tab: indent with four spaces", file.path));
            }
            if let Some(c) = line.chars().find(|c| !c.is_ascii()) {
                faults.push(format!("{}:{number}: {c:?}: write ASCII, or \\u{{...}} in a literal", file.path));
            }
        }
    }
    expect_none(&faults, "Characters in Rust sources:");
}

#[test]
fn nothing_is_left_unfinished() {
    let mut faults = Vec::new();
    for file in sources(TEXT_ENDINGS) {
        for (number, line) in (1..).zip(file.text.lines()) {
            if let Some(mark) = UNFINISHED.iter().find(|mark| line.contains(**mark)) {
                faults
                    .push(format!("{}:{number}: {mark}: finish it, or say in plain words what is missing", file.path));
            }
        }
    }
    for file in rust_sources() {
        for (number, line) in (1..).zip(file.code.lines()) {
            if let Some(stub) = ["todo!", "unimplemented!"].iter().find(|stub| line.contains(**stub)) {
                faults.push(format!("{}:{number}: {stub}: write it", file.path));
            }
        }
    }
    expect_none(&faults, "Unfinished work:");
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let root = workspace_root().display().to_string();
    let mut faults = Vec::new();
    for file in sources(TEXT_ENDINGS) {
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.contains(&root) || MACHINE_FOLDERS.iter().any(|folder| line.contains(folder)) {
                faults.push(format!("{}:{number}: a path of one machine: make it relative", file.path));
            }
        }
    }
    expect_none(&faults, "Absolute paths:");
}

#[test]
fn every_crate_opens_with_what_it_is_and_whether_it_does_io() {
    let mut faults = Vec::new();
    for file in rust_sources().iter().filter(|file| is_crate_root(&file.path)) {
        let opening: Vec<&str> = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
        let opening = opening.join(" ").to_lowercase();
        if opening.is_empty() {
            faults.push(format!("{}: begin with a `//!` sentence that says what the crate is for", file.path));
        } else if !opening.contains("pure") && !opening.contains("i/o") {
            faults.push(format!("{}: say in the opening `//!` text whether the crate is pure or does I/O", file.path));
        }
    }
    expect_none(&faults, "Opening words of crates:");
}

fn is_crate_root(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs")
}
