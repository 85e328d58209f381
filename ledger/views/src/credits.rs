//! Which line's terms a credit takes over, and what each line is worth in program currency.

use crate::compiled::CompiledBook;
use crate::fx::FxTable;
use crate::lines::Lines;
use crate::money::Conversion;
use chrono::NaiveDate;
use daybook_event::{Exact, Month};

/// A line with the line whose terms price it, both by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolved {
    pub(crate) row: usize,
    /// The row whose date, class and customer price it: its own, or that of the first line of the chain of credits.
    pub(crate) by: usize,
    /// Whether it is priced by another line.
    pub(crate) is_credit: bool,
    /// The chain led to a line that was reversed.
    pub(crate) of_reversed: bool,
    /// In program currency; none without a rate, where the product is too large to hold, or where either is so of the
    /// first line: a credit takes over the bucket, and gives nothing back of what was in no sum.
    pub(crate) amount: Option<Exact>,
    /// The first line's own amount in program currency.
    pub(crate) root_worth: Option<Exact>,
    /// What is odd about it.
    pub(crate) findings: [Option<&'static str>; 2],
}

/// How a chain of credits ends.
enum Chain {
    /// Nothing credited, or nothing that can be: priced on its own date. The finding says why.
    Itself(Option<&'static str>),
    Root(usize),
    Reversed(usize),
}

/// A partner's lines under a book, with the rates that count and what was reversed.
#[derive(Clone, Copy)]
pub(crate) struct LinesUnder<'a> {
    pub(crate) terms: &'a CompiledBook<'a>,
    pub(crate) fx: &'a FxTable,
    pub(crate) lines: &'a Lines,
    /// Rows that are reversed, ascending.
    pub(crate) reversed: &'a [u32],
}

impl<'a> LinesUnder<'a> {
    pub(crate) fn resolve(&self, row: usize) -> Resolved {
        let (by, is_credit, of_reversed, finding) = match self.chain(row) {
            Chain::Itself(finding) => (row, false, false, finding),
            Chain::Root(root) => (root, true, false, None),
            Chain::Reversed(root) => (root, true, true, Some("CREDIT_OF_REVERSED")),
        };
        let other_currency = self.currency(row) != self.currency(by);
        let findings = [finding, other_currency.then_some("CREDIT_OTHER_CURRENCY")];
        let rate_month = Month::of(self.on(by));
        let mut amount = self.convert(row, rate_month);
        let root_worth = if is_credit && !of_reversed { self.convert(by, rate_month) } else { None };
        if is_credit && !of_reversed {
            amount = amount.filter(|_| root_worth.is_some());
        }
        Resolved { row, by, is_credit, of_reversed, amount, root_worth, findings }
    }

    pub(crate) fn on(&self, row: usize) -> NaiveDate {
        self.lines.on(row)
    }

    pub(crate) fn class(&self, row: usize) -> u32 {
        self.lines.classes[row]
    }

    pub(crate) fn is_reversed(&self, row: usize) -> bool {
        !self.reversed.is_empty() && self.reversed.binary_search_by_key(&row, |at| *at as usize).is_ok()
    }

    pub(crate) fn currency(&self, row: usize) -> usize {
        self.terms.currency_of(self.class(row))
    }

    /// How amounts of a currency convert in a month.
    pub(crate) fn conversion(&self, currency: usize, month: Month) -> Option<Conversion> {
        let program = self.terms.book.sets[0].currency;
        Conversion::of(self.fx, program, self.terms.distinct_currencies[currency], month)
    }

    /// The exchange rate is that of the month of the line that prices it.
    fn convert(&self, row: usize, rate_month: Month) -> Option<Exact> {
        self.conversion(self.currency(row), rate_month)?.amount(self.lines.nanos(row))
    }

    fn chain(&self, first: usize) -> Chain {
        let mut chain: Vec<usize> = Vec::new();
        let mut current = first;
        // Only lines of one date can credit each other in a circle, and some of them a later row.
        let mut any_later = false;
        loop {
            let Some(credit) = self.lines.credit_at(current).map(|at| self.lines.credits[at]) else {
                return if chain.is_empty() { Chain::Itself(None) } else { Chain::Root(current) };
            };
            let target = credit.target.map(|row| row as usize);
            let found = target.filter(|found| self.lines.on_days[*found] <= self.lines.on_days[current]);
            let Some(found) = found else {
                let finding = Chain::Itself(Some("CREDIT_TARGET_UNKNOWN"));
                return if chain.is_empty() { finding } else { Chain::Root(current) };
            };
            if self.is_reversed(found) {
                return Chain::Reversed(found);
            }
            chain.push(current);
            any_later |= found >= current;
            let met = if any_later { chain.iter().position(|row| *row == found) } else { None };
            if let Some(again) = met {
                // Whoever credits a member of a cycle prices itself: the members, and the one that leads into it.
                let prices_itself = again.saturating_sub(1);
                return if prices_itself == 0 {
                    Chain::Itself(Some("CREDIT_CYCLE"))
                } else {
                    Chain::Root(chain[prices_itself])
                };
            }
            current = found;
        }
    }
}
