//! A deliberately naive implementation of what the figures mean, and a maker of histories at the edges.
//!
//! One file or two per section of `docs/figures.md`. It walks day by day, sums every window anew, follows every chain
//! from its start, and shares nothing with the fold but the vocabulary of events and rule sets. The tests hold it against
//! the engine history by history; the simulation holds it against what the whole system keeps.

mod accrual;
mod claims;
pub mod closing;
mod competency;
mod contributions;
pub mod facts;
pub mod figures;
mod findings;
mod gates;
pub mod generate;
mod lots;
mod newness;
pub mod number;
mod payout;
mod standing;
pub mod terms;
pub mod time;
mod usage;

use daybook_rules::model::RuleBook;
use daybook_rules::{load_book, shipped_rule_files};

/// What generated books are made from.
pub struct Shipped {
    /// Every version, as it is.
    whole: RuleBook,
    /// See `shipped`.
    of_two_versions: RuleBook,
}

impl Shipped {
    /// Loads them.
    pub fn load() -> Self {
        let whole = load_book(&shipped_rule_files()).0.expect("the shipped rules load");
        Self { whole, of_two_versions: shipped() }
    }

    /// One history in eleven lies anywhere in the years of all versions: a number that shares them out over the threads.
    pub fn for_seed(&self, seed: u64) -> &RuleBook {
        if seed.is_multiple_of(11) { &self.whole } else { &self.of_two_versions }
    }
}

/// The shipped book, but for the versions that most histories do not reach.
pub fn shipped() -> RuleBook {
    let mut book = load_book(&shipped_rule_files()).0.expect("the shipped rules load");
    // Such histories lie in these two versions' years; longer use of co-op is written anew for each, in its own calendar.
    book.sets.retain(|set| ["2020-10", "2021-10"].contains(&set.version.as_str()));
    book.sets.iter_mut().for_each(|set| set.coop.extensions.clear());
    book
}
