//! The wire format is frozen: the bytes of one envelope of each kind, as the first release wrote them.
//!
//! `golden/v1.ndjson` is the readable form, `golden/v1.hex` the protobuf form, line for line. A failure here means that
//! ledgers already written would hash or read otherwise: the code is wrong, not the files. New cases may be appended.

use daybook_event::PayloadKind;
use daybook_proto::{decode, decode_json, encode, encode_json};

const LINES: &str = include_str!("../golden/v1.ndjson");
const BYTES: &str = include_str!("../golden/v1.hex");

#[test]
fn both_forms_still_read_and_write_alike() {
    assert_eq!(LINES.lines().count(), BYTES.lines().count());
    for (line, frozen) in LINES.lines().zip(BYTES.lines()) {
        let envelope = decode_json(line).unwrap();
        assert_eq!(encode_json(&envelope), line);
        assert_eq!(hex::encode(encode(&envelope)), frozen, "{line}");
        assert_eq!(decode(&hex::decode(frozen).unwrap()).unwrap(), envelope, "{line}");
    }
}

#[test]
fn no_kind_is_left_out() {
    for (kind, name) in PayloadKind::ALL {
        let found = LINES.lines().any(|line| decode_json(line).unwrap().payload.kind() == kind);
        assert!(found, "{name}");
    }
}
