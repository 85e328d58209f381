//! The numbers that a source gave its events, as runs without a hole.

use daybook_event::{EventId, Position};
use std::collections::BTreeMap;

/// Runs of numbers kept for one source at the most: a source that counts has few holes. One that does not count, but
/// numbers its events by chance, must not cost memory for each of them.
pub const RUNS_MAX: usize = 10_000;

/// Events listed at the most whose number another has too; more are counted.
pub const TWICE_LISTED_MAX: usize = 100;

/// A number that two events have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Twice {
    pub(super) number: u64,
    /// The later one.
    pub(super) event_id: EventId,
    pub(super) position: Position,
}

/// The numbers seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    /// Last number of each run by its first; runs neither touch nor overlap.
    runs: BTreeMap<u64, u64>,
    /// How many different numbers are in the runs.
    distinct: u64,
    pub(super) twice: u64,
    pub(super) twice_listed: Vec<Twice>,
    /// There were more runs than are kept: the numbers are no count, and are not followed any more.
    pub(super) is_scattered: bool,
}

impl Numbers {
    pub(super) fn add(&mut self, number: u64, event_id: &EventId, position: Position) {
        if self.is_scattered {
            return;
        }
        if self.has(number) {
            self.twice += 1;
            if self.twice_listed.len() < TWICE_LISTED_MAX {
                self.twice_listed.push(Twice { number, event_id: event_id.clone(), position });
            }
            return;
        }
        self.distinct += 1;
        let before = self.runs.range(..number).next_back().filter(|(_, last)| last.checked_add(1) == Some(number));
        let first = before.map_or(number, |(first, _)| *first);
        let after = number.checked_add(1).and_then(|next| self.runs.remove(&next));
        self.runs.insert(first, after.unwrap_or(number));
        if self.runs.len() > RUNS_MAX {
            *self = Self { is_scattered: true, ..Self::default() };
        }
    }

    fn has(&self, number: u64) -> bool {
        self.runs.range(..=number).next_back().is_some_and(|(_, last)| *last >= number)
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.runs.first_key_value().map(|(first, _)| *first)
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.runs.last_key_value().map(|(_, last)| *last)
    }

    /// How many numbers between the first and the last no event has.
    pub(super) fn missing(&self) -> u64 {
        match (self.first(), self.last()) {
            (Some(first), Some(last)) => (last - first).saturating_add(1) - self.distinct,
            _ => 0,
        }
    }

    /// The runs of missing numbers, both ends included, in order.
    pub(super) fn holes(&self) -> impl Iterator<Item = (u64, u64)> {
        let next = self.runs.keys().skip(1);
        self.runs.values().zip(next).map(|(last, next)| (last + 1, next - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn of(numbers: &[u64]) -> Numbers {
        let mut all = Numbers::default();
        for (at, number) in (1..).zip(numbers) {
            all.add(*number, &EventId::parse(&format!("e-{at}")).unwrap(), Position::new(at));
        }
        all
    }

    #[test]
    fn a_number_twice_is_named_with_its_later_event() {
        let numbers = of(&[1, 2, 3, 2]);
        let twice = Twice { number: 2, event_id: EventId::parse("e-4").unwrap(), position: Position::new(4) };
        assert_eq!((numbers.twice, numbers.twice_listed.as_slice()), (1, [twice].as_slice()));
        assert_eq!(numbers.missing(), 0);
    }

    #[test]
    fn the_ends_of_what_can_be_counted_are_numbers_too() {
        let numbers = of(&[u64::MAX, 0, u64::MAX - 1, 1]);
        assert_eq!(numbers.holes().collect::<Vec<_>>(), [(2, u64::MAX - 2)]);
        assert_eq!((numbers.first(), numbers.last()), (Some(0), Some(u64::MAX)));
    }

    #[test]
    fn numbers_by_chance_cost_no_memory_for_each() {
        let scattered: Vec<u64> = (0..=RUNS_MAX as u64).map(|at| at * 7).collect();
        let numbers = of(&scattered);
        assert!(numbers.is_scattered);
        assert_eq!((numbers.runs.len(), numbers.missing()), (0, 0));
        assert!(!of(&scattered[1..]).is_scattered);
    }

    proptest! {
        #[test]
        fn holes_are_what_a_set_of_the_numbers_lacks(numbers in prop::collection::vec(0_u64..60, 1..80)) {
            let all = of(&numbers);
            let set: BTreeSet<u64> = numbers.iter().copied().collect();
            let (first, last) = (set.first().copied().unwrap(), set.last().copied().unwrap());
            let lacking: Vec<u64> = (first..=last).filter(|number| !set.contains(number)).collect();
            let holes: Vec<u64> = all.holes().flat_map(|(from, to)| from..=to).collect();
            prop_assert_eq!(&holes, &lacking);
            prop_assert_eq!(all.missing(), lacking.len() as u64);
            prop_assert_eq!(all.twice, (numbers.len() - set.len()) as u64);
        }
    }
}
