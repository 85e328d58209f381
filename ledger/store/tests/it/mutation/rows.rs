//! Rows changed one by one through the storage engine's own interface.

use super::file::{Row, TABLES, edit, repaired};
use super::scene::{Scene, read};
use std::collections::BTreeMap;
use std::ops::Range;

/// A class of bytes: of which table and row, which bytes of the value.
struct Class {
    name: &'static str,
    table: &'static str,
    /// Of `meta`: the row. Empty: every row.
    key: &'static [u8],
    bytes: Range<usize>,
}

const fn class(name: &'static str, table: &'static str, key: &'static [u8], bytes: Range<usize>) -> Class {
    Class { name, table, key, bytes }
}

const END: usize = usize::MAX;

const CLASSES: [Class; 54] = [
    class("format number", "meta", b"format", 0..END),
    class("identity: checksum", "meta", b"identity", 0..16),
    class("identity", "meta", b"identity", 16..END),
    class("state and cursor: checksum", "meta", b"state", 0..16),
    class("state and cursor", "meta", b"state", 16..END),
    class("frontier: checksum", "meta", b"frontier", 0..16),
    class("frontier: size", "meta", b"frontier", 16..24),
    class("frontier: roots", "meta", b"frontier", 24..END),
    class("quarantine frontier: checksum", "meta", b"quarantine_frontier", 0..16),
    class("quarantine frontier: size", "meta", b"quarantine_frontier", 16..24),
    class("quarantine frontier: roots", "meta", b"quarantine_frontier", 24..END),
    class("counts of decisions and checkpoints", "meta", b"kept", 0..END),
    class("segment head: format", "segments", b"", 0..1),
    class("segment head: codec", "segments", b"", 1..2),
    class("segment head: first position", "segments", b"", 2..10),
    class("segment head: count", "segments", b"", 10..14),
    class("segment head: raw bytes", "segments", b"", 14..18),
    class("segment head: first recorded_at", "segments", b"", 18..26),
    class("segment head: last recorded_at", "segments", b"", 26..34),
    class("segment head: checksum", "segments", b"", 34..50),
    class("segment: packed frames", "segments", b"", 50..END),
    class("unsealed: checksum", "unsealed", b"", 0..16),
    class("unsealed frame: format", "unsealed", b"", 16..17),
    class("unsealed frame: position", "unsealed", b"", 17..25),
    class("unsealed frame: recorded_at", "unsealed", b"", 25..33),
    class("unsealed frame: length", "unsealed", b"", 33..37),
    class("unsealed frame: envelope", "unsealed", b"", 37..END),
    class("names and slabs: length of spans", "meta", b"keys", 16..17),
    class("names: checksum", "names", b"", 0..16),
    class("names: hash of an id", "names", b"", 16..32),
    class("names: hash of a content", "names", b"", 32..48),
    class("names: the last", "names", b"", 112..END),
    class("slab head: checksum", "slabs", b"", 0..8),
    class("slab head: partitions", "slabs", b"", 8..12),
    class("slab head: where they end", "slabs", b"", 12..16),
    class("partition: width", "slabs", b"", 24..25),
    class("partition: where buckets end", "slabs", b"", 25..153),
    class("partition: tags and places", "slabs", b"", 153..END),
    class("act: checksum", "acts", b"", 0..4),
    class("tile: hash", "tiles", b"", 0..32),
    class("tile: checksum", "tiles", b"", 32..36),
    class("quarantine entry: checksum", "quarantine", b"", 0..16),
    class("quarantine entry: length", "quarantine", b"", 16..20),
    class("quarantine entry: head and bytes", "quarantine", b"", 20..END),
    class("decision: checksum", "decisions", b"", 0..16),
    class("decision: entry", "decisions", b"", 16..24),
    class("decision: verdict", "decisions", b"", 24..25),
    class("decision: position", "decisions", b"", 25..33),
    class("decision: resolved position", "decisions", b"", 33..41),
    class("decision: leaf", "decisions", b"", 41..49),
    class("state of an entry", "entry_states", b"", 0..END),
    class("checkpoint: text", "checkpoints", b"", 16..120),
    class("checkpoint: signature", "checkpoints", b"", 180..END),
    class("hole", "holes", b"", 0..END),
];

impl Class {
    /// The rows of it that are changed: the first, one in the middle, the last.
    fn rows(&self, all: &BTreeMap<&'static str, Vec<Row>>) -> Vec<Row> {
        let rows: Vec<&Row> =
            all[self.table].iter().filter(|(key, _)| self.key.is_empty() || key == self.key).collect();
        assert!(!rows.is_empty(), "{}", self.name);
        let mut picked = vec![rows[0].clone(), rows[rows.len() / 2].clone(), rows[rows.len() - 1].clone()];
        picked.dedup();
        picked
    }

    /// The bits that are flipped: two of the first byte, two of the last, two in between.
    fn bits(&self, value: &[u8]) -> Vec<(usize, u8)> {
        let (from, to) = (self.bytes.start, self.bytes.end.min(value.len()));
        let mut bits = vec![(from, 0), (from, 7), ((from + to) / 2, 2), ((from + to) / 2, 5), (to - 1, 1), (to - 1, 6)];
        bits.sort_unstable();
        bits.dedup();
        bits
    }
}

fn all_rows(scene: &Scene) -> BTreeMap<&'static str, Vec<Row>> {
    scene.restore();
    edit(scene.dir.path(), |edit| TABLES.iter().map(|(table, _)| (*table, edit.rows(table))).collect())
}

fn flipped((key, value): &Row, (byte, bit): (usize, u8)) -> Row {
    let mut value = value.clone();
    value[byte] ^= 1 << bit;
    (key.clone(), value)
}

#[test]
fn a_flipped_bit_of_every_class_of_bytes_is_found() {
    let scene = Scene::new();
    let all = all_rows(&scene);
    for (table, rows) in &all {
        assert!(!rows.is_empty(), "{table} has rows to change");
    }
    let mut total = 0;
    for class in &CLASSES {
        let mut tried = 0;
        for row in class.rows(&all) {
            for bit in class.bits(&row.1) {
                scene.restore();
                edit(scene.dir.path(), |edit| edit.put(class.table, &flipped(&row, bit)));
                assert!(!scene.findings().is_empty(), "{}, row {:?}, bit {bit:?}: not found", class.name, row.0);
                tried += 1;
            }
        }
        println!("{}: {tried} bits flipped, {tried} found", class.name);
        total += tried;
    }
    println!("{total} bits flipped in rows, {total} found");
}

/// The same flips by somebody who sets the row's checksum right: what is left to find them are the other parts.
#[test]
fn a_flipped_bit_under_a_right_checksum_is_found_by_the_other_parts() {
    let scene = Scene::new();
    let all = all_rows(&scene);
    let mut found = 0;
    // Rows of msgpack with fields of their own have a test of their own.
    let is_fielded = |class: &Class| class.table == "holes" || [b"identity".as_slice(), b"state"].contains(&class.key);
    for class in CLASSES.iter().filter(|class| !class.name.contains("checksum") && !is_fielded(class)) {
        for row in class.rows(&all).iter().step_by(2) {
            for bit in class.bits(&row.1).into_iter().step_by(2) {
                let changed = repaired(class.table, flipped(row, bit));
                if changed == *row {
                    // The bit was one of the checksum's.
                    continue;
                }
                scene.restore();
                edit(scene.dir.path(), |edit| edit.put(class.table, &changed));
                assert!(!scene.findings().is_empty(), "{}, row {:?}, bit {bit:?}: not found", class.name, row.0);
                found += 1;
            }
        }
    }
    println!("{found} bits flipped under right checksums, {found} found");
}

/// Fields whose change is not found once the checksum is set right, and why that cannot matter to a record or a figure.
const HARMLESS: [(&str, &str); 9] = [
    ("state duplicates", "a count for people of what was dropped, in no figure"),
    ("state sequence", "intake holds the cursor against the stream, and the broker's message there against the ledger"),
    ("state stream_created_at", "intake holds it against the stream and stops where they differ"),
    ("identity intake_semantics", "intake follows no number that it does not know, and decisions are held against it"),
    ("identity created_at", "for people; in no figure"),
    ("identity ledger_id", "a name for people; the origin of checkpoints is in their signed text"),
    ("hole from", "for people: which sequences the broker no longer had; what they held never was here"),
    ("hole to", "the same"),
    ("hole recorded_at", "for people: when the hole was found"),
];

/// The field of a row of named fields that a byte belongs to: the last one that is named before it.
fn field_of(value: &[u8], byte: usize) -> &'static str {
    const FIELDS: [&str; 15] = [
        "position",
        "recorded_at",
        "sealed_to",
        "duplicates",
        "quarantined",
        "holes",
        "stream",
        "stream_created_at",
        "sequence",
        "intake_semantics",
        "created_at",
        "ledger_id",
        "binding",
        "from",
        "to",
    ];
    let places = FIELDS.iter().filter_map(|field| {
        // A name of so many bytes has that length before it.
        let named = [&[0xa0 | u8::try_from(field.len()).unwrap()][..], field.as_bytes()].concat();
        let start = value.windows(named.len()).position(|window| window == named)?;
        (start <= byte).then_some((start, *field))
    });
    places.max().map_or("the first", |(_, field)| field)
}

#[test]
fn every_byte_of_the_fixed_rows_under_a_right_checksum_is_found_or_cannot_matter() {
    let scene = Scene::new();
    let all = all_rows(&scene);
    let truth = read(scene.dir.path()).unwrap();
    let rows = [("state", "meta", b"state".as_slice()), ("identity", "meta", b"identity"), ("hole", "holes", b"")];
    let (mut found, mut unfound) = (0, BTreeMap::<String, usize>::new());
    for (name, table, key) in rows {
        let row = all[table].iter().find(|(of, _)| key.is_empty() || of == key).unwrap();
        for byte in 16..row.1.len() {
            let changed = repaired(table, flipped(row, (byte, u8::try_from(byte % 3).unwrap())));
            scene.restore();
            edit(scene.dir.path(), |edit| edit.put(table, &changed));
            if !scene.findings().is_empty() {
                found += 1;
                continue;
            }
            let field = format!("{name} {}", field_of(&row.1, byte));
            assert!(HARMLESS.iter().any(|(of, _)| *of == field), "{field}: byte {byte} changed and not found");
            assert_eq!(read(scene.dir.path()).unwrap().records, truth.records, "{field}");
            *unfound.entry(field).or_default() += 1;
        }
    }
    println!("{found} bytes of fixed rows changed under right checksums were found; not found:");
    for (field, why) in HARMLESS {
        println!("  {field}: {} bytes; {why}", unfound.get(field).copied().unwrap_or(0));
    }
    assert!(found > 150, "{found}");
}

/// One change of whole rows. None where a table has not enough rows for it.
type Operation = fn(&str, Option<usize>, &[Row]) -> Option<Vec<(Vec<u8>, Option<Vec<u8>>)>>;

/// What is done to rows: the key of each, and its new value, or none to remove it.
const OPERATIONS: [(&str, Operation); 8] = [
    ("first row dropped", |_, _, rows| Some(vec![(rows[0].0.clone(), None)])),
    ("last row dropped", |_, _, rows| Some(vec![(rows[rows.len() - 1].0.clone(), None)])),
    ("middle row dropped", |_, _, rows| Some(vec![(rows[rows.len() / 2].0.clone(), None)])),
    ("two rows swapped", |_, _, rows| {
        let (one, other) = (&rows[0], &rows[rows.len() / 2]);
        let swapped = vec![(one.0.clone(), Some(other.1.clone())), (other.0.clone(), Some(one.1.clone()))];
        (rows.len() > 1).then_some(swapped)
    }),
    ("row duplicated behind the last", |table, _, rows| {
        let mut key = rows[rows.len() - 1].0.clone();
        match table {
            "meta" => key.push(b'2'),
            _ => *key.last_mut()? = key.last()?.wrapping_add(1),
        }
        Some(vec![(key, Some(rows[0].1.clone()))])
    }),
    ("row duplicated over its neighbour", |_, _, rows| {
        (rows.len() > 1).then(|| vec![(rows[1].0.clone(), Some(rows[0].1.clone()))])
    }),
    ("row cut by a byte", |_, fixed, rows| {
        let (key, value) = &rows[rows.len() / 2];
        fixed.is_none().then(|| vec![(key.clone(), Some(value[..value.len() - 1].to_vec()))])
    }),
    ("row cut to nothing", |_, fixed, rows| fixed.is_none().then(|| vec![(rows[0].0.clone(), Some(Vec::new()))])),
];

#[test]
fn rows_swapped_dropped_duplicated_and_cut_are_found_in_every_table() {
    let scene = Scene::new();
    let all = all_rows(&scene);
    let mut tried = BTreeMap::<&str, usize>::new();
    for (table, fixed) in TABLES {
        for (what, operation) in OPERATIONS {
            let Some(changes) = operation(table, fixed, &all[table]) else { continue };
            scene.restore();
            edit(scene.dir.path(), |edit| {
                for (key, value) in changes {
                    match value {
                        Some(value) => edit.put(table, &(key, value)),
                        None => edit.remove(table, &key),
                    }
                }
            });
            assert!(!scene.findings().is_empty(), "{what} in {table}: not found");
            *tried.entry(what).or_default() += 1;
        }
        scene.restore();
        edit(scene.dir.path(), |edit| edit.delete_table(table));
        assert!(!scene.findings().is_empty(), "{table} deleted: not found");
        *tried.entry("table deleted").or_default() += 1;
    }
    scene.restore();
    edit(scene.dir.path(), |edit| edit.add_table("more"));
    assert!(!scene.findings().is_empty(), "a table added: not found");
    println!("changes of rows, all found: {tried:?}, and one table added");
}

/// Rows moved with their checksums set right, so that only their order and number can tell.
#[test]
fn rows_moved_under_right_checksums_are_found() {
    let scene = Scene::new();
    let all = all_rows(&scene);
    for table in ["unsealed", "names", "slabs", "tiles", "quarantine", "decisions", "entry_states", "checkpoints"] {
        let rows = &all[table];
        let (one, other) = (&rows[0], &rows[rows.len() / 2]);
        assert_ne!(one.0, other.0, "{table}");
        scene.restore();
        edit(scene.dir.path(), |edit| {
            edit.put(table, &repaired(table, (one.0.clone(), other.1.clone())));
            edit.put(table, &repaired(table, (other.0.clone(), one.1.clone())));
        });
        let found = scene.findings();
        assert!(!found.is_empty(), "{table}: two rows swapped under right checksums: not found");
        println!("{table}: swapped under right checksums: {}", found[0]);
    }
}
