//! A day's lines taken into the state: trailing revenue, and what the terms ask of customers.

use super::{LineFold, MonthOfLines, Stop};
use crate::apart::is_own_tenant;
use crate::compiled::NO_PRODUCT;
use crate::credits::Resolved;
use crate::customers::Told;
use crate::growth::BilledAs;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::Overflow;
use std::ops::Range;

impl LineFold<'_> {
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
        let is_plain = !of.by_line && !of.asked.totals && of.asked.growth.is_none() && !state.has_own_tenants();
        let (mut any, mut from) = (false, rows.start);
        for &exception in of.exceptions_in(&rows).iter().chain([&rows.end]) {
            if is_plain {
                any |= self.note_plain(state, of, on, from..exception)?;
            } else {
                for row in from..exception {
                    any |= self.note_row(state, of, on, row)?;
                }
            }
            if exception < rows.end {
                any |= self.note_row(state, of, on, exception)?;
            }
            from = exception + 1;
        }
        self.flush_day(state, of, on)?;
        if any {
            state.customers.had_revenue_in(of.month);
            of.days.push(rows);
        }
        Ok(any)
    }

    /// Takes in lines that are no exceptions, on a day that asks nothing of them but what was billed, and who is a customer.
    fn note_plain(
        &mut self,
        state: &mut PartnerState,
        of: &MonthOfLines,
        on: NaiveDate,
        rows: Range<usize>,
    ) -> Result<bool, Stop> {
        let (terms, lines) = (self.under.terms, self.under.lines);
        let (currencies, products) = (terms.distinct_currencies.len(), terms.product_count());
        let mut any = false;
        for row in rows {
            let class = lines.classes[row];
            let of_product = terms.products[class as usize];
            let product = of_product as usize;
            if product >= products {
                continue;
            }
            any = true;
            let (nanos, currency) = (lines.amounts[row], terms.currency_of(class));
            if of.conversions[currency].is_some_and(|of| nanos.unsigned_abs() < of.narrow_max()) {
                let place = product * currencies + currency;
                let sum = &mut self.day_sums[place];
                if sum.1 == 0 {
                    self.day_places.push(place);
                }
                *sum = (sum.0 + i128::from(nanos), sum.1 + 1);
            } else if let Some(amount) = self.counting(of, row).and_then(|line| line.amount) {
                let product = self.product(state, of_product);
                state.revenue.add(on, product, amount)?;
            }
            if of.asked.newness && nanos > 0 {
                self.note_sale(state, on, row, row)?;
            }
        }
        Ok(any)
    }

    /// Takes the sums of a day's plain lines into trailing revenue.
    fn flush_day(&mut self, state: &mut PartnerState, of: &MonthOfLines, on: NaiveDate) -> Result<(), Overflow> {
        let currencies = self.under.terms.distinct_currencies.len();
        let mut places = std::mem::take(&mut self.day_places);
        for place in places.drain(..) {
            let (nanos, _) = std::mem::take(&mut self.day_sums[place]);
            let Some(conversion) = of.conversions[place % currencies] else { continue };
            let product = u32::try_from(place / currencies).unwrap_or(NO_PRODUCT);
            let product = self.product(state, product);
            state.revenue.add(on, product, conversion.sum(nanos)?)?;
        }
        self.day_places = places;
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
        if of.asked.newness
            && self.under.lines.amounts_sign(line.row) > 0
            && !is_own_tenant(&self.under, state, line.by)?
        {
            self.note_sale(state, on, line.row, line.by)?;
        }
        let Some(amount) = line.amount else { return Ok(()) };
        state.revenue.add(on, product, amount)?;
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
}
