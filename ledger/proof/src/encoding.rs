//! Text forms that every format here uses: standard base64 and lower-case hex, each with one spelling only.

use crate::Hash;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes as standard base64 with padding.
pub(crate) fn base64_write(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes behind base64 text; none unless it is spelled as we would.
pub(crate) fn base64_read(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A hash in base64.
pub(crate) fn hash_read(text: &str) -> Option<Hash> {
    base64_read(text)?.try_into().ok()
}

/// A hash in lower-case hex.
pub(crate) fn hex_hash_read(text: &str) -> Option<Hash> {
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    hex::decode(text).ok().filter(|_| is_lower)?.try_into().ok()
}

/// A decimal without leading zeroes, sign or anything else.
pub(crate) fn decimal_read(text: &str) -> Option<u64> {
    let is_plain = text == "0" || (text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_one_spelling() {
        assert_eq!(decimal_read("0"), Some(0));
        assert_eq!(decimal_read("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "18446744073709551616", "1_0"] {
            assert_eq!(decimal_read(wrong), None, "{wrong:?}");
        }
        assert_eq!(base64_read("AA=="), Some(vec![0]));
        for wrong in ["AA", "AB==", "AA= =", "AA==\n", "A-_A"] {
            assert_eq!(base64_read(wrong), None, "{wrong:?}");
        }
        assert!(hex_hash_read(&"0a".repeat(32)).is_some());
        assert!(hex_hash_read(&"0A".repeat(32)).is_none());
        assert!(hex_hash_read(&"0a".repeat(31)).is_none());
    }
}
