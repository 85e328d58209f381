//! What closing a month at the ledger's head would pin, and what stands against it.

use crate::books::{Books, NamedBook};
use crate::closed::Terms;
use crate::failure::Failure;
use crate::shards::threads_of_machine;
use crate::waiting::Waiting;
use crate::window::Known;
use daybook_event::{Exact, Month, NaiveDate, Overflow, PartnerId, Position};
use daybook_replay::Histories;
use daybook_views::rows::ConservationRow;
use daybook_views::{PartnerRows, Statement, statements_digest};
use serde::Serialize;

/// A month as it would be pinned.
pub(super) struct Attempt {
    pub(super) month: Month,
    pub(super) through: NaiveDate,
    pub(super) position: Position,
    pub(super) root: String,
    pub(super) rule_book: String,
    /// Of every partner that has anything in the month, in order, with their bytes.
    pub(super) statements: Vec<(Statement, Vec<u8>)>,
    pub(super) digest: String,
    /// Of all view rows that the statements were taken from.
    pub(super) views_digest: String,
    pub(super) blocked: Vec<Blocked>,
}

/// One reason against closing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Blocked {
    pub(super) month: Month,
    pub(super) partner_id: PartnerId,
    pub(super) why: String,
}

/// A partner whose sums leave the range of exact money has no figures, so there is nothing that could be pinned.
const OVERFLOW: &str = "OVERFLOW";

impl Blocked {
    /// Whether no override helps.
    pub(super) fn is_final(&self) -> bool {
        self.why == OVERFLOW
    }
}

impl Attempt {
    /// Folds everything at the head, and takes the month out of it.
    pub(super) fn of(
        known: &Known,
        books: &Books,
        histories: &Histories,
        month: Month,
        through: NaiveDate,
    ) -> Result<Self, Failure> {
        let named = adopted_book(books)?;
        let replayed = Terms::of(&named, books).replay(histories, through, threads_of_machine(), &|_| ())?.replayed;
        let mut blocked = Vec::new();
        let mut statements = Vec::new();
        for (partner_id, rows) in &replayed.partners {
            let why = against(rows, month)?;
            blocked.extend(why.into_iter().map(|why| Blocked { month, partner_id: partner_id.clone(), why }));
            if let Some(statement) = Statement::of(rows, month, known.position, partner_id, named.book.calendar()) {
                let bytes = statement.to_json();
                statements.push((statement, bytes));
            }
        }
        let waiting = Waiting::of(&known.snapshot, None)?.provisional.into_iter();
        blocked.extend(waiting.filter(|flag| flag.month == month).map(|flag| Blocked {
            month,
            partner_id: flag.partner_id,
            why: flag.why.to_string(),
        }));
        blocked.sort();
        blocked.dedup();
        let digest =
            statements_digest(statements.iter().map(|(of, bytes)| (&of.partner_id, bytes.as_slice()))).to_string();
        Ok(Self {
            month,
            through,
            position: known.position,
            root: hex::encode(known.snapshot.root_at(known.position)?.unwrap_or(known.snapshot.head().root)),
            rule_book: named.book.terms_hash,
            statements,
            digest,
            views_digest: replayed.digest().to_string(),
            blocked,
        })
    }
}

/// The book `current`, which must be adopted: what is pinned must follow from records alone.
pub(super) fn adopted_book(books: &Books) -> Result<NamedBook, Failure> {
    if books.adopted().library().is_none() {
        // Where acts stand and none counts, this says which.
        books.library_current()?;
        return Err(Failure::Input(
            "no rule book is adopted in this ledger, and a closed month pins the one it was closed under: adopt one with \
             daybook rules adopt"
                .to_owned(),
        ));
    }
    books.book("current")
}

/// Why a partner's month may not be pinned.
fn against(rows: &PartnerRows, month: Month) -> Result<Vec<String>, Failure> {
    let mut why: Vec<String> =
        rows.provisional.iter().filter(|row| row.month == month).map(|row| row.why.to_string()).collect();
    // A partner without figures has them in no month.
    if rows.findings.iter().any(|finding| finding.code == OVERFLOW) {
        why.push(OVERFLOW.to_owned());
    }
    for row in rows.conservation.iter().filter(|row| row.month == month) {
        let parts = sum_of_parts(row)?;
        if parts != row.billed {
            why.push(format!("CONSERVATION: billed {}, the parts make {parts}", row.billed));
        }
    }
    Ok(why)
}

/// Everything billed, by where it went.
fn sum_of_parts(row: &ConservationRow) -> Result<Exact, Overflow> {
    let parts = [row.earning, row.unmatched, row.capped, row.provisional_noterms];
    parts.iter().chain(row.ineligible.values()).try_fold(Exact::ZERO, |sum, part| sum.plus(*part))
}
