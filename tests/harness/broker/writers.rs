//! More than one at work: on one folder the second is refused, on one stream they come to the same.

use crate::crash::scene::{Scene, texts};
use daybook_tests::daybook::Running;
use daybook_tests::dice::{Dice, seed_of_run};
use daybook_tests::history::History;
use daybook_tests::ledger_state::wait_until_projected;
use daybook_tests::proxy::{Plan, Proxy};

const HISTORY_SEED: u64 = 20_220_201;
const EVENTS: usize = 1_200;

/// A `serve` that goes on until it is told to stop.
fn follow(scene: &Scene, ledger: &str, url: &str, batch_records_max: usize) -> Running {
    let arguments = Scene::serve_arguments_at(url, batch_records_max);
    let arguments: Vec<String> = arguments.into_iter().filter(|argument| argument != "--until-drained").collect();
    let mut running = scene.ledger(ledger).start(&texts(&arguments));
    assert!(running.has_said("following the stream", 1), "it ended: {}", running.log());
    running
}

#[test]
fn a_second_serve_on_one_folder_is_refused_and_harms_nothing() {
    let scene = Scene::empty();
    let messages = History::generate(HISTORY_SEED, 8, EVENTS).messages();
    let daybook = scene.ledger("one");
    let url = scene.broker.url();
    let running = follow(&scene, "one", &url, 20);
    let mut refusals = 0;
    let mut last = 0;
    for part in messages.chunks(200) {
        last = scene.broker.publish(part.iter().cloned());
        let done = daybook.run(&texts(&scene.serve_arguments(20)));
        done.expect(2, &["being written by another process"]);
        refusals += 1;
    }
    wait_until_projected(daybook.ledger(), last);
    running.terminate();
    running.wait().ok();
    println!("{refusals} second writers refused");
    scene.reference().expect_told(&daybook, "with others at its door");
}

#[test]
fn serves_of_one_stream_on_good_and_bad_lines_have_the_same_root_and_rows() {
    let seed = seed_of_run();
    println!("seed {seed}");
    let scene = Scene::empty();
    let (messages, _) = History::generate(HISTORY_SEED, 8, EVENTS).messages_with_faults(&mut Dice::new(HISTORY_SEED));
    let proxy = Proxy::start(scene.broker.port(), seed);
    proxy.set(Plan { drop_per_mille: 3, duplicate_per_mille: 3, cut_per_mille: 3, ..Plan::default() });
    let good = follow(&scene, "good", &scene.broker.url(), 500);
    let bad = follow(&scene, "bad", &proxy.url(), 7);
    let mut last = 0;
    for part in messages.chunks(100) {
        last = scene.broker.publish(part.iter().cloned());
    }
    for name in ["good", "bad"] {
        wait_until_projected(scene.ledger(name).ledger(), last);
    }
    for running in [good, bad] {
        running.terminate();
        running.wait().ok();
    }
    println!("the bad line: {}", proxy.counts());
    let reference = scene.reference();
    for name in ["good", "bad"] {
        reference.expect_told(&scene.ledger(name), name);
    }
}
