//! What is kept of a replay's rows: totals, and the rows themselves where a file is asked for.

use super::months;
use crate::cli::ReplayArguments;
use crate::failure::Failure;
use crate::rows_file::RowsFile;
use daybook_event::{Exact, Month};
use daybook_replay::{MEASURES, Measure, ViewsHead, keep_months, measures_of};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::RuleBook;
use daybook_views::PartnerRows;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A measure of the window over all partners.
#[derive(Serialize)]
pub(super) struct Total {
    measure: Measure,
    amount: Exact,
}

/// The measures of some rows.
pub(super) type Totals = BTreeMap<Measure, Exact>;

/// Which months count, and in which periods: what any thread can ask.
#[derive(Clone)]
pub(super) struct Measuring<'a> {
    calendar: &'a Calendar,
    months: Option<RangeInclusive<Month>>,
}

impl Measuring<'_> {
    /// Leaves only the rows of the months that count, and tells their measures.
    pub(super) fn totals(&self, rows: &mut PartnerRows) -> Result<Totals, Failure> {
        if let Some(months) = &self.months {
            keep_months(rows, self.calendar, months);
        }
        let mut totals = Totals::new();
        for ((_, measure), amount) in measures_of(self.calendar, rows)? {
            let total = totals.entry(measure).or_default();
            *total = total.plus(amount)?;
        }
        Ok(totals)
    }
}

/// Takes a replay's rows, and keeps what was asked for of them.
pub(super) struct Sink<'a> {
    measuring: Measuring<'a>,
    file: Option<RowsFile>,
    totals: Totals,
}

impl<'a> Sink<'a> {
    pub(super) fn new(book: &'a RuleBook, arguments: &ReplayArguments) -> Result<Self, Failure> {
        let calendar = book.calendar();
        let months = arguments.window.as_deref().map(|text| months(calendar, text)).transpose()?;
        let file = arguments.output.as_deref().map(RowsFile::create).transpose()?;
        Ok(Self { measuring: Measuring { calendar, months }, file, totals: BTreeMap::new() })
    }

    /// What measures rows before they are added.
    pub(super) fn measuring(&self) -> Measuring<'a> {
        self.measuring.clone()
    }

    /// Whether rows are wanted, not only their measures.
    pub(super) fn wants_rows(&self) -> bool {
        self.file.is_some()
    }

    /// Adds measures.
    pub(super) fn add(&mut self, totals: Totals) -> Result<(), Failure> {
        for (measure, amount) in totals {
            let total = self.totals.entry(measure).or_default();
            *total = total.plus(amount)?;
        }
        Ok(())
    }

    /// Takes rows of the next partner.
    pub(super) fn take(&mut self, mut rows: PartnerRows) -> Result<(), Failure> {
        let totals = self.measuring.totals(&mut rows)?;
        self.add(totals)?;
        self.file.as_mut().map_or(Ok(()), |file| file.add(&rows))
    }

    pub(super) fn finish(self, head: &ViewsHead) -> Result<Vec<Total>, Failure> {
        let Self { file, totals, .. } = self;
        if let Some(file) = file {
            file.finish(head)?;
        }
        let total = |measure| Total { measure, amount: totals.get(&measure).copied().unwrap_or_default() };
        Ok(MEASURES.into_iter().map(total).collect())
    }
}
