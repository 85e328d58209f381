//! A rule book worked out for classes of lines: which levers may apply to which class on which dates. Found out once for
//! all partners.

use crate::customers::Asked;
use crate::lines::{BilledClass, LineClass};
use chrono::NaiveDate;
use daybook_event::{Currency, Month, Name, Product};
use daybook_rules::model::{Base, Lever, Match, RuleBook, RuleSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Stands for the product and the currency of what has none.
pub(crate) const NO_PRODUCT: u32 = u32::MAX;

/// A rule book and the classes of lines that it prices.
#[derive(Debug)]
pub struct CompiledBook<'a> {
    pub(crate) book: &'a RuleBook,
    classes: &'a [LineClass],
    /// The product of each class, by number; [`NO_PRODUCT`] of moneyless ones.
    pub(crate) products: Vec<u32>,
    distinct_products: Vec<&'a Product>,
    /// The currency of each class, by number; [`NO_PRODUCT`] of moneyless ones.
    currencies: Vec<u32>,
    pub(crate) distinct_currencies: Vec<Currency>,
    /// Dates on which every class is treated alike, ascending.
    spans: Vec<Span>,
    /// Levers that some rule set caps, by name.
    pub(crate) capped: BTreeSet<&'a str>,
    /// The names of each rule set and of its levers, to be shared by rows.
    names: Vec<(Name, Vec<Name>)>,
    asked: Vec<Asked>,
    asked_from: Month,
}

/// Dates under one rule set and one edition of the catalogue.
#[derive(Debug)]
struct Span {
    from: NaiveDate,
    rule_set: usize,
    fits: OnceLock<Fits>,
}

/// What the terms of a span make of every class.
#[derive(Debug)]
pub(crate) struct Fits {
    /// The cell of each class: lines of one cell differ in nothing that prices them but customer and amount.
    pub(crate) cell_of_class: Vec<u32>,
    /// The cells; those past them are of moneyless lines.
    pub(crate) cells: Vec<Cell>,
    /// The levers that may apply, by fit.
    all: Vec<Fit>,
    /// Whether the set has a lever that asks for a market.
    pub(crate) asks_market: bool,
}

/// Lines that are summed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) fit: usize,
    pub(crate) currency: u32,
}

/// The levers of a rule set that take a class, markets, customers and needs apart.
#[derive(Debug)]
pub(crate) struct Fit {
    /// By index into the rule set, in file order.
    pub(crate) levers: Vec<usize>,
    /// Whether every line of it is treated alike on one day, and contributes by itself.
    pub(crate) is_plain: bool,
}

impl<'a> CompiledBook<'a> {
    /// The book worked out for these classes, for folds of any month.
    #[must_use]
    pub fn of(book: &'a RuleBook, classes: &'a [LineClass]) -> Self {
        // Growth looks a year ahead; before that, and after the last set has begun, every month asks the same.
        let begins = |at: usize| book.sets.get(at).map_or(Month::from_index(0), |set| Month::of(set.valid_from));
        let (first, last) = (begins(0).plus(-14), begins(book.sets.len() - 1).plus(1));
        Self::asking(book, classes, first, last)
    }

    /// The same, for a fold of one month.
    pub(crate) fn of_month(book: &'a RuleBook, classes: &'a [LineClass], month: Month) -> Self {
        Self::asking(book, classes, month, month)
    }

    fn asking(book: &'a RuleBook, classes: &'a [LineClass], first: Month, last: Month) -> Self {
        let billed = || classes.iter().map(LineClass::billed);
        let (products, distinct_products) = numbered(billed().map(|class| class.map(|class| &class.product)));
        let (currencies, distinct_currencies) = numbered(billed().map(|class| class.map(|class| class.currency)));
        let capped = book.sets.iter().flat_map(|set| &set.levers).filter(|lever| lever.cap.is_some());
        let asked = (0..=last.since(first)).map(|at| Asked::by(book, first.plus(at))).collect();
        Self {
            book,
            classes,
            products,
            distinct_products,
            currencies,
            distinct_currencies,
            spans: spans(book),
            capped: capped.map(|lever| lever.name.as_str()).collect(),
            names: book.sets.iter().map(names).collect(),
            asked,
            asked_from: first,
        }
    }

    /// The name of a rule set.
    pub(crate) fn set_name(&self, rule_set: usize) -> Name {
        self.names[rule_set].0.clone()
    }

    /// The name of a lever of a rule set.
    pub(crate) fn lever_name(&self, rule_set: usize, lever: usize) -> Name {
        self.names[rule_set].1[lever].clone()
    }

    /// What the terms ask about customers in a month.
    pub(crate) fn asked(&self, month: Month) -> Asked {
        let last = self.asked.len().saturating_sub(1);
        let at = usize::try_from(month.since(self.asked_from)).unwrap_or(0).min(last);
        self.asked[at]
    }

    /// The span of a date; none before the first rule set.
    pub(crate) fn span_on(&self, on: NaiveDate) -> Option<usize> {
        self.spans.partition_point(|span| span.from <= on).checked_sub(1)
    }

    /// The span of a month's first day, and whether another begins within the month.
    pub(crate) fn span_within(&self, month: Month) -> (Option<usize>, bool) {
        let span = self.span_on(month.first_day());
        let next = self.spans.get(span.map_or(0, |span| span + 1));
        (span, next.is_some_and(|next| next.from <= month.last_day()))
    }

    /// The rule set of a span, by index.
    pub(crate) fn rule_set(&self, span: usize) -> usize {
        self.spans[span].rule_set
    }

    /// What the terms of a span make of every class.
    pub(crate) fn fits(&self, span: usize) -> &Fits {
        let span = &self.spans[span];
        span.fits.get_or_init(|| self.work_out(&self.book.sets[span.rule_set], span.from))
    }

    /// The class of that number; none of a moneyless one.
    pub(crate) fn class(&self, number: u32) -> Option<&'a BilledClass> {
        self.classes.get(number as usize).and_then(LineClass::billed)
    }

    /// The number of a class's currency.
    pub(crate) fn currency_of(&self, class: u32) -> usize {
        self.currencies[class as usize] as usize
    }

    /// The product of that number.
    pub(crate) fn product(&self, number: u32) -> &'a Product {
        self.distinct_products[number as usize]
    }

    /// How many products there are.
    pub(crate) fn product_count(&self) -> usize {
        self.distinct_products.len()
    }

    fn work_out(&self, set: &RuleSet, on: NaiveDate) -> Fits {
        let groups_of = |product: &&Product| set.groups_of(product, self.book.catalogue.family_of(product, on));
        let groups: Vec<Vec<usize>> = self.distinct_products.iter().map(groups_of).collect();
        let (mut all, mut known) = (Vec::new(), BTreeMap::new());
        let mut cells: BTreeMap<Cell, u32> = BTreeMap::new();
        let mut cell_of_class = Vec::with_capacity(self.classes.len());
        for (at, class) in self.classes.iter().enumerate() {
            let Some(class) = class.billed() else {
                cell_of_class.push(MONEYLESS);
                continue;
            };
            let levers = levers_of(set, class, &groups[self.products[at] as usize]);
            let fit = *known.entry(levers.clone()).or_insert_with(|| {
                let is_plain = levers.iter().all(|lever| self.is_plain(&set.levers[*lever]));
                all.push(Fit { levers, is_plain });
                all.len() - 1
            });
            let next = u32::try_from(cells.len()).unwrap_or(MONEYLESS);
            cell_of_class.push(*cells.entry(Cell { fit, currency: self.currencies[at] }).or_insert(next));
        }
        let moneyless = u32::try_from(cells.len()).unwrap_or(MONEYLESS);
        cell_of_class.iter_mut().filter(|cell| **cell == MONEYLESS).for_each(|cell| *cell = moneyless);
        let mut in_order: Vec<(u32, Cell)> = cells.into_iter().map(|(cell, number)| (number, cell)).collect();
        in_order.sort_unstable();
        let cells = in_order.into_iter().map(|(_, cell)| cell).collect();
        let asks_market = set.levers.iter().any(|lever| !lever.matches.markets.is_empty());
        Fits { cell_of_class, cells, all, asks_market }
    }

    fn is_plain(&self, lever: &Lever) -> bool {
        lever.base == Base::BilledRevenue && !self.capped.contains(lever.name.as_str())
    }
}

/// Not a cell: replaced by the number past them once that is known.
const MONEYLESS: u32 = u32::MAX;

impl Fits {
    /// The levers that may apply to a class.
    pub(crate) fn fit_of_class(&self, class: u32) -> Option<&Fit> {
        self.cells.get(self.cell_of_class[class as usize] as usize).map(|cell| self.fit(*cell))
    }

    /// The levers that may apply to the lines of a fit.
    pub(crate) fn levers_of_fit(&self, fit: usize) -> &[usize] {
        &self.all[fit].levers
    }

    /// The levers that may apply to the lines of a cell.
    pub(crate) fn fit(&self, cell: Cell) -> &Fit {
        &self.all[cell.fit]
    }
}

fn names(set: &RuleSet) -> (Name, Vec<Name>) {
    (set.version.as_str().into(), set.levers.iter().map(|lever| lever.name.as_str().into()).collect())
}

fn levers_of(set: &RuleSet, class: &BilledClass, groups: &[usize]) -> Vec<usize> {
    let takes = |lever: &Lever| {
        takes_group(&lever.matches, groups)
            && lever.matches.takes_segment(class.segment)
            && lever.matches.takes_charge_type(&class.charge_type)
    };
    (0..set.levers.len()).filter(|at| takes(&set.levers[*at])).collect()
}

/// Whether a match takes a product of these groups.
pub(crate) fn takes_group(wanted: &Match, groups: &[usize]) -> bool {
    wanted.groups.is_empty() || wanted.groups.iter().any(|group| groups.contains(group))
}

/// The dates from which a rule set or an edition of the catalogue holds, from the first rule set on.
fn spans(book: &RuleBook) -> Vec<Span> {
    let sets = book.sets.iter().map(|set| set.valid_from);
    let dates: BTreeSet<NaiveDate> = sets.chain(book.catalogue.editions.iter().map(|edition| edition.from)).collect();
    let span = |from| book.index_on(from).map(|rule_set| Span { from, rule_set, fits: OnceLock::new() });
    dates.into_iter().filter_map(span).collect()
}

/// The distinct values, and the number of each in a list; [`NO_PRODUCT`] where there is none.
fn numbered<T: Ord + Copy>(values: impl Iterator<Item = Option<T>>) -> (Vec<u32>, Vec<T>) {
    let (mut numbers, mut distinct) = (BTreeMap::new(), Vec::new());
    let number = |value: Option<T>| {
        value.map_or(NO_PRODUCT, |value| {
            *numbers.entry(value).or_insert_with(|| {
                distinct.push(value);
                u32::try_from(distinct.len() - 1).unwrap_or(u32::MAX)
            })
        })
    };
    (values.map(number).collect(), distinct)
}
