//! Section 1: months, earning periods, usage periods, claim windows, windows of days. Written anew, not the engine's.

use chrono::{Datelike, Days, NaiveDate};
use daybook_event::Month;
use daybook_rules::calendar::MonthDay;
use daybook_rules::model::RuleBook;
use std::fmt;

/// A calendar month: months since the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ym(pub i32);

impl Ym {
    /// The month that holds a date.
    pub fn of(date: NaiveDate) -> Self {
        Self(date.year() * 12 + i32::try_from(date.month()).expect("1 to 12") - 1)
    }

    /// An event's month.
    pub fn of_month(month: Month) -> Self {
        Self(month.year() * 12 + month.number() - 1)
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        let month = u32::try_from(self.0 % 12 + 1).expect("1 to 12");
        NaiveDate::from_ymd_opt(self.0 / 12, month, 1).expect("a month has a first day")
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        Self(self.0 + 1).first_day().pred_opt().expect("a day before")
    }

    /// The day of that number, or the month's last where it has fewer.
    pub fn day(self, number: u32) -> NaiveDate {
        (self.first_day() + Days::new(u64::from(number) - 1)).min(self.last_day())
    }
}

impl fmt::Display for Ym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// An earning period by its first month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// Its first month.
    pub first: Ym,
    /// Its last month.
    pub last: Ym,
}

impl Period {
    /// The period that holds the month: counted out from the anchor, one period after the other.
    pub fn holding(book: &RuleBook, month: Ym) -> Self {
        let calendar = &book.sets[0].calendar;
        let mut first = Ym::of_month(calendar.period_anchor);
        while first > month {
            first.0 -= calendar.period_months;
        }
        while first.0 + calendar.period_months <= month.0 {
            first.0 += calendar.period_months;
        }
        Self { first, last: Ym(first.0 + calendar.period_months - 1) }
    }

    /// The one after it.
    pub fn next(self, book: &RuleBook) -> Self {
        Self::holding(book, Ym(self.last.0 + 1))
    }

    /// The one before it.
    pub fn previous(self, book: &RuleBook) -> Self {
        Self::holding(book, Ym(self.first.0 - 1))
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        self.first.first_day()
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.last.last_day()
    }

    /// The two days, both inclusive, counted from the start of the usage period.
    pub fn claim_window(self, book: &RuleBook) -> (NaiveDate, NaiveDate) {
        let usage = self.next(book).first;
        let day = |at: MonthDay| Ym(usage.0 + at.month - 1).day(at.day);
        let calendar = &book.sets[0].calendar;
        (day(calendar.claim_opens), day(calendar.claim_closes))
    }

    /// `FY22H1`: the year in which the twelve months from the anchor end, and the count within them.
    pub fn label(self, book: &RuleBook) -> String {
        let calendar = &book.sets[0].calendar;
        let mut year_first = Ym::of_month(calendar.period_anchor);
        while year_first > self.first {
            year_first.0 -= 12;
        }
        while year_first.0 + 12 <= self.first.0 {
            year_first.0 += 12;
        }
        let number = (self.first.0 - year_first.0) / calendar.period_months + 1;
        format!("FY{:02}H{number}", (year_first.0 + 11) / 12 % 100)
    }

    /// The period of that label: the one among those around that says so.
    pub fn labelled(book: &RuleBook, label: &str) -> Option<Self> {
        let months = 2016 * 12..2032 * 12;
        months.map(|month| Self::holding(book, Ym(month))).find(|period| period.label(book) == label)
    }
}

/// Whether the date is in the window of so many days that ends on the other.
pub fn in_window(date: NaiveDate, days: u32, ending: NaiveDate) -> bool {
    date <= ending && (ending - date).num_days() < i64::from(days)
}
