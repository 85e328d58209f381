//! A month of lines: taken into the state day by day, then priced and booked. Lines that are treated alike are summed first,
//! and the rates applied to the sum.

mod cells;
mod note;
mod sum;

use crate::apart::{Apart, price};
use crate::booking::{MonthSums, billed_twice, book_month, note_oddities};
use crate::caps::apply_caps;
use crate::compiled::{Fits, NO_PRODUCT};
use crate::credits::{LinesUnder, Resolved};
use crate::customers::{Asked, GrowthAsks};
use crate::growth;
use crate::lines::{LinesError, within};
use crate::money::{Conversion, NARROW_MAX};
use crate::pricing::Pricer;
use crate::state::PartnerState;
use cells::CellSums;
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Name, Overflow, PartnerId};
use daybook_rules::calendar::Period;
use std::ops::Range;
use sum::DayKind;

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
    /// Whether the partner may ever be asked what only those are asked who paid a fee.
    may_have_paid_fee: bool,
    /// The state's number of each customer.
    customers: Vec<usize>,
    /// The state's number of each product.
    products: Vec<usize>,
    /// What was billed on a day, by product and currency, in 10^-9 of the currency: where products are asked for.
    day_products: CellSums,
    /// What was billed on a day, by cell.
    day_cells: CellSums,
    /// Sums of days that are judged alike, kept for their memory.
    kinds: Vec<DayKind>,
    /// Customers and products, a bit for each pair of which a sale was noted: later ones tell nothing new. Empty where there
    /// are too many.
    sold: Vec<u64>,
    /// The currencies of its lines, by number, ascending: found out in the first month that has lines.
    currencies: Vec<usize>,
    /// The last month, kept for its memory.
    spare: Spare,
    /// The earning period of the last month, and its label.
    period: Option<(Period, Name)>,
    /// Whether some customer may be the partner itself, and how many standing facts say so.
    own_tenants: (u64, bool),
}

/// Pairs of customers and products that are remembered by a bit each.
const SOLD_BITS_MAX: usize = 1 << 26;

/// A month on the way through the fold.
pub(crate) struct MonthOfLines {
    month: Month,
    asks: MonthAsks,
    /// How amounts convert, by currency.
    conversions: Vec<Option<Conversion>>,
    /// Amounts of 64 bits below this, whatever their sign and currency, may be summed.
    limit: u64,
    rows: Range<usize>,
    /// Rows that are credits, resolved, ascending.
    credits: Vec<Resolved>,
    /// Rows that are credits, reversed, or of an amount of more than 64 bits, ascending: all others are plain.
    exceptions: Vec<usize>,
    /// Days with lines that count.
    days: Vec<DayOfLines>,
    /// What the days' lines come to by cell, in 10^-9 of the cell's currency.
    sums: Vec<(u32, i128)>,
    /// Rows that are in no such sum, though others of their day are, ascending.
    singles: Vec<usize>,
    by_line: bool,
    /// The span of the first day, and whether another begins within the month.
    span: (Option<usize>, bool),
}

/// Lists of a month that is booked.
#[derive(Default)]
struct Spare {
    days: Vec<DayOfLines>,
    sums: Vec<(u32, i128)>,
    singles: Vec<usize>,
    conversions: Vec<Option<Conversion>>,
}

/// What a month's terms may ask of this partner.
#[derive(Debug, Clone, Copy)]
struct MonthAsks {
    newness: bool,
    revenue_of_groups: bool,
    totals: bool,
    growth: Option<GrowthAsks>,
}

/// A day with lines that count.
struct DayOfLines {
    /// The rows of its date.
    rows: Range<usize>,
    /// The span whose cells its lines are summed by; none where every line is looked at by itself.
    span: Option<usize>,
    /// Its place in the month's sums and singles.
    sums: Range<usize>,
    singles: Range<usize>,
}

impl MonthAsks {
    fn of(asked: Asked, may_have_paid_fee: bool) -> Self {
        Self {
            newness: asked.newness.of(may_have_paid_fee),
            revenue_of_groups: asked.revenue_of_groups.of(may_have_paid_fee),
            totals: asked.totals,
            growth: asked.growth,
        }
    }
}

impl<'a> LineFold<'a> {
    pub(crate) fn new(under: LinesUnder<'a>, by_line: bool) -> Self {
        Self {
            under,
            by_line,
            may_have_paid_fee: true,
            customers: vec![UNKNOWN; under.lines.customer_count as usize],
            products: vec![UNKNOWN; under.terms.product_count()],
            day_products: CellSums::default(),
            day_cells: CellSums::default(),
            kinds: Vec::new(),
            sold: Vec::new(),
            currencies: Vec::new(),
            spare: Spare::default(),
            period: None,
            own_tenants: (0, false),
        }
    }

    /// Says that the partner has no fact of a paid fee, now or later.
    pub(crate) fn never_paid_fee(&mut self) {
        self.may_have_paid_fee = false;
    }

    /// Numbers the customers in the state as they are in the columns: for a state that nothing else names customers of.
    pub(crate) fn number_customers(&mut self, state: &mut PartnerState) {
        state.customers.number_all(self.customers.len());
        self.customers.iter_mut().enumerate().for_each(|(at, number)| *number = at);
    }

    /// Prepares a month up to a date.
    pub(crate) fn month(&mut self, state: &mut PartnerState, month: Month, through: NaiveDate) -> MonthOfLines {
        let mut rows = self.under.lines.month_rows(month);
        if through < month.last_day() {
            rows.end = self.under.lines.rows_until(through).max(rows.start);
        }
        let all = &self.under.lines.credits;
        let credits = all[within(all, &rows, |one| one.row)].iter().map(|credit| credit.row as usize);
        let credits = credits.filter(|row| !self.under.is_reversed(*row)).map(|row| self.under.resolve(row)).collect();
        let Spare { days, sums, singles, mut conversions } = std::mem::take(&mut self.spare);
        if !rows.is_empty() {
            self.convert(month, &mut conversions);
        }
        let limits = conversions.iter().flatten().map(Conversion::narrow_max);
        let mut of = MonthOfLines {
            month,
            asks: MonthAsks::of(self.under.terms.asked(month), self.may_have_paid_fee),
            limit: limits.min().unwrap_or(NARROW_MAX),
            conversions,
            exceptions: self.exceptions(&rows),
            rows,
            credits,
            days,
            sums,
            singles,
            by_line: false,
            span: self.under.terms.span_within(month),
        };
        self.weigh(state, &of);
        of.by_line = self.by_line || state.is_heavy();
        of
    }

    /// How the currencies of the partner's lines convert in a month.
    fn convert(&mut self, month: Month, conversions: &mut Vec<Option<Conversion>>) {
        let (terms, lines) = (self.under.terms, self.under.lines);
        if self.currencies.is_empty() {
            let mut uses = vec![false; terms.distinct_currencies.len()];
            for class in &lines.classes {
                // Moneyless lines have no currency.
                uses.get_mut(terms.currency_of(*class)).into_iter().for_each(|uses| *uses = true);
            }
            self.currencies = (0..uses.len()).filter(|at| uses[*at]).collect();
        }
        conversions.clear();
        conversions.resize(terms.distinct_currencies.len(), None);
        for &currency in &self.currencies {
            conversions[currency] = self.under.conversion(currency, month);
        }
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

    /// Notes how much goes into sums at the most: every amount in its own currency, and at the highest rate of the month.
    fn weigh(&self, state: &mut PartnerState, of: &MonthOfLines) {
        let lines = self.under.lines;
        // 2^32 rows of 2^63 each are below 2^127.
        let narrow: i128 = lines.amounts[of.rows.clone()].iter().map(|nanos| i128::from(nanos.unsigned_abs())).sum();
        let wide = &lines.amounts_wide[within(&lines.amounts_wide, &of.rows, |(row, _)| *row)];
        let nanos = wide.iter().fold(narrow, |sum, (_, nanos)| sum.saturating_add(nanos.abs()));
        let highest = of.conversions.iter().flatten().max_by_key(|conversion| conversion.factor()).copied();
        for worth in [Some(Conversion::own()), highest].into_iter().flatten() {
            state.weigh(worth.sum(nanos).unwrap_or(Exact::from_raw(i128::MAX)));
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
        of: MonthOfLines,
    ) -> Result<Vec<Apart>, Stop> {
        let apart = if of.rows.is_empty() { Vec::new() } else { self.book_lines(partner_id, state, &of)? };
        self.spare = of.emptied();
        Ok(apart)
    }

    fn book_lines(
        &mut self,
        partner_id: &PartnerId,
        state: &mut PartnerState,
        of: &MonthOfLines,
    ) -> Result<Vec<Apart>, Stop> {
        let mut sums = MonthSums::new();
        let lines = self.sum(state, of, &mut sums)?;
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
        book_month(under.terms, partner_id, state, (of.month, self.period_of(of.month)), sums)?;
        of.credits.iter().try_for_each(|line| note_oddities(partner_id, state, under.lines, line))?;
        let twins = under.lines.twins_in(&of.rows).iter().map(|row| *row as usize);
        let twins: Vec<usize> = twins.filter(|row| !under.is_reversed(*row)).collect();
        billed_twice(partner_id, state, &under, &twins)?;
        Ok(apart)
    }

    /// Whether some customer may be the partner itself. Asked every day, found out when a fact is told.
    fn has_own_tenants(&mut self, state: &PartnerState) -> bool {
        let noted = state.facts.noted();
        if self.own_tenants.0 != noted {
            self.own_tenants = (noted, state.has_own_tenants());
        }
        self.own_tenants.1
    }

    /// The label of the month's earning period.
    fn period_of(&mut self, month: Month) -> &Name {
        let period = self.under.terms.book.calendar().period_of(month);
        let known = self.period.take().filter(|(known, _)| *known == period);
        &self.period.insert(known.unwrap_or_else(|| (period, period.to_string().into()))).1
    }
}

impl MonthOfLines {
    /// Its lists, emptied.
    fn emptied(self) -> Spare {
        let Self { mut days, mut sums, mut singles, conversions, .. } = self;
        days.clear();
        sums.clear();
        singles.clear();
        Spare { days, sums, singles, conversions }
    }

    /// The rows that count towards the month.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The exceptions among these rows.
    fn exceptions_in(&self, rows: &Range<usize>) -> Range<usize> {
        let before = |end: usize| self.exceptions.partition_point(|row| *row < end);
        if self.exceptions.is_empty() { 0..0 } else { before(rows.start)..before(rows.end) }
    }

    /// The span of one of its days whose lines are summed, with what the terms make of every class; none where every line is
    /// looked at by itself.
    fn fits_on<'t>(&self, fold: &LineFold<'t>, on: NaiveDate) -> Option<(usize, &'t Fits)> {
        let terms = fold.under.terms;
        let span = if self.span.1 { terms.span_on(on) } else { self.span.0 };
        let fits = span.filter(|_| !self.by_line).map(|span| (span, terms.fits(span)));
        fits.filter(|(_, fits)| !fits.asks_market)
    }
}
