//! Which envelopes say the same.

use super::of_partner;
use crate::{arbitrary, content_hash, decode_json, nats_msg_id};
use proptest::prelude::*;

fn sale(amount: &str) -> String {
    of_partner(&format!(r#""license_sale":{{"customer_id":"C","amount":"{amount}","currency":"USD","credits":""}}"#))
}

#[test]
fn another_spelling_of_an_amount_is_the_same_content() {
    let hash_of = |amount: &str| content_hash(&decode_json(&sale(amount)).unwrap());
    for same in ["550.0", "550.00", "5.5E+2"] {
        assert_eq!(hash_of(same), hash_of("550"), "{same}");
    }
    assert_eq!(hash_of("-0.00"), hash_of("0"));
    assert_ne!(hash_of("550.01"), hash_of("550"));
}

#[test]
fn an_absent_key_and_an_empty_one_are_the_same_content() {
    let with = decode_json(&sale("1")).unwrap();
    let without = decode_json(&sale("1").replace(r#","credits":"""#, "")).unwrap();
    assert_eq!(content_hash(&with), content_hash(&without));
}

fn certification(more: &str) -> String {
    of_partner(&format!(r#""certification_earned":{{"person_id":"p","certification":"c"{more}}}"#))
}

/// The hash was taken before there was anything to seal: ledgers that have it must go on to know their duplicates.
#[test]
fn what_is_not_sealed_hashes_as_it_did() {
    let hash_of = |more: &str| hex::encode(content_hash(&decode_json(&certification(more)).unwrap()));
    let before = "c0bef7082bda7dbaaaf434b8e4e0ed87ddf6ce3395d2eed0df48d87c8b675dbe";
    assert_eq!(hash_of(""), before);
    assert_eq!(hash_of(r#","sealed":"""#), before);
    assert_ne!(hash_of(r#","sealed":"AQ==""#), before);
    assert_ne!(hash_of(r#","sealed":"AQ==""#), hash_of(r#","sealed":"Ag==""#));
}

#[test]
fn the_order_of_a_manifests_sums_means_nothing() {
    let line = |sums: &str| super::of_no_partner(&format!(r#""manifest":{{"count":"2","sums":[{sums}]}}"#));
    let (usd, eur) = (r#"{"currency":"USD","amount":"1"}"#, r#"{"currency":"EUR","amount":"2"}"#);
    let one = decode_json(&line(&format!("{usd},{eur}"))).unwrap();
    let other = decode_json(&line(&format!("{eur},{usd}"))).unwrap();
    assert_eq!(content_hash(&one), content_hash(&other));
}

#[test]
fn the_message_id_names_event_and_content() {
    let id = nats_msg_id(&decode_json(&sale("550")).unwrap());
    assert!(id.starts_with("contoso/e-1/"), "{id}");
    assert_eq!(id.len(), "contoso/e-1/".len() + 64);
    assert_eq!(id, nats_msg_id(&decode_json(&sale("550.00")).unwrap()));
    assert_ne!(id, nats_msg_id(&decode_json(&sale("551")).unwrap()));
}

proptest! {
    #[test]
    fn other_envelopes_have_other_hashes(one in arbitrary::envelope(), other in arbitrary::envelope()) {
        prop_assert_eq!(one == other, content_hash(&one) == content_hash(&other));
    }
}
