//! Who computes what the door answers.

use daybook_event::SourceId;
use serde_json::Value;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

/// How a verb ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status; none where something ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub output: Vec<u8>,
    /// What it said on standard error.
    pub said: String,
}

/// A verb at work; dropped, it is ended.
pub type Running = Pin<Box<dyn Future<Output = Result<Ran, String>> + Send>>;

/// Computes. What returns no future may block: it is asked on a thread for that.
pub trait Desk: Send + Sync + 'static {
    /// The ledger's head.
    ///
    /// # Errors
    /// Why the ledger cannot be read.
    fn head(&self) -> Result<Value, String>;

    /// The record at a position; none if there is none.
    ///
    /// # Errors
    /// Why the ledger cannot be read.
    fn record(&self, position: u64) -> Result<Option<Value>, String>;

    /// The sources of the events of a text, one a line.
    ///
    /// # Errors
    /// The first line that is no event, and why.
    fn sources(&self, ndjson: &[u8]) -> Result<BTreeSet<SourceId>, String>;

    /// Runs a verb of the command line that reads.
    fn ask(&self, words: Vec<String>) -> Running;

    /// Runs a verb that does something, by the way into the ledger that it has, and with an input if it reads one.
    fn act(&self, words: Vec<String>, input: Option<Vec<u8>>) -> Running;
}
