//! Whatever the bytes are, loading ends with findings, never with a panic.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::RuleFile;
use daybook_rules::{RuleLibrary, load_tests, shipped_rule_files, shipped_tests};
use proptest::prelude::*;

/// One edit of a text: bytes taken out, and a scrap put in.
fn edited(bytes: &[u8], at: usize, taken: usize, scrap: &str) -> Vec<u8> {
    let at = at % (bytes.len() + 1);
    let end = (at + taken).min(bytes.len());
    [&bytes[..at], scrap.as_bytes(), &bytes[end..]].concat()
}

const SCRAPS: [&str; 14] = [
    "",
    "\"",
    "[",
    "]",
    "= ",
    "\n",
    "\u{e9}",
    "0.1",
    "none",
    "2021-02-30",
    "[[change]]\n",
    "9999999999999999999999d",
    "|",
    "\"\"\"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_rule_file_loads_or_says_why(file in 0_usize..4, at: usize, taken in 0_usize..60, scrap in 0_usize..14) {
        let mut files = shipped_rule_files();
        files.truncate(4);
        files[file].bytes = edited(&files[file].bytes, at, taken, SCRAPS[scrap]);
        let (library, diagnostics) = RuleLibrary::load(&files);
        prop_assert_eq!(library.is_none(), diagnostics.iter().any(daybook_rules::Diagnostic::is_error));
        for diagnostic in diagnostics {
            prop_assert!(!diagnostic.to_string().is_empty());
        }
    }

    #[test]
    fn an_edited_table_reads_or_says_why(file in 0_usize..2, at: usize, taken in 0_usize..60, scrap in 0_usize..14) {
        let (name, bytes) = shipped_tests()[file];
        let bytes = edited(bytes, at, taken, SCRAPS[scrap]);
        let (tests, diagnostics) = load_tests(&[RuleFile { name: name.to_owned(), bytes }]);
        prop_assert!(!tests.is_empty() || !diagnostics.is_empty());
    }
}
