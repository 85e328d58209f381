//! Earning periods, usage periods, claim windows and program years.

use chrono::NaiveDate;
use daybook_event::Month;
use std::fmt;

/// How a rule book counts its periods. One calendar per rule book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Months in an earning period; divides twelve.
    pub period_months: i32,
    /// First month of some earning period, and of the fiscal year that labels count from.
    pub period_anchor: Month,
    /// First day of the claim window, counted from the start of the usage period.
    pub claim_opens: MonthDay,
    /// Last day of the claim window, counted from the start of the usage period.
    pub claim_closes: MonthDay,
    /// Number (1 to 12) of the program year's last month.
    pub program_year_last_month: i32,
}

/// A day of the n-th month from some start: month 1 is the start's own month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDay {
    /// Which month, from 1.
    pub month: i32,
    /// Which day of it, from 1; the month's last day where it has fewer.
    pub day: u32,
}

/// An earning period: a run of months counted from the calendar's anchor. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    first: Month,
    months: i32,
    fiscal_year_first: Month,
}

impl Calendar {
    /// The earning period that holds the month.
    #[must_use]
    pub fn period_of(&self, month: Month) -> Period {
        let since = month.since(self.period_anchor);
        let first = self.period_anchor.plus(since.div_euclid(self.period_months) * self.period_months);
        let fiscal_year_first = self.period_anchor.plus(since.div_euclid(12) * 12);
        Period { first, months: self.period_months, fiscal_year_first }
    }

    /// Reads a period's label, such as `FY22H1`.
    #[must_use]
    pub fn period_parse(&self, label: &str) -> Option<Period> {
        let rest = label.strip_prefix("FY")?;
        let (year, number) = rest.split_at_checked(2)?;
        let year: i32 = year.parse().ok()?;
        let number: i32 = number.strip_prefix('H')?.parse().ok()?;
        if !(1..=12 / self.period_months).contains(&number) {
            return None;
        }
        // A fiscal year is named by the calendar year of its last month.
        let anchor_number = self.period_anchor.number();
        let last = Month::from_index((2000 + year) * 12 + (anchor_number + 10) % 12);
        Some(self.period_of(last.plus(-11 + (number - 1) * self.period_months)))
    }

    /// The first and last day on which a claim on this period's lot may be submitted.
    #[must_use]
    pub fn claim_window(&self, earned: Period) -> (NaiveDate, NaiveDate) {
        let usage_first = earned.next().first_month();
        let day = |at: MonthDay| usage_first.plus(at.month - 1).day(at.day);
        (day(self.claim_opens), day(self.claim_closes))
    }

    /// The first and last month of the program year that holds the month.
    #[must_use]
    pub fn program_year_of(&self, month: Month) -> (Month, Month) {
        let last = month.plus((self.program_year_last_month - month.number()).rem_euclid(12));
        (last.plus(-11), last)
    }

    /// Whether the month is the last of its program year.
    #[must_use]
    pub fn ends_program_year(&self, month: Month) -> bool {
        month.number() == self.program_year_last_month
    }
}

impl Period {
    /// Its first month.
    #[must_use]
    pub fn first_month(self) -> Month {
        self.first
    }

    /// Its last month.
    #[must_use]
    pub fn last_month(self) -> Month {
        self.first.plus(self.months - 1)
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.first.first_day()
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        self.last_month().last_day()
    }

    /// The period after it: the usage period of what it earns.
    #[must_use]
    pub fn next(self) -> Self {
        self.shift(1)
    }

    /// The period before it: whose lot is used in this one.
    #[must_use]
    pub fn previous(self) -> Self {
        self.shift(-1)
    }

    /// Whether the date lies in it.
    #[must_use]
    pub fn contains(self, date: NaiveDate) -> bool {
        self.first_day() <= date && date <= self.last_day()
    }

    fn shift(self, periods: i32) -> Self {
        let first = self.first.plus(periods * self.months);
        let years = first.since(self.fiscal_year_first).div_euclid(12);
        Self { first, months: self.months, fiscal_year_first: self.fiscal_year_first.plus(years * 12) }
    }
}

impl fmt::Display for Period {
    /// The program's label: `FY22H1` is July to December 2021.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.fiscal_year_first.plus(11).year().rem_euclid(100);
        let number = self.first.since(self.fiscal_year_first) / self.months + 1;
        f.pad(&format!("FY{year:02}H{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves() -> Calendar {
        Calendar {
            period_months: 6,
            period_anchor: Month::parse("2020-07").unwrap(),
            claim_opens: MonthDay { month: 2, day: 16 },
            claim_closes: MonthDay { month: 8, day: 15 },
            program_year_last_month: 9,
        }
    }

    #[test]
    fn july_to_december_2021_is_fy22h1() {
        let calendar = halves();
        let period = calendar.period_of(Month::parse("2021-12").unwrap());
        assert_eq!(period.to_string(), "FY22H1");
        assert_eq!(period.first_day().to_string(), "2021-07-01");
        assert_eq!(period.last_day().to_string(), "2021-12-31");
        assert_eq!(period.next().to_string(), "FY22H2");
        assert_eq!(period.next().next().to_string(), "FY23H1");
        assert_eq!(period.previous().to_string(), "FY21H2");
    }

    #[test]
    fn labels_read_back() {
        let calendar = halves();
        for at in -40..80 {
            let period = calendar.period_of(calendar.period_anchor.plus(at));
            assert_eq!(calendar.period_parse(&period.to_string()), Some(period), "{period}");
        }
        for bad in ["FY22", "FY22H0", "FY22H3", "22H1", "FY2\u{e9}", ""] {
            assert_eq!(calendar.period_parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_program_year_runs_from_october_to_september() {
        let month = |text: &str| Month::parse(text).unwrap();
        let year = (month("2021-10"), month("2022-09"));
        for within in ["2021-10", "2021-12", "2022-01", "2022-09"] {
            assert_eq!(halves().program_year_of(month(within)), year, "{within}");
        }
        assert_eq!(halves().program_year_of(month("2022-10")).0, month("2022-10"));
    }

    #[test]
    fn claims_on_the_second_half_of_2021_run_from_16_february_to_15_august() {
        let calendar = halves();
        let (opens, closes) = calendar.claim_window(calendar.period_parse("FY22H1").unwrap());
        assert_eq!((opens.to_string().as_str(), closes.to_string().as_str()), ("2022-02-16", "2022-08-15"));
        let (opens, closes) = calendar.claim_window(calendar.period_parse("FY22H2").unwrap());
        assert_eq!((opens.to_string().as_str(), closes.to_string().as_str()), ("2022-08-16", "2023-02-15"));
    }
}
