//! What is judged ahead is what is judged line by line, in the order of the file, whatever the threads do.

use super::*;
use crate::import::{self, FaultReason};
use daybook_proto::{decode_json, encode};
use std::fmt::Write;

const HELD: &str = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-AT","effective_on":"2021-06-01","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;
const ACT: &str = r#"{"source":"ledger","event_id":"x-1","partner_id":"P-AT","effective_on":"2021-06-01","reversal":{"reverses":"st-1","reason":"wrong"}}"#;
const OPENING: &str = r#"{"source":"contoso","event_id":"o-1","partner_id":"P-AT","effective_on":"2021-06-01","opening":{"carry":{"amount":"1"}}}"#;
const SALE: &str = r#"{"source":"contoso","event_id":"s-1","partner_id":"P-AT","effective_on":"2021-06-01","license_sale":{"customer_id":"C","amount":"5.5","currency":"USD"}}"#;

fn read(threads_max: usize) -> Read {
    Read { file: "a.ndjson".to_owned(), recorded_at: Instant::from_micros(7), threads_max }
}

/// A file of many chunks: events of both ways, acts, blank and bad lines, a byte order mark and no last line end.
fn file() -> String {
    let mut file = "\u{feff}".to_owned();
    for at in 0..6_000 {
        let line = [HELD, SALE, OPENING, ACT, "", "{", HELD][at % 7].replace("-1\"", &format!("-{at}\""));
        write!(file, "{line}\r\n").unwrap();
    }
    file + HELD
}

fn said(judged: &Judged) -> String {
    match judged {
        Judged::Event { incoming, money } => format!("{incoming:?} {money:?}"),
        Judged::Item(item) => format!("{item:?}"),
    }
}

/// The same, line by line.
fn one_by_one(item: ImportItem, read: &Read) -> Judged {
    let money = item.money();
    match item {
        ImportItem::Event { envelope, origin, .. } if !envelope.id.source.is_ledger() => {
            Judged::Event { incoming: classify_envelope(&envelope, read.recorded_at, read.origin(origin.line)), money }
        }
        item => Judged::Item(Box::new(item)),
    }
}

fn ahead_of(text: &[u8], read: &Read) -> (Vec<String>, u64) {
    let mut judged = Vec::new();
    let count = ndjson_ahead(text, read, &mut |batch| {
        judged.extend(batch.iter().map(said));
        Ok::<(), String>(())
    });
    (judged, count.unwrap())
}

#[test]
fn any_number_of_threads_gives_the_lines_in_their_order() {
    let file = file();
    let mut expected = Vec::new();
    let count = import::ndjson(file.as_bytes(), &mut |item| {
        expected.push(said(&one_by_one(item, &read(1))));
        Ok::<(), String>(())
    });
    assert!(file.len() > 2 * super::super::chunk::CHUNK_BYTES);
    for threads_max in [0, 1, 2, 5] {
        let (judged, lines) = ahead_of(file.as_bytes(), &read(threads_max));
        assert_eq!((lines, judged.len()), (*count.as_ref().unwrap(), expected.len()), "{threads_max}");
        assert!(judged == expected, "{threads_max} threads");
    }
}

#[test]
fn a_protobuf_file_gives_the_same_events() {
    let lines = [HELD, SALE, OPENING, ACT];
    let mut file = Vec::new();
    for line in lines {
        let bytes = encode(&decode_json(line).unwrap());
        file.push(u8::try_from(bytes.len()).unwrap_or(0));
        assert!(bytes.len() < 128);
        file.extend(bytes);
    }
    file.extend([3, 0xff, 0xff, 0xff]);
    let mut judged = Vec::new();
    let count = protobuf_ahead(file.as_slice(), &read(2), &mut |batch| {
        judged.extend(batch);
        Ok::<(), String>(())
    });
    assert_eq!((count.unwrap(), judged.len()), (5, 5));
    let Some(Judged::Item(fault)) = judged.pop() else { panic!("a fault") };
    assert!(matches!(*fault, ImportItem::Faulty { reason: FaultReason::EventInvalid, .. }), "{fault:?}");
    let (from_lines, _) = ahead_of(lines.join("\n").as_bytes(), &read(1));
    assert_eq!(judged.iter().map(said).collect::<Vec<_>>(), from_lines);
}

#[test]
fn a_sink_that_takes_no_more_ends_the_reading() {
    let file = file();
    let mut batches = 0;
    let stopped = ndjson_ahead(file.as_bytes(), &read(2), &mut |_| {
        batches += 1;
        Err("full")
    });
    assert_eq!((stopped.unwrap_err().to_string().as_str(), batches), ("full", 1));
}
