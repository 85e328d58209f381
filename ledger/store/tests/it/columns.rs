//! Column files: what is written is read, what is damaged or foreign is not, and the longest runs are taken.

use daybook_event::{Instant, Position};
use daybook_store::{Columns, ColumnsError, ColumnsOptions, Part, Run, RunFile, RunHead, columns_delete};
use std::path::Path;

const LEDGER: [u8; 16] = [7; 16];
const BETWEEN: [Position; 2] = [Position::new(1), Position::new(2)];

fn columns(dir: &Path) -> Columns {
    Columns::at(dir, &ColumnsOptions::default())
}

fn head(from: u64, to: u64) -> RunHead {
    RunHead {
        ledger_id: LEDGER,
        shape: 1,
        from: Position::new(from),
        to: Position::new(to),
        root: [u8::try_from(to % 251).unwrap(); 32],
        recorded_at: Instant::from_micros(i64::try_from(to).unwrap()),
    }
}

/// A run with two blocks, whose bytes name its positions.
fn write(columns: &Columns, from: u64, to: u64) -> RunFile {
    let writer = columns.writer().unwrap().unwrap();
    let mut run = writer.run(head(from, to)).unwrap();
    let said = format!("{from}-{to}");
    run.block("P-1", 3, BETWEEN, [said.as_bytes(), b"cold"]).unwrap();
    run.block("P-2", 4, BETWEEN, [b"", &[9; 3000]]).unwrap();
    run.finish(b"dictionary", b"shared").unwrap()
}

fn spans(runs: &[Run]) -> Vec<(u64, u64)> {
    runs.iter().map(|run| (run.head().from.number(), run.head().to.number())).collect()
}

fn covering(columns: &Columns) -> (Vec<(u64, u64)>, usize) {
    let (runs, unusable) = columns.covering(|_| Ok(())).unwrap();
    (spans(&runs), unusable.len())
}

#[test]
fn a_run_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    let file = write(&columns, 1, 9);
    let run = columns.open(&file).unwrap();
    assert_eq!(run.head(), &head(1, 9));
    let blocks: Vec<_> =
        run.blocks().iter().map(|block| (block.partner_id.as_str(), block.lines, [block.first, block.last])).collect();
    assert_eq!(blocks, [("P-1", 3, BETWEEN), ("P-2", 4, BETWEEN)]);
    assert_eq!((run.block_of("P-2"), run.block_of("P-3")), (Some(1), None));
    let mut bytes = vec![1; 7];
    let parts: [(Part, &[u8]); 6] = [
        (Part::Dictionary, b"dictionary"),
        (Part::Shared, b"shared"),
        (Part::Block(0, 0), b"1-9"),
        (Part::Block(0, 1), b"cold"),
        (Part::Block(1, 0), b""),
        (Part::Block(1, 1), &[9; 3000]),
    ];
    for (part, expected) in parts {
        run.read(part, &mut bytes).unwrap();
        assert_eq!((bytes.as_slice(), run.part_bytes(part)), (expected, expected.len() as u64));
    }
    assert!(matches!(run.read(Part::Block(2, 0), &mut bytes), Err(ColumnsError::Unusable { .. })));
}

#[test]
fn large_parts_go_past_the_buffer() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    let writer = columns.writer().unwrap().unwrap();
    let mut run = writer.run(head(1, 2)).unwrap();
    let sizes = [10, 1 << 20, (1 << 20) - 40, 3 << 20, 5];
    for (at, size) in sizes.into_iter().enumerate() {
        let part = vec![u8::try_from(at).unwrap(); size];
        run.block(&format!("P-{at}"), 1, BETWEEN, [&part, &part[..1]]).unwrap();
    }
    let run = columns.open(&run.finish(b"", b"").unwrap()).unwrap();
    let mut bytes = Vec::new();
    for (at, size) in sizes.into_iter().enumerate() {
        run.read(Part::Block(at, 0), &mut bytes).unwrap();
        assert_eq!(bytes, vec![u8::try_from(at).unwrap(); size]);
    }
}

#[test]
fn partners_out_of_order_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    let writer = columns.writer().unwrap().unwrap();
    let mut run = writer.run(head(1, 2)).unwrap();
    run.block("P-2", 1, BETWEEN, [b"", b""]).unwrap();
    for id in ["P-1", "P-2"] {
        assert!(run.block(id, 1, BETWEEN, [b"", b""]).is_err(), "{id}");
    }
}

/// Everything that a run holds; an error where any of it cannot be read.
fn all_of(columns: &Columns, file: &RunFile) -> Result<Vec<Vec<u8>>, ColumnsError> {
    let run = columns.open(file)?;
    let mut parts = vec![Part::Dictionary, Part::Shared];
    parts.extend((0..run.blocks().len()).flat_map(|block| [Part::Block(block, 0), Part::Block(block, 1)]));
    let mut bytes = Vec::new();
    parts.into_iter().map(|part| run.read(part, &mut bytes).map(|()| bytes.clone())).collect()
}

#[test]
fn no_flipped_bit_and_no_cut_is_read_as_good() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    let writer = columns.writer().unwrap().unwrap();
    let mut run = writer.run(head(1, 9)).unwrap();
    run.block("P-1", 3, BETWEEN, [b"hot", b"cold"]).unwrap();
    let file = run.finish(b"dictionary", b"shared").unwrap();
    let whole = std::fs::read(&file.path).unwrap();
    assert_eq!(all_of(&columns, &file).unwrap().len(), 4);
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        std::fs::write(&file.path, flipped).unwrap();
        assert!(matches!(all_of(&columns, &file), Err(ColumnsError::Unusable { .. })), "{byte}");
    }
    for length in 0..whole.len() {
        std::fs::write(&file.path, &whole[..length]).unwrap();
        assert!(matches!(all_of(&columns, &file), Err(ColumnsError::Unusable { .. })), "{length}");
    }
    std::fs::write(&file.path, [&whole[..], b"x"].concat()).unwrap();
    assert!(all_of(&columns, &file).is_err());
}

#[test]
fn the_longest_runs_are_taken_one_behind_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    assert_eq!(covering(&columns), (vec![], 0));
    for (from, to) in [(1, 5), (6, 9), (1, 9), (10, 12), (14, 20), (4, 30)] {
        write(&columns, from, to);
    }
    assert_eq!(covering(&columns), (vec![(1, 9), (10, 12)], 0));
    let longest = &columns.list().unwrap()[0];
    assert_eq!((longest.from.number(), longest.to.number()), (1, 9));
    std::fs::write(&longest.path, b"no run").unwrap();
    assert_eq!(covering(&columns), (vec![(1, 5), (6, 9), (10, 12)], 1), "those that it was merged of do");
    let (runs, unusable) =
        columns.covering(|head| if head.from.number() == 6 { Err("no".into()) } else { Ok(()) }).unwrap();
    assert_eq!((spans(&runs), unusable.len()), (vec![(1, 5)], 2));
}

#[test]
fn a_run_under_anothers_name_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    let [one, other] = [write(&columns, 1, 5), write(&columns, 1, 6)];
    std::fs::copy(&one.path, &other.path).unwrap();
    assert_eq!(covering(&columns), (vec![(1, 5)], 1));
}

#[test]
fn one_writes_and_what_is_not_kept_goes_while_readers_read_on() {
    let dir = tempfile::tempdir().unwrap();
    let columns = columns(dir.path());
    write(&columns, 1, 5);
    write(&columns, 1, 9);
    let writer = columns.writer().unwrap().unwrap();
    assert!(columns.writer().unwrap().is_none(), "a second writer");
    drop(writer.run(head(10, 11)).unwrap());
    let (kept, _) = columns.covering(|_| Ok(())).unwrap();
    let old = columns.open(&columns.list().unwrap()[1]).unwrap();
    writer.keep_only(&kept).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(columns.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["00000000000000000001-00000000000000000009.columns", "lock"]);
    let mut bytes = Vec::new();
    old.read(Part::Block(0, 0), &mut bytes).unwrap();
    assert_eq!(bytes, b"1-5");
    drop(writer);
    assert!(columns.writer().unwrap().is_some());
    columns_delete(dir.path(), &ColumnsOptions::default()).unwrap();
    assert_eq!(covering(&columns), (vec![], 0));
}
