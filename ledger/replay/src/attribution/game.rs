//! Which books must be folded: the coalitions of a game, other readings, other values.

use super::parts::drawn_orders;
use daybook_rules::model::RuleBook;
use daybook_rules::{PLAYERS_EXACT_MAX, Players, Reading};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How a delta is split among the players.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributionMethod {
    /// The mean over every order in which the changes can be made: no order is preferred.
    Shapley,
    /// One change after the other, as they were announced.
    Announced,
    /// Each change alone against the reference; what they do together is shown as `interaction`.
    Alone,
}

/// Most coalitions that drawn orders may ask for.
const DRAWN_COALITIONS_MAX: usize = 512;
/// Fewest orders drawn.
const DRAWN_ORDERS_MIN: usize = 8;

/// The coalitions whose worth decides the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Game {
    /// Every coalition.
    Every,
    /// Those that some orders lead through.
    Drawn { orders: Vec<Vec<usize>>, seed: u64 },
    /// Those on the announced way.
    Announced,
    /// Each player alone.
    Alone,
    /// The reference and the candidate only.
    Sides,
}

impl Game {
    /// The game of a method. More players than can be looked at whole are grouped by version where that leaves several
    /// groups and few enough of them; else orders are drawn.
    pub(super) fn of(method: Option<AttributionMethod>, players: &Players, seed: u64) -> (Self, Option<Players>) {
        let count = players.list().len();
        match method {
            None => (Self::Sides, None),
            Some(AttributionMethod::Announced) => (Self::Announced, None),
            Some(AttributionMethod::Alone) => (Self::Alone, None),
            Some(AttributionMethod::Shapley) if count <= PLAYERS_EXACT_MAX => (Self::Every, None),
            Some(AttributionMethod::Shapley) => {
                let grouped = players.grouped_by_version();
                if (2..=PLAYERS_EXACT_MAX).contains(&grouped.list().len()) {
                    return (Self::Every, Some(grouped));
                }
                let orders = (DRAWN_COALITIONS_MAX / count).max(DRAWN_ORDERS_MIN);
                (Self::Drawn { orders: drawn_orders(count, orders, seed), seed }, None)
            }
        }
    }

    /// The coalitions that must be looked at.
    fn masks(&self, players: &Players) -> BTreeSet<u128> {
        let count = players.list().len();
        let everyone = players.everyone();
        let mut masks = BTreeSet::from([0, everyone]);
        match self {
            Self::Every => masks.extend(0..everyone),
            Self::Drawn { orders, .. } => masks.extend(orders.iter().flat_map(|order| prefixes(order))),
            Self::Announced => masks.extend(prefixes(&(0..count).collect::<Vec<_>>())),
            Self::Alone => masks.extend((0..count).map(|at| 1 << at)),
            Self::Sides => {}
        }
        masks
    }
}

fn prefixes(order: &[usize]) -> Vec<u128> {
    let with = |mask: &mut u128, &player: &usize| {
        *mask |= 1 << player;
        Some(*mask)
    };
    order.iter().scan(0, with).collect()
}

/// The books to fold, each once, and which of them stands for what.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    pub(super) books: Vec<RuleBook>,
    /// By terms: the same terms give the same measures.
    known: BTreeMap<String, usize>,
    pub(super) of_mask: BTreeMap<u128, usize>,
}

/// A reading with the books that stand for it; none where the terms cannot say it.
#[derive(Debug, Clone)]
pub(super) struct ReadingFolds {
    pub(super) reading: Reading,
    pub(super) folds: Option<[usize; 2]>,
}

/// A parameter with each of its values, and the book that stands for it.
pub(super) type VariedFolds = (String, Vec<(String, usize)>);

/// The fold of the reference.
pub(super) const REFERENCE: usize = 0;

impl Books {
    /// Both sides and every coalition of a game.
    pub(super) fn of(game: &Game, players: &Players) -> Self {
        let mut books = Self::default();
        // The reference is the first fold, the candidate the second, even where they say the same.
        books.books.push(players.reference().clone());
        books.known.insert(players.reference().terms_hash.clone(), REFERENCE);
        let candidate = books.take(players.candidate());
        books.of_mask.extend([(0, REFERENCE), (players.everyone(), candidate)]);
        if players.list().is_empty() {
            return books;
        }
        let masks = game.masks(players);
        let wanted: Vec<u128> = masks.into_iter().filter(|mask| !books.of_mask.contains_key(mask)).collect();
        // Changes that cannot stand without others count as those of them that can: see `of_coalition`.
        for (mask, book) in wanted.iter().zip(players.coalitions(wanted.iter().copied())) {
            if let Some(book) = book {
                let at = books.take(&book);
                books.of_mask.insert(*mask, at);
            }
        }
        books
    }

    /// The fold that stands for a book.
    pub(super) fn take(&mut self, book: &RuleBook) -> usize {
        let next = self.books.len();
        let at = *self.known.entry(book.terms_hash.clone()).or_insert(next);
        if at == next {
            self.books.push(book.clone());
        }
        at
    }

    /// The fold of the candidate.
    pub(super) fn candidate(&self) -> usize {
        self.of_mask.last_key_value().map_or(REFERENCE, |(_, &at)| at)
    }

    /// The fold of a coalition; of one whose terms cannot stand, that of the largest within it that was made.
    pub(super) fn of_coalition(&self, mask: u128) -> usize {
        let within = |(known, _): &(&u128, &usize)| **known & !mask == 0;
        let largest = |(known, _): &(&u128, &usize)| (known.count_ones(), **known);
        match self.of_mask.get(&mask) {
            Some(&at) => at,
            None => self.of_mask.iter().filter(within).max_by_key(largest).map_or(REFERENCE, |(_, &at)| at),
        }
    }
}
