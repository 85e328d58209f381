//! Several books over one partner with as little folding as they allow: books that differ in prices and settlement only
//! share a fold, and folds share their state up to the first date on which their terms part.

use daybook_event::{Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::FoldTerms;
use daybook_rules::model::RuleBook;
use daybook_views::{
    FactsOfNoPartner, FoldError, FxTable, PartnerHistory, PartnerRows, PartnerState, Reach, Repricing, fold_partner,
    overflowed, step,
};
use std::collections::BTreeSet;

/// Books, grouped by what a fold depends on.
#[derive(Debug)]
pub struct SharedFolds<'b> {
    books: &'b [RuleBook],
    through: NaiveDate,
    folds: Vec<Fold>,
    /// The fold of each book.
    of_book: Vec<usize>,
    root: Branch,
}

/// Books with the same fold terms.
#[derive(Debug)]
struct Fold {
    /// The first of them, with a rule set beginning wherever one of any book does.
    book: RuleBook,
    terms: FoldTerms,
    fx: FxTable,
    reach: Reach,
    members: Vec<usize>,
}

/// Folds that share their state up to a month.
#[derive(Debug)]
struct Branch {
    /// The fold by whose book the shared months are folded.
    first: usize,
    /// The first month that is not shared; none: nothing parts, and there is one fold.
    parts_in: Option<Month>,
    then: Vec<Branch>,
}

/// Which rows of a book are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    Every,
    /// Those that hold money: postings, true-ups, lots and payouts. Others may be left out.
    Money,
}

impl<'b> SharedFolds<'b> {
    /// Groups the books. There must be at least one.
    #[must_use]
    pub fn of(books: &'b [RuleBook], of_no_partner: &FactsOfNoPartner, through: NaiveDate) -> Self {
        let begins: BTreeSet<NaiveDate> = books.iter().flat_map(RuleBook::begins).collect();
        let mut folds: Vec<Fold> = Vec::new();
        let mut of_book = Vec::with_capacity(books.len());
        for (at, book) in books.iter().enumerate() {
            let cut = book.cut_at(&begins);
            let terms = cut.fold_terms();
            let fold = folds.iter().position(|fold| fold.terms == terms).unwrap_or(folds.len());
            if fold == folds.len() {
                let fx = of_no_partner.fx_counting(book, through);
                let reach = Reach::of(books, book.sets[0].currency, &fx);
                folds.push(Fold { book: cut, terms, fx, reach, members: Vec::new() });
            }
            folds[fold].members.push(at);
            of_book.push(fold);
        }
        let root = Branch::of(&folds, (0..folds.len()).collect());
        Self { books, through, folds, of_book, root }
    }

    /// How many folds serve all the books.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.folds.len()
    }

    /// Hands over the rows of a partner under every book, each as a fold under that book alone gives them.
    ///
    /// # Errors
    /// Whatever `visit` returns.
    pub fn rows<E>(
        &self,
        partner_id: &PartnerId,
        history: &PartnerHistory,
        wanted: &dyn Fn(usize) -> Wanted,
        visit: &mut dyn FnMut(usize, PartnerRows) -> Result<(), E>,
    ) -> Result<(), E> {
        let (Some(first), true) = (history.first_month(), self.folds.iter().all(|fold| fold.reach.holds(history)))
        else {
            return self.alone(partner_id, history, visit);
        };
        let partner = Partner { folds: self, partner_id, history, first, wanted };
        partner.branch(&self.root, PartnerState::before(first), visit)
    }

    /// A partner under one book after the other.
    fn alone<E>(
        &self,
        partner_id: &PartnerId,
        history: &PartnerHistory,
        visit: &mut dyn FnMut(usize, PartnerRows) -> Result<(), E>,
    ) -> Result<(), E> {
        for (at, book) in self.books.iter().enumerate() {
            let fx = &self.folds[self.of_book[at]].fx;
            visit(at, fold_partner(book, fx, partner_id, history, self.through))?;
        }
        Ok(())
    }
}

impl Branch {
    /// The way of some folds, at least one.
    fn of(folds: &[Fold], some: Vec<usize>) -> Self {
        let first = some.first().copied().unwrap_or_default();
        let parts = |other: &usize| folds[first].terms.parts_from(&folds[*other].terms);
        let Some(date) = some.iter().filter_map(parts).min() else {
            return Self { first, parts_in: None, then: Vec::new() };
        };
        let mut ways: Vec<Vec<usize>> = Vec::new();
        for fold in some {
            let goes_along = |way: &&mut Vec<usize>| {
                way.first()
                    .is_some_and(|one| folds[*one].terms.parts_from(&folds[fold].terms).is_none_or(|on| on > date))
            };
            match ways.iter_mut().find(goes_along) {
                Some(way) => way.push(fold),
                None => ways.push(vec![fold]),
            }
        }
        let then = ways.into_iter().map(|way| Self::of(folds, way)).collect();
        Self { first, parts_in: Some(Month::of(date)), then }
    }

    /// Every fold on the way.
    fn folds(&self) -> Vec<usize> {
        if self.then.is_empty() { vec![self.first] } else { self.then.iter().flat_map(Self::folds).collect() }
    }
}

/// One partner under all the books.
struct Partner<'a> {
    folds: &'a SharedFolds<'a>,
    partner_id: &'a PartnerId,
    history: &'a PartnerHistory,
    first: Month,
    wanted: &'a dyn Fn(usize) -> Wanted,
}

type Visit<'v, E> = &'v mut dyn FnMut(usize, PartnerRows) -> Result<(), E>;

impl Partner<'_> {
    fn branch<E>(&self, branch: &Branch, mut state: PartnerState, visit: Visit<'_, E>) -> Result<(), E> {
        let fold = &self.folds.folds[branch.first];
        let end = Month::of(self.folds.through).next();
        if self.advance(fold, &mut state, branch.parts_in.map_or(end, |month| month.min(end))).is_err() {
            // The sums of these months are those of every fold on the way.
            return branch.folds().into_iter().try_for_each(|fold| self.overflowed(fold, visit));
        }
        let Some((last, others)) = branch.then.split_last() else { return self.leaf(fold, &state, visit) };
        for way in others {
            self.branch(way, state.clone(), visit)?;
        }
        self.branch(last, state, visit)
    }

    fn advance(&self, fold: &Fold, state: &mut PartnerState, end: Month) -> Result<(), Overflow> {
        while state.next_month < end {
            match step(&fold.book, &fold.fx, self.partner_id, self.history, state, self.folds.through) {
                Ok(_) => {}
                Err(FoldError::Overflow(overflow)) => return Err(overflow),
                Err(FoldError::Facts(never)) => match never {},
            }
        }
        Ok(())
    }

    /// Prices and settles the end of a fold by each of its books.
    fn leaf<E>(&self, fold: &Fold, state: &PartnerState, visit: Visit<'_, E>) -> Result<(), E> {
        let (id, through) = (self.partner_id, self.folds.through);
        for &at in &fold.members {
            let repricing = Repricing::new(&fold.book, &self.folds.books[at]);
            let rows = match (self.wanted)(at) {
                Wanted::Every => repricing.rows(&fold.fx, id, self.history, state, through),
                Wanted::Money => repricing.money(&fold.fx, id, state, through),
            };
            visit(at, rows.unwrap_or_else(|_| overflowed(id, self.first)))?;
        }
        Ok(())
    }

    fn overflowed<E>(&self, fold: usize, visit: Visit<'_, E>) -> Result<(), E> {
        let members = &self.folds.folds[fold].members;
        members.iter().try_for_each(|&at| visit(at, overflowed(self.partner_id, self.first)))
    }
}
