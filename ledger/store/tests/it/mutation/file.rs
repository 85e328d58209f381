//! The rows of a closed ledger's file as bytes, read and changed behind the store's back.

use daybook_store::LEDGER_FILE;
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Every table, with the length of a value where that is fixed.
pub(super) const TABLES: [(&str, Option<usize>); 12] = [
    ("meta", None),
    ("unsealed", None),
    ("segments", None),
    ("names", None),
    ("slabs", None),
    ("acts", Some(4)),
    ("tiles", Some(36)),
    ("quarantine", None),
    ("holes", None),
    ("decisions", None),
    ("entry_states", None),
    ("checkpoints", None),
];

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const SLABS: TableDefinition<(u8, u64, u32), &[u8]> = TableDefinition::new("slabs");
const ACTS: TableDefinition<u64, [u8; 4]> = TableDefinition::new("acts");
const TILES: TableDefinition<(u8, u64), [u8; 36]> = TableDefinition::new("tiles");

fn numbered(table: &str) -> TableDefinition<'_, u64, &'static [u8]> {
    TableDefinition::new(table)
}

/// A row: its key and its value, as bytes.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// One transaction on the file.
pub(super) struct Edit<'a>(&'a WriteTransaction);

pub(super) fn edit<T>(dir: &Path, change: impl FnOnce(&Edit<'_>) -> T) -> T {
    let database = redb::Database::open(dir.join(LEDGER_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    let done = change(&Edit(&transaction));
    transaction.commit().unwrap();
    database.close().unwrap();
    done
}

fn number(key: &[u8]) -> u64 {
    u64::from_be_bytes(key.try_into().unwrap())
}

fn slab(key: &[u8]) -> (u8, u64, u32) {
    (key[0], number(&key[1..9]), u32::from_be_bytes(key[9..].try_into().unwrap()))
}

fn tile(key: &[u8]) -> (u8, u64) {
    (key[0], number(&key[1..]))
}

impl Edit<'_> {
    pub(super) fn rows(&self, table: &str) -> Vec<Row> {
        match table {
            "meta" => collected(&self.0.open_table(META).unwrap(), |key| key.as_bytes().to_vec(), <[u8]>::to_vec),
            "slabs" => {
                let key = |(level, run, partition): (u8, u64, u32)| {
                    [&[level][..], &run.to_be_bytes(), &partition.to_be_bytes()].concat()
                };
                collected(&self.0.open_table(SLABS).unwrap(), key, <[u8]>::to_vec)
            }
            "acts" => {
                collected(&self.0.open_table(ACTS).unwrap(), |key| key.to_be_bytes().to_vec(), |row| row.to_vec())
            }
            "tiles" => {
                let key = |(level, index): (u8, u64)| [&[level][..], &index.to_be_bytes()].concat();
                collected(&self.0.open_table(TILES).unwrap(), key, |row| row.to_vec())
            }
            other => {
                let table = self.0.open_table(numbered(other)).unwrap();
                collected(&table, |key| key.to_be_bytes().to_vec(), <[u8]>::to_vec)
            }
        }
    }

    pub(super) fn put(&self, table: &str, (key, value): &Row) {
        match table {
            "meta" => self.0.open_table(META).unwrap().insert(str::from_utf8(key).unwrap(), value.as_slice()).map(drop),
            "slabs" => self.0.open_table(SLABS).unwrap().insert(slab(key), value.as_slice()).map(drop),
            "acts" => {
                let value: [u8; 4] = value.as_slice().try_into().unwrap();
                self.0.open_table(ACTS).unwrap().insert(number(key), value).map(drop)
            }
            "tiles" => {
                let value: [u8; 36] = value.as_slice().try_into().unwrap();
                self.0.open_table(TILES).unwrap().insert(tile(key), value).map(drop)
            }
            other => self.0.open_table(numbered(other)).unwrap().insert(number(key), value.as_slice()).map(drop),
        }
        .unwrap();
    }

    pub(super) fn remove(&self, table: &str, key: &[u8]) {
        match table {
            "meta" => self.0.open_table(META).unwrap().remove(str::from_utf8(key).unwrap()).map(drop),
            "slabs" => self.0.open_table(SLABS).unwrap().remove(slab(key)).map(drop),
            "acts" => self.0.open_table(ACTS).unwrap().remove(number(key)).map(drop),
            "tiles" => self.0.open_table(TILES).unwrap().remove(tile(key)).map(drop),
            other => self.0.open_table(numbered(other)).unwrap().remove(number(key)).map(drop),
        }
        .unwrap();
    }

    pub(super) fn delete_table(&self, table: &str) {
        let gone = match table {
            "meta" => self.0.delete_table(META),
            "slabs" => self.0.delete_table(SLABS),
            "acts" => self.0.delete_table(ACTS),
            "tiles" => self.0.delete_table(TILES),
            other => self.0.delete_table(numbered(other)),
        };
        assert!(gone.unwrap(), "{table}");
    }

    /// A table that no ledger has.
    pub(super) fn add_table(&self, table: &str) {
        self.0.open_table(numbered(table)).unwrap();
    }
}

fn collected<K: redb::Key + 'static, V: redb::Value + 'static>(
    table: &impl ReadableTable<K, V>,
    key: impl for<'a> Fn(K::SelfType<'a>) -> Vec<u8>,
    value: impl for<'a> Fn(V::SelfType<'a>) -> Vec<u8>,
) -> Vec<Row> {
    let row = |row: Result<(redb::AccessGuard<'_, K>, redb::AccessGuard<'_, V>), redb::StorageError>| {
        let (found, stored) = row.unwrap();
        (key(found.value()), value(stored.value()))
    };
    table.iter().unwrap().map(row).collect()
}

/// The first bytes of the checksum that the store puts before a value: a forger knows it too.
pub(super) fn check(domain: &[u8], content: &[u8], length: usize) -> Vec<u8> {
    let digest = Sha256::new()
        .chain_update(u32::try_from(domain.len()).unwrap().to_be_bytes())
        .chain_update(domain)
        .chain_update(content)
        .finalize();
    digest[..length].to_vec()
}

/// The row with its checksum set right after a change.
pub(super) fn repaired(table: &str, (key, value): Row) -> Row {
    let value = match table {
        "meta" if key == b"format" => value,
        "slabs" => slab_repaired(&key, value),
        "acts" => check(&[b"act", key.as_slice()].concat(), &[], 4),
        "tiles" => [&value[..32], &check(&key, &value[..32], 4)].concat(),
        "segments" => {
            let sum = check(b"daybook segment 1", &[&value[..34], &value[50..]].concat(), 16);
            [&value[..34], &sum, &value[50..]].concat()
        }
        _ => {
            let domain = match table {
                "meta" if key == b"quarantine_frontier" => b"quarantine frontier".to_vec(),
                "meta" => key.clone(),
                "decisions" => [b"decision".as_slice(), &key].concat(),
                "entry_states" => [b"entry state".as_slice(), &key].concat(),
                "checkpoints" => [b"checkpoint".as_slice(), &key].concat(),
                "holes" => [b"hole".as_slice(), &key].concat(),
                other => [other.as_bytes(), &key].concat(),
            };
            [&check(&domain, &value[16..], 16), &value[16..]].concat()
        }
    };
    (key, value)
}

/// A slab with the checksums of its head and partitions set right, as far as it can still be taken apart.
fn slab_repaired(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let word = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let count = word(&value[8..12]);
    let Some(head) = usize::try_from(count).ok().map(|count| 12 + 4 * count).filter(|head| *head <= value.len()) else {
        return value;
    };
    let ends: Vec<usize> = value[12..head].chunks(4).map(|end| head + word(end) as usize).collect();
    let mut from = head;
    for (end, nth) in ends.into_iter().zip(0..) {
        if end < from + 8 || end > value.len() {
            break;
        }
        let partition = word(&key[9..]) + nth;
        let domain = [b"slabp", &key[..9], &partition.to_be_bytes()].concat();
        let sum = check(&domain, &value[from + 8..end], 8);
        value[from..from + 8].copy_from_slice(&sum);
        from = end;
    }
    let sum = check(&[b"slabh", key].concat(), &value[8..head], 8);
    value[..8].copy_from_slice(&sum);
    value
}
