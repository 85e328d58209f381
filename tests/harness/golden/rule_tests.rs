//! The pipe tables beside the rule files.

use super::books::Rules;
use daybook_replay::{RuleTestOutcome, run_rule_test};
use daybook_rules::RuleTest;

fn failed(rules: Rules) -> String {
    let library = rules.library();
    let outcome =
        |test: &RuleTest| -> RuleTestOutcome { run_rule_test(test, &library.book(&test.book).unwrap()).unwrap() };
    let outcomes: Vec<RuleTestOutcome> = rules.tests().iter().map(outcome).collect();
    let failed = outcomes.iter().filter(|outcome| !outcome.passed());
    failed.map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn every_shipped_rule_test_passes() {
    let count = Rules::Shipped.tests().len();
    assert!(count >= 24, "only {count} rule tests found");
    assert_eq!(failed(Rules::Shipped), "");
}

#[test]
fn every_rule_test_of_the_synthetic_book_passes() {
    let count = Rules::Synthetic.tests().len();
    assert!(count >= 45, "only {count} rule tests found");
    assert_eq!(failed(Rules::Synthetic), "");
}

/// Warnings too: no threshold without its tests, no date on which nobody can earn.
#[test]
fn lint_has_nothing_to_say_of_the_synthetic_book() {
    let found: Vec<String> = Rules::Synthetic.lint("2030-01-01").iter().map(ToString::to_string).collect();
    assert_eq!(found.join("\n\n"), "");
}
