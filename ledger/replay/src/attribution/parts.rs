//! A delta in parts, one per player: exact Shapley values and averages over orders, rounded so that they foot.
//!
//! A value is split into whole cents and the rest below a cent, so that every sum of values times weights stays a whole
//! number within range: no fraction is ever rounded before the end.

use super::game::Game;
use daybook_event::Exact;

/// A cent in the count of [`Exact`].
pub(super) const CENT: i128 = Exact::from_units(1).raw() / 100;

/// A sum of weighted values: `cents` of whole cents and `rest` below a cent, over some divisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weighted {
    cents: i128,
    rest: i128,
}

impl Weighted {
    fn add(&mut self, value: Exact, weight: i128) {
        self.cents += value.raw().div_euclid(CENT) * weight;
        self.rest += value.raw().rem_euclid(CENT) * weight;
    }

    /// The whole cents below it, and what is left, in parts of `divisor` times a cent.
    fn floor(self, divisor: i128) -> (i128, i128) {
        let below = self.cents.rem_euclid(divisor) * CENT + self.rest;
        let whole = self.cents.div_euclid(divisor) + below.div_euclid(divisor * CENT);
        (whole, below.rem_euclid(divisor * CENT))
    }
}

/// The Shapley values of a game, rounded. `value` says what a coalition is worth.
pub(super) fn shapley(players: usize, delta: Exact, value: impl Fn(u128) -> Exact) -> Vec<Exact> {
    let mut sums = vec![Weighted::default(); players];
    let weights: Vec<i128> = (0..players).map(|others| factorial(others) * factorial(players - 1 - others)).collect();
    for mask in 0..1_u128 << players {
        let worth = value(mask);
        if worth.is_zero() {
            continue;
        }
        let size = mask.count_ones() as usize;
        for (at, sum) in sums.iter_mut().enumerate() {
            // With the player in it the coalition counts for it, without it against it.
            if mask & 1 << at == 0 { sum.add(worth, -weights[size]) } else { sum.add(worth, weights[size - 1]) }
        }
    }
    rounded(&sums, factorial(players), delta)
}

/// The mean of what each player adds over some orders, rounded.
pub(super) fn over_orders(
    players: usize,
    orders: &[Vec<usize>],
    delta: Exact,
    value: impl Fn(u128) -> Exact,
) -> Vec<Exact> {
    let mut sums = vec![Weighted::default(); players];
    for order in orders {
        let mut mask = 0_u128;
        for &player in order {
            sums[player].add(value(mask), -1);
            mask |= 1 << player;
            sums[player].add(value(mask), 1);
        }
    }
    rounded(&sums, i128::try_from(orders.len()).unwrap_or(1).max(1), delta)
}

fn factorial(number: usize) -> i128 {
    (1..=number).fold(1, |product, factor| product * i128::try_from(factor).unwrap_or(1))
}

/// Every part down to the whole cent, then one cent more for those with the most left, the first player first. What of the
/// delta is finer than a cent goes to the next in that row, so that nothing is lost.
fn rounded(sums: &[Weighted], divisor: i128, delta: Exact) -> Vec<Exact> {
    let floors: Vec<(i128, i128)> = sums.iter().map(|sum| sum.floor(divisor)).collect();
    let mut by_rest: Vec<usize> = (0..sums.len()).collect();
    by_rest.sort_by_key(|&at| (std::cmp::Reverse(floors[at].1), at));
    let mut parts: Vec<i128> = floors.iter().map(|(whole, _)| whole * CENT).collect();
    let mut left = delta.raw() - parts.iter().sum::<i128>();
    for at in by_rest {
        let more = left.min(CENT);
        parts[at] += more;
        left -= more;
    }
    parts.into_iter().map(Exact::from_raw).collect()
}

/// Orders of players drawn from a seed: the same seed draws the same ones.
pub(super) fn drawn_orders(players: usize, count: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut state = seed;
    let mut next = |bound: usize| {
        // SplitMix64: small, well known, and the same on every machine.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let scaled = (u128::from(mixed ^ (mixed >> 31)) * (bound as u128)) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    };
    let order = |_| {
        let mut order: Vec<usize> = (0..players).collect();
        (1..players).rev().for_each(|at| order.swap(at, next(at + 1)));
        order
    };
    (0..count).map(order).collect()
}

/// The standard error of each player's mean over drawn orders, up to the cent above.
pub(super) fn errors(game: &Game, worth: impl Fn(u128) -> Exact) -> Vec<Exact> {
    let Game::Drawn { orders, .. } = game else { return Vec::new() };
    let count = i128::try_from(orders.len()).unwrap_or(1);
    (0..orders.first().map_or(0, Vec::len))
        .map(|player| {
            let added = orders.iter().map(|order| {
                let before = order.iter().take_while(|&&other| other != player);
                let mask = before.fold(0_u128, |mask, &other| mask | 1 << other);
                worth(mask | 1 << player).raw().saturating_sub(worth(mask).raw()) / CENT
            });
            let added: Vec<i128> = added.collect();
            let sum: i128 = added.iter().sum();
            let squares = added.iter().map(|one| (one * count - sum).unsigned_abs()).map(|off| off.saturating_mul(off));
            let squares = squares.fold(0_u128, u128::saturating_add);
            // The sum of squares is count squared times too large, the variance of a mean divides by count (count - 1).
            let divisor = count.pow(3) * (count - 1).max(1);
            let variance = squares.div_ceil(divisor.unsigned_abs());
            let root = variance.isqrt();
            let up = if root * root < variance { root + 1 } else { root };
            Exact::from_raw(i128::try_from(up).unwrap_or(i128::MAX / CENT) * CENT)
        })
        .collect()
}

#[cfg(test)]
mod tests;
