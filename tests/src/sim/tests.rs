//! A bounded number of simulations with every test run.

use super::{Counts, run};

/// Two threads, each with a half of the seeds.
const SEEDS: u64 = 30;
const STEPS: u64 = 300;

#[test]
fn no_seed_finds_a_difference_and_all_together_reach_everything() {
    let halves: Vec<Counts> = std::thread::scope(|scope| {
        let half = |first: u64| {
            move || {
                let mut counts = Counts::default();
                for seed in (first..=SEEDS).step_by(2) {
                    counts.add(&run(seed, STEPS).unwrap_or_else(|failure| panic!("{failure}")).counts);
                }
                counts
            }
        };
        let running: Vec<_> = [1, 2].map(|first| scope.spawn(half(first))).into_iter().collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut counts = Counts::default();
    halves.iter().for_each(|half| counts.add(half));
    println!("{SEEDS} seeds of {STEPS} steps:\n{counts}");
    assert!(counts.missing().is_empty(), "never happened: {:?}\n{counts}", counts.missing());
}

#[test]
fn the_same_seed_does_the_same_to_the_last_byte() {
    let reports = [run(7, 200), run(7, 200)].map(|report| report.unwrap_or_else(|failure| panic!("{failure}")));
    assert_eq!(reports[0], reports[1]);
    let other = run(8, 200).unwrap_or_else(|failure| panic!("{failure}"));
    assert_ne!(reports[0].digest, other.digest, "another seed does something else");
}
