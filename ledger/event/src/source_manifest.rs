//! What a source says that it sent on a day.

use crate::{Amount, Currency};

/// A completeness check: no figure depends on it. A fact of no partner; the envelope's `effective_on` is the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceManifest {
    /// How many events the source sent with that date.
    pub count: u64,
    /// The sum of their amounts, per currency.
    pub sums: Vec<(Currency, Amount)>,
}
