//! The limits that decide whether an envelope is appended or quarantined.
//!
//! They belong to the intake semantics: constants, never configuration, so that every ledger that reads the same
//! stream decides alike. Changing one is a new intake semantics number.

/// Longest ordinary text field, in bytes.
pub const TEXT_BYTES_MAX: usize = 256;

/// Longest reason or evidence field, in bytes.
pub const LONG_TEXT_BYTES_MAX: usize = 1024;

/// Longest sealed personal data, in bytes.
pub const SEALED_BYTES_MAX: usize = 1024;

/// Longest decimal, date or currency as text, in bytes: longer than any that can be valid.
pub const NUMBER_BYTES_MAX: usize = 64;

/// Largest envelope, in bytes of its protobuf form.
pub const ENVELOPE_BYTES_MAX: usize = 1024 * 1024;

/// Longest NDJSON line, in bytes. JSON writes bytes in base64 and names its keys, so a line may be longer than its
/// envelope; the envelope's own limit is checked after it is read.
pub const LINE_BYTES_MAX: usize = 2 * ENVELOPE_BYTES_MAX;

/// First year that a date may be in.
pub const YEAR_MIN: i32 = 1990;

/// Last year that a date may be in.
pub const YEAR_MAX: i32 = 2199;
