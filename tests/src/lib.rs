//! What crosses crates: golden, crash, end to end, tidy.
