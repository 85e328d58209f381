//! A month of lines: taken into the state day by day, then priced and booked. Lines that are treated alike are summed first,
//! and the rates applied to the sum.

use crate::apart::{Apart, is_own_tenant, price};
use crate::booking::{MonthSums, billed_twice, book_month, note_oddities};
use crate::caps::apply_caps;
use crate::compiled::{Fits, NO_PRODUCT};
use crate::credits::{LinesUnder, Resolved};
use crate::customers::{Asked, Told};
use crate::growth::{self, BilledAs};
use crate::lines::{AMOUNT_IS_WIDE, LinesError};
use crate::money::Conversion;
use crate::pricing::{PricedOn, Pricer};
use crate::state::{JudgedDay, PartnerState};
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Overflow, PartnerId};
use daybook_rules::compiled::DayCode;
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
    /// What was billed on a day, by product; and the products that were.
    day_sums: Vec<i128>,
    day_products: Vec<u32>,
}

/// A month on the way through the fold.
pub(crate) struct MonthOfLines {
    month: Month,
    asked: Asked,
    /// How amounts convert, by currency.
    conversions: Vec<Option<Conversion>>,
    rows: Range<usize>,
    /// Rows that are credits, resolved, ascending.
    credits: Vec<Resolved>,
    /// Days with lines that count, each with the rows of its date.
    days: Vec<Range<usize>>,
    by_line: bool,
}

/// Lines treated alike, summed in 10^-9 of their currency.
#[derive(Debug, Clone, Copy, Default)]
struct CellSum {
    nanos: i128,
    lines: u64,
    /// Amounts below this, whatever their sign, are summed; the others are looked at by themselves.
    limit: u64,
}

/// Days that are judged alike under the same terms, with the sums of their lines.
struct DayKind<'j> {
    span: Option<usize>,
    judged: &'j JudgedDay,
    cells: Vec<CellSum>,
}

impl<'a> LineFold<'a> {
    pub(crate) fn new(under: LinesUnder<'a>, by_line: bool) -> Self {
        let products = under.terms.product_count();
        Self {
            under,
            by_line,
            customers: vec![UNKNOWN; under.lines.customer_count as usize],
            products: vec![UNKNOWN; products],
            day_sums: vec![0; products],
            day_products: Vec::new(),
        }
    }

    /// Prepares a month up to a date.
    pub(crate) fn month(&self, state: &mut PartnerState, month: Month, through: NaiveDate) -> MonthOfLines {
        let mut rows = self.under.lines.month_rows(month);
        if through < month.last_day() {
            rows.end = self.under.lines.rows_until(through).max(rows.start);
        }
        let all = &self.under.lines.credits;
        let of_month = all.partition_point(|one| (one.row as usize) < rows.start)
            ..all.partition_point(|one| (one.row as usize) < rows.end);
        let credits = all[of_month].iter().map(|credit| credit.row as usize);
        let credits = credits.filter(|row| !self.under.is_reversed(*row)).map(|row| self.under.resolve(row)).collect();
        let conversions = match rows.is_empty() {
            true => Vec::new(),
            false => {
                (0..self.under.terms.distinct_currencies.len()).map(|at| self.under.conversion(at, month)).collect()
            }
        };
        let mut of = MonthOfLines {
            month,
            asked: self.under.terms.asked(month),
            conversions,
            rows,
            credits,
            days: Vec::new(),
            by_line: false,
        };
        self.weigh(state, &of);
        of.by_line = self.by_line || state.is_heavy();
        of
    }

    /// Notes how much goes into sums, in whatever currency it is kept.
    fn weigh(&self, state: &mut PartnerState, of: &MonthOfLines) {
        let mut by_currency = vec![0_i128; of.conversions.len()];
        for row in of.rows.clone() {
            let class = self.under.lines.classes[row];
            if self.under.terms.products[class as usize] != NO_PRODUCT {
                let nanos = self.under.lines.amounts[row];
                let nanos = if nanos == AMOUNT_IS_WIDE { self.under.lines.nanos(row) } else { i128::from(nanos) };
                by_currency[self.under.terms.currency_of(class)] += nanos.abs();
            }
        }
        for (nanos, conversion) in by_currency.into_iter().zip(&of.conversions) {
            for worth in [Some(Conversion::own()), *conversion].into_iter().flatten() {
                state.weigh(worth.sum(nanos).unwrap_or(Exact::from_raw(i128::MAX)));
            }
        }
        of.credits.iter().filter_map(|line| line.amount).for_each(|amount| state.weigh(amount));
    }

    /// Takes a day's lines into everything that sums lines: trailing revenue, and what the terms ask of customers. Tells
    /// whether there was any that counts.
    pub(crate) fn note_day(
        &mut self,
        state: &mut PartnerState,
        of: &mut MonthOfLines,
        rows: Range<usize>,
    ) -> Result<bool, Stop> {
        let Some(first) = rows.clone().next() else { return Ok(false) };
        let on = self.under.on(first);
        let mut any = false;
        for row in rows.clone() {
            let Some(line) = self.counting(of, row) else { continue };
            any = true;
            self.note_line(state, of, on, &line)?;
        }
        for product in std::mem::take(&mut self.day_products) {
            let amount = Exact::from_raw(std::mem::take(&mut self.day_sums[product as usize]));
            state.revenue.add(on, self.products[product as usize], amount)?;
        }
        if any {
            state.customers.had_revenue_in(of.month);
            of.days.push(rows);
        }
        Ok(any)
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

    fn note_line(
        &mut self,
        state: &mut PartnerState,
        of: &MonthOfLines,
        on: NaiveDate,
        line: &Resolved,
    ) -> Result<(), Stop> {
        let class = self.under.class(line.by);
        let of_product = self.under.terms.products[class as usize];
        let product = self.product(state, of_product);
        // A sale without an exchange rate makes a customer all the same; a sale to the partner itself does not.
        if of.asked.newness
            && self.under.lines.amounts_sign(line.row) > 0
            && !is_own_tenant(&self.under, state, line.by)?
        {
            let customer = self.customer(state, line.by)?;
            let seq = self.under.lines.seq(line.row);
            if !state.customers.bought_before(customer, product, on, seq) {
                let event = self.under.lines.event(line.row)?;
                state.customers.bought(customer, product, Told { on, seq, event: &event, known_from: on });
            }
        }
        let Some(amount) = line.amount else { return Ok(()) };
        self.add_revenue(state, of, on, of_product, amount)?;
        if of.asked.totals {
            let customer = self.customer(state, line.by)?;
            state.customers.bill(customer, of.month, product, amount)?;
        }
        if let (Some(asks), Some(class)) = (of.asked.growth, self.under.terms.class(class)) {
            let customer = self.customer(state, line.by)?;
            let billed_as = BilledAs::of(asks, class, product, self.under.on(line.by));
            state.growth.bill(of.month, customer, billed_as, amount)?;
        }
        Ok(())
    }

    fn add_revenue(
        &mut self,
        state: &mut PartnerState,
        of: &MonthOfLines,
        on: NaiveDate,
        product: u32,
        amount: Exact,
    ) -> Result<(), Overflow> {
        if of.by_line {
            return state.revenue.add(on, self.products[product as usize], amount);
        }
        let sum = &mut self.day_sums[product as usize];
        if *sum == 0 && !self.day_products.contains(&product) {
            self.day_products.push(product);
        }
        *sum = sum.checked_add(amount.raw()).ok_or(Overflow)?;
        Ok(())
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
        book_month(under.terms.book, partner_id, state, of.month, sums)?;
        of.credits.iter().try_for_each(|line| note_oddities(partner_id, state, under.lines, line))?;
        let twins = under.lines.twins_in(&of.rows).iter().map(|row| *row as usize);
        let twins: Vec<usize> = twins.filter(|row| !under.is_reversed(*row)).collect();
        billed_twice(partner_id, state, &under, &twins)?;
        Ok(apart)
    }

    /// Sums the lines that are treated alike; hands back those that must be looked at by themselves.
    fn sum(
        &self,
        state: &PartnerState,
        of: &MonthOfLines,
        judged: &[JudgedDay],
        sums: &mut MonthSums,
    ) -> Result<Vec<Resolved>, Stop> {
        let mut apart = Vec::new();
        let mut kinds: Vec<DayKind<'_>> = Vec::new();
        let by_line = of.by_line || state.has_own_tenants();
        for (rows, day) in of.days.iter().zip(judged) {
            let span = self.under.terms.span_on(day.on);
            let fits = span.map(|span| self.under.terms.fits(span));
            let Some(fits) = fits.filter(|fits| !by_line && !fits.asks_market) else {
                apart.extend(rows.clone().filter_map(|row| self.counting(of, row)));
                continue;
            };
            let is_like = |kind: &DayKind<'_>| {
                kind.span == span && kind.judged.code == day.code && kind.judged.unmet_needs == day.unmet_needs
            };
            let at = kinds.iter().position(is_like).unwrap_or_else(|| {
                kinds.push(DayKind { span, judged: day, cells: self.cells(of, fits, day) });
                kinds.len() - 1
            });
            self.sum_day(of, rows.clone(), fits, &mut kinds[at].cells, &mut apart);
        }
        let mut pricer = Pricer::new(self.under.terms.book, state);
        for kind in &kinds {
            self.add_kind(of, &mut pricer, kind, sums)?;
        }
        Ok(apart)
    }

    /// The empty sums of a kind of day, with the amounts up to which each takes a line.
    fn cells(&self, of: &MonthOfLines, fits: &Fits, day: &JudgedDay) -> Vec<CellSum> {
        let limit = |conversion: &Option<Conversion>| conversion.map_or(i64::MAX, |of| of.narrow_max()).unsigned_abs();
        let cell = |cell: &crate::compiled::Cell| {
            let is_summed = day.code != DayCode::MayEarn || fits.fit(*cell).is_plain;
            let limit = if is_summed { limit(&of.conversions[cell.currency as usize]) } else { 0 };
            CellSum { nanos: 0, lines: 0, limit }
        };
        fits.cells.iter().map(cell).chain([CellSum::default()]).collect()
    }

    fn sum_day(
        &self,
        of: &MonthOfLines,
        rows: Range<usize>,
        fits: &Fits,
        cells: &mut [CellSum],
        apart: &mut Vec<Resolved>,
    ) {
        let (classes, amounts) = (&self.under.lines.classes, &self.under.lines.amounts);
        // Lines of a credit and reversed lines are few: between them nothing but sums.
        for row in rows {
            let cell = &mut cells[fits.cell_of_class[classes[row] as usize] as usize];
            if amounts[row].unsigned_abs() < cell.limit && !self.is_exception(of, row) {
                cell.nanos += i128::from(amounts[row]);
                cell.lines += 1;
            } else if let Some(line) = self.counting(of, row) {
                apart.push(line);
            }
        }
    }

    fn is_exception(&self, of: &MonthOfLines, row: usize) -> bool {
        self.under.is_reversed(row)
            || !of.credits.is_empty() && of.credits.binary_search_by_key(&row, |line| line.row).is_ok()
    }

    fn add_kind(
        &self,
        of: &MonthOfLines,
        pricer: &mut Pricer<'_>,
        kind: &DayKind<'_>,
        sums: &mut MonthSums,
    ) -> Result<(), Stop> {
        let Some(span) = kind.span else { return Ok(()) };
        let (terms, fits) = (self.under.terms, self.under.terms.fits(span));
        let rule_set = terms.rule_set(span);
        for (sum, cell) in kind.cells.iter().zip(&fits.cells).filter(|(sum, _)| sum.lines > 0) {
            let Some(conversion) = of.conversions[cell.currency as usize] else {
                let currency = terms.distinct_currencies[cell.currency as usize];
                sums.add_unconverted(currency, Conversion::own().sum(sum.nanos)?)?;
                continue;
            };
            let amount = conversion.sum(sum.nanos)?;
            let on = PricedOn { rule_set, day: kind.judged, customer: None };
            let outcome = pricer.outcome(&on, &fits.fit(*cell).levers)?;
            sums.add(&outcome.bucket, amount)?;
            for lever in outcome.levers {
                sums.contribute(rule_set, lever, amount, amount.times(terms.book.sets[rule_set].levers[lever].rate)?)?;
            }
        }
        Ok(())
    }
}

impl MonthOfLines {
    /// The rows that count towards the month.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }
}
