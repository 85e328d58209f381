//! Dates at the edges: month ends, Mondays, first days of rule sets, period ends, claim windows, a year apart.

use crate::dice::Dice;
use crate::model::time::{Period, Ym};
use chrono::{Datelike, Days, NaiveDate};
use daybook_rules::model::RuleBook;

/// Where a history's dates come from.
pub(super) struct Dates {
    first: NaiveDate,
    days: u64,
    edges: Vec<NaiveDate>,
    /// Dates used so far: others stand the same, a day, or a year apart.
    used: Vec<NaiveDate>,
}

pub(super) fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date")
}

impl Dates {
    pub(super) fn new(dice: &mut Dice, book: &RuleBook) -> Self {
        let has_later_years = book.sets.iter().any(|set| set.valid_from > date(2023, 1, 1));
        let (earliest, later_by_max) =
            if has_later_years { (date(2020, 1, 1), 2_000) } else { (date(2020, 6, 1), 600) };
        let first = earliest + Days::new(dice.between(0, later_by_max));
        let days = [120, 400, 600, if has_later_years { 1_500 } else { 900 }][dice.place(4)];
        let last = first + Days::new(days);
        let mut edges: Vec<NaiveDate> = book.sets.iter().map(|set| set.valid_from).collect();
        let mut month = Ym::of(first);
        while month.first_day() <= last {
            let period = Period::holding(book, month);
            if period.first == month {
                let (opens, closes) = period.previous(book).claim_window(book);
                edges.extend([period.first_day(), period.last_day(), opens, closes]);
            }
            if dice.between(0, 2) == 0 {
                edges.push(month.last_day());
            }
            month.0 += 1;
        }
        edges.retain(|edge| first <= *edge && *edge <= last);
        Self { first, days, edges, used: vec![first] }
    }

    /// Another date that others stand the same, a day, or a year apart from.
    pub(super) fn also(&mut self, date: NaiveDate) {
        self.used.push(date);
    }

    /// The day on which most facts that a partner needs begin.
    pub(super) fn first(&self) -> NaiveDate {
        self.first
    }

    /// A date of the history, mostly at an edge.
    pub(super) fn any(&mut self, dice: &mut Dice) -> NaiveDate {
        let near = |date: NaiveDate, dice: &mut Dice| match dice.between(0, 3) {
            0 => date + Days::new(1),
            1 => date - Days::new(1),
            _ => date,
        };
        let found = match dice.between(0, 9) {
            0..=2 if !self.edges.is_empty() => near(self.edges[dice.place(self.edges.len())], dice),
            3 => self.used[dice.place(self.used.len())],
            4 => self.used[dice.place(self.used.len())] + Days::new(dice.between(363, 367)),
            5 => {
                let anywhere = self.first + Days::new(dice.between(0, self.days));
                let monday = anywhere - Days::new(anywhere.weekday().num_days_from_monday().into());
                near(monday, dice)
            }
            6 => near(self.used[dice.place(self.used.len())], dice),
            _ => self.first + Days::new(dice.between(0, self.days)),
        };
        self.used.push(found);
        found
    }

    /// A date soon after another, or before it.
    pub(super) fn after(&mut self, dice: &mut Dice, other: NaiveDate) -> NaiveDate {
        let found = match dice.between(0, 9) {
            0 => other,
            1 => other - Days::new(dice.between(1, 40)),
            2..=5 => other + Days::new(dice.between(0, 40)),
            _ => other + Days::new(dice.between(0, 300)),
        };
        self.used.push(found);
        found
    }

    /// The last date that has happened: late mostly, so that periods end, but facts after it are seen too.
    pub(super) fn through(&mut self, dice: &mut Dice) -> NaiveDate {
        match dice.between(0, 5) {
            0 => self.any(dice),
            1 => self.first + Days::new(self.days),
            2 if !self.edges.is_empty() => self.edges[dice.place(self.edges.len())],
            _ => self.first + Days::new(self.days + dice.between(0, 400)),
        }
    }
}
