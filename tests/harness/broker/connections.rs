//! Lines that are cut, that go dead without a word, or that are too slow; and a broker that dies.

use crate::crash::scene::{APPENDED, Scene, texts};
use daybook_intake::nats::Outgoing;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::{PATIENCE, Running};
use daybook_tests::dice::{Dice, seed_of_run};
use daybook_tests::history::History;
use daybook_tests::http::get;
use daybook_tests::ledger_state::{LedgerState, wait_until_projected};
use daybook_tests::proxy::{Plan, Proxy};
use std::time::{Duration, Instant};

const HISTORY_SEED: u64 = 20_211_201;
const EVENTS: usize = 1_500;
/// Small batches, so that a cut comes in the middle of one.
const BATCH_RECORDS_MAX: usize = 16;
const AGAIN: &str = "following the stream again from the cursor";

/// A `serve` that goes on until it is told to stop.
fn start(scene: &Scene, ledger: &str, proxy: &Proxy) -> Running {
    let arguments = Scene::serve_arguments_at(&proxy.url(), BATCH_RECORDS_MAX);
    let arguments: Vec<String> = arguments.into_iter().filter(|argument| argument != "--until-drained").collect();
    let mut running = scene.ledger(ledger).start(&texts(&arguments));
    assert!(running.has_said("following the stream", 1), "it ended: {}", running.log());
    running
}

fn wait_for(what: &str, running: &mut Running, mut is_there: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_there() {
        assert!(!running.has_ended(), "{what}: it ended: {}", running.log());
        assert!(since.elapsed() < PATIENCE, "{what}: it never came: {}", running.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_line_cut_in_the_middle_of_batches_and_messages_loses_nothing() {
    const CUTS_MIN: u64 = 30;
    let seed = seed_of_run();
    let (scene, _) = Scene::of(HISTORY_SEED, EVENTS);
    let reference = scene.reference();
    let mut cuts = 0;
    for round in 1.. {
        let proxy = Proxy::start(scene.broker.port(), seed.wrapping_add(round));
        // One in a hundred: a connection lives for a few batches.
        proxy.set(Plan { cut_per_mille: 10, ..Plan::default() });
        let daybook = scene.ledger(&format!("cut-{round}"));
        let done = daybook.run(&texts(&Scene::serve_arguments_at(&proxy.url(), BATCH_RECORDS_MAX)));
        let again = done.stderr.matches(AGAIN).count();
        done.ok();
        cuts += proxy.counts().cut();
        println!("seed {seed}, round {round}: {}; taken up again {again} times", proxy.counts());
        reference.expect_told(&daybook, "cut");
        if cuts >= CUTS_MIN {
            break;
        }
    }
    println!("{cuts} cuts, every second one in the middle of a message");
}

#[test]
fn a_line_that_is_dead_without_a_word_is_noticed_said_and_left() {
    let scene = Scene::empty();
    let messages = History::generate(HISTORY_SEED, 12, EVENTS).messages();
    let (before, after) = messages.split_at(EVENTS / 2);
    let first = scene.broker.publish(before.iter().cloned());
    let proxy = Proxy::start(scene.broker.port(), 0);
    let mut running = start(&scene, "dead-line", &proxy);
    let address = running.address();
    let ledger = scene.ledger("dead-line");
    wait_until_projected(ledger.ledger(), first);
    wait_for("ready", &mut running, || get(&address, "/readyz").0 == 200);
    // Deaf: connections are taken and nothing is ever answered.
    proxy.set(Plan { is_deaf: true, ..Plan::default() });
    let since = Instant::now();
    let last = scene.broker.publish(after.iter().cloned());
    wait_for("no longer ready", &mut running, || get(&address, "/readyz").0 == 503);
    println!("a deaf line was noticed after {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(40), "too late: {:?}", since.elapsed());
    assert_eq!(get(&address, "/livez").0, 200, "it lives on");
    assert!(running.has_said("does not answer", 1), "{}", running.log());
    // The line hears again, but what was connected stays dead: only a new connection helps.
    proxy.freeze();
    proxy.set(Plan::default());
    let since = Instant::now();
    wait_until_projected(ledger.ledger(), last);
    println!("taken up {:?} after the line came back; {}", since.elapsed(), proxy.counts());
    wait_for("ready again", &mut running, || get(&address, "/readyz").0 == 200);
    running.terminate();
    running.wait().ok();
    scene.reference().expect_told(&ledger, "after a dead line");
}

#[test]
fn a_line_so_slow_that_the_broker_cuts_it_is_taken_up_again() {
    const FAT_MESSAGES: usize = 1_000;
    const FAT_BYTES: usize = 4_000;
    // A server that does not get rid of its bytes in time calls the client a slow consumer and cuts it.
    let mut scene = Scene::empty();
    scene.broker = Broker::start_with("write_deadline: \"200ms\"\n");
    // More in one request than the sockets hold between the two: large messages that are no events.
    let large = (0..FAT_MESSAGES).map(|number| Outgoing {
        subject: "csp.events.contoso.P-1.license_sale".to_owned(),
        message_id: None,
        payload: format!("{number:>FAT_BYTES$}").into_bytes(),
    });
    scene.broker.publish(large);
    let last = scene.broker.publish(History::generate(HISTORY_SEED, 12, EVENTS).messages());
    let proxy = Proxy::start(scene.broker.port(), 0);
    proxy.set(Plan { bytes_per_second_max: Some(100_000), ..Plan::default() });
    let mut running = start(&scene, "slow-line", &proxy);
    wait_for("the broker's cut", &mut running, || scene.broker.log().contains("Slow Consumer Detected"));
    proxy.set(Plan::default());
    let ledger = scene.ledger("slow-line");
    wait_until_projected(ledger.ledger(), last);
    let again = running.log().matches(AGAIN).count();
    running.terminate();
    running.wait().ok();
    let cuts = scene.broker.log().matches("Slow Consumer Detected").count();
    println!("slow consumer: cut {cuts} times by the broker, taken up again {again} times; {}", proxy.counts());
    assert!(again > 0, "the cut was not noticed");
    assert_eq!(LedgerState::read(ledger.ledger()).counts.quarantined, FAT_MESSAGES as u64);
    scene.reference().expect_told(&ledger, "after a slow line");
}

#[test]
fn a_broker_killed_again_and_again_under_load_loses_nothing_that_it_acknowledged() {
    const DEATHS: u32 = 10;
    let seed = seed_of_run();
    println!("seed of the deaths {seed}");
    let mut dice = Dice::new(seed);
    // With every write on the disk before it is acknowledged: what a publisher was told is there is there.
    let mut scene = Scene::empty();
    scene.broker = Broker::start_with("jetstream { sync_interval: always }\n");
    let messages = History::generate(HISTORY_SEED, 12, EVENTS).messages();
    let proxy = Proxy::start(scene.broker.port(), seed);
    let running = start(&scene, "broker-deaths", &proxy);
    let mut last = 0;
    for part in messages.chunks(EVENTS.div_ceil(DEATHS as usize)) {
        last = scene.broker.publish(part.iter().cloned());
        std::thread::sleep(Duration::from_millis(dice.between(0, 60)));
        scene.broker.kill();
        std::thread::sleep(Duration::from_millis(dice.between(0, 200)));
        scene.broker.restart();
    }
    assert_eq!(last, EVENTS as u64, "the broker kept every message");
    let ledger = scene.ledger("broker-deaths");
    wait_until_projected(ledger.ledger(), last);
    running.terminate();
    let done = running.wait();
    println!(
        "{DEATHS} deaths: {} commits, taken up again {} times; {}",
        done.stderr.matches(APPENDED).count(),
        done.stderr.matches(AGAIN).count(),
        proxy.counts()
    );
    done.ok();
    scene.reference().expect_told(&ledger, "after the broker's deaths");
}

#[test]
fn a_line_too_slow_for_a_whole_request_is_asked_for_less() {
    let scene = Scene::empty();
    let last = scene.broker.publish(History::generate(HISTORY_SEED, 12, EVENTS).messages());
    let proxy = Proxy::start(scene.broker.port(), 0);
    // A request of all that there is takes much longer than the client waits for it.
    proxy.set(Plan { bytes_per_second_max: Some(20_000), ..Plan::default() });
    let mut running = start(&scene, "thin-line", &proxy);
    assert!(running.has_said("the line is slow", 1), "it ended: {}", running.log());
    let ledger = scene.ledger("thin-line");
    wait_until_projected(ledger.ledger(), last);
    let log = running.log();
    running.terminate();
    running.wait().ok();
    println!("a thin line: taken up again {} times; {}", log.matches(AGAIN).count(), proxy.counts());
    assert!(!log.contains("does not answer"), "a slow line was taken for a dead one: {log}");
    scene.reference().expect_told(&ledger, "after a thin line");
}
