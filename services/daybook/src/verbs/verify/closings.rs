//! Closed months held against the records: what was pinned, the root, the terms; and, where asked for, every row
//! computed again.

use super::{Finding, recompute};
use crate::books::Books;
use crate::cli::ClosedMonths;
use crate::closed::{self, Pinned};
use crate::failure::Failure;
use crate::four_eyes;
use daybook_event::{Month, Payload, Position};
use daybook_store::Snapshot;
use daybook_views::{Closing, Closings, ENGINE_SEMANTICS, statements_digest};

/// What closed months are held against.
pub(super) struct Closed<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) books: &'a Books,
    pub(super) is_four_eyes: bool,
}

/// A closing as recorded, with its signatures.
struct Signed {
    closing: Closing,
    closed_by: String,
    approver: String,
}

impl Closed<'_> {
    /// Holds every closing against the records, and computes those asked for again; says what was done.
    pub(super) fn verify(&self, asked: Option<ClosedMonths>, findings: &mut Vec<Finding>) -> Result<String, Failure> {
        let recorded = self.recorded()?;
        let closings = Closings::of(recorded.iter().map(|signed| signed.closing.clone()));
        for closing in closings.ignored() {
            let what = format!(
                "closes {} out of order, before it was past or with records that it cannot contain: it counts for nothing",
                closing.month
            );
            findings.push(finding("CLOSING_IGNORED", closing, what));
        }
        if self.is_four_eyes {
            self.signatures(&recorded, closings.all(), findings);
        }
        if let Some(ClosedMonths::One(month)) = asked
            && !closings.all().iter().any(|closing| closing.month == month)
        {
            return Err(Failure::Input(format!("{month} is not closed in this ledger: {}", months_of(closings.all()))));
        }
        let is_asked = |month: Month| match asked {
            None => false,
            Some(ClosedMonths::All) => true,
            Some(ClosedMonths::One(one)) => one == month,
        };
        let mut again = recompute::Recompute::new(self.snapshot);
        let mut computed = 0;
        for closing in closings.all() {
            let pinned = closed::pinned(self.snapshot, closing)?;
            let books = self.books.at(closing.position);
            self.proof(closing, &pinned, &books, findings)?;
            if is_asked(closing.month) {
                computed += 1;
                again.month(closing, &pinned, &books, findings)?;
            }
        }
        Ok(match (closings.all().len(), computed) {
            (0, _) => "no month".to_owned(),
            (_, 0) => format!("{}; digests, roots and terms looked at", months_of(closings.all())),
            (_, computed) => format!("{}; {computed} computed again, row by row", months_of(closings.all())),
        })
    }

    /// Every closing in the ledger, in order.
    fn recorded(&self) -> Result<Vec<Signed>, Failure> {
        let mut recorded = Vec::new();
        let head = self.snapshot.head().position;
        closed::operators_acts(self.snapshot, Position::new(1), head, |position, envelope| {
            let Payload::PeriodClosed(closed) = &envelope.payload else { return };
            if let Some(closing) = Closing::of(position, &envelope) {
                let (closed_by, approver) = (closed.closed_by.clone(), closed.approver.clone());
                recorded.push(Signed { closing, closed_by, approver });
            }
        })?;
        Ok(recorded)
    }

    /// Digest, root and terms of a closing against what the ledger holds.
    fn proof(
        &self,
        closing: &Closing,
        pinned: &Pinned,
        books: &Books,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let digest = statements_digest(pinned.iter().map(|(id, rows)| (id, rows.as_slice()))).to_string();
        if digest != closing.statement_digest {
            let what = format!(
                "names the digest {} of its statements, but the {} in the ledger make {digest}: some were not pinned with it",
                closing.statement_digest,
                pinned.len()
            );
            findings.push(finding("CLOSING_DIGEST", closing, what));
        }
        let root = self.snapshot.root_at(closing.position)?.map(hex::encode).unwrap_or_default();
        if root != closing.root {
            let what = format!("names the root {} at {}, where the ledger has {root}", closing.root, closing.position);
            findings.push(finding("CLOSING_ROOT", closing, what));
        }
        let book = books.adopted().library().map(|library| library.current().terms_hash);
        if book.as_ref() != Some(&closing.terms_hash) {
            let there = book.unwrap_or_else(|| "none".to_owned());
            let what = format!(
                "names the rule book {}, but the one adopted at {} is {there}",
                closing.terms_hash, closing.position
            );
            findings.push(finding("CLOSING_TERMS", closing, what));
        }
        if closing.engine_semantics > ENGINE_SEMANTICS {
            let what = format!(
                "was made by engine semantics {}, this daybook has {ENGINE_SEMANTICS}: use the newer one",
                closing.engine_semantics
            );
            findings.push(finding("CLOSING_ENGINE", closing, what));
        }
        Ok(())
    }

    /// Closings that count and lack a second person.
    fn signatures(&self, recorded: &[Signed], counting: &[Closing], findings: &mut Vec<Finding>) {
        for signed in recorded.iter().filter(|signed| counting.contains(&signed.closing)) {
            if let Some(why) = four_eyes::fault(&signed.closed_by, &signed.approver) {
                findings.push(finding(
                    "CLOSING_SIGNED",
                    &signed.closing,
                    format!("lacks the second of four eyes: {why}"),
                ));
            }
        }
    }
}

/// A finding on a closing.
pub(super) fn finding(code: &str, closing: &Closing, what: String) -> Finding {
    let place = format!("record {}, {}", closing.recorded, closing.event);
    Finding { code: code.to_owned(), place, what }
}

fn months_of(closings: &[Closing]) -> String {
    match (closings.first(), closings.last()) {
        (Some(first), Some(last)) if first.month == last.month => format!("{} is closed", first.month),
        (Some(first), Some(last)) => format!("{} to {} are closed", first.month, last.month),
        _ => "no month is closed".to_owned(),
    }
}
