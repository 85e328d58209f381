//! Every check against a folder of bad files: what it prints must be what stands in `expected.txt`.
//!
//! A folder's files stand beside the shipped versions and catalogue, or in place of the one of their name.
//! `UPDATE_EXPECT=1` rewrites the expectations.
#![allow(missing_docs, clippy::unwrap_used)]

use chrono::NaiveDate;
use daybook_event::RuleFile;
use daybook_rules::{Diagnostic, RuleLibrary, Severity, lint, shipped_rule_files, shipped_tests};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data");
    let mut found: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn files_of(folder: &Path) -> Vec<RuleFile> {
    let mut own: Vec<RuleFile> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "expected.txt")
        .map(|entry| RuleFile {
            name: entry.file_name().into_string().unwrap(),
            bytes: fs::read(entry.path()).unwrap(),
        })
        .collect();
    own.sort_by(|a, b| a.name.cmp(&b.name));
    let mut files = shipped_rule_files();
    files.retain(|file| file.name != "rules.lock" && file.name != "book.toml");
    files.retain(|file| !own.iter().any(|bad| bad.name == file.name));
    files.extend(own);
    files
}

/// What is found in a folder. The checks from R025 on are those of `lint`, which looks at the tests too.
fn findings_of(folder: &Path) -> (Option<RuleLibrary>, Vec<Diagnostic>) {
    let files = files_of(folder);
    let (library, diagnostics) = RuleLibrary::load(&files);
    if folder.file_name().unwrap().to_str().unwrap()[1..4].parse::<u32>().unwrap() < 25 {
        return (library, diagnostics);
    }
    let owned = |(name, bytes): &(&str, &[u8])| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() };
    let mut tests: Vec<RuleFile> = shipped_tests().iter().map(owned).collect();
    tests.extend(files.iter().filter(|file| file.name.ends_with(".tests.toml")).cloned());
    (library, lint(&files, &tests, NaiveDate::from_ymd_opt(2024, 10, 1).unwrap()))
}

#[test]
fn every_bad_file_says_what_is_wrong_where_and_what_to_do() {
    let mut differing = Vec::new();
    for folder in folders() {
        let (library, diagnostics) = findings_of(&folder);
        let text: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        let text = text.join("\n\n") + "\n";
        let only_warnings = diagnostics.iter().all(|found| found.severity == Severity::Warning);
        assert_eq!(library.is_some(), only_warnings, "{}", folder.display());
        let path = folder.join("expected.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            differing.push(format!("{}:\n{text}", folder.display()));
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        let code = name[..4].to_uppercase();
        assert!(diagnostics.iter().any(|found| found.code.to_string() == code), "{name} does not show {code}:\n{text}");
    }
    assert!(differing.is_empty(), "UPDATE_EXPECT=1 rewrites what differs:\n{}", differing.join("\n"));
}

#[test]
fn every_check_has_a_folder() {
    let shown: BTreeSet<String> =
        folders().iter().map(|folder| folder.file_name().unwrap().to_str().unwrap()[..4].to_owned()).collect();
    let all: BTreeSet<String> = (1..=28).map(|number| format!("r{number:03}")).collect();
    assert_eq!(shown, all);
}

#[test]
fn a_diagnostic_is_json_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/r003-from-differs");
    let (_, diagnostics) = RuleLibrary::load(&files_of(&folder));
    let json = serde_json::to_value(&diagnostics).unwrap();
    assert_eq!(json[0]["severity"], "error");
    assert_eq!(json[0]["code"], "R003");
    assert_eq!(json[0]["file"], "bad.toml");
    assert_eq!(json[0]["line"], 18);
    assert_eq!(json[0]["inherited"]["file"], "2021-10.toml");
    assert_eq!(json[0]["inherited"]["label"], "inherited from here");
    assert!(json[0]["hint"].as_str().unwrap().contains("25000.00 USD"));
}
