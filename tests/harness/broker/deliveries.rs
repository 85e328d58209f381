//! Messages and acknowledgements that come twice, late, out of order or not at all.

use crate::crash::scene::{Scene, texts};
use daybook_tests::dice::seed_of_run;
use daybook_tests::ledger_state::wait_until_projected;
use daybook_tests::proxy::{Acks, Counts, Plan, Proxy};
use std::time::{Duration, Instant};

const HISTORY_SEED: u64 = 20_211_101;
const EVENTS: usize = 1_500;
const BATCH_RECORDS_MAX: usize = 64;

/// Drains the stream through a proxy with this plan and holds the result against the undisturbed run.
fn drained_through(what: &str, plan: Plan, is_done: impl Fn(&Counts) -> u64) {
    let seed = seed_of_run();
    let (scene, faults) = Scene::of(HISTORY_SEED, EVENTS);
    let reference = scene.reference();
    assert_eq!(reference.ledger.counts.quarantined, faults.quarantined);
    let proxy = Proxy::start(scene.broker.port(), seed);
    proxy.set(plan);
    let daybook = scene.ledger("disturbed");
    let done = daybook.run(&texts(&Scene::serve_arguments_at(&proxy.url(), BATCH_RECORDS_MAX)));
    let restarts = done.stderr.matches("following the stream again from the cursor").count();
    let stderr = done.stderr.clone();
    done.ok();
    println!("{what}, seed {seed}: {}; taken up again {restarts} times", proxy.counts());
    assert!(is_done(proxy.counts()) > 0, "nothing was done: {}", proxy.counts());
    assert!(!stderr.contains("panicked"), "{stderr}");
    reference.expect_told(&daybook, what);
}

#[test]
fn deliveries_that_are_dropped_are_asked_for_again() {
    drained_through("dropped", Plan { drop_per_mille: 10, ..Plan::default() }, Counts::dropped);
}

#[test]
fn deliveries_that_arrive_twice_are_taken_once() {
    drained_through("twice", Plan { duplicate_per_mille: 10, ..Plan::default() }, Counts::duplicated);
}

#[test]
fn deliveries_out_of_order_are_taken_in_order() {
    drained_through("out of order", Plan { reorder_per_mille: 10, ..Plan::default() }, Counts::reordered);
}

#[test]
fn deliveries_that_are_held_up_are_waited_for() {
    let plan = Plan { delay_per_mille: 20, delay: Duration::from_millis(40), ..Plan::default() };
    drained_through("held up", plan, Counts::delayed);
}

#[test]
fn everything_at_once_changes_nothing() {
    let plan = Plan {
        drop_per_mille: 3,
        duplicate_per_mille: 3,
        reorder_per_mille: 3,
        delay_per_mille: 3,
        delay: Duration::from_millis(20),
        cut_per_mille: 3,
        acks: Acks::Late(Duration::from_millis(200)),
        ..Plan::default()
    };
    drained_through("all at once", plan, |counts| {
        counts.dropped() + counts.duplicated() + counts.reordered() + counts.delayed() + counts.cut()
    });
}

#[test]
fn what_is_acknowledged_late_or_never_is_sent_again_and_taken_once() {
    // The broker waits half a minute for an acknowledgement before it sends again.
    const LATE_BY: Duration = Duration::from_secs(33);
    let (scene, _) = Scene::of(HISTORY_SEED, EVENTS);
    let reference = scene.reference();
    let last_sequence = reference.ledger.cursor.as_ref().unwrap().sequence;
    for (what, acks) in [("acknowledged late", Acks::Late(LATE_BY)), ("never acknowledged", Acks::Swallow)] {
        let proxy = Proxy::start(scene.broker.port(), 0);
        proxy.set(Plan { acks, ..Plan::default() });
        let daybook = scene.ledger(what);
        let arguments = Scene::serve_arguments_at(&proxy.url(), BATCH_RECORDS_MAX);
        let arguments: Vec<String> = arguments.into_iter().filter(|argument| argument != "--until-drained").collect();
        let mut running = daybook.start(&texts(&arguments));
        assert!(running.has_said("following the stream", 1), "it ended: {}", running.log());
        wait_until_projected(daybook.ledger(), last_sequence);
        let since = Instant::now();
        while proxy.counts().redeliveries() == 0 {
            assert!(
                since.elapsed() < LATE_BY * 3 && !running.has_ended(),
                "{what}: never sent again: {}",
                running.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        running.terminate();
        running.wait().ok();
        println!("{what}: {}", proxy.counts());
        reference.expect_told(&daybook, what);
    }
}
