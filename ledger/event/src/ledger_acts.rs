//! Acts of the ledger's operators: never written by distributors.

use crate::{Amount, Currency, Month, PartnerId, Position};

/// A correction by hand, with a reason and an approver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualAdjustment {
    /// The earning month that it concerns.
    pub month: Month,
    /// The lever that it concerns; empty for none.
    pub lever: String,
    /// The rebate part, signed.
    pub rebate: Amount,
    /// The co-op part, signed.
    pub coop: Amount,
    /// The currency of both.
    pub currency: Currency,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
}

/// One file of an adopted rule book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// The file's name within the book.
    pub name: String,
    /// Its bytes, so that the past can be replayed without any other copy.
    pub bytes: Vec<u8>,
}

/// A rule book became the one in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleBookAdopted {
    /// The files that this adoption adds or revises.
    pub files: Vec<RuleFile>,
    /// The book's hash over the terms, after this adoption.
    pub terms_hash: String,
    /// Who adopted it.
    pub adopted_by: String,
    /// Who approved it; empty where four eyes are not required.
    pub approver: String,
    /// Why.
    pub reason: String,
}

/// One partner's pinned statement of a month; counts only once its [`PeriodClosed`] stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedStatement {
    /// The earning month.
    pub month: Month,
    /// The partner.
    pub partner_id: PartnerId,
    /// The statement's rows as canonical JSON.
    pub rows: Vec<u8>,
}

/// An earning month was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodClosed {
    /// The earning month.
    pub month: Month,
    /// The last position that the statement contains.
    pub position: Position,
    /// The tree's root at that position, in hex.
    pub root: String,
    /// The rule book's terms hash, in hex.
    pub terms_hash: String,
    /// The engine semantics number.
    pub engine_semantics: u32,
    /// The digest of the statement, in hex.
    pub statement_digest: String,
    /// Why a failing check was overridden; empty where none failed.
    pub override_reason: String,
    /// Who closed it.
    pub closed_by: String,
    /// Who approved it; empty where four eyes are not required.
    pub approver: String,
    /// Why it was closed.
    pub reason: String,
    /// The digest of all view rows that the statements were taken from, in hex; empty in closings of before it was recorded.
    pub views_digest: String,
}

/// What is to become of a quarantine entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineVerdict {
    /// Try to append it again.
    Retry,
    /// Leave it out for good.
    Dismiss,
}

/// An operator decided about a quarantine entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineDecision {
    /// The entry's number.
    pub entry: u64,
    /// What is to become of it.
    pub verdict: QuarantineVerdict,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// Who approved it; empty where four eyes are not required.
    pub approver: String,
}
