//! Every folder of `replay-fixtures/` is a situation: what was published, and every figure that must follow.
//!
//! The events go through a real ledger, so that duplicates and conflicts are decided where they are decided in
//! production. `UPDATE_EXPECT=1` rewrites the expectations.

mod accounting;
pub(crate) mod books;
mod explained;
mod lock;
mod rule_tests;
mod situation;
mod story;

use situation::Situation;

#[test]
fn every_situation_has_the_figures_computed_by_hand() {
    let mut differences = Vec::new();
    let situations = Situation::all();
    assert!(situations.len() >= 50, "only {} situations found", situations.len());
    for situation in &situations {
        differences.extend(situation.differences());
    }
    assert!(differences.is_empty(), "{} differences\n\n{}", differences.len(), differences.join("\n\n"));
}

/// The order in which events arrive changes no figure, except which side of a conflict stands.
#[test]
fn every_situation_has_the_same_figures_in_reverse_order() {
    for situation in Situation::all().iter().filter(|situation| !situation.order_matters()) {
        let (forward, backward) = (situation.rows(false), situation.rows(true));
        assert_eq!(forward, backward, "{}", situation.name());
    }
}
