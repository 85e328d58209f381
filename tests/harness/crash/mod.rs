//! Killed at any moment and started again, the service has the same records, quarantine and rows as one that never was.
//!
//! Everything is real: a nats-server, the `daybook` binary, the files. The same stream is read without interruption into
//! a ledger of reference; every other ledger here read it with deaths in between and must equal that one to the last byte.

mod broker_deaths;
mod imports;
mod points;
mod random_kills;
mod recovery;
pub(crate) mod scene;
