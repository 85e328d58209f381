//! Each fault at each operation of creating, appending, sealing, keeping a checkpoint and upgrading.

use super::judged::{Outcome, Table, may_damage, may_lose};
use super::scene::{DIR, Run, Scene, Standing, Step, Stopped, decision, line, misplaced, rubbish, sales, verified};
use daybook_event::Instant;
use daybook_store::{AppendError, Binding, Hole, MediumAccess, OpenError, ReadError};
use daybook_tests::disk::{Fault, SimDisk};
use daybook_tests::workspace_root;
use std::path::Path;

fn stream() -> Binding {
    Binding::Stream { name: "CSP_EVENTS".to_owned() }
}

fn append(batch: Vec<daybook_store::Incoming>, cursor: u64) -> Step {
    Step::Append { batch, cursor: Some(cursor), holes: Vec::new() }
}

/// A batch that stays unsealed, one that seals, one with everything else, and a checkpoint.
fn steps(from: u64) -> Vec<Step> {
    let hole = Hole { from: from + 60, to: from + 61, recorded_at: Instant::from_micros(7) };
    let mut odd = sales(from + 60, 2);
    odd.extend([rubbish(from + 62), misplaced(from + 63), super::scene::event(&line(from), 9, None)]);
    let note = format!("daybook/test\n{}\nroot\n\n\u{2014} daybook/test AAAA\n", from + 20);
    vec![
        append(sales(from, 3), from + 2),
        append(sales(from + 3, 50), from + 52),
        Step::Append { batch: odd, cursor: Some(from + 63), holes: vec![hole] },
        Step::Checkpoint { note, size: from + 20 },
        append(vec![decision(from + 64, 2, "retry"), decision(from + 65, 1, "dismiss")], from + 65),
        append(sales(from + 66, 5), from + 70),
    ]
}

/// A ledger with some records already, near a full tile.
fn scene_begun() -> Scene {
    let disk = SimDisk::new(1);
    let begun = Scene::new(disk.fork(2), stream(), vec![append(sales(1, 230), 230)]);
    assert_eq!(begun.run(&disk, 0).done, 1);
    Scene::new(disk, stream(), steps(231))
}

/// The fixture of the first release, which the first open upgrades.
fn scene_old() -> Scene {
    let disk = SimDisk::new(3);
    let bytes = std::fs::read(workspace_root().join("tests/fixtures/ledger-0.1.0/ledger.redb")).unwrap();
    let file = disk.medium().open(&Path::new(DIR).join("ledger.redb"), MediumAccess::Create).unwrap();
    file.write(0, &bytes).unwrap();
    file.sync().unwrap();
    disk.medium().folder_sync(Path::new(DIR)).unwrap();
    let batch = |from, count| Step::Append { batch: sales(from, count), cursor: None, holes: Vec::new() };
    Scene::new(disk, Binding::Files, vec![batch(1, 3), batch(4, 40)])
}

/// Whether this is how an operation fails on this disk: never another error, never a panic.
fn is_expected(fault: Fault, stopped: &Stopped) -> bool {
    match stopped {
        Stopped::Open(OpenError::Io { .. } | OpenError::Unclean { .. })
        | Stopped::Work(AppendError::Storage(ReadError::Storage { .. })) => true,
        Stopped::Open(OpenError::Damaged { .. } | OpenError::NotALedger { .. } | OpenError::Newer { .. })
        | Stopped::Work(AppendError::Storage(ReadError::Damaged { .. })) => may_damage(fault),
        _ => false,
    }
}

fn experiment(scene: &Scene, fault: Fault, at: u64, crashes: bool) -> Outcome {
    let about = format!("{fault:?} at {at}, {}", if crashes { "then a crash" } else { "no crash" });
    let disk = scene.disk.fork(at * 2 + u64::from(crashes));
    disk.arm(fault, at);
    let run = scene.run(&disk, 0);
    if let Some(stopped) = &run.error {
        assert!(is_expected(fault, stopped), "{about}: {stopped:?}");
    }
    if crashes {
        disk.crash();
    } else {
        disk.mend();
    }
    judge(scene, &disk, fault, &run, &about)
}

/// Opens again, holds what is there against what must be, and goes on with the work.
fn judge(scene: &Scene, disk: &SimDisk, fault: Fault, run: &Run, about: &str) -> Outcome {
    let damaged = |what: &dyn std::fmt::Debug| {
        assert!(may_damage(fault), "{about}: damage that this fault cannot do: {what:?}");
        Outcome::Detected
    };
    let ledger = match scene.open(disk) {
        Ok(ledger) => ledger,
        Err(error @ (OpenError::Damaged { .. } | OpenError::NotALedger { .. } | OpenError::Newer { .. })) => {
            return damaged(&error);
        }
        Err(error) => panic!("{about}: it does not open again: {error:?}"),
    };
    let report = verified(&ledger.reader());
    if !report.findings.is_empty() {
        return damaged(&report.findings);
    }
    let standing = Standing::read(&ledger.reader());
    let standing = match standing {
        Ok(standing) => standing,
        Err(error) => return damaged(&error),
    };
    let found = scene.standings.iter().position(|known| *known == standing);
    let Some(found) = found else {
        panic!("{about}: {} records and other rows that never stood, and no finding", standing.records());
    };
    drop(ledger);
    assert!(found <= run.done + usize::from(run.error.is_some()), "{about}: more is there than was begun");
    assert!(found >= run.done || may_lose(fault), "{about}: {found} of {} acknowledged steps are there", run.done);
    let rest = scene.run(disk, found);
    if let Some(stopped) = rest.error {
        return damaged(&stopped);
    }
    let ledger = scene.open(disk).unwrap_or_else(|error| panic!("{about}: {error:?}"));
    let report = verified(&ledger.reader());
    if !report.findings.is_empty() {
        return damaged(&report.findings);
    }
    assert!(
        Standing::read(&ledger.reader()).unwrap() == *scene.standings.last().unwrap(),
        "{about}: going on from step {found} ends elsewhere than an undisturbed run"
    );
    match &run.error {
        _ if found < run.done => Outcome::OlderAndWhole,
        None => Outcome::Unharmed,
        Some(_) if found > run.done => Outcome::FailedAllThere,
        Some(_) => Outcome::FailedNothingThere,
    }
}

fn every_fault(scene: &Scene, what: &str) {
    let undisturbed = scene.disk.fork(0);
    assert!(scene.run(&undisturbed, 0).error.is_none());
    let operations = undisturbed.operations();
    println!("{what}: operations of an undisturbed run: {operations:?}");
    let mut table = Table::default();
    for fault in Fault::ALL {
        for at in 0..operations.open_to(fault) {
            for crashes in [false, true] {
                table.add(fault, experiment(scene, fault, at, crashes));
            }
        }
    }
    table.finish(what);
}

#[test]
fn creating_and_appending_either_fail_whole_or_are_done() {
    every_fault(&Scene::new(SimDisk::new(5), stream(), steps(1)), "new ledger");
}

#[test]
fn appending_sealing_and_checkpoints_either_fail_whole_or_are_done() {
    every_fault(&scene_begun(), "append, seal, checkpoint");
}

#[test]
fn an_upgrade_either_fails_whole_or_is_done() {
    every_fault(&scene_old(), "upgrade");
}
