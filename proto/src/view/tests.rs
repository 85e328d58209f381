//! A view and the long way, held against each other on whatever they are given.

use super::View;
use super::schema::{FIELDS_MAX, MESSAGES};
use crate::decode::{decode_any, decode_json_any};
use crate::encode::{encode_any, encode_json_any};
use crate::{arbitrary, content_hash_of, encode, encode_json, peek_partner, peek_source};
use daybook_event::{Envelope, PayloadKind};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

/// Says what a view makes of protobuf bytes, and whether it takes them.
fn agrees(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let Some(view) = View::of(bytes) else { return Ok(false) };
    let envelope = decode_any(bytes);
    prop_assert!(envelope.is_ok(), "{envelope:?}");
    says_the_same(&view, &envelope.unwrap())?;
    let (partner, source) = (peek_partner(bytes), peek_source(bytes).unwrap());
    prop_assert_eq!(partner.as_ref().map(|id| id.as_str()), view.partner_id());
    prop_assert_eq!(source.as_str(), view.source());
    Ok(true)
}

/// The same of a line.
fn line_agrees(line: &str) -> Result<bool, TestCaseError> {
    let Some(view) = View::of_json(line) else { return Ok(false) };
    let envelope = decode_json_any(line);
    prop_assert!(envelope.is_ok(), "{line}: {envelope:?}");
    says_the_same(&view, &envelope.unwrap())?;
    Ok(true)
}

fn says_the_same(view: &View<'_>, envelope: &Envelope) -> Result<(), TestCaseError> {
    prop_assert_eq!(view.envelope(), Some(envelope.clone()));
    prop_assert_eq!(view.canonical().into_owned(), encode_any(envelope));
    prop_assert_eq!(view.content_hash(), content_hash_of(&encode_any(envelope)));
    prop_assert_eq!(view.id(), Some(envelope.id.clone()));
    prop_assert_eq!(view.kind(), envelope.payload.kind());
    Ok(())
}

fn is_common(envelope: &Envelope) -> bool {
    MESSAGES.iter().any(|message| message.kind == envelope.payload.kind()) && !envelope.id.source.is_ledger()
}

#[test]
fn every_common_kind_is_read_in_place_from_both_forms() {
    for message in &MESSAGES {
        assert!(message.fields.len() <= FIELDS_MAX);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(128));
        let outcome = runner.run(&arbitrary::envelope_of(message.kind), |envelope| {
            prop_assert_eq!(agrees(&encode(&envelope))?, is_common(&envelope));
            prop_assert_eq!(encode(&envelope), encode_any(&envelope));
            let line = encode_json(&envelope);
            prop_assert_eq!(&line, &encode_json_any(&envelope));
            let is_plain = !line.contains('\\') && !line.contains("sealed") && is_common(&envelope);
            prop_assert_eq!(line_agrees(&line)?, is_plain, "{}", line);
            Ok(())
        });
        assert!(outcome.is_ok(), "{}: {outcome:?}", message.kind.as_str());
    }
}

#[test]
fn another_spelling_is_read_and_hashed_as_the_canonical_one() {
    let line = super::super::tests::of_partner(
        r#""subscription_change":{"customer_id":"C","subscription_id":"S","change":"created","currency":"USD"}"#,
    );
    assert!(line_agrees(&line).unwrap());
    let sale =
        super::super::tests::of_partner(r#""license_sale":{"customer_id":"C","amount":"5.5E+2","currency":"USD"}"#);
    let respelled = encode(&decode_json_any(&sale).unwrap());
    let at = respelled.windows(6).position(|text| text == b"550.00").unwrap();
    let mut bytes = respelled.clone();
    bytes[at..at + 6].copy_from_slice(b"0550.0");
    assert!(agrees(&bytes).unwrap());
    assert_eq!(View::of(&bytes).unwrap().canonical().as_ref(), respelled.as_slice());
}

/// Spellings and values that lines may have where the first has a value of its own.
const VALUES: [&str; 16] = [
    "\"\"",
    "null",
    "0",
    "-0",
    "\"0\"",
    "01",
    "1.0",
    "\"7\"",
    "\"-7\"",
    "4294967296",
    "true",
    "{}",
    "[]",
    "\"\\u0041\"",
    "\"a\\u0085b\"",
    "\"2022-02-30\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damaged_bytes_are_read_as_the_long_way_reads_them(
        envelope in arbitrary::envelope(),
        at in any::<Index>(),
        byte in any::<u8>(),
        cut in any::<Index>(),
        doubled in any::<bool>(),
    ) {
        let mut bytes = encode(&envelope);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        agrees(&bytes)?;
        if doubled {
            let again = bytes[at..].to_vec();
            bytes.extend(again);
            agrees(&bytes)?;
        }
        bytes.truncate(cut.index(bytes.len()));
        agrees(&bytes)?;
    }

    #[test]
    fn damaged_lines_are_read_as_the_long_way_reads_them(
        envelope in arbitrary::envelope(),
        at in any::<Index>(),
        text in "[ -~\u{80}-\u{a0}\u{e9}]{0,2}|,|\"|\\{|\\}|:",
        value in prop::sample::select(&VALUES[..]),
    ) {
        let line = encode_json(&envelope);
        let places: Vec<usize> = line.char_indices().map(|(place, _)| place).collect();
        let at = places[at.index(places.len())];
        let damaged = format!("{}{text}{}", &line[..at], &line[at..]);
        line_agrees(&damaged)?;
        let next = line[at..].chars().next().map_or(0, char::len_utf8);
        line_agrees(&format!("{}{text}{}", &line[..at], &line[at + next..]))?;
        // Whatever value stands behind the next colon gives way to another.
        if let Some(colon) = line[at..].find("\":").map(|found| at + found + 2) {
            let end = line[colon..].find([',', '}']).map_or(line.len(), |found| colon + found);
            line_agrees(&format!("{}{value}{}", &line[..colon], &line[end..]))?;
            line_agrees(&format!(" {} \t: {value} {}", &line[..colon - 1], &line[end..]))?;
        }
    }
}

#[test]
fn the_rest_takes_the_long_way() {
    for (kind, name) in PayloadKind::ALL {
        let is_common = MESSAGES.iter().any(|message| message.kind == kind);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(8));
        let outcome = runner.run(&arbitrary::envelope_of(kind), |envelope| {
            prop_assert!(is_common || !agrees(&encode(&envelope))?);
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}
