//! Intake, the only door into a ledger: NATS consumer and file importers, batches into the ledger. I/O: broker and files.
//!
//! What arrives becomes an input by [`classify()`], which depends on nothing but its bytes and its subject. One writer, on
//! one thread, appends inputs in batches ([`BatchWriter`], [`drain`]); where they come from is an [`EventSource`]. [`run`]
//! is the source that matters: it follows a JetStream stream from the ledger's cursor and acknowledges what is durable.

mod arrivals;
mod asked;
mod batch;
mod classify;
mod judge;
mod place;
mod progress;
mod run;
mod sequence;
mod source;

pub mod import;
pub mod nats;

pub use arrivals::{Arrivals, Broken, Delivery};
pub use asked::{StreamAsked, StreamMessage};
pub use batch::{BatchLimits, BatchWriter, Committed, Input, StreamId, StreamPlace};
pub use classify::{
    INPUT_BYTES_KEPT_MAX, INTAKE_SEMANTICS, INTAKE_SEMANTICS_FOLLOWED_MIN, classify, classify_envelope, identify,
};
pub use judge::judge_again;
pub use place::{PlaceError, place};
pub use progress::IntakeProgress;
pub use run::{IntakeEnd, IntakeError, IntakeOptions, run, semantics_check};
pub use sequence::{MismatchPolicy, StreamMismatch, StreamState};
pub use source::{EventSource, IterSource, Next, append_source, drain};

/// Named places, beside the store's, where a test can make the process die: see [`daybook_store::crash_point`].
pub const CRASH_POINTS: [&str; 3] = ["intake:before_append", "intake:after_append_before_ack", "intake:after_ack"];
