//! Revenue per day and product, for trailing sums.

use chrono::{Days, NaiveDate};
use daybook_event::{Exact, Month, Overflow, Product};
use serde::{Deserialize, Serialize};

/// What a partner's customers were billed, per day and product, in program currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TrailingRevenue {
    /// Distinct products seen.
    products: Vec<Product>,
    /// One entry per day and product, by day.
    days: Vec<DayRevenue>,
    /// Per day with revenue: the sum of everything up to its end. A window is a difference of two of these.
    running: Vec<(NaiveDate, Exact)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DayRevenue {
    on: NaiveDate,
    product: usize,
    amount: Exact,
}

impl TrailingRevenue {
    /// Adds revenue of a day that is not before any day added so far.
    pub(crate) fn add(&mut self, on: NaiveDate, product: &Product, amount: Exact) -> Result<(), Overflow> {
        let product = self.products.iter().position(|known| known == product).unwrap_or_else(|| {
            self.products.push(product.clone());
            self.products.len() - 1
        });
        let today = self.days.iter_mut().rev().take_while(|day| day.on == on).find(|day| day.product == product);
        match today {
            Some(day) => day.amount = day.amount.plus(amount)?,
            None => self.days.push(DayRevenue { on, product, amount }),
        }
        let before = self.running.last().copied();
        let sum = before.map_or(Exact::ZERO, |(_, sum)| sum).plus(amount)?;
        match self.running.last_mut() {
            Some(last) if last.0 == on => last.1 = sum,
            _ => self.running.push((on, sum)),
        }
        Ok(())
    }

    /// Adds an opening month's revenue, dated the last day of that month, which may lie before days added already.
    pub(crate) fn add_opening(&mut self, month: Month, product: &Product, amount: Exact) -> Result<(), Overflow> {
        let on = month.last_day();
        let later = self.days.split_off(self.days.partition_point(|day| day.on <= on));
        self.running.truncate(self.running.partition_point(|(day, _)| *day <= on));
        self.add(on, product, amount)?;
        let products = self.products.clone();
        later.into_iter().try_for_each(|day| self.add(day.on, &products[day.product], day.amount))
    }

    /// The sum over the window of so many days that ends on the day: days d with `on - N < d <= on`.
    pub(crate) fn window(&self, on: NaiveDate, days: u32) -> Result<Exact, Overflow> {
        let up_to = |date: NaiveDate| {
            let after = self.running.partition_point(|(day, _)| *day <= date);
            after.checked_sub(1).map_or(Exact::ZERO, |at| self.running[at].1)
        };
        up_to(on).minus(up_to(window_start(on, days)))
    }

    /// The same over the products that the test takes.
    pub(crate) fn window_of(
        &self,
        on: NaiveDate,
        days: u32,
        takes: impl Fn(&Product) -> bool,
    ) -> Result<Exact, Overflow> {
        let wanted: Vec<bool> = self.products.iter().map(takes).collect();
        let first = self.days.partition_point(|day| day.on <= window_start(on, days));
        let in_window = self.days[first..].iter().take_while(|day| day.on <= on);
        in_window.filter(|day| wanted[day.product]).try_fold(Exact::ZERO, |sum, day| sum.plus(day.amount))
    }
}

/// The last day before the window.
fn window_start(on: NaiveDate, days: u32) -> NaiveDate {
    on.checked_sub_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        daybook_event::date_parse(text).unwrap()
    }

    #[test]
    fn a_window_of_365_days_forgets_the_same_date_a_year_ago() {
        let mut revenue = TrailingRevenue::default();
        let product = Product::default();
        revenue.add(date("2021-01-10"), &product, Exact::from_units(100)).unwrap();
        revenue.add(date("2021-01-11"), &product, Exact::from_units(10)).unwrap();
        revenue.add(date("2022-01-10"), &product, Exact::from_units(1)).unwrap();
        assert_eq!(revenue.window(date("2022-01-09"), 365).unwrap(), Exact::from_units(110));
        assert_eq!(revenue.window(date("2022-01-10"), 365).unwrap(), Exact::from_units(11));
        assert_eq!(revenue.window(date("2022-01-11"), 365).unwrap(), Exact::from_units(1));
        assert_eq!(revenue.window_of(date("2022-01-10"), 365, |_| true).unwrap(), Exact::from_units(11));
        assert_eq!(revenue.window_of(date("2022-01-10"), 365, |_| false).unwrap(), Exact::ZERO);
    }
}
