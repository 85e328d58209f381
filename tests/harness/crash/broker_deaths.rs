//! The broker is killed while the service follows it, and comes back.

use super::scene::{APPENDED, Scene, texts};
use daybook_intake::nats::Outgoing;
use daybook_tests::dice::Dice;
use daybook_tests::history::History;
use daybook_tests::ledger_state::wait_until_projected;
use std::time::Duration;

const SEED: u64 = 20_220_401;
const EVENTS: usize = 2_000;
/// Messages between two deaths.
const MESSAGES_OF_A_LIFE: usize = 500;

#[test]
fn a_broker_killed_and_restarted_during_a_drain_changes_nothing() {
    let mut scene = Scene::empty();
    let (messages, _) = History::generate(SEED, 12, EVENTS).messages_with_faults(&mut Dice::new(SEED));
    let daybook = scene.ledger("without-its-broker");
    let arguments: Vec<String> =
        scene.serve_arguments(10).into_iter().filter(|argument| argument != "--until-drained").collect();
    let mut running = daybook.start(&texts(&arguments));
    assert!(running.has_said("following the stream", 1), "it ended: {}", running.log());
    let (mut deaths, mut last_sequence) = (0, 0);
    for part in messages.chunks(MESSAGES_OF_A_LIFE) {
        let commits = running.log().matches(APPENDED).count();
        last_sequence = scene.broker.publish(part.iter().cloned());
        // In the middle of what was just published.
        assert!(running.has_said(APPENDED, commits + 3), "it ended: {}", running.log());
        scene.broker.kill();
        std::thread::sleep(Duration::from_millis(100));
        scene.broker.restart();
        deaths += 1;
    }
    wait_until_projected(daybook.ledger(), last_sequence);
    running.terminate();
    let done = running.wait();
    let restarts = done.stderr.matches("following the stream again from the cursor").count();
    println!("seed {SEED}: {deaths} deaths of the broker, {restarts} times taken up again");
    done.ok();
    assert!(restarts > 0, "no death was noticed");
    scene.reference().expect_told(&daybook, "after the broker's deaths");
}

#[test]
fn a_broker_that_is_not_there_is_named_and_no_ledger_is_made_for_it() {
    let mut scene = Scene::empty();
    scene.broker.kill();
    let daybook = scene.ledger("early");
    let done = daybook.run(&texts(&scene.serve_arguments(10)));
    done.expect(2, &["127.0.0.1"]);
    assert!(
        !daybook.ledger().join(daybook_store::LEDGER_FILE).exists(),
        "a ledger was made for a broker that is not there"
    );
    let messages: Vec<Outgoing> = History::generate(SEED, 3, 200).messages();
    scene.broker.restart();
    scene.broker.publish(messages);
    scene.drain(&daybook, 10);
    scene.reference().expect(&daybook, "after a start in vain");
}
