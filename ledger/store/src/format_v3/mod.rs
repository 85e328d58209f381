//! What format 3 stores in place of the table of idempotency entries, frozen: a new form is a new module beside this one.
//!
//! Frames, segments, trees, quarantine, decisions and checkpoints are as they were. Each record has a *name*: the hash of its
//! id and that of its content, kept in order of positions. Positions are found by *slabs*: names of a span of positions, in order
//! of the hash. Beside them stands which records the operators wrote.

mod rows;
mod slab;

pub(crate) use rows::{
    KeysRow, NAME_BYTES, NAMES_PER_ROW, Name, act_read, act_row, keys_read, keys_row, names_read, names_row,
};
pub(crate) use slab::{
    BUCKETS, Entry, Partition, SLAB_BYTES_MAX, SlabKey, SlabReader, partition_bytes, partition_sealed, slab_bytes,
};

/// The number of this format, stored in every ledger.
pub const LEDGER_FORMAT: u32 = 3;
/// The first format with names and slabs.
pub(crate) const FORMAT_WITH_SLABS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![Entry(0x0000_1234_5600_0001), Entry(0x0501_0203_0405_0607), Entry(0x3fff_ffff_ffff_ffff)]
    }

    #[test]
    fn golden_bytes() {
        let names = [Name { key: [1; 16], content: [2; 16] }, Name { key: [3; 16], content: [4; 16] }];
        let names: Vec<u8> = names.iter().flat_map(Name::bytes).collect();
        let partition = partition_bytes((1, 2, 3), &entries());
        let golden = [
            ("names", names_row(7, &names)),
            ("act", act_row(9).to_vec()),
            ("keys", keys_row(&KeysRow { span_bits: 16, acts_from: 1 })),
            ("slab", slab_bytes((1, 2, 3), &[partition, partition_bytes((1, 2, 4), &[])])),
        ]
        .map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes)))
        .concat();
        assert_eq!(golden, include_str!("golden.txt"));
    }

    #[test]
    fn what_is_written_reads_the_same_and_only_under_its_key() {
        let partitions = [partition_bytes((1, 2, 3), &entries()), partition_bytes((1, 2, 4), &[])];
        let stored = slab_bytes((1, 2, 3), &partitions);
        let slab = SlabReader::of((1, 2, 3), &stored).unwrap();
        assert_eq!(slab.end(), 5);
        assert!(slab.partition(3).unwrap().entries(0..BUCKETS).eq(entries()));
        assert_eq!(slab.partition(4).unwrap().entries(0..BUCKETS).count(), 0);
        assert!(slab.partition(5).is_none() && slab.partition(2).is_none());
        assert!(SlabReader::of((1, 2, 4), &stored).is_none());
        let names = names_row(7, &[5; 64]);
        assert_eq!((names_read(7, &names), names_read(8, &names)), (Some(&[[5; 32]; 2][..]), None));
        assert_eq!(names_read(7, &names_row(7, &[])), None);
        assert!(act_read(9, act_row(9)) && !act_read(8, act_row(9)));
        let keys = KeysRow { span_bits: 6, acts_from: 9 };
        assert_eq!(keys_read(&keys_row(&keys)), Some(keys));
        assert_eq!(keys_read(&keys_row(&KeysRow { span_bits: 17, ..keys })), None);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_a_slab_is_found() {
        let stored = slab_bytes((1, 2, 3), &[partition_bytes((1, 2, 3), &entries())]);
        let reads = |bytes: &[u8]| SlabReader::of((1, 2, 3), bytes).is_some_and(|slab| slab.partition(3).is_some());
        assert!(reads(&stored));
        for bit in 0..stored.len() * 8 {
            let mut bad = stored.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!reads(&bad), "{bit}");
        }
        for length in 0..stored.len() {
            assert!(!reads(&stored[..length]), "{length}");
        }
    }
}
