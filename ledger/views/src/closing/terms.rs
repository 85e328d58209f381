//! The terms that the last closing was made under, and how they became those of now.

use crate::customers::Asked;
use chrono::NaiveDate;
use daybook_event::Month;
use daybook_rules::model::RuleBook;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The book at the last closing, and the books between it and the current one.
#[derive(Debug, Clone)]
pub struct ClosedTerms {
    /// The book that was current at the position of the last closing's statement.
    pub at_close: Arc<RuleBook>,
    /// One change after the other, in announced order; empty where nothing changed. The last one's book is the current one.
    pub steps: Vec<TermsStep>,
}

/// One change of the terms.
#[derive(Debug, Clone)]
pub struct TermsStep {
    /// What true-ups name as their cause: `terms:VERSION/CHANGE`.
    pub cause: String,
    /// The book with this change and those before it.
    pub book: Arc<RuleBook>,
}

impl ClosedTerms {
    /// Terms that did not change since the last closing.
    #[must_use]
    pub fn unchanged(book: Arc<RuleBook>) -> Self {
        Self { at_close: book, steps: Vec::new() }
    }
}

/// Since when two books say something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// They are alike.
    Never,
    /// From a date on; before it they are alike.
    From(NaiveDate),
    /// Whatever the date.
    Always,
}

impl Apart {
    pub(crate) fn between(one: &RuleBook, other: &RuleBook) -> Self {
        let alike = one.catalogue.terms_hash == other.catalogue.terms_hash
            && one.sources_of_no_partner == other.sources_of_no_partner;
        let sets = one.sets.len().max(other.sets.len());
        let of =
            |book: &RuleBook, at: usize| book.sets.get(at).map(|set| (set.valid_from, set.hashes.terms_hash.clone()));
        match (0..sets).find(|&at| of(one, at) != of(other, at)) {
            None if alike => Self::Never,
            // What is looked up before the first set is looked up in it.
            Some(at) if alike && at > 0 => {
                let begins = [one, other].into_iter().filter_map(|book| book.sets.get(at)).map(|set| set.valid_from);
                begins.min().map_or(Self::Always, Self::From)
            }
            _ => Self::Always,
        }
    }

    /// Whether they are alike up to a date.
    pub(crate) fn is_after(self, until: NaiveDate) -> bool {
        match self {
            Self::Never => true,
            Self::From(date) => date > until,
            Self::Always => false,
        }
    }
}

/// Whether a state before the month is the same under both books, which are alike until then: what a state keeps depends on
/// what later terms will ask of it.
pub(crate) fn keep_the_same(one: &RuleBook, other: &RuleBook, before: Month) -> bool {
    fn groups(book: &RuleBook) -> BTreeSet<&str> {
        book.sets.iter().flat_map(|set| &set.product_groups).map(|group| group.name.as_str()).collect()
    }
    // Growth looks a year ahead; before that nothing of the first set is asked that is not asked in its first month.
    let first = one.sets.first().map_or(before, |set| Month::of(set.valid_from).plus(-13));
    let months = (0..before.since(first).max(0)).map(|at| first.plus(at));
    groups(one) == groups(other) && months.into_iter().all(|month| Asked::by(one, month) == Asked::by(other, month))
}
