//! Revenue per day and product, for trailing sums.

use crate::products::Wanted;
use chrono::{Days, NaiveDate};
use daybook_event::{Exact, Overflow};
use serde::{Deserialize, Serialize};

/// What a partner's customers were billed, per day and product, in program currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TrailingRevenue {
    /// One entry per day and product, by day and number of the product, where somebody asks for products.
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
    /// Adds revenue of a day and product. Lines come day by day, each at the end; opening revenue is dated the last day of its
    /// month, which may lie before days added already, or after days still to come.
    pub(crate) fn add(&mut self, on: NaiveDate, product: usize, amount: Exact) -> Result<(), Overflow> {
        let at = self.place_of(on, product);
        match self.days.get_mut(at).filter(|day| (day.on, day.product) == (on, product)) {
            Some(day) => day.amount = day.amount.plus(amount)?,
            None => self.days.insert(at, DayRevenue { on, product, amount }),
        }
        self.add_whole(on, amount)
    }

    /// Adds revenue of a day, of whichever products: for who never asks for some of them.
    pub(crate) fn add_whole(&mut self, on: NaiveDate, amount: Exact) -> Result<(), Overflow> {
        let from = match self.running.last() {
            Some((last, _)) if *last == on => self.running.len() - 1,
            Some((last, _)) if *last > on => self.running.partition_point(|(day, _)| *day < on),
            _ => self.running.len(),
        };
        if self.running.get(from).is_none_or(|(day, _)| *day != on) {
            let before = from.checked_sub(1).map_or(Exact::ZERO, |at| self.running[at].1);
            self.running.insert(from, (on, before));
        }
        for (_, sum) in &mut self.running[from..] {
            *sum = sum.plus(amount)?;
        }
        Ok(())
    }

    /// Where the entry of the day and product is, or belongs. Most belong to the last day, so it is looked for from the end.
    fn place_of(&self, on: NaiveDate, product: usize) -> usize {
        let is_before = |day: &DayRevenue| (day.on, day.product) < (on, product);
        if self.days.last().is_some_and(|last| last.on > on) {
            return self.days.partition_point(is_before);
        }
        let behind = self.days.iter().rev().take_while(|day| !is_before(day)).count();
        self.days.len() - behind
    }

    /// The sum over the window of so many days that ends on the day: days d with `on - N < d <= on`.
    pub(crate) fn window(&self, on: NaiveDate, days: u32) -> Result<Exact, Overflow> {
        let up_to = |date: NaiveDate| {
            let after = self.running.partition_point(|(day, _)| *day <= date);
            after.checked_sub(1).map_or(Exact::ZERO, |at| self.running[at].1)
        };
        up_to(on).minus(up_to(window_start(on, days)))
    }

    /// The same over these products.
    pub(crate) fn window_of(&self, on: NaiveDate, days: u32, wanted: &Wanted) -> Result<Exact, Overflow> {
        let first = self.days.partition_point(|day| day.on <= window_start(on, days));
        let in_window = self.days[first..].iter().take_while(|day| day.on <= on);
        in_window.filter(|day| wanted.takes(day.product)).try_fold(Exact::ZERO, |sum, day| sum.plus(day.amount))
    }
}

/// The last day before the window.
fn window_start(on: NaiveDate, days: u32) -> NaiveDate {
    on.checked_sub_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::Products;
    use daybook_event::Product;
    use proptest::prelude::*;

    fn product(id: &str) -> Product {
        Product { product_id: id.to_owned(), ..Product::default() }
    }

    fn date(text: &str) -> NaiveDate {
        daybook_event::date_parse(text).unwrap()
    }

    #[test]
    fn a_window_of_365_days_forgets_the_same_date_a_year_ago() {
        let (mut revenue, mut products) = (TrailingRevenue::default(), Products::default());
        let product = products.number_of(&product("a"));
        revenue.add(date("2021-01-10"), product, Exact::from_units(100)).unwrap();
        revenue.add(date("2021-01-11"), product, Exact::from_units(10)).unwrap();
        revenue.add(date("2022-01-10"), product, Exact::from_units(1)).unwrap();
        assert_eq!(revenue.window(date("2022-01-09"), 365).unwrap(), Exact::from_units(110));
        assert_eq!(revenue.window(date("2022-01-10"), 365).unwrap(), Exact::from_units(11));
        assert_eq!(revenue.window(date("2022-01-11"), 365).unwrap(), Exact::from_units(1));
        assert_eq!(
            revenue.window_of(date("2022-01-10"), 365, &products.wanted(|_| true)).unwrap(),
            Exact::from_units(11)
        );
        assert_eq!(revenue.window_of(date("2022-01-10"), 365, &products.wanted(|_| false)).unwrap(), Exact::ZERO);
    }

    #[test]
    fn revenue_of_a_month_still_under_way_waits_for_its_last_day() {
        let (mut revenue, mut products) = (TrailingRevenue::default(), Products::default());
        let (a, b) = (products.number_of(&product("a")), products.number_of(&product("b")));
        revenue.add(date("2022-01-31"), a, Exact::from_units(1000)).unwrap();
        revenue.add(date("2022-01-10"), b, Exact::from_units(10)).unwrap();
        revenue.add(date("2022-01-10"), a, Exact::from_units(1)).unwrap();
        revenue.add(date("2021-12-31"), b, Exact::from_units(100)).unwrap();
        for (on, sum, of_b) in [("2021-12-31", 100, 100), ("2022-01-10", 111, 110), ("2022-01-31", 1111, 110)] {
            assert_eq!(revenue.window(date(on), 365).unwrap(), Exact::from_units(sum), "{on}");
            assert_eq!(
                revenue.window_of(date(on), 365, &products.wanted(|_| true)).unwrap(),
                Exact::from_units(sum),
                "{on}"
            );
            assert_eq!(
                revenue.window_of(date(on), 365, &products.wanted(|p| p.product_id == "b")).unwrap(),
                Exact::from_units(of_b),
                "{on}"
            );
        }
        assert_eq!(revenue.window(date("2022-01-31"), 31).unwrap(), Exact::from_units(1011));
    }

    proptest! {
        /// Whatever the order of adding: a window is the sum of what is dated inside it.
        #[test]
        fn a_window_is_the_sum_of_its_days(
            added in proptest::collection::vec((0_u64..60, 0_u8..3, -500_i64..500), 0..40),
            (on, window) in (0_u64..60, 0_u32..60),
        ) {
            let day = |at: u64| date("2022-01-01") + Days::new(at);
            let (mut revenue, mut products) = (TrailingRevenue::default(), Products::default());
            for (at, of, amount) in &added {
                revenue.add(day(*at), products.number_of(&product(&of.to_string())), Exact::from_units(*amount)).unwrap();
            }
            let inside = |at: u64| at <= on && at + u64::from(window) > on;
            let sum = |of: Option<u8>| {
                let wanted = added.iter().filter(|(at, product, _)| inside(*at) && of.is_none_or(|of| of == *product));
                Exact::from_units(wanted.map(|(_, _, amount)| amount).sum())
            };
            prop_assert_eq!(revenue.window(day(on), window).unwrap(), sum(None));
            prop_assert_eq!(revenue.window_of(day(on), window, &products.wanted(|p| *p == product("1"))).unwrap(), sum(Some(1)));
        }
    }
}
