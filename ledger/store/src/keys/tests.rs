//! The index against a map.

use super::*;
use crate::format_v3::{Name, SlabKey};
use crate::idempotency::EventKey;
use proptest::prelude::*;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::collections::BTreeMap;

const SLABS: TableDefinition<SlabKey, &[u8]> = TableDefinition::new("slabs");
const NAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("names");

fn database() -> Database {
    let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(SLABS).unwrap();
    transaction.open_table(NAMES).unwrap();
    transaction.commit().unwrap();
    database
}

/// Keys of which some share their first bits, as those of somebody who tries.
fn key(number: u64) -> EventKey {
    let mut random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
    let mut bytes = [0; 16];
    for half in bytes.chunks_mut(8) {
        random ^= random >> 29;
        random = random.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        random ^= random >> 32;
        half.copy_from_slice(&random.to_be_bytes());
    }
    if number.is_multiple_of(7) {
        bytes[..7].copy_from_slice(&[0xab; 7]);
    }
    if number.is_multiple_of(5) {
        bytes[..8].copy_from_slice(&[(number % 3) as u8; 8]);
    }
    EventKey(bytes)
}

fn name(number: u64) -> Name {
    Name { key: key(number).0, content: [u8::try_from(number % 251).unwrap(); 16] }
}

fn add(database: &Database, index: &mut KeyIndex, from: u64, count: u64) {
    let transaction = database.begin_write().unwrap();
    {
        let (mut slabs, mut names) = (transaction.open_table(SLABS).unwrap(), transaction.open_table(NAMES).unwrap());
        names_add(&mut names, from - 1, (from..from + count).map(name)).unwrap();
        index.add(&mut slabs, (from..from + count).map(|number| key(number).hash())).unwrap();
    }
    transaction.commit().unwrap();
}

fn rows(database: &Database) -> (BTreeMap<SlabKey, Vec<u8>>, BTreeMap<u64, Vec<u8>>) {
    let transaction = database.begin_read().unwrap();
    let (slabs, names) = (transaction.open_table(SLABS).unwrap(), transaction.open_table(NAMES).unwrap());
    let slabs = slabs.iter().unwrap().map(|row| row.unwrap()).map(|(key, row)| (key.value(), row.value().to_vec()));
    let names = names.iter().unwrap().map(|row| row.unwrap()).map(|(key, row)| (key.value(), row.value().to_vec()));
    (slabs.collect(), names.collect())
}

fn check(database: &Database, index: &mut KeyIndex, records: u64, asked: &[u64]) {
    let transaction = database.begin_read().unwrap();
    let (slabs, names) = (transaction.open_table(SLABS).unwrap(), transaction.open_table(NAMES).unwrap());
    let keys: Vec<EventKey> = asked.iter().map(|number| key(*number)).collect();
    let expected: Vec<Option<u64>> =
        asked.iter().map(|number| Some(*number).filter(|number| *number >= 1 && *number <= records)).collect();
    let found = index.find(&slabs, &names, &keys).unwrap();
    let position = |standing: &Option<crate::idempotency::Standing>| standing.map(|of| of.position.number());
    assert_eq!(found.iter().map(position).collect::<Vec<_>>(), expected);
    let mut tail = Tail::behind(index.spans.runs_to(records));
    tail_extend(&mut tail, records, &names).unwrap();
    for (key, expected) in keys.iter().zip(expected) {
        let found = position_find(index.spans, records, &slabs, &names, &tail, *key).unwrap();
        assert_eq!(position(&found), expected);
        let content = expected.map(|number| name(number).content);
        assert_eq!(found.map(|of| *of.content.as_bytes()), content);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_batches_every_name_is_found_and_no_other(
        bits in prop_oneof![Just(6_u8), Just(8), Just(10)],
        batches in proptest::collection::vec((1_u64..700, any::<bool>()), 1..14),
        seed in any::<u64>(),
    ) {
        let (database, spans) = (database(), Spans::new(bits));
        let (mut index, mut records) = (KeyIndex::empty(spans), 0);
        for (turn, (count, is_opened_again)) in (0_u64..).zip(batches) {
            add(&database, &mut index, records + 1, count);
            records += count;
            let asked: Vec<u64> = (0..60).map(|n| (seed ^ (n * 7_919 + turn)) % (records * 2)).collect();
            let distinct: Vec<u64> = asked.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            check(&database, &mut index, records, &distinct);
            if is_opened_again {
                let transaction = database.begin_read().unwrap();
                let (slabs, names) = (transaction.open_table(SLABS).unwrap(), transaction.open_table(NAMES).unwrap());
                index = KeyIndex::load(spans, records, &slabs, &names).unwrap();
            }
        }
        // What is stored follows from the records alone.
        let (at_once, mut other) = (self::database(), KeyIndex::empty(spans));
        add(&at_once, &mut other, 1, records);
        prop_assert!(rows(&database) == rows(&at_once));
    }
}

#[test]
fn what_comes_again_in_order_is_found_at_its_place() {
    let (database, spans) = (database(), Spans::new(8));
    let mut index = KeyIndex::empty(spans);
    add(&database, &mut index, 1, 5_000);
    for from in (1..4_900).step_by(97) {
        // Each batch with one that is new among them.
        let asked: Vec<u64> = (from..from + 40).chain([10_000 + from]).chain(from + 40..from + 97).collect();
        check(&database, &mut index, 5_000, &asked);
    }
    assert!(index.resend > 4_800);
}

#[test]
fn a_partition_with_more_names_than_two_bytes_count_is_a_slab_of_its_own() {
    let (database, spans) = (database(), Spans::new(16));
    let mut index = KeyIndex::empty(spans);
    let transaction = database.begin_write().unwrap();
    {
        let mut slabs = transaction.open_table(SLABS).unwrap();
        index.add(&mut slabs, (0..spans.length(1) * 7 / 4).map(|number| number % 70_000)).unwrap();
    }
    transaction.commit().unwrap();
    let (slabs, _) = rows(&database);
    assert!(slabs.values().any(|slab| slab.len() > 1_000_000));
    let transaction = database.begin_read().unwrap();
    let table = transaction.open_table(SLABS).unwrap();
    let names = transaction.open_table(NAMES).unwrap();
    // Runs as they were read again are those that were made. The tail is empty: no names are read.
    let loaded = KeyIndex::load(spans, spans.length(1) * 7 / 4, &table, &names).unwrap();
    assert_eq!(format!("{:?}", loaded.runs), format!("{:?}", index.runs));
}
