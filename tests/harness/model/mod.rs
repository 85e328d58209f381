//! A second opinion: a deliberately naive implementation of what the figures mean, held against the engine.
//!
//! One file or two per section of `docs/figures.md`. It walks day by day, sums every window anew, follows every chain
//! from its start, and shares nothing with the fold but the vocabulary of events and rule sets. The generator writes
//! histories at the edges; any difference is cut down to the smallest history that still shows it.
//!
//! `DAYBOOK_MODEL_HISTORIES` says how many histories to compare, `DAYBOOK_MODEL_SEED` which one comes first, and
//! `DAYBOOK_MODEL_CLOSED_ONE_IN` in which of them months are closed on the way: 1 in all.

mod accounting;
mod closing;
mod compare;
mod coverage;
mod edges;
mod properties;
mod reached;
mod shared;
mod thresholds;
mod versions;

use compare::{Answer, asked, shrink};
use coverage::Coverage;
use daybook_tests::model::Shipped;
use daybook_tests::model::generate::{generate, generate_closed};

/// How many histories are compared where nobody says otherwise.
const HISTORIES: u64 = 20_000;

/// In one history of so many, months are closed on the way: each closing asks both sides anew, many times over. A number
/// that shares no factor with the one that `Shipped` takes.
const CLOSED_ONE_IN: u64 = 50;

/// A number from the environment.
fn named(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no whole number")))
}

/// Compares so many histories from a seed on; at the first difference, the smallest history that shows it.
fn compared(shipped: &Shipped, seeds: impl Iterator<Item = u64>) -> Result<Coverage, String> {
    let mut coverage = Coverage::default();
    let closed_one_in = named("DAYBOOK_MODEL_CLOSED_ONE_IN", CLOSED_ONE_IN);
    for seed in seeds {
        let shipped = shipped.for_seed(seed);
        let is_closed = seed.is_multiple_of(closed_one_in);
        let case = if is_closed { generate_closed(shipped, seed) } else { generate(shipped, seed) };
        match asked(&case) {
            Answer::Same(figures) => coverage.note(&case, &figures),
            Answer::Differs(_) => return Err(shrink(case, shipped)),
        }
    }
    Ok(coverage)
}

#[test]
fn the_engine_and_the_naive_model_agree() {
    let shipped = Shipped::load();
    let (first, histories) = (named("DAYBOOK_MODEL_SEED", 1), named("DAYBOOK_MODEL_HISTORIES", HISTORIES));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut coverage = Coverage::default();
    std::thread::scope(|scope| {
        // Every thread takes each n-th seed, so that which histories are compared does not depend on their number.
        let shipped = &shipped;
        let seeds = (first..).take(threads).map(|start| (start..first + histories).step_by(threads));
        let running: Vec<_> = seeds.map(|seeds| scope.spawn(move || compared(shipped, seeds))).collect();
        for one in running {
            match one.join().expect("a comparison catches panics") {
                Ok(of_thread) => coverage.add(of_thread),
                Err(difference) => panic!("{difference}"),
            }
        }
    });
    println!("{histories} histories from seed {first}: {}", coverage.text());
    // A few histories cannot reach everything.
    assert!(histories < HISTORIES || coverage.missing().is_empty(), "not reached: {:?}", coverage.missing());
}
