//! Several books over one partner with as little folding as they allow: books that differ in prices and settlement only
//! share a fold, and folds share their state up to the first date on which their terms part.

mod kept;
mod partner;

pub use kept::{KeptFault, KeptFold, KeptFolds};

use daybook_event::{Month, NaiveDate};
use daybook_rules::FoldTerms;
use daybook_rules::model::RuleBook;
use daybook_views::{
    CompiledBook, FactsOfNoPartner, FxTable, KeptNames, LineClasses, PartnerRows, Repricing, RevenueMargin,
};
use std::collections::BTreeSet;

/// Books, grouped by what a fold depends on.
#[derive(Debug)]
pub struct SharedFolds<'b> {
    books: &'b [RuleBook],
    through: NaiveDate,
    folds: Vec<Fold>,
    /// How each book prices what its fold sums.
    prices: Vec<Repricing<'b>>,
    /// The fold of each book.
    of_book: Vec<usize>,
    root: Branch,
    /// The way of partners without any competency fee: fewer terms can tell them apart.
    root_without_fees: Branch,
}

/// Books with the same fold terms.
#[derive(Debug)]
struct Fold {
    /// The first of them, with a rule set beginning wherever one of any book does.
    book: RuleBook,
    terms: FoldTerms,
    members: Vec<usize>,
    /// The names that its kept bytes have numbers for; none where it is not kept.
    names: Option<KeptNames>,
}

/// Folds that share their state up to a month.
#[derive(Debug)]
struct Branch {
    /// Its folds, at least one: the shared months are folded by the book of the first.
    folds: Vec<usize>,
    /// The first month that is not shared; none: nothing parts, and each of them ends in the same state.
    parts_in: Option<Month>,
    then: Vec<Branch>,
}

/// Which rows of a book are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them, and how far the partner is from the revenue gates.
    Every,
    /// Those that hold money: postings, true-ups, lots and payouts. Others may be left out.
    Money,
}

/// What is found of one partner.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // handed over at once, never kept
pub enum Found {
    /// The date of its last line up to the through date.
    Billed(Option<NaiveDate>),
    /// Its rows under the book of this number.
    Rows {
        /// The number.
        book: usize,
        /// The rows.
        rows: PartnerRows,
        /// How far it is from each revenue gate on the through date, where every row is wanted.
        margins: Vec<RevenueMargin>,
    },
    /// What is kept of the fold of this number; none where the partner cannot be priced from it.
    Kept {
        /// The number.
        fold: usize,
        /// The bytes.
        bytes: Option<Vec<u8>>,
    },
}

/// The books of the folds, worked out for the lines that they are to fold.
#[derive(Debug)]
pub struct CompiledFolds<'a> {
    classes: &'a LineClasses,
    terms: Vec<CompiledBook<'a>>,
    fx: Vec<FxTable>,
}

impl<'b> SharedFolds<'b> {
    /// Groups the books. There must be at least one.
    #[must_use]
    pub fn of(books: &'b [RuleBook], through: NaiveDate) -> Self {
        let begins: BTreeSet<NaiveDate> = books.iter().flat_map(RuleBook::begins).collect();
        let mut folds: Vec<Fold> = Vec::new();
        let mut of_book = Vec::with_capacity(books.len());
        for (at, book) in books.iter().enumerate() {
            let cut = book.cut_at(&begins);
            let terms = cut.fold_terms();
            let fold = folds.iter().position(|fold| fold.terms == terms).unwrap_or(folds.len());
            if fold == folds.len() {
                folds.push(Fold { book: cut, terms, members: Vec::new(), names: None });
            }
            folds[fold].members.push(at);
            of_book.push(fold);
        }
        let prices = books.iter().zip(&of_book).map(|(book, fold)| Repricing::new(&folds[*fold].book, book)).collect();
        let all = || (0..folds.len()).collect();
        let terms: Vec<FoldTerms> = folds.iter().map(|fold| fold.terms.clone()).collect();
        let root = Branch::of(&terms, all());
        let terms: Vec<FoldTerms> = terms.iter().map(FoldTerms::without_fees).collect();
        let root_without_fees = Branch::of(&terms, all());
        Self { books, through, folds, prices, of_book, root, root_without_fees }
    }

    /// How many folds serve all the books. A partner that some of them cannot tell apart takes fewer.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.folds.len()
    }

    /// The fold that serves a book.
    #[must_use]
    pub fn fold_of(&self, book: usize) -> usize {
        self.of_book[book]
    }

    /// A hash of what a fold depends on. The folds of two builds of the program may have others.
    #[must_use]
    pub fn terms_hash(&self, fold: usize) -> String {
        self.folds[fold].terms.hash()
    }

    /// One of the books that a fold serves.
    #[must_use]
    pub fn book_of(&self, fold: usize) -> &'b RuleBook {
        &self.books[self.folds[fold].members.first().copied().unwrap_or_default()]
    }

    /// Has the folds of some numbers kept: [`Found::Kept`].
    pub fn keep(&mut self, folds: &BTreeSet<usize>) {
        for (at, fold) in self.folds.iter_mut().enumerate() {
            fold.names = folds.contains(&at).then(|| KeptNames::of(&fold.book, self.through));
        }
    }

    /// The names that the kept bytes of a fold have numbers for.
    #[must_use]
    pub fn names(&self, fold: usize) -> Option<&KeptNames> {
        self.folds[fold].names.as_ref()
    }

    /// Works the books of all folds out for these classes of lines, and looks up the exchange rates that count.
    #[must_use]
    pub fn compiled<'a>(&'a self, classes: &'a LineClasses, of_no_partner: &FactsOfNoPartner) -> CompiledFolds<'a> {
        let terms = self.folds.iter().map(|fold| CompiledBook::of(&fold.book, classes.all()));
        let fx = self.folds.iter().map(|fold| of_no_partner.fx_counting(&fold.book, self.through));
        CompiledFolds { classes, terms: terms.collect(), fx: fx.collect() }
    }
}

impl CompiledFolds<'_> {
    /// The exchange rates that count in a fold.
    #[must_use]
    pub fn fx(&self, fold: usize) -> &FxTable {
        &self.fx[fold]
    }
}

impl Branch {
    /// The way of some folds, at least one, given the terms of all.
    fn of(terms: &[FoldTerms], folds: Vec<usize>) -> Self {
        let parts = |one: usize, other: usize| terms[one].parts_from(&terms[other]);
        let first = folds.first().copied().unwrap_or_default();
        let Some(date) = folds.iter().filter_map(|other| parts(first, *other)).min() else {
            return Self { folds, parts_in: None, then: Vec::new() };
        };
        let mut ways: Vec<Vec<usize>> = Vec::new();
        for &fold in &folds {
            let goes_along =
                |way: &&mut Vec<usize>| way.first().is_some_and(|one| parts(*one, fold).is_none_or(|on| on > date));
            match ways.iter_mut().find(goes_along) {
                Some(way) => way.push(fold),
                None => ways.push(vec![fold]),
            }
        }
        let then = ways.into_iter().map(|way| Self::of(terms, way)).collect();
        Self { folds, parts_in: Some(Month::of(date)), then }
    }
}
