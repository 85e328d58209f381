//! Which partners to read at once, so that a window needs no more memory than it may have.
//!
//! A shard is a run of partners in order of their ids. So the rows of one shard after the other are in the order of all
//! outputs, whatever the number of shards, and nothing has to be kept to sort them.

use daybook_event::{Instant, PartnerId, Position};
use std::collections::BTreeMap;

/// Bytes that a record takes in memory besides its text: the decoded fact, its place in the index, its share of the rows.
/// With the text, measured at 640 for sales of 220 bytes; this leaves room for what allocators lose.
const RECORD_BYTES: u64 = 500;

/// Bytes in memory for each byte of an envelope: its text stands in the fact, and each piece of it is allocated apart.
const ENVELOPE_FACTOR: u64 = 2;

/// What each partner's records would take in memory, counted before they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    bytes: BTreeMap<PartnerId, u64>,
    /// Facts of no partner: every shard holds them.
    bytes_of_no_partner: u64,
    position: Position,
    recorded_at: Instant,
}

/// A run of partners that are read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// First and last partner; none for everyone.
    between: Option<(PartnerId, PartnerId)>,
}

impl Census {
    /// An upper estimate of the bytes that so many records take in memory, before anything of them is read.
    #[must_use]
    pub fn estimate(records: u64, envelope_bytes_mean: u64) -> u64 {
        records.saturating_mul(in_memory(envelope_bytes_mean))
    }

    /// Counts a record.
    pub fn add(&mut self, position: Position, recorded_at: Instant, partner: Option<PartnerId>, envelope_bytes: u64) {
        self.position = self.position.max(position);
        self.recorded_at = self.recorded_at.max(recorded_at);
        let sum = match partner {
            Some(partner_id) => self.bytes.entry(partner_id).or_default(),
            None => &mut self.bytes_of_no_partner,
        };
        *sum = sum.saturating_add(in_memory(envelope_bytes));
    }

    /// When the last record was taken by the ledger.
    #[must_use]
    pub fn recorded_at(&self) -> Instant {
        self.recorded_at
    }

    /// How many partners were counted.
    #[must_use]
    pub fn partners(&self) -> usize {
        self.bytes.len()
    }

    /// Runs of partners, each as long as fits into `bytes_max`; at least one partner in each, and at least one run. A partner
    /// that alone takes more is read alone: a fold needs all of a partner's facts.
    #[must_use]
    pub fn shards(&self, bytes_max: u64) -> Vec<Shard> {
        let room = bytes_max.saturating_sub(self.bytes_of_no_partner);
        let mut shards: Vec<Shard> = Vec::new();
        let mut taken = 0_u64;
        for (partner_id, &bytes) in &self.bytes {
            let fits = taken.saturating_add(bytes) <= room;
            match shards.last_mut().and_then(|shard| shard.between.as_mut()).filter(|_| fits) {
                Some((_, last)) => {
                    *last = partner_id.clone();
                    taken = taken.saturating_add(bytes);
                }
                None => {
                    shards.push(Shard { between: Some((partner_id.clone(), partner_id.clone())) });
                    taken = bytes;
                }
            }
        }
        if shards.is_empty() { vec![Shard::everyone()] } else { shards }
    }
}

fn in_memory(envelope_bytes: u64) -> u64 {
    RECORD_BYTES + ENVELOPE_FACTOR.saturating_mul(envelope_bytes)
}

impl Shard {
    /// Every partner.
    #[must_use]
    pub fn everyone() -> Self {
        Self { between: None }
    }

    /// One partner alone.
    #[must_use]
    pub fn of(partner_id: &PartnerId) -> Self {
        Self { between: Some((partner_id.clone(), partner_id.clone())) }
    }

    /// Whether the shard holds this partner.
    #[must_use]
    pub fn holds(&self, partner_id: &PartnerId) -> bool {
        self.between.as_ref().is_none_or(|(first, last)| first <= partner_id && partner_id <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn census(bytes: &[u64]) -> Census {
        let mut census = Census::default();
        for (at, &bytes) in (1_u32..).zip(bytes) {
            let partner = PartnerId::parse(&format!("P-{at:03}")).ok();
            census.add(Position::new(u64::from(at)), Instant::default(), partner, bytes);
        }
        census
    }

    fn id(at: usize) -> PartnerId {
        PartnerId::parse(&format!("P-{at:03}")).unwrap()
    }

    #[test]
    fn a_shard_is_cut_where_the_next_partner_would_not_fit() {
        let each = in_memory(100);
        let of_five = census(&[100; 5]);
        assert_eq!(of_five.shards(5 * each).len(), 1);
        assert_eq!(of_five.shards(5 * each - 1).len(), 2);
        assert_eq!(of_five.shards(2 * each).len(), 3);
        assert_eq!(of_five.shards(0).len(), 5);
    }

    #[test]
    fn facts_of_no_partner_take_room_in_every_shard() {
        let each = in_memory(100);
        let mut census = census(&[100; 4]);
        census.add(Position::new(9), Instant::default(), None, 100);
        assert_eq!(census.shards(3 * each).len(), 2);
    }

    #[test]
    fn nobody_is_one_shard_too() {
        assert_eq!(Census::default().shards(0), [Shard::everyone()]);
    }

    proptest! {
        #[test]
        fn every_partner_is_in_exactly_one_shard_and_none_is_too_big(
            bytes in prop::collection::vec(1_u64..5_000, 1..60),
            bytes_max in 0_u64..40_000,
        ) {
            let census = census(&bytes);
            let shards = census.shards(bytes_max);
            let mut reached = 1;
            for shard in &shards {
                let held: Vec<usize> = (1..=bytes.len()).filter(|&at| shard.holds(&id(at))).collect();
                prop_assert_eq!(held.first(), Some(&reached));
                reached += held.len();
                let sum: u64 = held.iter().map(|&at| in_memory(bytes[at - 1])).sum();
                prop_assert!(held.len() == 1 || sum <= bytes_max);
            }
            prop_assert_eq!(reached, bytes.len() + 1);
        }
    }
}
