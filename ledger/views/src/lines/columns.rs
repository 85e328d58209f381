//! The columns.

use super::{EventIds, LineClass, LineClasses, LinesError, Texts, ensure};
use crate::fact::{Fact, FactKind, Line};
use chrono::{Datelike, NaiveDate};
use daybook_event::{Amount, EventId, EventRef, Month, Position, SourceId};
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
    /// The number of its customer among `customer_ids`; 0 and meaningless on moneyless rows, as is the subscription.
    pub(crate) customers: Vec<u32>,
    /// What was billed, in 10^-9 of its own currency, or [`AMOUNT_IS_WIDE`].
    pub(crate) amounts: Vec<i64>,
    /// The amounts that need more than 64 bits, by row.
    pub(crate) amounts_wide: Vec<(u32, i128)>,
    /// The record.
    pub(crate) positions: Vec<u64>,
    /// The number of its subscription among `subscription_ids`.
    pub(crate) subscriptions: Vec<u32>,
    /// Where `seq` is not 0: row and `seq`.
    pub(crate) seqs: Vec<(u32, u32)>,
    /// The number of its source among `source_ids`.
    pub(crate) sources: Vec<u32>,
    /// Its event's id.
    pub(crate) event_ids: EventIds,
    /// Customers, in the order in which they first appear.
    pub(crate) customer_ids: Texts,
    /// Subscriptions, in the order in which they first appear.
    pub(crate) subscription_ids: Texts,
    /// Sources, in the order in which they first appear.
    pub(crate) source_ids: Texts,
    /// Rows that credit a line.
    pub(crate) credits: Vec<Credit>,
    /// The ids that these rows credit, one per entry of `credits`.
    pub(crate) credited_ids: EventIds,
    /// Rows that bill the same money as another of the other kind.
    pub(crate) twins: Vec<u32>,
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
        self.seqs.binary_search_by_key(&row, |(at, _)| *at as usize).map_or(0, |at| self.seqs[at].1)
    }

    /// The source of a row.
    #[must_use]
    pub fn source(&self, row: usize) -> SourceId {
        match SourceId::parse(self.source_ids.get(self.sources[row])) {
            Ok(source) => source,
            // Sources are pushed as ids, and checked where they come from outside.
            Err(_) => unreachable!("the source of row {row} was checked"),
        }
    }

    /// The event of a row.
    #[must_use]
    pub fn event(&self, row: usize) -> EventRef {
        EventRef { source: self.source(row), event_id: self.event_ids.get(row) }
    }

    /// The customer of a row.
    #[must_use]
    pub fn customer_id(&self, row: usize) -> &str {
        self.customer_ids.get(self.customers[row])
    }

    /// The place of a row among the credits, if it is one.
    #[must_use]
    pub fn credit_at(&self, row: usize) -> Option<usize> {
        self.credits.binary_search_by_key(&row, |credit| credit.row as usize).ok()
    }

    /// The event that a row credits.
    #[must_use]
    pub fn credited(&self, row: usize) -> Option<EventId> {
        self.credit_at(row).map(|at| self.credited_ids.get(at))
    }

    /// A row as the fact that it was.
    #[must_use]
    pub fn fact(&self, row: usize, classes: &LineClasses) -> Fact {
        let kind = match classes.get(self.classes[row]) {
            None | Some(LineClass::Moneyless) => FactKind::Moneyless,
            Some(LineClass::Billed(class)) => FactKind::Line(Line {
                kind: class.kind,
                customer_id: self.customer_id(row).to_owned(),
                subscription_id: self.subscription_ids.get(self.subscriptions[row]).to_owned(),
                product: class.product.clone(),
                segment: class.segment,
                charge_type: class.charge_type.clone(),
                amount: Amount::from_nanos(self.nanos(row)).unwrap_or(Amount::ZERO),
                currency: class.currency,
                credits: self.credited(row),
            }),
        };
        let position = Position::new(self.positions[row]);
        Fact { id: self.event(row), effective_on: self.on(row), seq: self.seq(row), position, kind }
    }

    /// The same columns, where they agree with each other and with the classes: for columns that come from outside.
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
        let named = |numbers: &[u32], texts: &Texts| {
            let most = texts.len();
            (0..numbers.len()).all(|row| (numbers[row] as usize) < most || !is_billed(row))
        };
        ensure(named(&self.customers, &self.customer_ids), "a line has no customer")?;
        ensure(named(&self.subscriptions, &self.subscription_ids), "a line has no subscription")?;
        let sources = self.source_ids.len();
        ensure(self.sources.iter().all(|source| (*source as usize) < sources), "a line has no source")?;
        let mut all_sources = (0..self.source_ids.ends().len()).map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        ensure(all_sources.all(|at| SourceId::parse(self.source_ids.get(at)).is_ok()), "a source is no id")?;
        self.check_sparse(is_billed)?;
        Ok(self)
    }

    fn check_lengths(&self) -> Result<(), LinesError> {
        let rows = self.len();
        let numbers = [&self.classes, &self.customers, &self.subscriptions, &self.sources];
        let same = numbers.iter().all(|column| column.len() == rows)
            && [self.amounts.len(), self.positions.len(), self.event_ids.len()].iter().all(|length| *length == rows);
        ensure(same, "columns differ in length")?;
        ensure(u32::try_from(rows).is_ok(), "there are more lines than numbers")?;
        ensure(self.credits.len() == self.credited_ids.len(), "a credit names nothing")
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
