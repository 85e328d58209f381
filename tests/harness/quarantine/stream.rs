//! Poison on a real stream: it blocks nothing, and ledgers that read the same stream decide the same.

use super::{SIGNED, decision, sale};
use daybook_event::QuarantineVerdict::{Dismiss, Retry};
use daybook_intake::nats::Outgoing;
use daybook_proto::{decode_json, encode};
use daybook_store::{EntryState, LedgerOptions, LedgerReader};
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::ledger_state::{LedgerState, wait_until_projected};
use std::path::Path;

/// A valid event on its own subject, as often as it is asked for: the broker drops nothing.
fn on_its_subject(line: &str) -> Outgoing {
    Outgoing { message_id: None, ..Outgoing::event(&decode_json(line).unwrap()) }
}

fn raw(subject: &str, payload: &[u8]) -> Outgoing {
    Outgoing { subject: subject.to_owned(), message_id: None, payload: payload.to_vec() }
}

fn on_the_wrong_subject(line: &str) -> Outgoing {
    raw("csp.events.contoso.P-XX.license_sale", &encode(&decode_json(line).unwrap()))
}

fn decided(event_id: &str, entry: u64, verdict: daybook_event::QuarantineVerdict) -> Outgoing {
    Outgoing { message_id: None, ..Outgoing::event(&decision(event_id, entry, verdict)) }
}

/// Protobuf bytes with an amount that is none, under this id.
fn with_bad_amount(event_id: &str) -> Vec<u8> {
    let bytes = encode(&decode_json(&sale(event_id, "77.77")).unwrap());
    let at = bytes.windows(5).position(|window| window == b"77.77").unwrap();
    let mut bytes = bytes;
    bytes[at..at + 5].copy_from_slice(b"77,77");
    bytes
}

/// Bytes of a decision with a verdict that there is none.
fn malformed_decision() -> Vec<u8> {
    let bytes = encode(&decision("d-bad", 1, Retry));
    let at = bytes.windows(5).position(|window| window == b"retry").unwrap();
    let mut bytes = bytes;
    bytes[at..at + 5].copy_from_slice(b"maybe");
    bytes
}

const SALES: &str = "csp.events.contoso.P-A.license_sale";
const DECISIONS: &str = "csp.events.ledger._.quarantine_decision";

/// Faulty bytes of every kind among good ones, and decisions that can and cannot act. With what becomes of each entry.
fn poison() -> (Vec<Outgoing>, Vec<EntryState>) {
    let at = daybook_event::Position::new;
    let messages = vec![
        decided("d-early", 1, Dismiss),                         // record 1: no entry yet
        on_its_subject(&sale("s-1", "10.00")),                  // record 2
        raw(SALES, b"\xff\xff\xff"),                            // entry 1
        on_the_wrong_subject(&sale("s-2", "20.00")),            // entry 2
        on_its_subject(&sale("s-1", "11.00")),                  // entry 3: a conflict
        raw(SALES, &with_bad_amount("s-3")),                    // entry 4
        raw("csp.events.contoso._.nothing", b""),               // entry 5
        raw(DECISIONS, &malformed_decision()),                  // entry 6
        raw(SALES, &encode(&decision("d-theirs", 1, Dismiss))), // entry 7: an act of the operators on their subject
        decided("d-1", 999, Retry),                             // record 3: no such entry
        decided("d-2", 2, Retry),                               // record 4, and s-2 is record 5
        decided("d-3", 3, Retry),                               // record 6: still a conflict
        decided("d-4", 4, Retry),                               // record 7: still faulty
        on_its_subject(&sale("s-3", "77.77")),                  // record 8: entry 4 is corrected
        decided("d-5", 2, Dismiss),                             // record 9: resolved already
        decided("d-5", 2, Dismiss),                             // a duplicate
        decided("d-6", 1, Dismiss),                             // record 10
        decided("d-7", 1, Retry),                               // record 11: dismissed, still faulty
        decided("d-8", 7, Retry),                               // record 12: it stays the operators' alone
        decided("d-9", 0, Dismiss),                             // record 13: there is no entry 0
        on_its_subject(&sale("s-2", "20.00")),                  // a duplicate of record 5
        on_the_wrong_subject(&sale("s-4", "40.00")),            // entry 8
        decided("d-10", 8, Dismiss),                            // record 14
        decided("d-11", 8, Retry),                              // record 15, and s-4 is record 16
        on_its_subject(&sale("s-5", "50.00")),                  // record 17
    ];
    let states = vec![
        EntryState::Dismissed { decision: at(10) },
        EntryState::Retried { position: at(5), decision: at(4) },
        EntryState::Open,
        EntryState::Corrected { position: at(8) },
        EntryState::Open,
        EntryState::Open,
        EntryState::Open,
        EntryState::Retried { position: at(16), decision: at(15) },
    ];
    (messages, states)
}

/// What became of each entry, and the root over entries and decisions.
fn quarantine_of(ledger: &Path) -> (Vec<EntryState>, daybook_store::Hash) {
    let snapshot = LedgerReader::open(ledger, &LedgerOptions::default()).unwrap().snapshot().unwrap();
    let entries = snapshot.quarantine_list(1, usize::MAX).unwrap();
    (snapshot.entry_states(&entries).unwrap(), snapshot.quarantine_frontier().unwrap().root())
}

#[test]
fn poison_blocks_nothing_and_every_reader_of_the_stream_decides_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::start();
    let (messages, expected) = poison();
    let published = messages.len();
    broker.publish(messages);
    let url = broker.url();
    let mut seen = Vec::new();
    for batch_records in ["1", "3", "1000"] {
        let daybook = Daybook::on(&dir.path().join(batch_records));
        let serve = ["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0"];
        daybook.ok(&[serve.as_slice(), &["--batch-records-max", batch_records]].concat());
        let state = LedgerState::read(daybook.ledger());
        let (states, root) = quarantine_of(daybook.ledger());
        assert_eq!(states, expected, "batches of {batch_records}");
        assert_eq!((state.position.number(), state.counts.duplicates), (17, 2), "batches of {batch_records}");
        assert_eq!(daybook.json(&["verify"])["findings"], serde_json::json!([]), "batches of {batch_records}");
        seen.push((state, root));
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]), "{seen:?}");
    println!("{published} messages, {} entries, in batches of 1, 3 and 1000: the same ledgers", expected.len());
}

#[test]
fn decisions_go_through_the_stream_and_every_replica_follows() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::start();
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--listen", "127.0.0.1:0"];
    let daybook = Daybook::on(&dir.path().join("one"));
    let mut serving = daybook.start(&serve);
    assert!(serving.has_said("following the stream", 1));
    let last = broker.publish([
        on_the_wrong_subject(&sale("s-1", "10.00")),
        raw(SALES, b"\xff"),
        on_the_wrong_subject(&sale("s-2", "20.00")),
    ]);
    wait_until_projected(daybook.ledger(), last);
    let decide =
        |arguments: &[&str]| daybook.json(&[["quarantine"].as_slice(), arguments, &SIGNED, &["--nats", &url]].concat());
    let planned = decide(&["retry", "--all", "--dry-run"]);
    assert_eq!(planned["entries"][0]["expected"], "contoso/s-1 becomes a record", "{planned}");
    assert!(planned["entries"][1]["expected"].as_str().unwrap().starts_with("it is still faulty"), "{planned}");
    let retried = decide(&["retry", "--all", "--reason-code", "subject_mismatch"]);
    assert_eq!(retried["entries"][0]["state"], "retried, record 2", "{retried}");
    assert_eq!(retried["entries"][1]["state"], "retried, record 4", "{retried}");
    assert_eq!(decide(&["dismiss", "2"])["entries"][0]["state"], "dismissed by record 5");
    serving.terminate();
    serving.wait().ok();

    let replica = Daybook::on(&dir.path().join("two"));
    replica.ok(&[serve.as_slice(), &["--until-drained"]].concat());
    assert_eq!(LedgerState::read(replica.ledger()), LedgerState::read(daybook.ledger()));
    assert_eq!(quarantine_of(replica.ledger()), quarantine_of(daybook.ledger()));
}
