//! The terms that the last closing was made under, and how they became those of now.

use daybook_rules::model::RuleBook;
use std::sync::Arc;

/// The book at the last closing, and the books between it and the current one.
#[derive(Debug, Clone)]
pub struct ClosedTerms {
    /// The book that was current at the position of the last closing's statement.
    pub at_close: Arc<RuleBook>,
    /// One change after the other, in announced order; empty where nothing changed. The last one's book is the current one.
    pub steps: Vec<TermsStep>,
}

/// One change of the terms.
#[derive(Debug, Clone)]
pub struct TermsStep {
    /// What true-ups name as their cause: `terms:VERSION/CHANGE`.
    pub cause: String,
    /// The book with this change and those before it.
    pub book: Arc<RuleBook>,
}

impl ClosedTerms {
    /// Terms that did not change since the last closing.
    #[must_use]
    pub fn unchanged(book: Arc<RuleBook>) -> Self {
        Self { at_close: book, steps: Vec::new() }
    }
}
