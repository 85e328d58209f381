//! A month of lines: taken into the state day by day, then priced and booked. Lines that are treated alike are summed first,
//! and the rates applied to the sum.

mod note;
mod sum;

use crate::apart::{Apart, price};
use crate::booking::{MonthSums, billed_twice, book_month, note_oddities};
use crate::caps::apply_caps;
use crate::compiled::NO_PRODUCT;
use crate::credits::{LinesUnder, Resolved};
use crate::customers::Asked;
use crate::growth;
use crate::lines::{LinesError, within};
use crate::money::Conversion;
use crate::pricing::Pricer;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Overflow, PartnerId};
use std::ops::Range;

/// Why a month could not be folded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error(transparent)]
    Overflow(#[from] Overflow),
    #[error(transparent)]
    Lines(#[from] LinesError),
}

/// Stands for a customer or product that has no number in the state yet.
const UNKNOWN: usize = usize::MAX;

/// The fold of one partner's lines, and what it remembers from month to month: nothing that a state depends on.
pub(crate) struct LineFold<'a> {
    pub(crate) under: LinesUnder<'a>,
    /// Whether every line is looked at by itself.
    pub(crate) by_line: bool,
    /// The state's number of each customer.
    customers: Vec<usize>,
    /// The state's number of each product.
    products: Vec<usize>,
    /// What was billed on a day, by product and currency, in 10^-9 of the currency, and by how many lines.
    day_sums: Vec<(i128, u64)>,
    /// The places of those that have lines.
    day_places: Vec<usize>,
    /// Customers and products, a bit for each pair of which a sale was noted: later ones tell nothing new. Empty where there
    /// are too many.
    sold: Vec<u64>,
}

/// Pairs of customers and products that are remembered by a bit each.
const SOLD_BITS_MAX: usize = 1 << 26;

/// A month on the way through the fold.
pub(crate) struct MonthOfLines {
    month: Month,
    asked: Asked,
    /// How amounts convert, by currency.
    conversions: Vec<Option<Conversion>>,
    rows: Range<usize>,
    /// Rows that are credits, resolved, ascending.
    credits: Vec<Resolved>,
    /// Rows that are credits, reversed, or of an amount of more than 64 bits, ascending: all others are plain.
    exceptions: Vec<usize>,
    /// Days with lines that count, each with the rows of its date.
    days: Vec<Range<usize>>,
    by_line: bool,
}

impl<'a> LineFold<'a> {
    pub(crate) fn new(under: LinesUnder<'a>, by_line: bool) -> Self {
        let products = under.terms.product_count();
        let customers = under.lines.customer_count as usize;
        let pairs = Some(customers.saturating_mul(products)).filter(|pairs| *pairs <= SOLD_BITS_MAX);
        Self {
            under,
            by_line,
            customers: vec![UNKNOWN; customers],
            products: vec![UNKNOWN; products],
            day_sums: vec![(0, 0); products * under.terms.distinct_currencies.len()],
            day_places: Vec::new(),
            sold: vec![0; pairs.map_or(0, |pairs| pairs.div_ceil(64))],
        }
    }

    /// Numbers the customers in the state as they are in the columns: for a state that nothing else names customers of.
    pub(crate) fn number_customers(&mut self, state: &mut PartnerState) {
        state.customers.number_all(self.customers.len());
        self.customers.iter_mut().enumerate().for_each(|(at, number)| *number = at);
    }

    /// Prepares a month up to a date.
    pub(crate) fn month(&self, state: &mut PartnerState, month: Month, through: NaiveDate) -> MonthOfLines {
        let mut rows = self.under.lines.month_rows(month);
        if through < month.last_day() {
            rows.end = self.under.lines.rows_until(through).max(rows.start);
        }
        let all = &self.under.lines.credits;
        let credits = all[within(all, &rows, |one| one.row)].iter().map(|credit| credit.row as usize);
        let credits = credits.filter(|row| !self.under.is_reversed(*row)).map(|row| self.under.resolve(row)).collect();
        let conversions = match rows.is_empty() {
            true => Vec::new(),
            false => {
                (0..self.under.terms.distinct_currencies.len()).map(|at| self.under.conversion(at, month)).collect()
            }
        };
        let asked = self.under.terms.asked(month);
        let exceptions = self.exceptions(&rows);
        let (days, by_line) = (Vec::new(), false);
        let mut of = MonthOfLines { month, asked, conversions, rows, credits, exceptions, days, by_line };
        self.weigh(state, &of);
        of.by_line = self.by_line || state.is_heavy();
        of
    }

    fn exceptions(&self, rows: &Range<usize>) -> Vec<usize> {
        let (lines, reversed) = (self.under.lines, self.under.reversed);
        let reversed = &reversed[within(reversed, rows, |row| *row)];
        let credits = &lines.credits[within(&lines.credits, rows, |one| one.row)];
        let wide = &lines.amounts_wide[within(&lines.amounts_wide, rows, |(row, _)| *row)];
        let credits = credits.iter().map(|credit| credit.row);
        let all = reversed.iter().copied().chain(credits).chain(wide.iter().map(|(row, _)| *row));
        let mut all: Vec<usize> = all.map(|row| row as usize).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Notes how much goes into sums, in whatever currency it is kept.
    fn weigh(&self, state: &mut PartnerState, of: &MonthOfLines) {
        let lines = self.under.lines;
        let mut by_currency = vec![0_i128; of.conversions.len()];
        for row in of.rows.clone() {
            // Moneyless lines have no currency.
            if let Some(sum) = by_currency.get_mut(self.under.currency(row)) {
                *sum += i128::from(lines.amounts[row].unsigned_abs());
            }
        }
        for (row, nanos) in &lines.amounts_wide[within(&lines.amounts_wide, &of.rows, |(row, _)| *row)] {
            by_currency[self.under.currency(*row as usize)] += nanos.abs();
        }
        for (nanos, conversion) in by_currency.into_iter().zip(&of.conversions) {
            for worth in [Some(Conversion::own()), *conversion].into_iter().flatten() {
                state.weigh(worth.sum(nanos).unwrap_or(Exact::from_raw(i128::MAX)));
            }
        }
        of.credits.iter().filter_map(|line| line.amount).for_each(|amount| state.weigh(amount));
    }

    /// The line of a row if it counts: not reversed, and not moneyless.
    fn counting(&self, of: &MonthOfLines, row: usize) -> Option<Resolved> {
        let class = self.under.lines.classes[row];
        if self.under.terms.products[class as usize] == NO_PRODUCT || self.under.is_reversed(row) {
            return None;
        }
        if let Ok(at) = of.credits.binary_search_by_key(&row, |line| line.row) {
            return Some(of.credits[at]);
        }
        let conversion = of.conversions[self.under.terms.currency_of(class)];
        let amount = conversion.and_then(|conversion| conversion.amount(self.under.lines.nanos(row)));
        let findings = [None, None];
        Some(Resolved { row, by: row, is_credit: false, of_reversed: false, amount, root_worth: None, findings })
    }

    fn product(&mut self, state: &mut PartnerState, product: u32) -> usize {
        let known = &mut self.products[product as usize];
        if *known == UNKNOWN {
            *known = state.products.number_of(self.under.terms.product(product));
        }
        *known
    }

    fn customer(&mut self, state: &mut PartnerState, row: usize) -> Result<usize, LinesError> {
        let number = self.under.lines.customers[row];
        let known = &mut self.customers[number as usize];
        if *known == UNKNOWN {
            *known = state.customers.number_of(self.under.lines.customer_id(number)?);
        }
        Ok(*known)
    }

    /// Prices and books the month's lines, when its days are judged. Hands back those that were looked at one by one.
    pub(crate) fn book(
        &mut self,
        partner_id: &PartnerId,
        state: &mut PartnerState,
        of: &MonthOfLines,
    ) -> Result<Vec<Apart>, Stop> {
        let mut sums = MonthSums::new();
        let judged_at = state.days.len() - of.days.len();
        let judged = state.days[judged_at..].to_vec();
        let lines = self.sum(state, of, &judged, &mut sums)?;
        let customers = lines.iter().map(|line| self.customer(state, line.by)).collect::<Result<Vec<_>, _>>()?;
        let under = self.under;
        let mut pricer = Pricer::new(under.terms.book, state);
        let priced =
            lines.iter().zip(customers).map(|(line, customer)| price(&under, state, &mut pricer, line, customer));
        let mut apart = priced.collect::<Result<Vec<_>, _>>()?;
        growth::contribute(under.terms.book, partner_id, state, of.month, &mut apart)?;
        apply_caps(under.terms, state, &mut apart)?;
        for Apart { row, priced, .. } in &apart {
            let currency = under.terms.distinct_currencies[under.currency(*row)];
            sums.add_priced(priced, (currency, Conversion::own().sum(under.lines.nanos(*row))?))?;
        }
        book_month(under.terms, partner_id, state, of.month, sums)?;
        of.credits.iter().try_for_each(|line| note_oddities(partner_id, state, under.lines, line))?;
        let twins = under.lines.twins_in(&of.rows).iter().map(|row| *row as usize);
        let twins: Vec<usize> = twins.filter(|row| !under.is_reversed(*row)).collect();
        billed_twice(partner_id, state, &under, &twins)?;
        Ok(apart)
    }
}

impl MonthOfLines {
    /// The rows that count towards the month.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The exceptions among these rows.
    fn exceptions_in(&self, rows: &Range<usize>) -> &[usize] {
        let before = |end: usize| self.exceptions.partition_point(|row| *row < end);
        &self.exceptions[before(rows.start)..before(rows.end)]
    }
}
