//! Everything the ledger holds of one partner, its lines in columns.

use super::{LineClasses, Lines, LinesError, count};
use crate::fact::{Fact, FactKind};
use crate::history::{PartnerHistory, PinnedRecord, Reversals};
use chrono::NaiveDate;
use daybook_event::{Month, Position};

/// One partner: lines in columns, everything else as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerColumns {
    /// The lines.
    pub lines: Lines,
    /// Rows of lines that some reversal names, ascending. They are in `lines` all the same.
    pub reversed: Vec<u32>,
    /// Facts that are no line, in order.
    pub others: Vec<Fact>,
    /// Which events are reversed.
    pub reversals: Reversals,
    /// Pinned statements, in order of position.
    pub pinned: Vec<PinnedRecord>,
}

impl PartnerColumns {
    /// The columns of a partner's history.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where 32 bits do not count its lines.
    pub fn of(history: &PartnerHistory, classes: &mut LineClasses) -> Result<Self, LinesError> {
        let facts = history.facts();
        let is_line = |fact: &&Fact| matches!(fact.kind, FactKind::Line(_) | FactKind::Moneyless);
        let lines = Lines::of(facts.iter(), classes)?;
        let (reversals, mut reversed) = (history.reversals_made(), Vec::new());
        if !reversals.is_empty() {
            for (row, _) in facts.iter().filter(is_line).enumerate().filter(|(_, fact)| reversals.names(&fact.id)) {
                reversed.push(count(row)?);
            }
        }
        let others = facts.iter().filter(|fact| !is_line(fact)).cloned().collect();
        Ok(Self { lines, reversed, others, reversals: reversals.clone(), pinned: history.pinned_all().to_vec() })
    }

    /// The history that these columns were made of.
    ///
    /// # Errors
    /// As for [`Lines::cold`].
    pub fn history(&self, classes: &LineClasses) -> Result<PartnerHistory, LinesError> {
        let lines = (0..self.lines.len()).map(|row| self.lines.fact(row, classes));
        let facts: Result<Vec<Fact>, LinesError> = lines.chain(self.others.iter().cloned().map(Ok)).collect();
        Ok(PartnerHistory::new(facts?, self.reversals.clone()).with_pinned(self.pinned.clone()))
    }

    /// The facts of a month that are no line.
    #[must_use]
    pub fn others_of(&self, month: Month) -> &[Fact] {
        let first = self.others.partition_point(|fact| fact.month() < month);
        let end = self.others.partition_point(|fact| fact.month() <= month);
        &self.others[first..end]
    }

    /// The first and the last position among its records; none where there is no record.
    ///
    /// # Errors
    /// As for [`Lines::cold`].
    pub fn positions(&self) -> Result<Option<[Position; 2]>, LinesError> {
        let of_lines = self.lines.cold()?.positions.iter().map(|position| Position::new(*position));
        let of_others = self.others.iter().map(|fact| fact.position);
        let of_reversals = self.reversals.made().map(|(_, position, _)| position);
        let all = of_lines.chain(of_others).chain(of_reversals).chain(self.pinned.iter().map(|record| record.position));
        Ok(all.fold(None, |ends: Option<[Position; 2]>, one| {
            Some(ends.map_or([one; 2], |[first, last]| [first.min(one), last.max(one)]))
        }))
    }

    /// The date of the last line with money up to a date, reversed or not.
    #[must_use]
    pub fn last_billed(&self, classes: &LineClasses, until: NaiveDate) -> Option<NaiveDate> {
        let is_billed = |row: &usize| classes.all().get(self.lines.classes[*row] as usize)?.billed().map(|_| ());
        let last = (0..self.lines.rows_until(until)).rev().find(|row| is_billed(row).is_some())?;
        Some(self.lines.on(last))
    }

    /// The month of the first fact.
    #[must_use]
    pub fn first_month(&self) -> Option<Month> {
        let line = (!self.lines.is_empty()).then(|| Month::of(self.lines.on(0)));
        line.into_iter().chain(self.others.first().map(Fact::month)).min()
    }

    /// The same, where everything agrees: for columns that come from outside.
    ///
    /// # Errors
    /// [`LinesError::Damaged`] saying what is wrong with them.
    pub fn checked(self, classes: &LineClasses) -> Result<Self, LinesError> {
        let rows = self.lines.len();
        let ascending = self.reversed.is_sorted_by(|a, b| a < b);
        super::ensure(ascending && self.reversed.iter().all(|row| (*row as usize) < rows), "reversed rows are none")?;
        super::ensure(self.others.is_sorted_by(|a, b| a.order() <= b.order()), "facts are not in order")?;
        let no_line = |fact: &Fact| !matches!(fact.kind, FactKind::Line(_) | FactKind::Moneyless);
        super::ensure(self.others.iter().all(no_line), "a line is not among the lines")?;
        Ok(Self { lines: self.lines.checked(classes)?, ..self })
    }
}
