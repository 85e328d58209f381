//! Closed months in the views: whether they count, and under which terms they were closed.

use crate::ProjectError;
use crate::checkpoint::{ClosedUnder, rule_sets};
use crate::projector::{Loaded, Projector};
use chrono::NaiveDate;
use daybook_event::Position;
use daybook_rules::Adoptions;
use daybook_rules::model::RuleBook;
use daybook_views::{ClosedTerms, Closing, FactsOfNoPartner};
use std::sync::Arc;

/// Names the terms of the last closing for the adoptions up to its position, and how the current book came from them. None:
/// the views are made as if nothing were closed. An error stops them.
pub type ChooseClosedTerms =
    Box<dyn FnMut(&Adoptions, &Closing, &Arc<RuleBook>) -> Result<Option<ClosedTerms>, String> + Send>;

/// Who names them, and what it answered last.
pub(crate) struct ClosedChooser {
    choose: ChooseClosedTerms,
    kept: Option<Kept>,
}

struct Kept {
    asked: Asked,
    terms: Option<Arc<ClosedTerms>>,
}

/// What an answer depends on.
#[derive(PartialEq, Eq)]
struct Asked {
    recorded: Position,
    terms_hash: String,
    rule_sets: Vec<String>,
    adoptions: usize,
}

impl Projector {
    /// Keeps closed months as they were pinned. Without this the views are made as if nothing were closed, which is right
    /// for any book but the current one.
    pub fn follow_closings(&mut self, choose: ChooseClosedTerms) {
        self.closed_chooser = Some(ClosedChooser { choose, kept: None });
    }

    /// The terms of the last closing that counts on the date; none where nothing is closed, or closings do not count.
    pub(crate) fn closed_terms(
        &mut self,
        facts: &FactsOfNoPartner,
        adoptions: &Adoptions,
        through: NaiveDate,
    ) -> Result<Option<Arc<ClosedTerms>>, ProjectError> {
        let Some(chooser) = &mut self.closed_chooser else { return Ok(None) };
        let closings = facts.closings();
        let Some(closing) = closings.on(through).last() else { return Ok(None) };
        let asked = Asked {
            recorded: closing.recorded,
            terms_hash: self.book.terms_hash.clone(),
            rule_sets: rule_sets(&self.book),
            adoptions: adoptions.count(),
        };
        if let Some(kept) = chooser.kept.as_ref().filter(|kept| kept.asked == asked) {
            return Ok(kept.terms.clone());
        }
        let chosen = (chooser.choose)(adoptions, closing, &self.book);
        let chosen = chosen.map_err(|why| ProjectError::ClosedTerms { month: closing.month, why })?;
        let terms = chosen.map(Arc::new);
        chooser.kept = Some(Kept { asked, terms: terms.clone() });
        Ok(terms)
    }

    /// What is closed in views of everything taken in, on that date.
    pub(crate) fn closed_under(
        &mut self,
        loaded: &Loaded,
        through: NaiveDate,
    ) -> Result<Option<ClosedUnder>, ProjectError> {
        let terms = self.closed_terms(&loaded.of_no_partner, &loaded.adoptions, through)?;
        Ok(terms.and_then(|terms| ClosedUnder::of(&loaded.of_no_partner, &terms, through)))
    }
}
