//! A state folded under one book, priced and settled under another with the same fold terms: what is looked up again is
//! rates, splits, rounding, co-op and payout terms, never a fact.

use crate::closing::Pinned;
use crate::coop::settle_coop;
use crate::fold::{Booked, settle_booked};
use crate::fx::FxTable;
use crate::history::FactSource;
use crate::lots::lots;
use crate::payout::settle_payouts;
use crate::rows::{PartnerRows, PostingRow};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Overflow, PartnerId};
use daybook_rules::model::{RuleBook, RuleSet};

/// A book to price by, and the one that states were folded under: [`RuleBook::cut_at`] where a set of this one begins.
#[derive(Debug, Clone, Copy)]
pub struct Repricing<'a> {
    folded: &'a RuleBook,
    book: &'a RuleBook,
}

impl<'a> Repricing<'a> {
    /// Prices by `book` what was folded under `folded`. Both must have the same fold terms once they are cut at the same
    /// dates.
    #[must_use]
    pub fn new(folded: &'a RuleBook, book: &'a RuleBook) -> Self {
        Self { folded, book }
    }

    /// The book to price by.
    #[must_use]
    pub fn book(&self) -> &'a RuleBook {
        self.book
    }

    /// Every row, as a fold under the book gives them.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn rows(
        &self,
        fx: &FxTable,
        partner_id: &PartnerId,
        source: &impl FactSource,
        state: &PartnerState,
        through: NaiveDate,
    ) -> Result<PartnerRows, Overflow> {
        let booked = self.booked(state)?;
        let mut rows =
            settle_booked(self.book, fx, partner_id, source.reversals(), state, booked, &Pinned::default(), through)?;
        for row in &mut rows.standing {
            // Standing changes on no date before the first rule set.
            row.rule_set = self.book.set_on_or_first(row.on).version.as_str().into();
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
        postings.into_iter().map(|(set, row)| price(&self.book.sets[set], row)).collect()
    }

    /// The rule set of the book that prices what a set of the folded book did.
    fn set_of(&self, row: &PostingRow) -> usize {
        let named = self.folded.sets.iter().find(|set| set.version == row.rule_set);
        let from = named.map_or_else(|| row.month.first_day(), |set| set.valid_from);
        self.book.index_on(from).unwrap_or_default()
    }
}

fn price(set: &RuleSet, mut row: PostingRow) -> Result<PostingRow, Overflow> {
    let lever = set.levers.iter().find(|lever| lever.name == row.lever);
    // What a cap left of a lever is known rounded; its rate, cap and rounding belong to the fold.
    if let Some(lever) = lever.filter(|lever| lever.cap.is_none()) {
        row.earned = set.rounding.round(row.base.times(lever.rate)?);
    }
    row.rebate = set.rounding.round(row.earned.times(set.split.rebate)?);
    row.coop = row.earned.minus(row.rebate)?;
    row.rule_set = set.version.as_str().into();
    Ok(row)
}
