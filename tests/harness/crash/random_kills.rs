//! Killed at random moments, kill -9, while events keep coming.

use super::scene::{APPENDED, PROJECTED, Scene, texts};
use daybook_intake::nats::Outgoing;
use daybook_tests::dice::{Dice, seed_of_run};
use daybook_tests::history::History;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HISTORY_SEED: u64 = 20_211_001;
const EVENTS: usize = 6_000;
/// Kills in all, unless `DAYBOOK_TEST_KILLS` says another number.
const KILLS_MIN: u32 = 60;
/// Few enough that the stream is seldom drained before the last of them.
const KILLS_OF_A_LEDGER: u32 = 12;
/// Small batches make many commits; another size in every life makes no difference to what is written.
const BATCH_RECORDS: (u64, u64) = (1, 40);
/// Ledgers whose service is killed in their first milliseconds.
const NEW_LEDGERS: u32 = 10;
const KILL_AFTER_MS: (u64, u64) = (5, 150);
/// What a distributor sends at once, and the pause after it.
const PUBLISHED_AT_ONCE: usize = 150;
const PUBLISHING_PAUSE: Duration = Duration::from_millis(40);

fn kills_min() -> u32 {
    std::env::var("DAYBOOK_TEST_KILLS").map_or(KILLS_MIN, |text| text.parse().expect("a number of kills"))
}

/// How the lives of the service ended.
#[derive(Debug, Default)]
struct Lives {
    /// Killed, in all.
    killed: u32,
    /// Killed after commits of their own, before everything was drained.
    mid_work: u32,
    /// Killed before the first commit: while starting, or while setting right what the last death left.
    early: u32,
    /// Ended by themselves, drained, before the kill came.
    drained: u32,
    /// Commits of records and of views in the lives that were killed.
    commits: (usize, usize),
}

/// One life: killed after a random time. True if it was drained before that.
fn live(scene: &Scene, ledger: &str, dice: &mut Dice, lives: &mut Lives) -> bool {
    const SIGKILL: i32 = 9;
    let batch = usize::try_from(dice.between(BATCH_RECORDS.0, BATCH_RECORDS.1)).unwrap();
    let mut running = scene.ledger(ledger).start(&texts(&scene.serve_arguments(batch)));
    // Some may be hit while they start; most are let come to their work, to the ledger's or to that of the views.
    match dice.between(0, 5) {
        0 | 1 => {}
        2..=4 => drop(running.has_said("following the stream", 1)),
        _ => drop(running.has_said(PROJECTED, 1)),
    }
    std::thread::sleep(Duration::from_millis(dice.between(KILL_AFTER_MS.0, KILL_AFTER_MS.1)));
    let done = running.kill();
    match done.signal() {
        Some(SIGKILL) => {
            let appended = done.stderr.matches(APPENDED).count();
            let projected = done.stderr.matches(PROJECTED).count();
            lives.killed += 1;
            *(if appended + projected > 0 { &mut lives.mid_work } else { &mut lives.early }) += 1;
            lives.commits = (lives.commits.0 + appended, lives.commits.1 + projected);
            false
        }
        None if done.status.success() => {
            lives.drained += 1;
            true
        }
        _ => panic!("{}: {}\n{}", done.what, done.status, done.stderr),
    }
}

/// Publishes bit by bit, while somebody else is doing something.
fn publish_slowly(scene: &Scene, messages: &[Outgoing], is_published: &AtomicBool) {
    for part in messages.chunks(PUBLISHED_AT_ONCE) {
        scene.broker.publish(part.iter().cloned());
        std::thread::sleep(PUBLISHING_PAUSE);
    }
    is_published.store(true, Ordering::Release);
}

/// Life after life on one ledger, until there were enough kills, or until nothing is left to be killed at.
fn kill_often(scene: &Scene, ledger: &str, dice: &mut Dice, lives: &mut Lives, is_published: &AtomicBool) {
    let before = lives.killed;
    loop {
        // Asked before the life: one that began later may have drained what was published until then, and more came.
        let was_published = is_published.load(Ordering::Acquire);
        let is_drained = live(scene, ledger, dice, lives);
        if was_published && (is_drained || lives.killed - before >= KILLS_OF_A_LEDGER) {
            return;
        }
    }
}

#[test]
fn killed_at_random_moments_it_goes_on_as_if_it_never_was() {
    let seed = seed_of_run();
    println!("seed of the kills {seed} (DAYBOOK_TEST_SEED={seed} rolls the same dice), of the history {HISTORY_SEED}");
    let mut dice = Dice::new(seed);
    let scene = Scene::empty();
    let (messages, faults) = History::generate(HISTORY_SEED, 12, EVENTS).messages_with_faults(&mut dice);
    let mut lives = Lives::default();
    let mut ledgers = vec!["while-publishing".to_owned()];
    let is_published = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| publish_slowly(&scene, &messages, &is_published));
        kill_often(&scene, &ledgers[0], &mut dice, &mut lives, &is_published);
    });
    let while_publishing = lives.killed;
    while lives.killed < kills_min() {
        let ledger = format!("after-publishing-{}", ledgers.len());
        kill_often(&scene, &ledger, &mut dice, &mut lives, &is_published);
        ledgers.push(ledger);
    }
    println!(
        "{} kills over {} ledgers, {while_publishing} of them in the one that was published to meanwhile: {} mid-work, {} \
         before the first commit of their life; {} commits of records and {} of views in killed lives; {} lives ended by \
         themselves",
        lives.killed,
        ledgers.len(),
        lives.mid_work,
        lives.early,
        lives.commits.0,
        lives.commits.1,
        lives.drained
    );
    let reference = scene.reference();
    let counts = reference.ledger.counts;
    assert_eq!((counts.quarantined, counts.duplicates), (faults.quarantined, faults.duplicates));
    assert_eq!(counts.records, EVENTS as u64);
    for ledger in &ledgers {
        scene.drain(&scene.ledger(ledger), 500);
        reference.expect_told(&scene.ledger(ledger), ledger);
    }
    assert!(lives.killed >= kills_min(), "{lives:?}");
    assert!(lives.mid_work >= 10, "the kills hit nothing: {lives:?}");
}

/// The first moments of a ledger are its most fragile: files that are there and hold nothing yet.
#[test]
fn killed_while_its_files_are_made_it_makes_them_again() {
    let seed = seed_of_run();
    println!("seed of the kills {seed}");
    let mut dice = Dice::new(seed);
    let (scene, _) = Scene::of(HISTORY_SEED, 200);
    let reference = scene.reference();
    for number in 1..=NEW_LEDGERS {
        let daybook = scene.ledger(&format!("new-{number}"));
        let mut running = daybook.start(&texts(&scene.serve_arguments(10)));
        let has_files = || std::fs::read_dir(daybook.ledger()).is_ok_and(|mut files| files.next().is_some());
        while !has_files() && !running.has_ended() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(dice.between(0, 12_000)));
        running.kill();
        scene.drain(&daybook, 10);
        reference.expect(&daybook, &format!("new ledger {number}"));
    }
}
