//! A state folded under one book, priced and settled under another with the same fold terms: what is looked up again is
//! rates, splits, rounding, co-op and payout terms, never a fact.

use crate::closing::Pinned;
use crate::coop::settle_coop;
use crate::fold::{Booked, settle_booked};
use crate::fx::FxTable;
use crate::history::Reversals;
use crate::lots::lots;
use crate::payout::settle_payouts;
use crate::rows::{PartnerRows, PostingRow};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Name, Overflow, PartnerId};
use daybook_rules::model::{RuleBook, RuleSet};

/// A book to price by what was folded under another one.
#[derive(Debug, Clone)]
pub struct Repricing<'b> {
    book: &'b RuleBook,
    /// The names of its rule sets.
    names: Vec<Name>,
    /// The names of the rule sets that states were folded under, each with the rule set of the book on its first date.
    folded: Vec<(Name, usize)>,
}

impl<'b> Repricing<'b> {
    /// Prices by `book` what was folded under `folded`, which is [cut](RuleBook::cut_at) where a set of this one begins. Both
    /// must have the same fold terms once they are cut at the same dates.
    #[must_use]
    pub fn new(folded: &RuleBook, book: &'b RuleBook) -> Self {
        let set = |from: &RuleSet| (Name::from(&from.version), book.index_on(from.valid_from).unwrap_or_default());
        Self {
            book,
            names: book.sets.iter().map(|set| Name::from(&set.version)).collect(),
            folded: folded.sets.iter().map(set).collect(),
        }
    }

    /// The book to price by.
    #[must_use]
    pub fn book(&self) -> &'b RuleBook {
        self.book
    }

    /// Every row, as a fold under the book gives them. The state must not be [heavy](PartnerState::is_heavy): else whether a
    /// sum leaves the range of exact money may depend on the rates, line by line.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn rows(
        &self,
        fx: &FxTable,
        partner_id: &PartnerId,
        reversals: &Reversals,
        state: &PartnerState,
        through: NaiveDate,
    ) -> Result<PartnerRows, Overflow> {
        let booked = self.booked(state)?;
        let mut rows = settle_booked(self.book, fx, partner_id, reversals, state, booked, &Pinned::default(), through)?;
        for row in &mut rows.standing {
            // Standing changes on no date before the first rule set.
            row.rule_set.clone_from(&self.names[self.book.index_on(row.on).unwrap_or_default()]);
        }
        Ok(rows)
    }

    /// The rows that hold money alone: postings, true-ups, lots and payouts. The other views are empty.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn money(
        &self,
        fx: &FxTable,
        partner_id: &PartnerId,
        state: &PartnerState,
        through: NaiveDate,
    ) -> Result<PartnerRows, Overflow> {
        let (book, pinned, mut booked) = (self.book, Pinned::default(), self.booked(state)?);
        let lots = lots(book, state, &booked, &pinned, through)?;
        let coop = settle_coop(book, fx, partner_id, state, lots, through)?;
        let payouts = settle_payouts(book, partner_id, state, &booked, &pinned, &coop.conversions, through)?;
        booked.postings.sort();
        booked.true_ups.sort();
        Ok(PartnerRows {
            postings: booked.postings,
            true_ups: booked.true_ups,
            lots: coop.lots,
            payouts,
            ..PartnerRows::default()
        })
    }

    fn booked(&self, state: &PartnerState) -> Result<Booked, Overflow> {
        let true_ups = state.adjustments.iter().map(|adjusted| adjusted.row.clone()).collect();
        Ok(Booked { postings: self.postings(&state.postings)?, true_ups })
    }

    /// The postings at the rates, splits and roundings of the book. Those of rule sets that are one in the book are one.
    fn postings(&self, folded: &[PostingRow]) -> Result<Vec<PostingRow>, Overflow> {
        let mut postings: Vec<(usize, PostingRow)> = Vec::with_capacity(folded.len());
        for row in folded {
            let set = self.set_of(row);
            match postings.last_mut() {
                // A month's postings come by lever, then by rule set.
                Some((of, last)) if (*of, last.month, &last.lever) == (set, row.month, &row.lever) => {
                    last.base = last.base.plus(row.base)?;
                }
                _ => postings.push((set, row.clone())),
            }
        }
        postings.into_iter().map(|(set, row)| self.price(set, row)).collect()
    }

    /// The rule set of the book that prices what a set of the folded book did.
    fn set_of(&self, row: &PostingRow) -> usize {
        let named = self.folded.iter().find(|(name, _)| *name == row.rule_set);
        named.map_or_else(|| self.book.index_on(row.month.first_day()).unwrap_or_default(), |(_, set)| *set)
    }

    fn price(&self, at: usize, mut row: PostingRow) -> Result<PostingRow, Overflow> {
        let set = &self.book.sets[at];
        let lever = set.levers.iter().find(|lever| lever.name == row.lever.as_str());
        // What a cap left of a lever is known rounded; its rate, cap and rounding belong to the fold.
        if let Some(lever) = lever.filter(|lever| lever.cap.is_none()) {
            row.earned = set.rounding.round(row.base.times(lever.rate)?);
        }
        row.rebate = set.rounding.round(row.earned.times(set.split.rebate)?);
        row.coop = row.earned.minus(row.rebate)?;
        row.rule_set.clone_from(&self.names[at]);
        Ok(row)
    }
}
