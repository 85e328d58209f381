//! The store as others use it: only its public interface, on real files.

// Every line of this crate is a test: a panic is how it fails.
#![allow(clippy::unwrap_used)]

mod appending;
mod backups;
mod checkpoints;
mod columns;
mod common;
mod crashing;
mod damage;
mod deciding;
mod derived;
mod medium;
mod model;
mod mutation;
mod opening;
mod proving;
mod reading;
mod upgrading;
