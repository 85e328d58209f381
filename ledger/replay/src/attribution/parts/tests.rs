//! Parts against their definition: efficiency, the player that does nothing, symmetry, and the mean over all orders.

use super::*;
use proptest::prelude::*;

/// Every order of so many players.
fn orders(players: usize) -> Vec<Vec<usize>> {
    if players == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(players - 1);
    let with_last = |order: &Vec<usize>| {
        (0..players)
            .map(|at| {
                let mut longer = order.clone();
                longer.insert(at, players - 1);
                longer
            })
            .collect::<Vec<_>>()
    };
    shorter.iter().flat_map(with_last).collect()
}

/// Some worth for every coalition: whole cents, and for some games something finer.
fn worths(players: usize) -> impl Strategy<Value = Vec<Exact>> {
    let cents = prop::collection::vec(-5_000_000_i64..5_000_000, 1 << players);
    let finer = prop::collection::vec(prop_oneof![3 => Just(0_i128), 1 => 0..CENT], 1 << players);
    (cents, finer).prop_map(|(cents, finer)| {
        let worth = |(cents, finer): (i64, i128)| Exact::from_raw(i128::from(cents) * CENT + finer);
        cents.into_iter().zip(finer).map(worth).collect()
    })
}

fn games() -> impl Strategy<Value = (usize, Vec<Exact>)> {
    (1_usize..=5).prop_flat_map(|players| worths(players).prop_map(move |worths| (players, worths)))
}

fn at(worths: &[Exact], mask: u128) -> Exact {
    worths[usize::try_from(mask).unwrap()]
}

fn delta(worths: &[Exact]) -> Exact {
    worths[worths.len() - 1].minus(worths[0]).unwrap()
}

fn sum(parts: &[Exact]) -> Exact {
    parts.iter().fold(Exact::ZERO, |sum, part| sum.plus(*part).unwrap())
}

proptest! {
    #[test]
    fn parts_add_up_to_the_delta((players, worths) in games()) {
        let parts = shapley(players, delta(&worths), |mask| at(&worths, mask));
        prop_assert_eq!(sum(&parts), delta(&worths));
    }

    #[test]
    fn parts_are_the_mean_over_every_order_but_for_less_than_a_cent((players, worths) in games()) {
        let parts = shapley(players, delta(&worths), |mask| at(&worths, mask));
        let orders = orders(players);
        let count = i128::try_from(orders.len()).unwrap();
        let mut added = vec![0_i128; players];
        for order in &orders {
            let mut mask = 0_u128;
            for &player in order {
                let with = mask | 1 << player;
                added[player] += at(&worths, with).raw() - at(&worths, mask).raw();
                mask = with;
            }
        }
        for (part, added) in parts.iter().zip(&added) {
            prop_assert!((part.raw() * count - added).abs() < CENT * count, "{part} for {added} / {count}");
        }
        prop_assert_eq!(over_orders(players, &orders, delta(&worths), |mask| at(&worths, mask)), parts);
    }

    #[test]
    fn who_does_nothing_gets_nothing((players, worths) in games(), idle in 0_usize..5) {
        let idle = idle % players;
        let value = |mask: u128| at(&worths, mask & !(1 << idle));
        let delta = value((1 << players) - 1).minus(value(0)).unwrap();
        let parts = shapley(players, delta, value);
        prop_assert_eq!(parts[idle], Exact::ZERO);
        prop_assert_eq!(sum(&parts), delta);
    }

    #[test]
    fn who_does_the_same_gets_the_same_but_for_the_odd_cent(worths in worths(4)) {
        // The first and the third player can take each other's place in every coalition.
        let value = |mask: u128| {
            let both = (mask & 1) + (mask >> 2 & 1);
            at(&worths, (mask & !0b101) | u128::from(both > 0) | u128::from(both > 1) << 2)
        };
        let delta = value(0b1111).minus(value(0)).unwrap();
        let parts = shapley(4, delta, value);
        let apart = parts[0].raw() - parts[2].raw();
        prop_assert!((0..=CENT).contains(&apart), "{} and {}", parts[0], parts[2]);
    }

    #[test]
    fn drawn_orders_are_orders_and_the_same_for_a_seed(players in 1_usize..20, seed in any::<u64>()) {
        let drawn = drawn_orders(players, 6, seed);
        prop_assert_eq!(&drawn, &drawn_orders(players, 6, seed));
        for order in &drawn {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..players).collect::<Vec<_>>());
        }
        let parts = over_orders(players, &drawn, Exact::from_units(players as i64), |mask| {
            Exact::from_units(i64::from(mask.count_ones()))
        });
        prop_assert!(parts.iter().all(|part| *part == Exact::from_units(1)));
    }
}

#[test]
fn odd_cents_go_to_the_most_left_then_to_the_first() {
    let cents = |cents: i128| Exact::from_raw(cents * CENT);
    // Only together they are worth a cent: a third of a cent each, and the first player takes it.
    let parts = shapley(3, cents(1), |mask| cents(i128::from(mask == 7)));
    assert_eq!(parts, [cents(1), cents(0), cents(0)]);
    // Of 2.00 the players are due 0.666...: 0.67, 0.67, 0.66.
    let parts = shapley(3, cents(200), |mask| cents(if mask == 7 { 200 } else { 0 }));
    assert_eq!(parts, [cents(67), cents(67), cents(66)]);
    // A loss is floored too: the first two lose a cent less.
    let parts = shapley(3, cents(-200), |mask| cents(if mask == 7 { -200 } else { 0 }));
    assert_eq!(parts, [cents(-66), cents(-67), cents(-67)]);
    // What is finer than a cent goes to the next in that row.
    let fine = Exact::from_raw(CENT + CENT / 10);
    let parts = shapley(3, fine, |mask| if mask == 7 { fine } else { Exact::ZERO });
    assert_eq!(parts, [cents(1), Exact::from_raw(CENT / 10), cents(0)]);
}

#[test]
fn the_largest_sums_that_can_be_held_are_split_without_overflow() {
    let large = Exact::from_raw(i128::MAX / 4);
    let parts = shapley(12, large, |mask| if mask.count_ones() > 6 { large } else { Exact::ZERO });
    assert_eq!(sum(&parts), large);
}

#[test]
fn the_error_of_a_mean_is_that_of_its_draws() {
    let units = |units: i64| Exact::from_units(units);
    // Worth 8 as soon as the first player comes before the second: it adds 8 in some orders and nothing in the others.
    let worth = |mask: u128| units(if mask & 1 != 0 && mask & 2 == 0 { 8 } else { 0 });
    let orders = vec![vec![0, 1], vec![1, 0], vec![0, 1], vec![1, 0]];
    let game = Game::Drawn { orders, seed: 1 };
    // 8, 0, 8, 0: a variance of 64 / 3, of the mean 16 / 3, and its root is 2.3094.
    assert_eq!(errors(&game, worth)[0].to_string(), "2.31");
}
