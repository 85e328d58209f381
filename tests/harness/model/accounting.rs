//! The books of generated histories.

use super::properties::each;
use crate::accounting::check;
use daybook_event::{Instant, Position};
use daybook_replay::{Histories, HistoriesBuilder};
use daybook_tests::model::generate::Case;
use std::collections::BTreeSet;

#[test]
fn the_books_of_any_history_balance_and_say_what_the_views_say() {
    let mut kinds = BTreeSet::new();
    each(|case, _| {
        let what = format!("DAYBOOK_MODEL_SEED={}", case.seed);
        kinds.extend(check(&histories(case), &case.book, case.through, &what));
    });
    assert!(kinds.len() >= 10, "only {kinds:?}");
}

/// The ledger takes each name once: of duplicates the first stands.
fn histories(case: &Case) -> Histories {
    let mut names = BTreeSet::new();
    let mut builder = HistoriesBuilder::default();
    for (position, event) in (1..).zip(case.events.iter().filter(|event| names.insert(&event.id))) {
        builder.add(Position::new(position), Instant::default(), event.clone());
    }
    builder.finish()
}
