//! What is closed on a through date: shared by all partners.

use super::rates::{LateRate, LateRates};
use super::terms::{Apart, keep_the_same};
use super::{ClosedTerms, Closing};
use crate::fx::FxTable;
use crate::history::FactSource;
use crate::of_no_partner::FactsOfNoPartner;
use chrono::NaiveDate;
use daybook_event::{Currency, Month, Position};
use daybook_rules::model::RuleBook;

/// The closed months, the terms they were closed under, and the terms and rates of now.
#[derive(Debug)]
pub struct ClosedMonths<'a> {
    pub(crate) book: &'a RuleBook,
    /// The rates that count now.
    pub(crate) fx: FxTable,
    pub(crate) through: NaiveDate,
    pub(crate) at_close: &'a RuleBook,
    pub(crate) steps: Vec<Step<'a>>,
    /// The first month that a change of terms can change; none: any may.
    steps_from: Option<Month>,
    closings: Vec<Closing>,
    last: Month,
    known: Position,
    rates: LateRates,
}

/// A change of the terms that can change a closed month.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) cause: &'a str,
    pub(crate) book: &'a RuleBook,
    pub(crate) fx: FxTable,
}

impl<'a> ClosedMonths<'a> {
    /// What is closed on the through date; none: nothing is. `book` is the current book, `terms` say how it came from the
    /// one of the last closing.
    #[must_use]
    pub fn of(
        facts: &FactsOfNoPartner,
        book: &'a RuleBook,
        terms: &'a ClosedTerms,
        through: NaiveDate,
    ) -> Option<Self> {
        let closings = facts.closings().on(through).to_vec();
        let closing = closings.last()?;
        let (last, known) = (closing.month, closing.position);
        let mut before = &*terms.at_close;
        let (mut steps, mut apart) = (Vec::new(), Vec::new());
        for step in &terms.steps {
            let since = Apart::between(before, &step.book);
            if !since.is_after(last.last_day()) {
                let fx = facts.fx_counting(&step.book, through);
                steps.push(Step { cause: &step.cause, book: &step.book, fx });
                apart.push(since);
            }
            before = &step.book;
        }
        let steps_from = steps_from(&terms.at_close, &steps, &apart);
        let rates = LateRates::of(facts, closing, &terms.at_close, through);
        let fx = facts.fx_counting(book, through);
        Some(Self { book, fx, through, at_close: &terms.at_close, steps, steps_from, closings, last, known, rates })
    }

    /// The closings that count, in order of month.
    #[must_use]
    pub fn closings(&self) -> &[Closing] {
        &self.closings
    }

    /// The last closed month.
    #[must_use]
    pub fn last(&self) -> Month {
        self.last
    }

    /// The first month that must be folded again to tell causes apart; none where nothing came after the last closing. The
    /// state before it, under the current book, is what [`settle_closed`](super::settle_closed) may start from.
    #[must_use]
    pub fn again_from(&self, source: &impl FactSource) -> Option<Month> {
        let first = source.first_month().filter(|first| *first <= self.last)?;
        let Some(steps_from) = self.steps_from() else { return Some(first) };
        let facts = source.months_recorded_after(self.known, self.last).into_iter().next();
        let reversed = source.reversals().of_facts_after(self.known).map(|(_, _, _, month)| month);
        let rates = self.rates_used(source).map(|rate| rate.month);
        let late = facts.into_iter().chain(reversed).chain(rates).chain([steps_from]);
        let earliest = late.filter(|month| *month <= self.last).min()?;
        Some(earliest.max(first))
    }

    /// The currencies and months of such rates, and reversals of rates, that were recorded after a position. True-ups may
    /// depend on one even where the rate that counts in the end is as before.
    pub fn rates_recorded_after(&self, position: Position) -> impl Iterator<Item = (Currency, Month)> {
        let later = self.rates.all().iter().filter(move |rate| rate.position > position);
        later.map(|rate| (rate.currency, rate.month))
    }

    /// The first month that a change of terms can change, which is open where none can change a closed one; none: any may.
    pub(crate) fn steps_from(&self) -> Option<Month> {
        if self.steps.is_empty() { Some(self.last.next()) } else { self.steps_from }
    }

    /// The last position that the last closing's statements contain.
    pub(crate) fn known(&self) -> Position {
        self.known
    }

    /// Rates of closed months that the last closing did not count and that may convert something of the partner, in order of
    /// position.
    pub(crate) fn rates_used<'r>(&'r self, source: &'r impl FactSource) -> impl Iterator<Item = &'r LateRate> {
        let rates = self.rates.all();
        let currencies = (!rates.is_empty()).then(|| source.currencies());
        let may_convert = move |rate: &&LateRate| {
            currencies.as_ref().is_some_and(|currencies| currencies.may_convert(rate.currency, rate.month))
        };
        rates.iter().filter(may_convert)
    }

    /// The rates under the terms of the last closing, as of a position after it.
    pub(crate) fn fx_at(&self, position: Position) -> &FxTable {
        self.rates.table(position)
    }

    /// Whether a closing has pinned the correction by hand of that position and month: the first that knows it, of its month
    /// or a later one.
    pub(crate) fn has_pinned(&self, position: Position, month: Month) -> bool {
        self.closings.iter().any(|closing| closing.position >= position && closing.month >= month)
    }
}

/// The first month in which the terms are apart, if a state before it is the same under all of them.
fn steps_from(at_close: &RuleBook, steps: &[Step<'_>], apart: &[Apart]) -> Option<Month> {
    let mut first: Option<Month> = None;
    for since in apart {
        let Apart::From(date) = since else { return None };
        let month = Month::of(*date);
        first = Some(first.map_or(month, |first| first.min(month)));
    }
    first.filter(|first| steps.iter().all(|step| keep_the_same(at_close, step.book, *first)))
}
