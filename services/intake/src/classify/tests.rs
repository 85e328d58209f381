use super::*;
use daybook_event::{
    EventId, EventRef, NaiveDate, PartnerId, PartnerStanding, Payload, Reversal, SourceId, StandingValue,
};
use daybook_proto::{encode_json, subject_of};
use proptest::prelude::*;

fn envelope(source: &str) -> Envelope {
    Envelope {
        id: EventRef { source: SourceId::parse(source).unwrap(), event_id: EventId::parse("e-1").unwrap() },
        partner_id: Some(PartnerId::parse("P-AT").unwrap()),
        effective_on: NaiveDate::from_ymd_opt(2022, 1, 10).unwrap(),
        seq: 0,
        source_seq: None,
        payload: Payload::PartnerStanding(PartnerStanding {
            fact: "mpn_membership".to_owned(),
            value: StandingValue::Held,
        }),
    }
}

fn on(subject: &str) -> Origin {
    Origin { subject: Some(subject.to_owned()), stream_sequence: Some(9), file: None, line: None }
}

fn at() -> Instant {
    Instant::from_micros(7)
}

#[test]
fn an_event_keeps_its_bytes_as_they_came() {
    let envelope = envelope("contoso");
    let mut bytes = encode(&envelope);
    // A field that this version does not know: number 1,000, the varint 1.
    bytes.extend([0xc0, 0x3e, 1]);
    let origin = on(&subject_of(&envelope));
    let incoming = classify(bytes.clone(), at(), origin.clone());
    let content_hash = ContentHash::of_digest(&content_hash(&envelope));
    let expected =
        Incoming::Event { id: envelope.id, content_hash, recorded_at: at(), envelope: bytes, origin, decision: None };
    assert_eq!(incoming, expected);
}

#[test]
fn an_importer_and_the_broker_are_judged_alike() {
    let envelope = envelope("contoso");
    assert_eq!(
        classify_envelope(&envelope, at(), Origin::default()),
        classify(encode(&envelope), at(), Origin::default())
    );
    let reserved = self::envelope(SourceId::LEDGER);
    let Incoming::Faulty { reason, .. } = classify_envelope(&reserved, at(), Origin::default()) else {
        panic!("an importer cannot write what the broker would not let in");
    };
    assert_eq!(reason.code(), "reserved_source");
}

#[test]
fn each_fault_has_its_reason_and_names_what_it_can() {
    let good = envelope("contoso");
    let good_subject = subject_of(&good);
    let elsewhere = Envelope { partner_id: Some(PartnerId::parse("P-BE").unwrap()), ..good.clone() };
    let too_early = Envelope { effective_on: NaiveDate::from_ymd_opt(1066, 10, 14).unwrap(), ..good.clone() };
    let ledgers_own = envelope(SourceId::LEDGER);
    let other_kind = Envelope {
        payload: Payload::Reversal(Reversal { reverses: EventId::parse("e-0").unwrap(), reason: "wrong".to_owned() }),
        ..good.clone()
    };
    let mut cut = encode(&good);
    cut.pop();
    let large = vec![0xff; ENVELOPE_BYTES_MAX + 1];
    // What, subject, bytes; the reason, and the id that it names.
    #[rustfmt::skip]
    let table = [
        ("garbage", good_subject.as_str(), b"garbage".to_vec(), "undecodable", None),
        ("cut off", &good_subject, cut, "undecodable", None),
        ("empty", &good_subject, Vec::new(), "invalid", None),
        ("a date", &good_subject, encode(&too_early), "invalid", Some("contoso/e-1")),
        ("another partner", &good_subject, encode(&elsewhere), "subject_mismatch", Some("contoso/e-1")),
        ("another kind", &good_subject, encode(&other_kind), "subject_mismatch", Some("contoso/e-1")),
        ("no subject of ours", "csp.events.x", encode(&good), "subject_mismatch", Some("contoso/e-1")),
        ("the operators' source", &subject_of(&ledgers_own), encode(&ledgers_own), "reserved_source", Some("ledger/e-1")),
        ("too large", &good_subject, large, "too_large", None),
    ];
    for (what, subject, bytes, code, names) in table {
        let Incoming::Faulty { reason, id, recorded_at, origin, bytes: kept } =
            classify(bytes.clone(), at(), on(subject))
        else {
            panic!("{what} was let in");
        };
        assert_eq!(reason.code(), code, "{what}: {reason}");
        assert!(!reason.detail().is_empty() && !reason.detail().contains('\n'), "{what}: {reason}");
        assert_eq!(id.map(|id| id.to_string()).as_deref(), names, "{what}");
        assert_eq!((recorded_at, origin), (at(), on(subject)), "{what}");
        assert_eq!(kept, bytes, "{what}");
    }
}

#[test]
fn the_largest_envelope_is_let_in_and_one_byte_more_is_not() {
    let good = encode(&envelope("contoso"));
    // An unknown field of bytes, number 1,000, fills up: its tag takes 2 bytes and its length 3.
    let padded = |total: usize| {
        let fill = total - good.len() - 5;
        let seven_bits = |shift: usize| u8::try_from(fill >> shift & 0x7f).unwrap();
        let length = [seven_bits(0) | 0x80, seven_bits(7) | 0x80, seven_bits(14)];
        [good.as_slice(), &[0xc2, 0x3e], &length, &vec![0; fill]].concat()
    };
    let largest = padded(ENVELOPE_BYTES_MAX);
    assert_eq!(largest.len(), ENVELOPE_BYTES_MAX);
    assert!(matches!(classify(largest, at(), Origin::default()), Incoming::Event { .. }));
    let Incoming::Faulty { reason, id, .. } = classify(padded(ENVELOPE_BYTES_MAX + 1), at(), Origin::default()) else {
        panic!("one byte too many was let in");
    };
    assert_eq!(reason.code(), "too_large");
    assert_eq!(id.map(|id| id.to_string()).as_deref(), Some("contoso/e-1"), "the id is read all the same");
}

#[test]
fn of_a_huge_input_the_start_is_kept_with_the_hash_of_the_whole() {
    let huge = vec![1; INPUT_BYTES_KEPT_MAX + 1];
    let hash = hex::encode(Sha256::digest(&huge));
    let Incoming::Faulty { reason, bytes, .. } = classify(huge, at(), Origin::default()) else {
        panic!("a huge input was let in");
    };
    assert_eq!(bytes.len(), INPUT_BYTES_KEPT_MAX);
    assert!(reason.detail().contains(&hash) && reason.detail().contains("only its first"), "{reason}");
}

proptest! {
    #[test]
    fn whatever_is_read_in_place_is_judged_as_by_the_long_way(
        envelope in daybook_proto::arbitrary::envelope(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        is_damaged in any::<bool>(),
        is_on_its_own in any::<bool>(),
    ) {
        let subject = if is_on_its_own { subject_of(&envelope) } else { "csp.events.a.b.reversal".to_owned() };
        let mut bytes = encode(&envelope);
        if is_damaged {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for subject in [None, Some(subject.as_str())] {
            prop_assert_eq!(read(&bytes, subject), read_any(&bytes, subject));
        }
        let line = encode_json(&envelope);
        if let Some((judged, money)) = classify_line(&line, self::at(), Origin::default) {
            prop_assert_eq!(&judged, &classify_envelope(&envelope, self::at(), Origin::default()));
            let message = classify_message(&encode(&envelope), self::at(), Origin::default);
            prop_assert_eq!(message, Some((judged, money)));
        }
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic_and_alike_each_time(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        subject in proptest::option::of("[a-z.~_]{0,40}"),
    ) {
        let origin = Origin { subject, ..Origin::default() };
        let first = classify(bytes.clone(), at(), origin.clone());
        prop_assert_eq!(&first, &classify(bytes.clone(), at(), origin));
        match first {
            Incoming::Event { envelope, .. } => prop_assert_eq!(envelope, bytes),
            Incoming::Faulty { bytes: kept, .. } => prop_assert_eq!(kept, bytes),
        }
    }

    #[test]
    fn a_damaged_envelope_never_panics(at_byte in 0_usize..60, flip in 1_u8..) {
        let mut bytes = encode(&envelope("contoso"));
        let at_byte = at_byte % bytes.len();
        bytes[at_byte] ^= flip;
        let incoming = classify(bytes.clone(), at(), Origin::default());
        let (Incoming::Event { envelope: kept, .. } | Incoming::Faulty { bytes: kept, .. }) = incoming;
        prop_assert_eq!(kept, bytes);
    }
}
