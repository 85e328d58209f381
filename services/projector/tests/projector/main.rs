//! The projector against the pure fold.
// A test says what is wrong by panicking, its helpers too.
#![allow(clippy::unwrap_used)]

mod adoptions;
mod bench;
mod closings;
mod columns;
mod crash;
mod dice;
mod equal;
mod generations;
mod history;
mod invented;
mod random;
mod service;
