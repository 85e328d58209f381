//! Column files say what the records say, however these come, up to any position; and damage of them is never a figure.

use crate::bench::Bench;
use crate::dice::Dice;
use crate::{history, invented};
use daybook_event::{PartnerId, Position};
use daybook_projector::{
    ColumnsFault, ColumnsView, RefreshOptions, columns_check, columns_discard, columns_open, columns_refresh,
};
use daybook_store::{ColumnsError, ColumnsOptions};
use daybook_views::{ColumnsBuilder, LineClasses, PartnerColumns};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Few records in a run, so that there are many.
fn options() -> RefreshOptions {
    RefreshOptions { gathered_bytes_max: 6_000, ..RefreshOptions::default() }
}

fn refresh(bench: &Bench) -> u64 {
    let snapshot = bench.reader.snapshot().unwrap();
    let refreshed = columns_refresh(bench.dir.path(), &snapshot, &options(), &|_| ()).unwrap();
    assert_eq!((refreshed.covered, refreshed.is_held), (snapshot.head().position, false));
    refreshed.records
}

fn open(bench: &Bench, until: u64) -> Result<ColumnsView, ColumnsFault> {
    let snapshot = bench.reader.snapshot().unwrap();
    columns_open(bench.dir.path(), &snapshot, Position::new(until), &ColumnsOptions::default())
}

/// What the records up to a position say.
fn expected(bench: &Bench, until: u64, classes: &LineClasses) -> BTreeMap<PartnerId, PartnerColumns> {
    let mut classes = classes.clone();
    let known = classes.all().len();
    let mut partners: BTreeMap<PartnerId, ColumnsBuilder> = BTreeMap::new();
    for (position, envelope) in (1..=until).zip(&bench.appended) {
        if let Some(partner_id) = envelope.partner_id.clone() {
            let builder = partners.entry(partner_id).or_default();
            builder.add(Position::new(position), envelope.clone(), &mut classes).unwrap();
        }
    }
    assert_eq!(classes.all().len(), known, "a class is missing");
    let made = |(partner_id, builder): (PartnerId, ColumnsBuilder)| (partner_id, builder.finish(&classes).unwrap());
    partners.into_iter().filter(|(_, builder)| !builder.is_empty()).map(made).collect()
}

/// Whether the view is what the records say; a fault where it cannot be read.
fn is_equal(bench: &Bench, view: &ColumnsView, until: u64) -> Result<bool, ColumnsFault> {
    let expected = expected(bench, until, view.classes());
    let mut found = BTreeMap::new();
    for at in 0..view.partners() {
        let columns = view.columns(at)?;
        columns.lines.cold()?;
        found.insert(view.partner_id(at).clone(), columns);
    }
    Ok(found == expected)
}

fn assert_equal(bench: &Bench, until: u64, about: &str) {
    let view = open(bench, until).unwrap();
    assert!(is_equal(bench, &view, until).unwrap(), "{about}, up to {until}");
    let last = bench.reader.record(Position::new(until)).unwrap();
    assert_eq!(Some(view.recorded_at()), last.map(|record| record.recorded_at), "{about}");
}

#[test]
fn columns_say_what_the_records_say_however_they_come() {
    for seed in 0..10 {
        let envelopes = if seed % 2 == 0 { history::history(seed, 400) } else { invented::history(seed, 400) };
        let (mut bench, mut dice) = (Bench::new(), Dice::new(seed ^ 0xc015));
        let mut rest = envelopes.as_slice();
        while !rest.is_empty() {
            let count = usize::try_from(1 + dice.below(150)).unwrap().min(rest.len());
            bench.append(&rest[..count]);
            rest = &rest[count..];
            let head = bench.appended.len() as u64;
            if dice.percent(30) {
                assert_equal(&bench, head, &format!("seed {seed}, records behind the files"));
            }
            assert!(refresh(&bench) > 0);
            assert_eq!(refresh(&bench), 0);
            for until in [head, 1 + dice.below(head), 1 + dice.below(head)] {
                assert_equal(&bench, until, &format!("seed {seed}"));
            }
        }
        let snapshot = bench.reader.snapshot().unwrap();
        let checked = columns_check(bench.dir.path(), &snapshot, &ColumnsOptions::default()).unwrap();
        assert_eq!(checked, (snapshot.head().position, Vec::new()), "seed {seed}");
    }
}

/// The files of runs in the folder.
fn files(bench: &Bench) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(bench.dir.path().join("columns")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "columns"));
    files.sort();
    files
}

fn bench_with(events: usize) -> Bench {
    let mut bench = Bench::new();
    bench.append(&history::history(3, events));
    refresh(&bench);
    bench
}

/// Places where a bit is flipped, from the first byte to the last.
const FLIPS: usize = 60;

#[test]
fn damage_is_told_by_the_check_never_read_as_good_and_made_anew() {
    let bench = bench_with(150);
    let head = bench.appended.len() as u64;
    let [file] = files(&bench).try_into().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let snapshot = bench.reader.snapshot().unwrap();
    for byte in (0..whole.len()).step_by(whole.len() / FLIPS) {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        std::fs::write(&file, flipped).unwrap();
        let (_, findings) = columns_check(bench.dir.path(), &snapshot, &ColumnsOptions::default()).unwrap();
        assert!(!findings.is_empty(), "byte {byte}");
        match open(&bench, head).and_then(|view| is_equal(&bench, &view, head)) {
            Ok(is_equal) => assert!(is_equal, "byte {byte} is read as good"),
            Err(fault) => {
                assert!(fault.is_of_files(), "{fault}");
                if let ColumnsFault::Files(fault @ ColumnsError::Unusable { .. }) = &fault {
                    columns_discard(bench.dir.path(), fault, &ColumnsOptions::default()).unwrap();
                }
            }
        }
        refresh(&bench);
        std::fs::write(&file, &whole).unwrap();
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(refresh(&bench), head);
    assert_eq!(std::fs::read(&file).unwrap().len(), whole.len());
    assert_equal(&bench, head, "made anew");
}

#[test]
fn a_wrong_block_under_a_right_checksum_is_found() {
    let (bench, other) = (bench_with(150), {
        let mut other = Bench::new();
        other.append(&history::history(4, 150));
        other
    });
    refresh(&other);
    let snapshot = bench.reader.snapshot().unwrap();
    let view = |bench: &Bench| open(bench, bench.appended.len() as u64).unwrap();
    // The other ledger's run, under this one's head.
    let columns = daybook_store::Columns::at(bench.dir.path(), &ColumnsOptions::default());
    let theirs = daybook_store::Columns::at(other.dir.path(), &ColumnsOptions::default());
    let (ours, theirs) = (columns.list().unwrap().remove(0), theirs.open(&theirs.list().unwrap()[0]).unwrap());
    let head = columns.open(&ours).unwrap().head().clone();
    let writer = columns.writer().unwrap().unwrap();
    let mut run = writer.run(head).unwrap();
    let read = |part| {
        let mut bytes = Vec::new();
        theirs.read(part, &mut bytes).unwrap();
        bytes
    };
    use daybook_store::Part;
    for (at, block) in theirs.blocks().iter().enumerate() {
        let (hot, cold) = (read(Part::Block(at, 0)), read(Part::Block(at, 1)));
        run.block(&block.partner_id, block.lines, [block.first, block.last], [&hot, &cold]).unwrap();
    }
    run.finish(&read(Part::Dictionary), &read(Part::Shared)).unwrap();
    drop(writer);
    assert!(view(&bench).partners() > 0, "it is whole by its checksums");
    let (_, findings) = columns_check(bench.dir.path(), &snapshot, &ColumnsOptions::default()).unwrap();
    for partner in ["P-A", "P-B", "P-C"] {
        assert!(findings.iter().any(|finding| finding.partner == partner), "{findings:?}");
    }
}

#[test]
fn columns_of_another_ledger_or_of_other_records_are_not_used() {
    let (bench, mut other) = (bench_with(150), Bench::new());
    other.append(&history::history(4, 300));
    let [file] = files(&bench).try_into().unwrap();
    std::fs::create_dir(other.dir.path().join("columns")).unwrap();
    std::fs::copy(&file, other.dir.path().join("columns").join(file.file_name().unwrap())).unwrap();
    let head = other.appended.len() as u64;
    assert_eq!(refresh(&other), head, "all of them are taken in anew");
    assert_equal(&other, head, "beside a foreign file");
}
