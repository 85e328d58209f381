//! Proofs from a ledger's own rows: every index, at sizes around the borders of tiles, and after a reopening.

use crate::common::{events, ledger, small};
use daybook_event::Position;
use daybook_proof::{
    Nodes, consistency_path, consistency_verify, inclusion_path, inclusion_verify, multi_path, multi_verify,
};
use daybook_store::{Hash, LedgerReader, ReadError, Snapshot, frame_bytes, frame_record, leaf_hash};
use std::ops::ControlFlow;

/// The leaf hash of every record.
fn leaves(snapshot: &Snapshot) -> Vec<Hash> {
    let mut leaves = Vec::new();
    snapshot
        .scan(Position::ZERO, snapshot.head().position, |record| {
            let frame = frame_bytes(&record)?;
            let read = frame_record(&frame).unwrap();
            assert_eq!((read.position, read.recorded_at), (record.position, record.recorded_at));
            assert_eq!(read.envelope, record.envelope);
            leaves.push(leaf_hash(&frame));
            Ok::<_, ReadError>(ControlFlow::Continue(()))
        })
        .unwrap();
    leaves
}

fn root_at(snapshot: &Snapshot, size: u64) -> Hash {
    snapshot.root_at(Position::new(size)).unwrap().unwrap()
}

#[test]
fn every_record_is_proven_at_every_size_around_the_borders_of_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ledger(dir.path());
    (0..10).for_each(|batch| drop(writer.append(events(1 + batch * 80, 80), None, &[]).unwrap()));
    let reader = LedgerReader::open(dir.path(), &small()).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let (leaves, nodes) = (leaves(&snapshot), snapshot.tree_nodes());
    assert_eq!(leaves.len(), 800);
    let mut proven = 0;
    for size in [1, 2, 255, 256, 257, 511, 512, 513, 768, 769, 800_u64] {
        let root = root_at(&snapshot, size);
        let step = if size > 300 { 37 } else { 1 };
        for index in (0..size).step_by(step).chain([size - 1]) {
            let path = inclusion_path(&nodes, index, size).unwrap().unwrap();
            let leaf = &leaves[usize::try_from(index).unwrap()];
            inclusion_verify(leaf, index, size, &path, &root).unwrap();
            proven += 1;
        }
        for older in [0, 1, 200, 255, 256, 257, 512, 700, size].into_iter().filter(|older| *older <= size) {
            let path = consistency_path(&nodes, older, size).unwrap().unwrap();
            consistency_verify((older, &root_at(&snapshot, older)), (size, &root), &path).unwrap();
        }
        let indices: Vec<u64> = (0..size).step_by(11).collect();
        let path = multi_path(&nodes, &indices, size).unwrap().unwrap();
        let many: Vec<(u64, Hash)> =
            indices.iter().map(|index| (*index, leaves[usize::try_from(*index).unwrap()])).collect();
        multi_verify(&many, size, &path, &root).unwrap();
    }
    assert!(proven > 800, "{proven}");
}

#[test]
fn a_subtree_that_is_not_full_has_no_hash() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ledger(dir.path());
    writer.append(events(1, 300), None, &[]).unwrap();
    let snapshot = writer.reader().snapshot().unwrap();
    let nodes = snapshot.tree_nodes();
    assert!(nodes.node(8, 0).is_ok() && nodes.node(5, 8).is_ok() && nodes.node(0, 299).is_ok());
    for (level, index) in [(8, 1), (5, 9), (0, 300), (9, 0), (63, 0), (64, 0), (u32::MAX, u64::MAX), (7, u64::MAX)] {
        assert!(nodes.node(level, index).is_err(), "{level} {index}");
    }
}

#[test]
fn bytes_that_are_no_frame_hold_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ledger(dir.path());
    writer.append(events(1, 1), None, &[]).unwrap();
    let record = writer.reader().snapshot().unwrap().record(Position::new(1)).unwrap().unwrap();
    let as_ref = daybook_store::RecordRef {
        position: record.position,
        recorded_at: record.recorded_at,
        envelope: &record.envelope,
    };
    let frame = frame_bytes(&as_ref).unwrap();
    assert!(frame_record(&frame).is_some());
    assert!((0..frame.len()).all(|length| frame_record(&frame[..length]).is_none()));
    assert!(frame_record(&[frame.as_slice(), b"x"].concat()).is_none());
}
