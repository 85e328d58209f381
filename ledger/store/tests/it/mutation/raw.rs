//! Bits flipped in the file itself, wherever they fall: in rows, in the storage engine's own pages, in free space.

use super::scene::{Scene, read};
use daybook_store::LEDGER_FILE;

/// Another number for other places.
const SEED: u64 = 0x5eed_0005;
const FLIPS: usize = 400;

#[derive(Debug, Default)]
struct Outcomes {
    rejected: usize,
    /// All of it reads back as it was: the bit is in free space, in padding, or in what redb keeps for itself.
    nothing_changed: usize,
    /// The commit before the last one: whole in itself, without the last checkpoint.
    earlier_commit: usize,
}

#[test]
fn a_bit_flipped_anywhere_is_found_or_changes_nothing_that_is_read() {
    let scene = Scene::new();
    let truth = read(scene.dir.path()).unwrap();
    let path = scene.dir.path().join(LEDGER_FILE);
    let (mut random, mut outcomes) = (SEED, Outcomes::default());
    for turn in 0..FLIPS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // A quarter of the flips in the first page, where the engine keeps what it starts from.
        let within = if turn % 4 == 0 { 4_096 } else { scene.file.len() as u64 };
        let at = usize::try_from((random >> 8) % within).unwrap();
        let mut bytes = scene.file.clone();
        bytes[at] ^= 1 << (random % 8);
        std::fs::write(&path, &bytes).unwrap();
        if !scene.findings().is_empty() {
            outcomes.rejected += 1;
            continue;
        }
        let now = read(scene.dir.path()).unwrap_or_else(|error| panic!("seed {SEED:#x}, byte {at}: {error}"));
        if now == truth {
            outcomes.nothing_changed += 1;
        } else {
            assert_eq!(
                (&now.records, &now.notes[..]),
                (&truth.records, &truth.notes[..2]),
                "seed {SEED:#x}, byte {at}"
            );
            outcomes.earlier_commit += 1;
        }
    }
    println!("{FLIPS} bits of {} bytes flipped, seed {SEED:#x}: {outcomes:?}", scene.file.len());
    assert!(outcomes.rejected > FLIPS / 10, "{outcomes:?}");
}
