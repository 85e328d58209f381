//! Any valid envelope survives both forms.

use crate::{arbitrary, decode, decode_json, encode, encode_json, peek_id, peek_partner};
use daybook_event::PayloadKind;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Every kind gets its own cases: a strategy that picks kinds at random might pass one by.
#[test]
fn every_kind_survives_protobuf_and_json() {
    for (kind, name) in PayloadKind::ALL {
        let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
        let outcome = runner.run(&arbitrary::envelope_of(kind), |envelope| {
            let bytes = encode(&envelope);
            prop_assert_eq!(&decode(&bytes).unwrap(), &envelope);
            let line = encode_json(&envelope);
            prop_assert!(!line.contains('\n'));
            let read = decode_json(&line).unwrap();
            prop_assert_eq!(&read, &envelope);
            prop_assert_eq!(encode(&read), bytes.clone());
            prop_assert_eq!(peek_id(&bytes).unwrap(), envelope.id);
            prop_assert_eq!(peek_partner(&bytes), envelope.partner_id);
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}

proptest! {
    /// Damaged bytes are refused or read; they never panic, and what is read is valid.
    #[test]
    fn any_bytes_are_an_envelope_or_a_fault(
        envelope in arbitrary::envelope(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&envelope);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&read)).unwrap(), read);
        }
        bytes.truncate(at);
        if let Ok(read) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&read)).unwrap(), read);
        }
    }
}
