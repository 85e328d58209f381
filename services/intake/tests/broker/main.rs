//! Intake against a real nats-server, started here as a child. A missing server fails these tests and says how to get one.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

mod connecting;
mod faults;
mod following;
mod mismatch;
mod publishing;
mod support;
mod trouble;
