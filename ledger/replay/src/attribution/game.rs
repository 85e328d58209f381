//! Which books must be folded: the coalitions of a game, other readings, other values.

use super::parts::drawn_orders;
use chrono::{Days, NaiveDate};
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

/// Who plays, and how.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) game: Game,
    pub(super) players: Players,
    /// The players that can make a difference by the through date, by number: what coalitions count.
    pub(super) active: Vec<usize>,
    pub(super) is_grouped: bool,
}

/// A claim may name an activity of some later day, on which later terms hold; never one further ahead than this.
const AHEAD_DAYS_MAX: u64 = 366;

/// The players that can make a difference by a date.
fn active(players: &Players, through: NaiveDate) -> Vec<usize> {
    let last = through.checked_add_days(Days::new(AHEAD_DAYS_MAX)).unwrap_or(through);
    let all = players.list().iter().enumerate();
    let begun: Vec<usize> = all.filter(|(_, player)| player.begins <= last).map(|(at, _)| at).collect();
    // Where nothing has begun there is nothing to tell apart; parts still have to foot.
    if begun.is_empty() { (0..players.list().len()).collect() } else { begun }
}

impl Table {
    /// The game of a method. More players than can be looked at whole are grouped by version where that leaves several
    /// groups and few enough of them; else orders are drawn.
    pub(super) fn of(method: Option<AttributionMethod>, players: &Players, seed: u64, through: NaiveDate) -> Self {
        let active = active(players, through);
        let count = active.len();
        let table = |game| Self { game, players: players.clone(), active: active.clone(), is_grouped: false };
        match method {
            None => table(Game::Sides),
            Some(AttributionMethod::Announced) => table(Game::Announced),
            Some(AttributionMethod::Alone) => table(Game::Alone),
            Some(AttributionMethod::Shapley) if count <= PLAYERS_EXACT_MAX => table(Game::Every),
            Some(AttributionMethod::Shapley) => {
                let grouped = players.grouped_by_version();
                let of_groups = self::active(&grouped, through);
                if (2..=PLAYERS_EXACT_MAX).contains(&of_groups.len()) {
                    return Self { game: Game::Every, players: grouped, active: of_groups, is_grouped: true };
                }
                let orders = (DRAWN_COALITIONS_MAX / count).max(DRAWN_ORDERS_MIN);
                table(Game::Drawn { orders: drawn_orders(count, orders, seed), seed })
            }
        }
    }

    /// Every active player.
    fn everyone(&self) -> u128 {
        (1 << self.active.len()) - 1
    }

    /// A coalition of active players among all players.
    fn widened(&self, mask: u128) -> u128 {
        let members = self.active.iter().enumerate().filter(|(at, _)| mask & 1 << at != 0);
        members.fold(0, |wide, (_, player)| wide | 1 << player)
    }

    /// The coalitions that must be looked at, beside nobody's and everybody's.
    fn masks(&self) -> BTreeSet<u128> {
        let count = self.active.len();
        let mut masks = BTreeSet::new();
        match &self.game {
            Game::Every => masks.extend(0..self.everyone()),
            Game::Drawn { orders, .. } => masks.extend(orders.iter().flat_map(|order| prefixes(order))),
            Game::Announced => masks.extend(prefixes(&(0..count).collect::<Vec<_>>())),
            Game::Alone => masks.extend((0..count).map(|at| 1 << at)),
            Game::Sides => {}
        }
        masks.retain(|mask| *mask != 0 && *mask != self.everyone());
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
    /// By coalition of active players.
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
    pub(super) fn of(table: &Table) -> Self {
        let players = &table.players;
        let mut books = Self::default();
        // The reference is the first fold.
        books.books.push(players.reference().clone());
        books.known.insert(players.reference().terms_hash.clone(), REFERENCE);
        let candidate = books.take(players.candidate());
        books.of_mask.extend([(0, REFERENCE), (table.everyone(), candidate)]);
        let wanted = table.masks();
        // Changes that cannot stand without others count as those of them that can: see `of_coalition`.
        let made = players.coalitions(wanted.iter().map(|mask| table.widened(*mask)));
        for (mask, book) in wanted.into_iter().zip(made) {
            if let Some(book) = book {
                let at = books.take(&book);
                books.of_mask.insert(mask, at);
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
