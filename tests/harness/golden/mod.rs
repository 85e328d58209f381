//! Every folder of `replay-fixtures/` is a situation: what was published, and every figure that must follow.
//!
//! The events go through a real ledger, so that duplicates and conflicts are decided where they are decided in
//! production. `UPDATE_EXPECT=1` rewrites the expectations.

mod accounting;
pub(crate) mod books;
mod explained;
mod lock;
mod rule_tests;
pub(crate) mod situation;
pub(crate) mod story;

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

/// The parts of every delta add up to it, whoever computes it, and beside its parts a comparison is what it is without.
#[test]
fn every_comparison_foots_change_by_change() {
    let exact = |value: &serde_json::Value| daybook_event::Exact::parse(value.as_str().unwrap()).unwrap();
    let mut compared = 0;
    for situation in Situation::all() {
        let Some((plain, mut parts)) = situation.compared_both_ways() else { continue };
        compared += 1;
        for field in ["totals", "partners"] {
            let rows = parts[field].as_array_mut().unwrap();
            for row in rows.iter_mut() {
                let by_change = row.as_object_mut().unwrap().remove("by_change").unwrap();
                let sum = by_change.as_object().unwrap().values().map(exact);
                let sum = sum.fold(daybook_event::Exact::ZERO, |sum, part| sum.plus(part).unwrap());
                assert_eq!(sum, exact(&row["delta"]), "{}: {row}", situation.name());
            }
            rows.retain(|row| field == "totals" || row["reference"] != "0.00" || row["candidate"] != "0.00");
            assert_eq!(parts[field], plain[field], "{}", situation.name());
        }
    }
    assert!(compared >= 5, "only {compared} situations compare");
}

/// The order in which events arrive changes no figure, except which side of a conflict stands.
#[test]
fn every_situation_has_the_same_figures_in_reverse_order() {
    for situation in Situation::all().iter().filter(|situation| !situation.order_matters()) {
        let (forward, backward) = (situation.rows(false), situation.rows(true));
        assert_eq!(forward, backward, "{}", situation.name());
    }
}
