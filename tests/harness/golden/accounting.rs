//! The books of every situation.

use super::situation::Situation;
use crate::accounting::check_rows;
use daybook_replay::EntryKind;
use std::collections::BTreeSet;

#[test]
fn the_books_of_every_situation_balance_and_say_what_the_views_say() {
    let mut kinds: BTreeSet<EntryKind> = BTreeSet::new();
    for situation in Situation::all() {
        let (histories, book, through) = situation.coordinates();
        let replayed = situation.replayed_as_told();
        kinds.extend(check_rows(&histories, &book, through, &replayed, &situation.name()));
    }
    // Nothing here passes for want of cases.
    assert_eq!(kinds, BTreeSet::from(EntryKind::ALL));
}
