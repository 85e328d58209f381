//! Chance without floats: a seeded generator, weighted choices by whole numbers, ids.

use daybook_event::EventId;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The one source of chance of a history.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number below `bound`; 0 where the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        scale(self.0.next_u64(), bound)
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// One of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    /// An index below `len`.
    pub(super) fn index(&mut self, len: usize) -> usize {
        index_of(self.below(len as u64))
    }

    /// A random 128-bit number: an event id before it is text.
    pub(super) fn id(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }
}

/// A number below `bound` in proportion to a 64-bit draw.
fn scale(draw: u64, bound: u64) -> u64 {
    let product = u128::from(draw) * u128::from(bound);
    u64::try_from(product >> 64).expect("the upper half of a 128-bit product has 64 bits")
}

fn index_of(number: u64) -> usize {
    usize::try_from(number).expect("an index into memory fits a usize")
}

/// An event id as text: 32 hex digits.
pub(super) fn event_id(id: u128) -> EventId {
    let digits = hex_digits(id);
    EventId::parse(text_of(&digits)).expect("32 hex digits are an id")
}

/// A GUID as text, in its five groups.
pub(super) fn guid(id: u128) -> String {
    let (digits, mut text) = (hex_digits(id), [b'-'; 36]);
    for (digits, start) in
        [(0..8, 0), (8..12, 9), (12..16, 14), (16..20, 19), (20..32, 24)].map(|(of, start)| (&digits[of], start))
    {
        text[start..start + digits.len()].copy_from_slice(digits);
    }
    text_of(&text).to_owned()
}

fn hex_digits(id: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(id.to_be_bytes()) {
        pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    digits
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn text_of(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("digits are ASCII")
}

/// A fixed draw for a thing with these numbers: customers and subscriptions are computed where they are needed, not kept.
pub(super) fn draw_of(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x9e37_79b9_7f4a_7c15, |state, number| mixed(state ^ mixed(*number)))
}

/// A fixed draw below `bound`.
pub(super) fn draw_below(numbers: &[u64], bound: u64) -> u64 {
    scale(draw_of(numbers), bound)
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Zipf's law by a table of running sums: the n-th is drawn 1/n times as often as the first.
pub(super) struct Zipf {
    sums: Vec<u64>,
}

impl Zipf {
    /// Weight of the first: large enough that the millionth still has thousands.
    const FIRST: u64 = 1 << 32;

    pub(super) fn new(count: u32) -> Self {
        let mut total = 0;
        let sums = (1..=u64::from(count)).map(|place| {
            total += Self::FIRST / place;
            total
        });
        Self { sums: sums.collect() }
    }

    /// A place, from 0.
    pub(super) fn draw(&self, chance: &mut Chance) -> usize {
        let total = self.sums.last().copied().unwrap_or(0);
        let at = chance.below(total);
        self.sums.partition_point(|sum| *sum <= at)
    }
}
