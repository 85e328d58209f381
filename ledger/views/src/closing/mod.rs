//! Closed months: what was pinned, and what must be booked later because records or terms changed.
//!
//! A closed month shows the rows of its pinned statements for ever. What the records and the terms say of it now is computed
//! beside them, and the difference becomes true-ups in the earliest open month.
//!
//! Reading order: [`Statement`] (what is pinned), [`Closings`] (which months are closed), [`ClosedMonths`] (what all partners
//! share), `pins` (what is pinned of one), `causes` (what came later), `difference` (what it changed), [`settle_closed`].

mod causes;
mod closings;
mod difference;
mod months;
mod pins;
mod rates;
mod settle;
mod statement;
mod terms;
mod until;

pub use closings::{Closing, Closings, closing_event_id};
pub use months::ClosedMonths;
pub(crate) use pins::Pinned;
pub(crate) use settle::booked_closed;
pub use settle::{fold_partner_closed, overflowed_closed, settle_closed};
pub use statement::{Statement, StatementError, statement_event_id, statements_digest};
pub use terms::{ClosedTerms, TermsStep};
