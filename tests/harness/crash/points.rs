//! Killed at every named boundary of a commit.

use super::scene::{PROJECTED, Reference, Scene, texts};
use daybook_intake::nats::Outgoing;
use daybook_tests::daybook::{Daybook, Done};

const SEED: u64 = 20_210_701;
const EVENTS: usize = 3_000;
/// Many commits, so that every boundary is passed many times.
const BATCH_RECORDS_MAX: usize = 50;
/// The pass that the second death waits for. Sealing needs a segment's worth of records: it is passed less often than
/// intake's own boundaries.
const LATER: &[(&str, u32)] = &[("append:sealed", 2), ("intake:after_ack", 3), ("", 12)];
/// The pass of a boundary of the views that the second death waits for: one step at least is done before.
const LATER_OF_VIEWS: u32 = 3;
/// How many messages come at once where the views are to take a step for them.
const PIECE_MESSAGES: usize = 100;
/// How often a later pass that never came is waited for again, in a new ledger.
const TRIES: u32 = 5;

/// The process died at a crash point: by its own abort, as hard as kill -9.
fn has_died(done: &Done) -> bool {
    const SIGABRT: i32 = 6;
    match done.signal() {
        Some(SIGABRT) => true,
        None if done.status.success() => false,
        _ => panic!("{}: {}\n{}", done.what, done.status, done.stderr),
    }
}

fn later_pass(point: &str) -> u32 {
    LATER.iter().find(|(start, _)| point.starts_with(start)).map_or(2, |(_, pass)| *pass)
}

/// Serves with a crash point armed; whether it was reached.
fn dies_at(scene: &Scene, daybook: &Daybook, point: &str, pass: u32) -> bool {
    let armed = daybook.with("DAYBOOK_CRASH_POINT", &format!("{point}:{pass}"));
    has_died(&armed.run(&texts(&scene.serve_arguments(BATCH_RECORDS_MAX))))
}

/// Dies at the point's first pass, is started again, dies at a later one, and is started again for good.
fn die_twice_and_compare(scene: &Scene, reference: &Reference, point: &str) {
    let pass = later_pass(point);
    for attempt in 1..=TRIES {
        let daybook = scene.ledger(&format!("{}-{attempt}", point.replace(':', "-")));
        assert!(dies_at(scene, &daybook, point, 1), "{point} is never passed");
        if !dies_at(scene, &daybook, point, pass) {
            reference.expect(&daybook, &format!("{point}, once"));
            println!("{point}: pass {pass} never came, another try");
            continue;
        }
        scene.drain(&daybook, BATCH_RECORDS_MAX);
        reference.expect_told(&daybook, point);
        println!("{point}: died at pass 1 and at pass {pass} after it, then as if it never had");
        return;
    }
    panic!("{point}: pass {pass} never came in {TRIES} tries");
}

fn each_of(points: &[&str]) {
    let (scene, faults) = Scene::of(SEED, EVENTS);
    let reference = scene.reference();
    let counts = reference.ledger.counts;
    assert_eq!((counts.quarantined, counts.duplicates), (faults.quarantined, faults.duplicates));
    assert_eq!(counts.records, EVENTS as u64);
    for point in points {
        die_twice_and_compare(&scene, &reference, point);
    }
}

#[test]
fn killed_at_every_boundary_of_an_append() {
    let points: Vec<&str> =
        daybook_store::CRASH_POINTS.into_iter().filter(|point| point.starts_with("append:")).collect();
    assert_eq!(points.len(), 5, "{points:?}");
    each_of(&points);
}

#[test]
fn killed_at_every_boundary_of_intake() {
    each_of(&daybook_intake::CRASH_POINTS);
}

/// The same for a boundary of the views. They take as many records in one step as there are, so the rest of the stream comes
/// piece by piece in the second life, one for each step.
fn die_of_views_and_compare(point: &str) {
    let (scene, messages, _) = Scene::unpublished(SEED, EVENTS);
    let (half, rest) = messages.split_at(messages.len() / 2);
    scene.broker.publish(half.to_vec());
    let daybook = scene.ledger("views");
    assert!(dies_at(&scene, &daybook, point, 1), "{point} is never passed");
    let armed = daybook.with("DAYBOOK_CRASH_POINT", &format!("{point}:{LATER_OF_VIEWS}"));
    let arguments: Vec<String> =
        scene.serve_arguments(BATCH_RECORDS_MAX).into_iter().filter(|argument| argument != "--until-drained").collect();
    let mut serving = armed.start(&texts(&arguments));
    let mut pieces = rest.chunks(PIECE_MESSAGES).map(<[Outgoing]>::to_vec);
    for steps in 1.. {
        let piece = pieces.next().unwrap_or_else(|| panic!("{point}: pass {LATER_OF_VIEWS} never came"));
        scene.broker.publish(piece);
        if !serving.has_said(PROJECTED, steps) {
            break;
        }
    }
    assert!(has_died(&serving.wait()), "{point}");
    scene.broker.publish(pieces.flatten());
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    scene.reference().expect_told(&daybook, point);
}

#[test]
fn killed_at_every_boundary_of_the_views() {
    let of_store = daybook_store::CRASH_POINTS.into_iter().filter(|point| !point.starts_with("append:"));
    let of_projector = daybook_projector::CRASH_POINTS.into_iter().filter(|point| *point != BUILT);
    let points: Vec<&str> = of_store.chain(of_projector).collect();
    assert_eq!(points.len(), 4, "{points:?}");
    points.into_iter().for_each(die_of_views_and_compare);
}

/// Passed only where another generation of the views is built beside the live one.
const BUILT: &str = "projector:built";

#[test]
fn killed_between_the_building_of_a_generation_and_the_switch_to_it() {
    assert!(daybook_projector::CRASH_POINTS.contains(&BUILT));
    let (scene, _) = Scene::of(SEED, EVENTS);
    let reference = scene.reference();
    let daybook = scene.ledger("built");
    let old_terms =
        [scene.serve_arguments(BATCH_RECORDS_MAX), vec!["--book".to_owned(), "2020-10".to_owned()]].concat();
    daybook.ok(&texts(&old_terms));
    // One pass a life: each start finds another book than that of the views and builds anew.
    for death in 1..=2 {
        assert!(dies_at(&scene, &daybook, BUILT, 1), "death {death}");
    }
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    reference.expect_told(&daybook, BUILT);
}
