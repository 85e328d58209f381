//! One partner folded for all the books.

use super::{Branch, CompiledFolds, Found, SharedFolds, Wanted};
use daybook_event::{Month, PartnerId};
use daybook_rules::asks::FEE_FACTS;
use daybook_views::fact::{Fact, FactKind};
use daybook_views::{
    CompiledBook, FoldError, KeptPartner, LinesError, PartnerColumns, PartnerRows, PartnerState, RevenueMargin,
    advance_columns, fold_columns, margins_of, overflowed, revenue_margins,
};

/// Who takes what is found.
type Visit<'v, E> = &'v mut dyn FnMut(Found) -> Result<(), E>;

impl SharedFolds<'_> {
    /// Hands over the rows of a partner under every book, each as a fold under that book alone gives them, in any order; and
    /// what is kept of folds.
    ///
    /// # Errors
    /// [`LinesError`] where columns cannot be read, or whatever `visit` returns.
    pub fn rows<E: From<LinesError>>(
        &self,
        compiled: &CompiledFolds<'_>,
        partner_id: &PartnerId,
        columns: &PartnerColumns,
        wanted: &dyn Fn(usize) -> Wanted,
        visit: Visit<'_, E>,
    ) -> Result<(), E> {
        let end = Month::of(self.through).next();
        let first = columns.first_month().unwrap_or(end);
        visit(Found::Billed(columns.last_billed(compiled.classes, self.through)))?;
        let partner = Partner { folds: self, compiled, partner_id, columns, first, end, wanted };
        let root = if has_fees(columns) { &self.root } else { &self.root_without_fees };
        partner.branch(root, PartnerState::before(first), visit)
    }
}

/// Whether anybody ever said of the partner that it has paid for a competency.
fn has_fees(columns: &PartnerColumns) -> bool {
    let is_fee = |fact: &Fact| match &fact.kind {
        FactKind::Standing(standing) => standing.fact.starts_with(FEE_FACTS),
        _ => false,
    };
    columns.others.iter().any(is_fee)
}

struct Partner<'a> {
    folds: &'a SharedFolds<'a>,
    compiled: &'a CompiledFolds<'a>,
    partner_id: &'a PartnerId,
    columns: &'a PartnerColumns,
    first: Month,
    /// The first month after the through date's.
    end: Month,
    wanted: &'a dyn Fn(usize) -> Wanted,
}

impl Partner<'_> {
    fn branch<E: From<LinesError>>(
        &self,
        branch: &Branch,
        mut state: PartnerState,
        visit: Visit<'_, E>,
    ) -> Result<(), E> {
        let by = branch.folds.first().copied().unwrap_or_default();
        let (terms, fx) = (&self.compiled.terms[by], &self.compiled.fx[by]);
        let until = branch.parts_in.map_or(self.end, |month| month.min(self.end));
        let (id, through) = (self.partner_id, self.folds.through);
        match advance_columns(terms, fx, id, self.columns, &mut state, until, through) {
            Ok(()) if !state.is_heavy() => {}
            // Whether a sum leaves the range may depend on each book's own rates.
            Ok(()) | Err(FoldError::Overflow(_)) => return self.alone(&branch.folds, visit),
            Err(FoldError::Facts(error)) => return Err(error.into()),
        }
        let Some((last, others)) = branch.then.split_last() else {
            return branch.folds.iter().try_for_each(|fold| self.leaf(*fold, &state, visit));
        };
        for way in others {
            self.branch(way, state.clone(), visit)?;
        }
        self.branch(last, state, visit)
    }

    /// Prices and settles the end of a fold by each of its books.
    fn leaf<E>(&self, at: usize, state: &PartnerState, visit: Visit<'_, E>) -> Result<(), E> {
        let (fold, fx) = (&self.folds.folds[at], &self.compiled.fx[at]);
        let (id, through, reversals) = (self.partner_id, self.folds.through, &self.columns.reversals);
        for &book in &fold.members {
            let repricing = &self.folds.prices[book];
            let (rows, margins) = match (self.wanted)(book) {
                Wanted::Every => (
                    repricing.rows(fx, id, reversals, state, through),
                    margins_of(&fold.book, state, through).unwrap_or_default(),
                ),
                Wanted::Money => (repricing.money(fx, id, state, through), Vec::new()),
            };
            let rows = rows.unwrap_or_else(|_| overflowed(id, self.first));
            visit(Found::Rows { book, rows, margins })?;
        }
        let Some(names) = &fold.names else { return Ok(()) };
        let bytes = KeptPartner::bytes_of((&fold.book, names), id, reversals, self.first, state, through);
        visit(Found::Kept { fold: at, bytes: bytes.unwrap_or_default() })
    }

    /// The books of some folds, one after the other.
    fn alone<E: From<LinesError>>(&self, folds: &[usize], visit: Visit<'_, E>) -> Result<(), E> {
        for &at in folds {
            let fold = &self.folds.folds[at];
            for &book in &fold.members {
                let (rows, margins) = self.of_book(at, book)?;
                visit(Found::Rows { book, rows, margins })?;
            }
            if fold.names.is_some() {
                visit(Found::Kept { fold: at, bytes: None })?;
            }
        }
        Ok(())
    }

    fn of_book(&self, fold: usize, book: usize) -> Result<(PartnerRows, Vec<RevenueMargin>), LinesError> {
        let (id, through, fx) = (self.partner_id, self.folds.through, &self.compiled.fx[fold]);
        let (book_terms, classes) = (&self.folds.books[book], self.compiled.classes);
        let rows = fold_columns(&CompiledBook::of(book_terms, classes.all()), fx, id, self.columns, through)?;
        let margins = match (self.wanted)(book) {
            Wanted::Every => {
                let history = self.columns.history(classes)?;
                revenue_margins(book_terms, fx, id, &history, through).unwrap_or_default()
            }
            Wanted::Money => Vec::new(),
        };
        Ok((rows, margins))
    }
}
