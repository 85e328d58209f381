//! Closed months: what was pinned, and what must be booked later because records or terms changed.
//!
//! A closed month shows the rows of its pinned statements for ever. What the records and the terms say of it now is computed
//! beside them, and the difference becomes true-ups in the earliest open month.
//!
//! Reading order: [`Statement`] (what is pinned), [`Closings`] (which months are closed).

mod closings;
mod statement;
mod terms;

pub use closings::{Closing, Closings, closing_event_id};
pub use statement::{Statement, StatementError, statement_event_id, statements_digest};
pub use terms::{ClosedTerms, TermsStep};
