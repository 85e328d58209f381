//! The rule book that the adoptions in the ledger ask for.

use crate::ProjectError;
use crate::checkpoint::{FactsMark, ViewCheckpoint, rule_sets};
use crate::no_partner::no_partner_load;
use crate::projector::{Loaded, Projector};
use daybook_event::Position;
use daybook_rules::Adoptions;
use daybook_rules::model::RuleBook;
use daybook_store::{DerivedReader, LedgerReader};
use std::sync::Arc;

/// Names the book for the adoptions up to a position, or says why there is none.
pub type ChooseBook = Box<dyn FnMut(&Adoptions, Position) -> Result<Arc<RuleBook>, String> + Send>;

/// Who chooses, and for how many adoptions and reversals it answered last.
pub(crate) struct Chooser {
    choose: ChooseBook,
    answered_at: Option<usize>,
    /// Why it could not choose when it was asked last: said once, though it is asked again in every step.
    refused: Option<String>,
}

impl Projector {
    /// Goes on under whatever book is chosen for the adoptions that the views have taken in. It is asked again with
    /// every adoption and reversal of one; another book is another generation, built in the next step. Where none can be
    /// chosen, the last one stays, and the next step asks again.
    pub fn follow_adoptions(&mut self, choose: ChooseBook) {
        self.chooser = Some(Chooser { choose, answered_at: None, refused: None });
    }

    /// Whether views of this checkpoint go on as they are, without another generation.
    pub(crate) fn is_of_its_book(&self, checkpoint: &ViewCheckpoint) -> bool {
        checkpoint.is_of(&self.book)
    }

    /// Asks for the book, where something was adopted since it was asked last.
    pub(crate) fn book_choose(&mut self, loaded: &Loaded) {
        let Some(chooser) = &mut self.chooser else { return };
        let count = Some(loaded.adoptions.count());
        if chooser.answered_at == count {
            return;
        }
        let position = loaded.facts.position;
        let chosen = (chooser.choose)(&loaded.adoptions, position);
        if chosen.is_ok() {
            (chooser.answered_at, chooser.refused) = (count, None);
        }
        match chosen {
            Ok(book) if book.terms_hash == self.book.terms_hash && rule_sets(&book) == rule_sets(&self.book) => {}
            Ok(book) => {
                tracing::info!(%position, from = self.book.terms_hash, to = book.terms_hash,
                    "the adoptions ask for another rule book");
                self.book = book;
            }
            Err(why) if chooser.refused.as_ref() == Some(&why) => {}
            Err(why) => {
                tracing::error!(%position, why, rule_book = self.book.terms_hash,
                    "no rule book can be made of the adoptions; the views keep the last one");
                chooser.refused = Some(why);
            }
        }
    }
}

/// The adoptions that the derived file has, and up to which position: spares a reader the ledger up to there. None where
/// there is no such file, or it is not of this ledger.
///
/// # Errors
/// [`ProjectError`] when a file cannot be read.
pub fn adoptions_kept(
    derived: &DerivedReader,
    ledger: &LedgerReader,
) -> Result<Option<(Position, Adoptions)>, ProjectError> {
    // The derived file first: beside a projector at work, a ledger that was read earlier would seem to be behind it.
    let snapshot = derived.snapshot()?;
    let Some(mark) = FactsMark::read(&snapshot)? else { return Ok(None) };
    match mark.check(ledger) {
        Err(error) if error.is_cured_by_rebuild() => return Ok(None),
        checked => checked?,
    }
    let (_, adoptions) = no_partner_load(&snapshot)?;
    Ok(Some((mark.position, adoptions)))
}
