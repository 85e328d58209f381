//! A second verifier, written from docs/format.md alone: it knows the storage engine, SHA-256, msgpack and zstd, and none of the
//! store's code. What it computes is what the store says.

use super::file::{Row, TABLES, check, edit};
use super::scene::{Lie, make, options};
use daybook_store::LedgerReader;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

type Hash = [u8; 32];

#[derive(Deserialize)]
struct State {
    position: u64,
    sealed_to: u64,
    quarantined: u64,
}

/// The head of a quarantine entry.
#[derive(Deserialize)]
struct Head {
    reason: Reason,
    id: Option<Id>,
    recorded_at: i64,
    origin: Origin,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
}

#[derive(Default, Deserialize)]
struct Id {
    source: String,
    event_id: String,
}

#[derive(Deserialize)]
struct Origin {
    subject: Option<String>,
    stream_sequence: Option<u64>,
    file: Option<String>,
    line: Option<u64>,
}

/// Big-endian.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What stands behind a checksum of 16 bytes.
fn content<'a>(domain: &[u8], value: &'a [u8]) -> &'a [u8] {
    assert_eq!(value[..16], check(domain, &value[16..], 16), "{}", String::from_utf8_lossy(domain));
    &value[16..]
}

fn keyed(table: &str, key: &[u8]) -> Vec<u8> {
    [table.as_bytes(), key].concat()
}

fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// RFC 6962, section 2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Sha256::new().chain_update([1]).chain_update(root(left)).chain_update(root(right)).finalize().into()
        }
    }
}

/// The frames of all records, in order.
fn frames(tables: &BTreeMap<&str, Vec<Row>>) -> Vec<Vec<u8>> {
    let mut frames: Vec<Vec<u8>> = Vec::new();
    for (key, value) in &tables["segments"] {
        let (head, packed) = (&value[..34], &value[50..]);
        assert_eq!(value[34..50], check(b"daybook segment 1", &[head, packed].concat(), 16));
        assert_eq!((head[0], &head[2..10], number(key)), (1, key.as_slice(), frames.len() as u64 + 1));
        let raw_bytes = usize::try_from(number(&head[14..18])).unwrap();
        let raw = match head[1] {
            0 => packed.to_vec(),
            1 => zstd::bulk::decompress(packed, raw_bytes).unwrap(),
            other => panic!("codec {other}"),
        };
        assert_eq!(raw.len(), raw_bytes);
        let (mut rest, before) = (raw.as_slice(), frames.len());
        while !rest.is_empty() {
            let (frame, after) = rest.split_at(21 + usize::try_from(number(&rest[17..21])).unwrap());
            frames.push(frame.to_vec());
            rest = after;
        }
        assert_eq!((frames.len() - before) as u64, number(&head[10..14]));
        assert_eq!((&head[18..26], &head[26..34]), (&frames[before][9..17], &frames[frames.len() - 1][9..17]));
    }
    for (key, value) in &tables["unsealed"] {
        frames.push(content(&keyed("unsealed", key), value).to_vec());
    }
    for (frame, position) in frames.iter().zip(1_u64..) {
        assert_eq!((frame[0], number(&frame[1..9])), (1, position));
        assert_eq!(frame.len() as u64, 21 + number(&frame[17..21]));
    }
    frames
}

/// The leaves of the quarantine tree.
fn quarantine_leaves(tables: &BTreeMap<&str, Vec<Row>>) -> Vec<Hash> {
    let entries = tables["quarantine"].iter().map(|(key, value)| {
        let stored = content(&keyed("quarantine", key), value);
        let (head, bytes) = stored[4..].split_at(usize::try_from(number(&stored[..4])).unwrap());
        let Head { reason, id, recorded_at, origin } = rmp_serde::from_slice(head).unwrap();
        let id = id.unwrap_or_default();
        let decimal = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let mut hashed = [&[1][..], key, &recorded_at.to_be_bytes()].concat();
        for text in [
            reason.code,
            id.source,
            id.event_id,
            origin.subject.unwrap_or_default(),
            decimal(origin.stream_sequence),
            origin.file.unwrap_or_default(),
            decimal(origin.line),
        ] {
            hashed.extend_from_slice(&(text.len() as u64).to_be_bytes());
            hashed.extend_from_slice(text.as_bytes());
        }
        leaf(&[&hashed[..], &(bytes.len() as u64).to_be_bytes(), bytes].concat())
    });
    let decisions: BTreeMap<u64, Hash> = tables["decisions"]
        .iter()
        .map(|(key, value)| {
            let row = content(&keyed("decision", key), value);
            (number(&row[25..33]), leaf(&[&[2][..], &row[..25]].concat()))
        })
        .collect();
    let (mut entries, mut leaves) = (entries.peekable(), Vec::new());
    while let Some(next) = decisions.get(&(leaves.len() as u64)).copied().or_else(|| entries.next()) {
        leaves.push(next);
    }
    assert_eq!(leaves.len(), tables["quarantine"].len() + tables["decisions"].len());
    leaves
}

fn tables(dir: &Path) -> BTreeMap<&'static str, Vec<Row>> {
    edit(dir, |edit| TABLES.iter().map(|(table, _)| (*table, edit.rows(table))).collect())
}

#[test]
fn a_verifier_written_from_the_page_computes_the_same_roots() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), Lie::None, None);
    let reader = LedgerReader::open(dir.path(), &options()).unwrap();
    let (head, second) = (reader.head().unwrap(), reader.snapshot().unwrap().quarantine_frontier().unwrap());
    drop(reader);
    let tables = tables(dir.path());
    let meta: BTreeMap<&[u8], &[u8]> =
        tables["meta"].iter().map(|(key, value)| (key.as_slice(), value.as_slice())).collect();
    assert_eq!(meta[&b"format"[..]], [0, 0, 0, 3]);
    let frames = frames(&tables);
    let leaves: Vec<Hash> = frames.iter().map(|frame| leaf(frame)).collect();
    assert_eq!((leaves.len() as u64, root(&leaves)), (head.position.number(), head.root));
    let state: State = rmp_serde::from_slice(content(b"state", meta[&b"state"[..]])).unwrap();
    assert_eq!(state.position, head.position.number());
    assert_eq!(state.sealed_to, number(&tables["unsealed"][0].0) - 1);
    for (key, value) in &tables["tiles"] {
        let (level, index) = (u32::from(key[0]), usize::try_from(number(&key[1..])).unwrap());
        let size = 1_usize << (8 * level);
        assert_eq!(value[..32], root(&leaves[index * size..(index + 1) * size]));
        assert_eq!(value[32..], check(key, &value[..32], 4));
    }
    assert_eq!(tables["tiles"].len(), leaves.len() / 256);
    let quarantine = quarantine_leaves(&tables);
    assert_eq!((quarantine.len() as u64, root(&quarantine)), (second.size(), second.root()));
    let frontier = content(b"quarantine frontier", meta[&b"quarantine_frontier"[..]]);
    assert_eq!((number(&frontier[..8]), state.quarantined), (second.size(), tables["quarantine"].len() as u64));
    let kept = content(b"kept", meta[&b"kept"[..]]);
    assert_eq!(number(&kept[..8]), tables["decisions"].len() as u64);
    assert_eq!(number(&kept[8..]), tables["checkpoints"].len() as u64);
    let names = names(&tables);
    names_are_right(&names, &frames);
    let span_bits = u32::from(content(b"keys", meta[&b"keys"[..]])[0]);
    let named = positions_of_slabs(&tables, &names, span_bits);
    let in_runs = names.len() >> span_bits << span_bits;
    assert!(named[..in_runs].iter().all(|times| *times >= 1) && named[in_runs..].iter().all(|times| *times == 0));
    for (key, value) in &tables["acts"] {
        let frame = &frames[usize::try_from(number(key)).unwrap() - 1];
        assert!(frame[21..].starts_with(b"ledger\n"));
        assert_eq!(*value, check(&keyed("act", key), b"", 4));
    }
}

/// The name of each record, in order. The envelopes of these tests are `source`, `event_id` and content, one a line.
fn names(tables: &BTreeMap<&str, Vec<Row>>) -> Vec<[u8; 32]> {
    let mut names = Vec::new();
    for (key, value) in &tables["names"] {
        assert_eq!(number(key) * 120, names.len() as u64);
        names.extend(content(&keyed("names", key), value).chunks(32).map(|name| <[u8; 32]>::try_from(name).unwrap()));
    }
    names
}

fn names_are_right(names: &[[u8; 32]], frames: &[Vec<u8>]) {
    assert_eq!(names.len(), frames.len());
    for (name, frame) in names.iter().zip(frames) {
        let mut hasher = Sha256::new();
        for part in frame[21..].split(|byte| *byte == b'\n').take(2) {
            hasher.update(u32::try_from(part.len()).unwrap().to_be_bytes());
            hasher.update(part);
        }
        let key: Hash = hasher.finalize().into();
        assert_eq!(name[..16], key[..16]);
    }
}

/// Every entry of every slab: which position it names, and that it is the entry of that position's name. How often each
/// position is named.
fn positions_of_slabs(tables: &BTreeMap<&str, Vec<Row>>, names: &[[u8; 32]], span_bits: u32) -> Vec<u32> {
    let mut named = vec![0; names.len()];
    for (key, value) in &tables["slabs"] {
        let (level, run, first) = (u32::from(key[0]), number(&key[1..9]), number(&key[9..]));
        let place_bits = span_bits + 2 * level;
        let partition_bits = place_bits.saturating_sub(9);
        let count = usize::try_from(number(&value[8..12])).unwrap();
        let head = 12 + 4 * count;
        assert_eq!(value[..8], check(&keyed("slabh", key), &value[8..head], 8));
        let mut from = head;
        for (nth, end) in (0..).zip(value[12..head].chunks(4)) {
            let end = head + usize::try_from(number(end)).unwrap();
            let partition = first + nth;
            let domain = [b"slabp", &key[..9], &u32::try_from(partition).unwrap().to_be_bytes()].concat();
            let stored = &value[from..end];
            assert_eq!(stored[..8], check(&domain, &stored[8..], 8));
            assert_eq!(stored[8], 0, "no partition here has more entries than two bytes count");
            let ends: Vec<usize> = stored[9..137].chunks(2).map(|end| usize::try_from(number(end)).unwrap()).collect();
            let (tags, rests) = stored[137..].split_at(2 * ends[63]);
            for at in 0..ends[63] {
                let bucket = ends.iter().filter(|end| **end <= at).count() as u64;
                let rest = number(&rests[5 * at..5 * at + 5]);
                let entry = bucket << 56 | number(&tags[2 * at..2 * at + 2]) << 40 | rest;
                let place = (run << place_bits) + (entry & ((1 << place_bits) - 1));
                let hash = number(&names[usize::try_from(place).unwrap()][..8]);
                let skipped = if partition_bits == 0 { 0 } else { hash >> (64 - partition_bits) };
                assert_eq!(skipped, partition);
                assert_eq!(entry >> place_bits, hash << partition_bits >> (2 + place_bits));
                named[usize::try_from(place).unwrap()] += 1;
            }
            from = end;
        }
        assert_eq!(from, value.len());
    }
    named
}

#[test]
fn the_page_names_every_table_and_row() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/format.md")).unwrap();
    let rows = ["format", "identity", "state", "frontier", "quarantine_frontier", "kept", "keys"];
    for name in TABLES.iter().map(|(table, _)| *table).chain(["event_keys"]).chain(rows) {
        assert!(page.contains(&format!("| `{name}`")), "docs/format.md does not name {name}");
    }
}
