//! The pipe tables beside the shipped rule files.

use daybook_event::RuleFile;
use daybook_replay::{RuleTestOutcome, run_rule_test};
use daybook_rules::{RuleLibrary, RuleTest, load_tests, shipped_rule_files, shipped_tests};

#[test]
fn every_shipped_rule_test_passes() {
    let library = RuleLibrary::load(&shipped_rule_files()).0.expect("the shipped rule files load");
    let file = |(name, bytes): &(&str, &[u8])| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() };
    let files: Vec<RuleFile> = shipped_tests().iter().map(file).collect();
    let (tests, diagnostics) = load_tests(&files);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(tests.len() >= 12, "only {} rule tests found", tests.len());
    let outcome =
        |test: &RuleTest| -> RuleTestOutcome { run_rule_test(test, &library.book(&test.book).unwrap()).unwrap() };
    let failed: Vec<String> =
        tests.iter().map(outcome).filter(|outcome| !outcome.passed()).map(|outcome| outcome.to_string()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
