//! The columns.

use super::cold::Cold;
use super::{ColdLines, ColdSource, LineClass, LineClasses, LinesError, ensure};
use crate::fact::{Fact, FactKind, Line};
use chrono::{Datelike, NaiveDate};
use daybook_event::{Amount, EventRef, Month, Position};
use std::ops::Range;

/// Stands in the column of amounts for one that needs more than 64 bits.
pub const AMOUNT_IS_WIDE: i64 = i64::MIN;

/// One partner's lines, a column per field, in the order of facts. Rows are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines {
    /// The business date, in days from the first of year 1, which is day 1.
    pub(crate) on_days: Vec<i32>,
    /// The number of its class.
    pub(crate) classes: Vec<u32>,
    /// The number of its customer, in the order in which they first appear; 0 and meaningless on moneyless rows.
    pub(crate) customers: Vec<u32>,
    /// How many customers there are.
    pub(crate) customer_count: u32,
    /// What was billed, in 10^-9 of its own currency, or [`AMOUNT_IS_WIDE`].
    pub(crate) amounts: Vec<i64>,
    /// The amounts that need more than 64 bits, by row.
    pub(crate) amounts_wide: Vec<(u32, i128)>,
    /// Where `seq` is not 0: row and `seq`.
    pub(crate) seqs: Vec<(u32, u32)>,
    /// Rows that credit a line.
    pub(crate) credits: Vec<Credit>,
    /// Rows that bill the same money as another of the other kind.
    pub(crate) twins: Vec<u32>,
    /// The rest.
    pub(crate) cold: Cold,
}

/// The places of an ascending list that are of these rows.
pub(crate) fn within<T>(list: &[T], rows: &Range<usize>, row_of: impl Fn(&T) -> u32) -> Range<usize> {
    let before = |end: usize| list.partition_point(|one| (row_of(one) as usize) < end);
    if list.is_empty() { 0..0 } else { before(rows.start)..before(rows.end) }
}

/// A row that credits a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// The row.
    pub row: u32,
    /// The row of the revenue line that it names, where there is one, whatever its date.
    pub target: Option<u32>,
}

impl Lines {
    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.on_days.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.on_days.is_empty()
    }

    /// The rows of a month.
    #[must_use]
    pub fn month_rows(&self, month: Month) -> Range<usize> {
        let (first, last) = (month.first_day().num_days_from_ce(), month.last_day().num_days_from_ce());
        self.on_days.partition_point(|on| *on < first)..self.on_days.partition_point(|on| *on <= last)
    }

    /// How many rows are dated up to a date.
    #[must_use]
    pub fn rows_until(&self, on: NaiveDate) -> usize {
        let last = on.num_days_from_ce();
        self.on_days.partition_point(|on| *on <= last)
    }

    /// The rows of the date of a row, from that row on, up to an end.
    pub(crate) fn rows_of_date(&self, row: usize, end: usize) -> Range<usize> {
        let on = self.on_days[row];
        let same = self.on_days[row..end].iter().take_while(|other| **other == on).count();
        row..row + same
    }

    /// Those of these rows that may bill the same money as another of the other kind.
    pub(crate) fn twins_in(&self, rows: &Range<usize>) -> &[u32] {
        &self.twins[within(&self.twins, rows, |row| *row)]
    }

    /// Whether a row billed more than nothing (1), nothing (0) or less (-1).
    pub(crate) fn amounts_sign(&self, row: usize) -> i128 {
        match self.amounts[row] {
            AMOUNT_IS_WIDE => self.nanos(row).signum(),
            nanos => i128::from(nanos.signum()),
        }
    }

    /// The business date of a row.
    #[must_use]
    pub fn on(&self, row: usize) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.on_days[row]).unwrap_or(NaiveDate::MAX)
    }

    /// What a row billed, in 10^-9 of its own currency.
    #[must_use]
    pub fn nanos(&self, row: usize) -> i128 {
        match self.amounts[row] {
            AMOUNT_IS_WIDE => {
                let found = self.amounts_wide.binary_search_by_key(&row, |(wide, _)| *wide as usize);
                found.map_or(0, |at| self.amounts_wide[at].1)
            }
            nanos => i128::from(nanos),
        }
    }

    /// The `seq` of a row.
    #[must_use]
    pub fn seq(&self, row: usize) -> u32 {
        if self.seqs.is_empty() {
            return 0;
        }
        self.seqs.binary_search_by_key(&row, |(at, _)| *at as usize).map_or(0, |at| self.seqs[at].1)
    }

    /// The columns that are seldom read.
    ///
    /// # Errors
    /// [`LinesError`] where they cannot be come by.
    pub fn cold(&self) -> Result<&ColdLines, LinesError> {
        self.cold.get()
    }

    /// The same lines, their cold columns to be read when first asked for.
    #[must_use]
    pub fn with_cold(self, source: ColdSource) -> Self {
        Self { cold: Cold::later(source), ..self }
    }

    /// The event of a row.
    ///
    /// # Errors
    /// As for [`Self::cold`].
    pub fn event(&self, row: usize) -> Result<EventRef, LinesError> {
        let source = self.cold.source_of(row)?.clone();
        Ok(EventRef { source, event_id: self.cold()?.event_ids.get(row) })
    }

    /// The id of the customer of that number.
    ///
    /// # Errors
    /// As for [`Self::cold`].
    pub fn customer_id(&self, customer: u32) -> Result<&str, LinesError> {
        Ok(self.cold()?.customer_ids.get(customer))
    }

    /// The place of a row among the credits, if it is one.
    #[must_use]
    pub fn credit_at(&self, row: usize) -> Option<usize> {
        self.credits.binary_search_by_key(&row, |credit| credit.row as usize).ok()
    }

    /// A row as the fact that it was.
    ///
    /// # Errors
    /// As for [`Self::cold`].
    pub fn fact(&self, row: usize, classes: &LineClasses) -> Result<Fact, LinesError> {
        let cold = self.cold()?;
        let kind = match classes.get(self.classes[row]) {
            None | Some(LineClass::Moneyless) => FactKind::Moneyless,
            Some(LineClass::Billed(class)) => FactKind::Line(Line {
                kind: class.kind,
                customer_id: cold.customer_ids.get(self.customers[row]).to_owned(),
                subscription_id: cold.subscription_ids.get(cold.subscriptions[row]).to_owned(),
                product: class.product.clone(),
                segment: class.segment,
                charge_type: class.charge_type.clone(),
                amount: Amount::from_nanos(self.nanos(row)).unwrap_or(Amount::ZERO),
                currency: class.currency,
                credits: self.credit_at(row).map(|at| cold.credited_ids.get(at)),
            }),
        };
        let position = Position::new(cold.positions[row]);
        Ok(Fact { id: self.event(row)?, effective_on: self.on(row), seq: self.seq(row), position, kind })
    }

    /// The same columns, where they agree with each other and with the classes: for columns that come from outside. Cold
    /// columns have a check of their own.
    ///
    /// # Errors
    /// [`LinesError::Damaged`] saying what is wrong with them.
    pub fn checked(self, classes: &LineClasses) -> Result<Self, LinesError> {
        self.check_lengths()?;
        ensure(self.on_days.is_sorted(), "lines are not in order of date")?;
        let ends = self.on_days.first().into_iter().chain(self.on_days.last());
        let is_date = |day: &i32| NaiveDate::from_num_days_from_ce_opt(*day).is_some();
        ensure(ends.into_iter().all(is_date), "a line has no date")?;
        let class_count = classes.all().len();
        ensure(self.classes.iter().all(|class| (*class as usize) < class_count), "a line has no class")?;
        let is_billed = |row: usize| classes.get(self.classes[row]).is_some_and(|class| class.billed().is_some());
        let customer_holds = |row: usize| self.customers[row] < self.customer_count || !is_billed(row);
        ensure((0..self.len()).all(customer_holds), "a line has no customer")?;
        self.check_sparse(is_billed)?;
        Ok(self)
    }

    fn check_lengths(&self) -> Result<(), LinesError> {
        let rows = self.len();
        let lengths = [self.classes.len(), self.customers.len(), self.amounts.len()];
        ensure(lengths.iter().all(|length| *length == rows), "columns differ in length")?;
        ensure(u32::try_from(rows).is_ok(), "there are more lines than numbers")
    }

    fn check_sparse(&self, is_billed: impl Fn(usize) -> bool) -> Result<(), LinesError> {
        let rows = self.len();
        let ascending = |mut rows_of: Box<dyn Iterator<Item = u32> + '_>| {
            let mut before = None;
            rows_of.all(|row| {
                let holds = (row as usize) < rows && before.is_none_or(|before| before < row);
                before = Some(row);
                holds
            })
        };
        ensure(ascending(Box::new(self.seqs.iter().map(|(row, _)| *row))), "numbers within a date are not in order")?;
        ensure(ascending(Box::new(self.credits.iter().map(|one| one.row))), "credits are not in order")?;
        ensure(ascending(Box::new(self.twins.iter().copied())), "lines billed twice are not in order")?;
        let wide = self.amounts.iter().enumerate().filter(|(_, nanos)| **nanos == AMOUNT_IS_WIDE);
        let kept = self.amounts_wide.iter().map(|(row, _)| *row as usize);
        ensure(wide.map(|(row, _)| row).eq(kept), "a large amount is missing")?;
        let fits = |(_, nanos): &(u32, i128)| Amount::from_nanos(*nanos).is_some();
        ensure(self.amounts_wide.iter().all(fits), "an amount is out of range")?;
        let target_holds =
            |credit: &Credit| credit.target.is_none_or(|at| (at as usize) < rows && is_billed(at as usize));
        ensure(self.credits.iter().all(target_holds), "a credit names a line that is none")?;
        let credit_holds = |credit: &Credit| is_billed(credit.row as usize);
        ensure(self.credits.iter().all(credit_holds), "a credit is no line")
    }
}
