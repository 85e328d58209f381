//! What is closed, and the terms that true-ups are split by: between a book argument and a replay.
//!
//! Closings count under the book argument `current` only. Under any other book everything is computed as if nothing were
//! closed, and outputs say so.

use crate::books::{Books, NamedBook};
use crate::failure::Failure;
use crate::window::TakeError;
use daybook_event::{Envelope, NaiveDate, PartnerId, Payload, Position};
use daybook_replay::{Histories, Replayed, replay_closed, replay_closed_telling, replay_telling};
use daybook_rules::model::RuleBook;
use daybook_rules::{RuleLibrary, announced_steps};
use daybook_store::{RecordRef, Snapshot};
use daybook_views::{ClosedTerms, Closing, FactsOfNoPartner, Statement, TermsStep};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The book of a replay, and whether it keeps what is closed.
pub(crate) struct Terms<'a> {
    pub(crate) book: &'a RuleBook,
    /// Where the book is `current`: what is adopted in the ledger, as known at the replay's last position.
    keeping: Option<&'a Books>,
    /// Made once, for every part of the window.
    since: OnceCell<ClosedTerms>,
}

impl<'a> Terms<'a> {
    /// Those of a book argument.
    pub(crate) fn of(named: &'a NamedBook, books: &'a Books) -> Self {
        Self { book: &named.book, keeping: named.is_current.then_some(books), since: OnceCell::new() }
    }

    /// A book as if nothing were closed.
    pub(crate) fn keeping_nothing(book: &'a RuleBook) -> Self {
        Self { book, keeping: None, since: OnceCell::new() }
    }

    /// A book that is `current`.
    pub(crate) fn current(book: &'a RuleBook, books: &'a Books) -> Self {
        Self { book, keeping: Some(books), since: OnceCell::new() }
    }

    /// Folds every partner of a window; `folded` is told how many are done.
    pub(crate) fn replay(
        &self,
        histories: &Histories,
        through: NaiveDate,
        threads: usize,
        folded: &(dyn Fn(usize) + Sync),
    ) -> Result<Kept, Failure> {
        let note = self.note(histories.of_no_partner(), through);
        let Some(since) = self.since(histories.of_no_partner(), through)? else {
            return Ok(Kept { replayed: replay_telling(histories, self.book, through, threads, folded), note });
        };
        let replayed = replay_closed_telling(histories, self.book, since, through, threads, folded);
        Ok(Kept { replayed, note })
    }

    /// What is closed, and whether it is kept, in one line.
    pub(crate) fn note(&self, facts: &FactsOfNoPartner, through: NaiveDate) -> String {
        note(facts.closings().on(through), self.keeping.is_some())
    }

    /// How the book came from the one of the last closing; none where closings do not count under it.
    pub(crate) fn since(&self, facts: &FactsOfNoPartner, through: NaiveDate) -> Result<Option<&ClosedTerms>, Failure> {
        let Some(books) = self.keeping else { return Ok(None) };
        if let Some(known) = self.since.get() {
            return Ok(Some(known));
        }
        let made = since(facts.closings().on(through), books, self.book)?;
        Ok(Some(self.since.get_or_init(|| made)))
    }
}

/// A replay, and what it took for closed.
pub(crate) struct Kept {
    pub(crate) replayed: Replayed,
    /// One line for the head of an output.
    pub(crate) note: String,
}

/// The terms between the last close and the current book.
fn since(closed: &[Closing], books: &Books, book: &RuleBook) -> Result<ClosedTerms, Failure> {
    match closed.last() {
        Some(last) => terms_since(last, books),
        None => Ok(ClosedTerms::unchanged(Arc::new(book.clone()))),
    }
}

/// The terms that a month was closed under, and how they became those of now, one change after the other.
pub(crate) fn terms_since(closing: &Closing, books: &Books) -> Result<ClosedTerms, Failure> {
    terms_to(closing, books, books.library_current()?)
}

/// The same to the terms of any library.
fn terms_to(closing: &Closing, books: &Books, library: &RuleLibrary) -> Result<ClosedTerms, Failure> {
    let adopted = books.adoptions().adopted(closing.position);
    let then = adopted.library().ok_or_else(|| no_book(closing))?;
    let step = |(name, book)| TermsStep { cause: format!("terms:{name}"), book: Arc::new(book) };
    let steps = announced_steps(then, library).into_iter().map(step).collect();
    Ok(ClosedTerms { at_close: Arc::new(then.current()), steps })
}

/// Folds every partner of a window under the book of a library as if it were the current one: closed months stay as they were
/// pinned, and what it changes of them is trued up. For comparisons that ask for it.
pub(crate) fn replay_keeping(
    histories: &Histories,
    books: &Books,
    library: &RuleLibrary,
    through: NaiveDate,
    threads: usize,
) -> Result<Kept, Failure> {
    let closings = histories.of_no_partner().closings();
    let closed = closings.on(through);
    let (book, note) = (library.current(), note(closed, true));
    let terms = match closed.last() {
        Some(last) => terms_to(last, books, library)?,
        None => ClosedTerms::unchanged(Arc::new(book.clone())),
    };
    Ok(Kept { replayed: replay_closed(histories, &book, &terms, through, threads), note })
}

/// The book that a closing was made under.
pub(crate) fn book_at(books: &Books, closing: &Closing) -> Result<RuleBook, Failure> {
    let adopted = books.adoptions().adopted(closing.position);
    adopted.library().map(RuleLibrary::current).ok_or_else(|| no_book(closing))
}

/// What was pinned for a closing: the bytes by partner.
pub(crate) type Pinned = BTreeMap<PartnerId, Vec<u8>>;

/// What was pinned for a closing. Where a partner has two, the first stands.
pub(crate) fn pinned(snapshot: &Snapshot, closing: &Closing) -> Result<Pinned, Failure> {
    let mut pinned = Pinned::new();
    operators_acts(snapshot, closing.position.next(), closing.recorded, |_, envelope| {
        if let Some((partner_id, rows)) = pinned_in(&envelope, closing) {
            pinned.entry(partner_id).or_insert(rows);
        }
    })?;
    Ok(pinned)
}

/// Where a partner's statement was pinned for a closing. Where it has two, the first stands.
pub(crate) fn pinned_at(
    snapshot: &Snapshot,
    closing: &Closing,
    partner_id: &PartnerId,
) -> Result<Option<Position>, Failure> {
    let mut found = None;
    operators_acts(snapshot, closing.position.next(), closing.recorded, |position, envelope| {
        let Some((of, _)) = pinned_in(&envelope, closing) else { return };
        if of == *partner_id {
            found.get_or_insert(position);
        }
    })?;
    Ok(found)
}

/// The statement that a record pins for a closing, if it does.
pub(crate) fn pinned_in(envelope: &Envelope, closing: &Closing) -> Option<(PartnerId, Vec<u8>)> {
    let Payload::PinnedStatement(statement) = &envelope.payload else { return None };
    let of_closing = |of: Statement| of.position == closing.position;
    let is_its = statement.month == closing.month
        && envelope.effective_on == closing.through
        && Statement::parse(&statement.rows, statement.month, &statement.partner_id).is_ok_and(of_closing);
    is_its.then(|| (statement.partner_id.clone(), statement.rows.clone()))
}

/// Visits the operators' acts of a range. They are few among millions: the others are passed over by their first fields.
pub(crate) fn operators_acts(
    snapshot: &Snapshot,
    first: Position,
    last: Position,
    mut visit: impl FnMut(Position, Envelope),
) -> Result<(), Failure> {
    let scanned = snapshot.scan(first, last, |record: RecordRef<'_>| -> Result<ControlFlow<()>, TakeError> {
        if daybook_proto::peek_id(record.envelope).is_some_and(|id| id.source.is_ledger()) {
            let position = record.position;
            let envelope = daybook_proto::decode(record.envelope)
                .map_err(|fault| TakeError::Decode { position, fault: fault.to_string() })?;
            visit(position, envelope);
        }
        Ok(ControlFlow::Continue(()))
    });
    scanned.map_err(Failure::input)
}

/// Said where the book of a closing is not in the ledger: nobody can tell then what changed since.
pub(crate) fn no_book(closing: &Closing) -> Failure {
    Failure::Input(format!(
        "{} was closed by record {} under the rule book {}, but no book is adopted up to record {}, which its statements \
         contain: closed months cannot be kept; name another book with --book to compute as if nothing were closed",
        closing.month, closing.recorded, closing.terms_hash, closing.position
    ))
}

/// What is closed, in one line.
pub(crate) fn note(closed: &[Closing], is_current: bool) -> String {
    let Some((months, last)) = months(closed) else { return "nothing".to_owned() };
    if is_current {
        format!("{months}, kept as pinned; the last by record {}", last.recorded)
    } else {
        format!("{months}, but computed here as if nothing were: that is kept under the book current alone")
    }
}

/// What is closed and not kept, in one line: of a comparison, which can be asked to keep it.
pub(crate) fn note_not_kept(closed: &[Closing]) -> String {
    match months(closed) {
        Some((months, _)) => format!("{months}, not kept (--keep-closed keeps what is closed)"),
        None => "nothing".to_owned(),
    }
}

/// The closed months in words, and the last closing; none where nothing is closed.
fn months(closed: &[Closing]) -> Option<(String, &Closing)> {
    let (first, last) = (closed.first()?, closed.last()?);
    let is_one = first.month == last.month;
    Some((if is_one { first.month.to_string() } else { format!("{} to {}", first.month, last.month) }, last))
}
