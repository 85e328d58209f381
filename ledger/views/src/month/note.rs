//! A day's lines taken into the state: trailing revenue, and what the terms ask of customers.

use super::{DayOfLines, LineFold, MonthOfLines, SOLD_BITS_MAX, Stop};
use crate::apart::is_own_tenant;
use crate::compiled::Fits;
use crate::credits::Resolved;
use crate::customers::Told;
use crate::growth::BilledAs;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Exact, Overflow};
use std::ops::Range;

/// What becomes of a day's plain lines.
struct DayPlan<'t> {
    on: NaiveDate,
    /// Where they are summed.
    fits: Option<&'t Fits>,
    /// Whether each is taken into the state by itself, not only its sums.
    by_line: bool,
}

impl LineFold<'_> {
    /// Takes a day's lines into everything that sums lines: trailing revenue, and what the terms ask of customers. Tells
    /// whether there was any that counts.
    pub(crate) fn note_day(
        &mut self,
        state: &mut PartnerState,
        of: &mut MonthOfLines,
        on: NaiveDate,
        rows: Range<usize>,
    ) -> Result<bool, Stop> {
        let fits = of.fits_on(self, on);
        let (span, fits) = (fits.map(|(span, _)| span), fits.map(|(_, fits)| fits));
        let by_line = fits.is_none() || of.asks.totals || of.asks.growth.is_some() || self.has_own_tenants(state);
        let plan = DayPlan { on, fits, by_line };
        self.day_cells.reserve(fits.map_or(0, |fits| fits.cells.len()));
        let (sums, singles) = (of.sums.len(), of.singles.len());
        let (mut any, mut from) = (false, rows.start);
        for at in of.exceptions_in(&rows) {
            let exception = of.exceptions[at];
            any |= self.note_rows(state, of, &plan, from..exception)?;
            any |= self.note_row(state, of, on, exception)?;
            of.singles.push(exception);
            from = exception + 1;
        }
        any |= self.note_rows(state, of, &plan, from..rows.end)?;
        any |= !self.day_cells.is_empty();
        self.flush_day(state, of, &plan)?;
        if any {
            state.customers.had_revenue_in(of.month);
            let (sums, singles) = (sums..of.sums.len(), singles..of.singles.len());
            of.days.push(DayOfLines { rows, span, sums, singles });
        }
        Ok(any)
    }

    /// Takes in lines that are no exceptions. Tells whether there was any that counts, those apart that are in the day's sums.
    fn note_rows(
        &mut self,
        state: &mut PartnerState,
        of: &mut MonthOfLines,
        plan: &DayPlan<'_>,
        rows: Range<usize>,
    ) -> Result<bool, Stop> {
        let mut any = false;
        if let Some(fits) = plan.fits {
            self.sum_rows(of, fits, rows.clone());
            if !plan.by_line {
                // What was not summed was put among the singles.
                let first = of.singles.partition_point(|row| *row < rows.start);
                for at in first..of.singles.len() {
                    any |= self.note_row(state, of, plan.on, of.singles[at])?;
                }
            }
        }
        if plan.by_line {
            for row in rows {
                any |= self.note_row(state, of, plan.on, row)?;
            }
        } else {
            self.note_sums(state, of, plan, rows)?;
        }
        Ok(any)
    }

    /// Sums lines by cell. Those of large amounts become singles.
    fn sum_rows(&mut self, of: &mut MonthOfLines, fits: &Fits, rows: Range<usize>) {
        let lines = self.under.lines;
        let columns = lines.classes[rows.clone()].iter().zip(&lines.amounts[rows.clone()]);
        for (row, (class, nanos)) in rows.zip(columns) {
            let cell = fits.cell_of_class[*class as usize];
            if cell as usize >= fits.cells.len() {
                continue;
            }
            if nanos.unsigned_abs() < of.limit {
                self.day_cells.add(cell, i128::from(*nanos));
            } else {
                of.singles.push(row);
            }
        }
    }

    /// Takes in what is asked of lines that are summed, where it is asked: of which products they are, and who bought.
    fn note_sums(
        &mut self,
        state: &mut PartnerState,
        of: &MonthOfLines,
        plan: &DayPlan<'_>,
        rows: Range<usize>,
    ) -> Result<(), Stop> {
        if !of.asks.newness && !of.asks.revenue_of_groups {
            return Ok(());
        }
        let (terms, lines) = (self.under.terms, self.under.lines);
        let (currencies, products) = (terms.distinct_currencies.len(), terms.product_count());
        self.day_products.reserve(currencies * products);
        for row in rows {
            let class = lines.classes[row];
            let (product, nanos) = (terms.products[class as usize] as usize, lines.amounts[row]);
            if product >= products || nanos.unsigned_abs() >= of.limit {
                continue;
            }
            if of.asks.revenue_of_groups {
                let place = u32::try_from(product * currencies + terms.currency_of(class)).map_err(|_| Overflow)?;
                self.day_products.add(place, i128::from(nanos));
            }
            if of.asks.newness && nanos > 0 {
                self.note_sale(state, plan.on, row, row)?;
            }
        }
        Ok(())
    }

    /// Keeps the day's sums for the end of the month, and takes them into trailing revenue.
    fn flush_day(
        &mut self,
        state: &mut PartnerState,
        of: &mut MonthOfLines,
        plan: &DayPlan<'_>,
    ) -> Result<(), Overflow> {
        let (mut revenue, mut any) = (Exact::ZERO, false);
        for (cell, nanos) in self.day_cells.drain() {
            of.sums.push((cell, nanos));
            let currency = plan.fits.map(|fits| fits.cells[cell as usize].currency as usize);
            if let Some(conversion) = currency.and_then(|currency| of.conversions[currency]) {
                revenue = revenue.plus(conversion.sum(nanos)?)?;
                any = true;
            }
        }
        if any && !plan.by_line && !of.asks.revenue_of_groups {
            state.revenue.add_whole(plan.on, revenue)?;
        }
        let currencies = self.under.terms.distinct_currencies.len();
        let mut by_product = std::mem::take(&mut self.day_products);
        for (place, nanos) in by_product.drain() {
            let (product, currency) = (place as usize / currencies, place as usize % currencies);
            if let Some(conversion) = of.conversions[currency] {
                let product = self.product(state, u32::try_from(product).map_err(|_| Overflow)?);
                state.revenue.add(plan.on, product, conversion.sum(nanos)?)?;
            }
        }
        self.day_products = by_product;
        Ok(())
    }

    fn note_row(
        &mut self,
        state: &mut PartnerState,
        of: &MonthOfLines,
        on: NaiveDate,
        row: usize,
    ) -> Result<bool, Stop> {
        let Some(line) = self.counting(of, row) else { return Ok(false) };
        self.note_line(state, of, on, &line)?;
        Ok(true)
    }

    /// Notes that the customer of the line that prices a row is one, from the row's date on.
    fn note_sale(&mut self, state: &mut PartnerState, on: NaiveDate, row: usize, by: usize) -> Result<(), Stop> {
        let of_product = self.under.terms.products[self.under.class(by) as usize];
        if self.sold.is_empty() {
            let pairs = self.customers.len().saturating_mul(self.products.len());
            self.sold = vec![0; if pairs <= SOLD_BITS_MAX { pairs.div_ceil(64) } else { 0 }];
        }
        let pair = self.under.lines.customers[by] as usize * self.products.len() + of_product as usize;
        if let Some(bits) = self.sold.get_mut(pair / 64) {
            let bit = 1 << (pair % 64);
            if *bits & bit != 0 {
                return Ok(());
            }
            *bits |= bit;
        }
        let product = self.product(state, of_product);
        let customer = self.customer(state, by)?;
        let seq = self.under.lines.seq(row);
        if !state.customers.bought_before(customer, product, on, seq) {
            let event = self.under.lines.event(row)?;
            state.customers.bought(customer, product, Told { on, seq, event: &event, known_from: on });
        }
        Ok(())
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
        if of.asks.newness
            && self.under.lines.amounts_sign(line.row) > 0
            && !is_own_tenant(&self.under, state, line.by)?
        {
            self.note_sale(state, on, line.row, line.by)?;
        }
        let Some(amount) = line.amount else { return Ok(()) };
        if of.asks.revenue_of_groups {
            state.revenue.add(on, product, amount)?;
        } else {
            state.revenue.add_whole(on, amount)?;
        }
        if of.asks.totals {
            let customer = self.customer(state, line.by)?;
            state.customers.bill(customer, of.month, product, amount)?;
        }
        if let (Some(asks), Some(class)) = (of.asks.growth, self.under.terms.class(class)) {
            let customer = self.customer(state, line.by)?;
            let billed_as = BilledAs::of(asks, class, product, self.under.on(line.by));
            state.growth.bill(of.month, customer, billed_as, amount)?;
        }
        Ok(())
    }
}
