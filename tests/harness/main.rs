//! Every test that crosses crates, in one binary.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

mod accounting;
mod broker;
mod completeness;
mod crash;
mod disk;
mod doors;
mod end_to_end;
mod explained;
mod fuzz;
mod golden;
mod model;
mod proof;
mod quarantine;
mod tidy;
mod upgrade;
