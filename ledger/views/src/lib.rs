//! Pure fold: standing, accrual, co-op and payout from facts and rule books.
//!
//! `figures = f(records up to a position, rule book, through date, engine semantics)`. One partner at a time, one
//! month at a time: [`step`] takes the state at the end of the month before, and the month's facts, to the state at
//! the end of the month; [`settle`] turns a state into every row of the partner. Nothing passes from partner to
//! partner, nothing reads a clock, and the only roundings are those of postings and of claims in another currency.
//!
//! Reading order: [`fact`] (what goes in), [`rows`] (what comes out), `standing` (may the partner earn that day?),
//! `credits` and `pricing` (where does each billed amount go?), `lots`, `coop` and `payout` (what becomes of it?), `closing`
//! (what stays as it was pinned, and what is booked later?).

pub mod codes;
pub mod fact;
pub mod fx;
pub mod lines;
pub mod reasons;
pub mod rows;

mod apart;
mod booking;
mod caps;
mod claims;
mod closing;
mod competency;
mod compiled;
mod coop;
mod credits;
mod currencies;
mod customers;
mod digest;
mod facts;
mod fold;
mod gates;
mod gathered;
mod growth;
mod history;
mod kept;
mod lots;
mod margins;
mod money;
mod month;
mod of_no_partner;
mod openings;
mod payout;
mod pricing;
mod products;
mod reprice;
mod revenue;
mod rows_json;
mod standing;
mod state;
mod verdicts;

pub use closing::{
    ClosedMonths, ClosedTerms, Closing, Closings, Statement, StatementError, TermsStep, closing_event_id,
    fold_partner_closed, overflowed_closed, settle_closed, statement_event_id, statements_digest,
};
pub use compiled::CompiledBook;
pub use currencies::CurrencyUses;
pub use digest::{Digest, digest_of_partner, digest_of_views};
pub use fact::{Exam, Fact, FactKind, Line, LineKind};
pub use fold::{
    FoldError, PartnerFold, advance, advance_columns, fold_columns, fold_partner, overflowed, settle, step,
};
pub use fx::{FxTable, PublishedRate};
pub use history::{FactSource, Known, PartnerHistory, PinnedRecord, Reversals};
pub use kept::{KEPT_SHAPE, KeptHead, KeptNames, KeptPartner};
pub use lines::{
    COLUMNS_SHAPE, ColumnsBuilder, ColumnsBytes, ColumnsSum, LineClass, LineClasses, Lines, LinesError, PartnerColumns,
};
pub use lots::{LotDays, coop_threshold};
pub use margins::{RevenueMargin, margins_of, revenue_margins};
pub use of_no_partner::FactsOfNoPartner;
pub use pricing::{Bucket, Contribution, Growth, PricedLine};
pub use reprice::Repricing;
pub use rows::PartnerRows;
pub use state::PartnerState;

/// The number of the meaning of this fold. It changes whenever the same records, rule book and through date would give
/// other rows; `engine-semantics.lock` holds the digests that belong to it.
pub const ENGINE_SEMANTICS: u32 = 1;
