//! Every test that crosses crates, in one binary.

mod golden;
mod tidy;
