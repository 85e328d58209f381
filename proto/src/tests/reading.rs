//! What the border lets in: the published examples and lenient corners of both forms.

use super::of_partner;
use crate::limits::{ENVELOPE_BYTES_MAX, LINE_BYTES_MAX};
use crate::{DecodeFault, decode, decode_json, encode, peek_id};
use daybook_event::{EventId, NaiveDate, Payload, Reversal, Segment, StandingValue};

/// The example lines that other people's scripts were written from.
const SALE: &str = r#"{"source":"contoso","event_id":"s-1001","partner_id":"P-AT","effective_on":"2022-01-10","license_sale":{"customer_id":"C-1","subscription_id":"S-1","product_id":"CFQ7TTC0LCHC","sku_id":"0002","product_name":"Microsoft 365 Business Premium","product_family":"Microsoft 365","segment":"commercial","quantity":25,"amount":"550.00","currency":"USD","charge_type":"new","charge_start":"2022-01-10","charge_end":"2022-02-09","invoice_id":"G000001","credits":""}}"#;
const STANDING: &str = r#"{"source":"contoso","event_id":"st-1","partner_id":"P-AT","effective_on":"2021-06-01","partner_standing":{"fact":"mpn_membership","status":"held"}}"#;
const REVERSAL: &str = r#"{"source":"contoso","event_id":"r-1","partner_id":"P-AT","effective_on":"2022-02-01","reversal":{"reverses":"s-1001","reason":"billed to the wrong partner"}}"#;

#[test]
fn the_published_sale_reads_field_for_field() {
    let envelope = decode_json(SALE).unwrap();
    assert_eq!(envelope.id.to_string(), "contoso/s-1001");
    assert_eq!(envelope.partner_id.unwrap().as_str(), "P-AT");
    assert_eq!(envelope.effective_on, NaiveDate::from_ymd_opt(2022, 1, 10).unwrap());
    assert_eq!((envelope.seq, envelope.source_seq), (0, None));
    let Payload::LicenseSale(sale) = envelope.payload else { panic!("a sale") };
    assert_eq!((sale.customer_id.as_str(), sale.subscription_id.as_str()), ("C-1", "S-1"));
    assert_eq!((sale.product.product_id.as_str(), sale.product.sku_id.as_str()), ("CFQ7TTC0LCHC", "0002"));
    assert_eq!(sale.product.product_name, "Microsoft 365 Business Premium");
    assert_eq!(sale.product.product_family, "Microsoft 365");
    assert_eq!(sale.segment, Some(Segment::Commercial));
    assert_eq!((sale.quantity, sale.metered_quantity), (25, None));
    assert_eq!((sale.amount.to_string().as_str(), sale.currency.as_str()), ("550.00", "USD"));
    assert_eq!(sale.charge_type, "new");
    assert_eq!(sale.charge_start, NaiveDate::from_ymd_opt(2022, 1, 10));
    assert_eq!(sale.charge_end, NaiveDate::from_ymd_opt(2022, 2, 9));
    assert_eq!((sale.invoice_id.as_str(), sale.credits), ("G000001", None));
}

#[test]
fn the_published_standing_and_reversal_read() {
    let Payload::PartnerStanding(standing) = decode_json(STANDING).unwrap().payload else { panic!("a standing") };
    assert_eq!((standing.fact.as_str(), standing.value), ("mpn_membership", StandingValue::Held));
    let expected =
        Reversal { reverses: EventId::parse("s-1001").unwrap(), reason: "billed to the wrong partner".to_owned() };
    assert_eq!(decode_json(REVERSAL).unwrap().payload, Payload::Reversal(expected));
}

#[test]
fn protobuf_fields_of_a_later_version_are_passed_over() {
    let envelope = decode_json(SALE).unwrap();
    let mut bytes = encode(&envelope);
    // Field 200, length-delimited, three bytes.
    bytes.extend([0xc2, 0x0c, 0x03, b'n', b'e', b'w']);
    assert_eq!(decode(&bytes).unwrap(), envelope);
}

#[test]
fn a_json_key_of_a_later_version_is_an_error() {
    let line = SALE.replace(r#""quantity":25"#, r#""quantity":25,"colour":"blue""#);
    let Err(DecodeFault::Undecodable { detail }) = decode_json(&line) else { panic!("{line}") };
    assert!(detail.contains("colour"), "{detail}");
}

#[test]
fn money_as_a_json_number_is_an_error() {
    for number in ["550.00", "550"] {
        let line = SALE.replace(r#""amount":"550.00""#, &format!(r#""amount":{number}"#));
        let Err(DecodeFault::Undecodable { detail }) = decode_json(&line) else { panic!("{line}") };
        assert!(detail.contains("expected a string"), "{detail}");
    }
}

#[test]
fn numbers_may_be_written_as_text_and_dense_counts_are() {
    let counted = of_partner(r#""seq":3,"source_seq":"18446744073709551615","reversal":{"reverses":"x"}"#);
    let envelope = decode_json(&counted).unwrap();
    assert_eq!((envelope.seq, envelope.source_seq), (3, Some(u64::MAX)));
    let zero = of_partner(r#""source_seq":0,"reversal":{"reverses":"x"}"#);
    assert_eq!(decode_json(&zero).unwrap().source_seq, Some(0));
}

#[test]
fn what_is_no_envelope_at_all_is_undecodable() {
    for line in ["", "{", "[]", "null", r#"{"source":"a"} {"source":"a"}"#, r#"{"source":"a","source":"b"}"#] {
        assert!(matches!(decode_json(line), Err(DecodeFault::Undecodable { .. })), "{line}");
    }
    assert!(matches!(decode(&[0xff; 8]), Err(DecodeFault::Undecodable { .. })));
    let not_utf8 = [0x0a, 0x01, 0xff];
    assert!(matches!(decode(&not_utf8), Err(DecodeFault::Undecodable { .. })));
}

#[test]
fn an_invalid_envelope_still_tells_its_name() {
    let mut wire_bytes = encode(&decode_json(SALE).unwrap());
    wire_bytes.extend([0x22, 0x03, b'b', b'a', b'd']); // effective_on again: the last one counts
    assert!(decode(&wire_bytes).is_err());
    assert_eq!(peek_id(&wire_bytes).unwrap().to_string(), "contoso/s-1001");
    assert_eq!(peek_id(b"no protobuf"), None);
}

#[test]
fn an_envelope_at_the_size_limit_passes_and_one_byte_more_fails() {
    let with_padding = |bytes: usize| {
        let mut envelope = encode(&decode_json(REVERSAL).unwrap());
        // An unknown field whose tag takes two bytes and whose length takes three.
        envelope.extend([0xc2, 0x0c]);
        prost::encoding::encode_varint((bytes - envelope.len() - 3) as u64, &mut envelope);
        envelope.resize(bytes, b' ');
        envelope
    };
    assert!(decode(&with_padding(ENVELOPE_BYTES_MAX)).is_ok());
    let Err(DecodeFault::Undecodable { detail }) = decode(&with_padding(ENVELOPE_BYTES_MAX + 1)) else {
        panic!("size")
    };
    assert_eq!(detail, "has 1048577 bytes; at most 1048576 may stand");
}

#[test]
fn a_line_whose_envelope_would_be_too_large_is_refused_before_it_is_published() {
    let adopted = |bytes: usize| {
        let base64 = "AAAA".repeat(bytes / 3);
        super::of_ledger(&format!(
            r#""rule_book_adopted":{{"terms_hash":"h","files":[{{"name":"f","bytes":"{base64}"}}]}}"#
        ))
    };
    assert!(decode_json(&adopted(ENVELOPE_BYTES_MAX - 300)).is_ok());
    assert!(matches!(decode_json(&adopted(ENVELOPE_BYTES_MAX + 3)), Err(DecodeFault::Undecodable { .. })));
    assert!(matches!(decode_json(&" ".repeat(LINE_BYTES_MAX + 1)), Err(DecodeFault::Undecodable { .. })));
}
