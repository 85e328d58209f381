//! The days of a history.

use daybook_event::{Month, NaiveDate};

/// From the first day of the first month to the last day of the last.
#[derive(Clone, Copy)]
pub(super) struct Calendar {
    pub(super) first: NaiveDate,
    pub(super) days: u64,
}

impl Calendar {
    pub(super) fn new(start: Month, months: u16) -> Self {
        let first = start.first_day();
        let end = start.plus(i32::from(months)).first_day();
        let days = u64::try_from((end - first).num_days()).expect("a month ends after it begins");
        Self { first, days }
    }

    /// The date so many days into the history.
    pub(super) fn day(&self, number: u64) -> NaiveDate {
        days_after(self.first, number)
    }

    /// Whether the history has reached its end by this date.
    pub(super) fn is_over(&self, date: NaiveDate) -> bool {
        date >= self.day(self.days)
    }

    /// The date so many days earlier, but not before the history.
    pub(super) fn days_before(&self, date: NaiveDate, days: u64) -> NaiveDate {
        days_before(date, days).max(self.first)
    }
}

/// The date so many days later.
pub(super) fn days_after(date: NaiveDate, days: u64) -> NaiveDate {
    date + chrono::Days::new(days)
}

/// The date so many days earlier.
pub(super) fn days_before(date: NaiveDate, days: u64) -> NaiveDate {
    date - chrono::Days::new(days)
}
