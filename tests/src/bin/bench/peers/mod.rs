//! What others do with the same events on the same machine.

pub(crate) mod duckdb;
mod lines;
pub(crate) mod postgres;
