//! A broker that lost what it had acknowledged, or whose stream was emptied, deleted or made anew: it is said what is
//! missing and which flag goes on, and with the flag nothing is lost that the broker still has.

use crate::crash::scene::{Scene, texts};
use daybook_event::{EventRef, Position};
use daybook_intake::nats::Outgoing;
use daybook_proto::decode;
use daybook_tests::daybook::{Daybook, Running};
use daybook_tests::history::History;
use daybook_tests::ledger_state::{LedgerState, envelopes, wait_until_projected};
use futures_util::TryStreamExt;
use std::collections::BTreeSet;

const HISTORY_SEED: u64 = 20_220_101;
const EVENTS: usize = 900;
/// More than a serve asks for at once, so that some are never on the line.
const MORE_THAN_ASKED: usize = 12_000;
const BATCH_RECORDS_MAX: usize = 50;
const FLAG: &str = "--accept-stream-reset";

fn messages() -> Vec<Outgoing> {
    History::generate(HISTORY_SEED, 8, EVENTS).messages()
}

/// As a distributor sends them again after a while: the broker's window of message ids is over.
fn again(messages: &[Outgoing]) -> impl Iterator<Item = Outgoing> {
    messages.iter().map(|message| Outgoing { message_id: None, ..message.clone() })
}

fn ids<'a>(payloads: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<EventRef> {
    payloads.into_iter().map(|payload| decode(payload).expect("an event").id).collect()
}

/// What must be in the ledger: each of these events, once, and `verify` finds nothing.
fn expect_events(daybook: &Daybook, messages: &[Outgoing], what: &str) {
    let records = envelopes(daybook.ledger());
    let found = ids(records.iter().map(Vec::as_slice));
    assert_eq!(found.len(), records.len(), "{what}: an event stands twice");
    assert_eq!(found, ids(messages.iter().map(|message| message.payload.as_slice())), "{what}");
    let verified = daybook.json(&["verify"]);
    assert_eq!(verified["findings"], serde_json::json!([]), "{what}");
}

/// Serves until drained; it must refuse, name all of these and the flag, and leave the ledger as it is.
fn refused(scene: &Scene, daybook: &Daybook, named: &[&str]) {
    let before = LedgerState::read(daybook.ledger());
    let done = daybook.run(&texts(&scene.serve_arguments(BATCH_RECORDS_MAX)));
    done.expect(2, &[named, &["CSP_EVENTS", FLAG]].concat());
    println!("said: {}", done.stderr.lines().last().unwrap_or_default());
    assert_eq!(LedgerState::read(daybook.ledger()), before, "a refused stream leaves the ledger as it was");
}

fn accepted(scene: &Scene, daybook: &Daybook) {
    let mut arguments = scene.serve_arguments(BATCH_RECORDS_MAX);
    arguments.push(FLAG.to_owned());
    daybook.ok(&texts(&arguments));
}

/// A `serve` that goes on until it is told to stop, or stops by itself.
fn follow(scene: &Scene, daybook: &Daybook) -> Running {
    let arguments = scene.serve_arguments(BATCH_RECORDS_MAX);
    let arguments: Vec<String> = arguments.into_iter().filter(|argument| argument != "--until-drained").collect();
    let mut running = daybook.start(&texts(&arguments));
    assert!(running.has_said("following the stream", 1), "it ended: {}", running.log());
    running
}

/// A scene whose ledger has taken in all messages, while the broker was put back to the first so many.
fn put_back(messages: &[Outgoing], kept: usize) -> (Scene, Daybook) {
    let mut scene = Scene::empty();
    scene.broker.publish(messages[..kept].iter().cloned());
    let copy = scene.broker.store_copy();
    scene.broker.publish(messages[kept..].iter().cloned());
    let daybook = scene.ledger("ahead");
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    scene.broker.store_put_back(&copy);
    (scene, daybook)
}

#[test]
fn a_broker_put_back_to_an_older_copy_is_noticed_and_gone_on_from() {
    let messages = messages();
    let (before, new) = messages.split_at(800);
    let (scene, daybook) = put_back(before, 600);
    refused(&scene, &daybook, &["ends at sequence 600", "cursor 800"]);
    accepted(&scene, &daybook);
    expect_events(&daybook, before, "accepted");
    // What the distributors send from then on comes in as ever.
    scene.broker.publish(again(new));
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    expect_events(&daybook, &messages, "gone on");
}

#[test]
fn a_broker_put_back_and_grown_past_the_cursor_by_new_events_is_noticed() {
    let messages = messages();
    let (before, new) = messages.split_at(700);
    let (scene, daybook) = put_back(before, 600);
    scene.broker.publish(again(new));
    refused(&scene, &daybook, &["another message at sequence 700"]);
    accepted(&scene, &daybook);
    expect_events(&daybook, &messages, "accepted");
}

#[test]
fn a_broker_put_back_and_grown_past_the_cursor_by_events_sent_again_is_noticed() {
    let messages = messages();
    let (before, new) = messages.split_at(880);
    let (scene, daybook) = put_back(before, 600);
    // The distributors send again what they were told is gone, and something new before it: the message that stands at
    // the cursor now is an event that the ledger knows, and what is new would be passed over.
    scene.broker.publish(again(new));
    scene.broker.publish(again(&before[600..]));
    refused(&scene, &daybook, &["another message at sequence 880"]);
    accepted(&scene, &daybook);
    expect_events(&daybook, &messages, "accepted");
}

#[test]
fn a_stream_purged_of_what_was_taken_in_is_no_loss() {
    let messages = messages();
    let scene = Scene::empty();
    scene.broker.publish(messages[..500].iter().cloned());
    let daybook = scene.ledger("taken");
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    scene.broker.with_stream(async |stream| stream.purge().await.map(drop)).unwrap();
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    scene.broker.publish(messages[500..].iter().cloned());
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    assert_eq!(LedgerState::read(daybook.ledger()).holes, []);
    expect_events(&daybook, &messages, "purged of what was taken in");
}

#[test]
fn a_stream_purged_of_what_was_not_taken_in_leaves_a_hole_that_is_named() {
    let messages = messages();
    // Up to a sequence in the middle of what was not taken in; and all of it, with more to come.
    for (purge_before, hole) in [(651, (501, 650)), (801, (501, 800))] {
        let scene = Scene::empty();
        scene.broker.publish(messages[..500].iter().cloned());
        let daybook = scene.ledger("behind");
        scene.drain(&daybook, BATCH_RECORDS_MAX);
        scene.broker.publish(messages[500..800].iter().cloned());
        let purged = scene.broker.with_stream(async |stream| stream.purge().sequence(purge_before).await);
        assert_eq!(purged.unwrap().purged, purge_before - 1);
        refused(&scene, &daybook, &[&format!("begins at sequence {purge_before}"), "needs 501"]);
        accepted(&scene, &daybook);
        scene.broker.publish(messages[800..].iter().cloned());
        scene.drain(&daybook, BATCH_RECORDS_MAX);
        let holes = LedgerState::read(daybook.ledger()).holes;
        assert_eq!(holes.iter().map(|hole| (hole.from, hole.to)).collect::<Vec<_>>(), [hole]);
        let kept = usize::try_from(hole.1).unwrap();
        expect_events(&daybook, &[&messages[..500], &messages[kept..]].concat(), "behind a hole");
    }
}

#[test]
fn a_stream_emptied_under_a_serve_that_is_behind_stops_it_without_waiting_for_the_next_message() {
    let messages = History::generate(HISTORY_SEED, 8, MORE_THAN_ASKED).messages();
    let mut scene = Scene::empty();
    scene.broker.publish(messages[..400].iter().cloned());
    let daybook = scene.ledger("emptied");
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    let running = follow(&scene, &daybook);
    // The serve is stopped in its tracks while messages come and go: what it was never sent is gone when it goes on.
    running.pause();
    let last = scene.broker.publish(messages[400..].iter().cloned());
    scene.broker.with_stream(async |stream| stream.purge().await.map(drop)).unwrap();
    scene.broker.kill();
    scene.broker.restart();
    running.resume();
    let done = running.wait();
    done.expect(2, &["begins at sequence", FLAG]);
    println!("said: {}", done.stderr.lines().last().unwrap_or_default());
    accepted(&scene, &daybook);
    let state = LedgerState::read(daybook.ledger());
    let lost: u64 = state.holes.iter().map(|hole| hole.to - hole.from + 1).sum();
    assert!(lost > 0);
    assert_eq!(state.position.number() + lost, last, "every message is a record or in a hole: {:?}", state.holes);
}

#[test]
fn a_stream_deleted_and_made_anew_under_a_serve_stops_it() {
    let messages = messages();
    let scene = Scene::empty();
    let first = scene.broker.publish(messages[..500].iter().cloned());
    let daybook = scene.ledger("deleted");
    let running = follow(&scene, &daybook);
    wait_until_projected(daybook.ledger(), first);
    scene.broker.stream_delete();
    let done = running.wait();
    done.expect(2, &["CSP_EVENTS"]);
    println!("said: {}", done.stderr.lines().last().unwrap_or_default());
    // Made anew, it begins at 1 again: what stands there now was never read, whatever its sequence.
    scene.broker.stream_make();
    scene.broker.publish(again(&messages[450..700]));
    refused(&scene, &daybook, &["was created at"]);
    accepted(&scene, &daybook);
    scene.broker.publish(messages[700..].iter().cloned());
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    expect_events(&daybook, &messages, "made anew");
}

#[test]
fn consumers_deleted_by_somebody_else_are_made_again() {
    let scene = Scene::empty();
    let daybook = scene.ledger("without-its-consumer");
    let mut running = follow(&scene, &daybook);
    let (mut deleted, mut last) = (0, 0);
    for (round, part) in (1..).zip(messages().chunks(180)) {
        assert!(running.has_said("from_sequence=", round), "it ended: {}", running.log());
        last = scene.broker.publish(part.iter().cloned());
        deleted += scene.broker.with_stream(async |stream| {
            let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
            for name in &names {
                // One that ended by itself in between is no less deleted.
                let _ = stream.delete_consumer(name).await;
            }
            names.len()
        });
    }
    wait_until_projected(daybook.ledger(), last);
    running.terminate();
    let done = running.wait();
    let again = done.stderr.matches("following the stream again").count();
    println!("{deleted} consumers deleted under way, taken up again {again} times");
    done.ok();
    assert!(deleted > 3 && again > 3);
    scene.reference().expect_told(&daybook, "without its consumer");
}

#[test]
fn messages_deleted_inside_the_stream_are_holes_and_the_rest_is_taken_in() {
    let messages = messages();
    let scene = Scene::empty();
    scene.broker.publish(messages.iter().cloned());
    let gone = [100_u64, 101, 102, 450, 880];
    scene.broker.with_stream(async |stream| {
        for sequence in gone {
            stream.delete_message(sequence).await.unwrap();
        }
    });
    let daybook = scene.ledger("holes");
    scene.drain(&daybook, BATCH_RECORDS_MAX);
    let state = LedgerState::read(daybook.ledger());
    assert_eq!(
        state.holes.iter().map(|hole| (hole.from, hole.to)).collect::<Vec<_>>(),
        [(100, 102), (450, 450), (880, 880)]
    );
    assert_eq!(state.position, Position::new(895));
    let kept: Vec<Outgoing> =
        (1..).zip(messages).filter(|(sequence, _)| !gone.contains(sequence)).map(|(_, message)| message).collect();
    expect_events(&daybook, &kept, "around holes");
}
