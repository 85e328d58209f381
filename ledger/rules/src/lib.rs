//! Pure rule sets: parse, lint, resolve, diff and hash dated program terms.
//!
//! A *rule set* is one version of the terms, read from one TOML file. A *rule book* is the ordered list of rule sets
//! and the product catalogue. Files are handed in as bytes and findings come back as values: nothing here reads a disk
//! or a clock.

pub mod calendar;
pub mod model;
