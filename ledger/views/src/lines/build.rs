//! Columns gathered record by record, and from other columns.

use super::cold::Cold;
use super::numbers::Numbers;
use super::order::Rows;
use super::{AMOUNT_IS_WIDE, Credit, LineClass, LineClasses, Lines, LinesError, PartnerColumns, count};
use crate::fact::{Fact, FactKind, Line};
use crate::history::{Known, PinnedRecord, Reversals};
use chrono::Datelike;
use daybook_event::{Envelope, Month, Payload, Position};

/// One partner's columns while they are gathered, in whatever order records come.
#[derive(Debug, Clone, Default)]
pub struct ColumnsBuilder {
    /// Its texts are empty until the end: they are in the numbers.
    rows: Rows,
    customers: Numbers,
    subscriptions: Numbers,
    sources: Numbers,
    others: Vec<Fact>,
    reversals: Reversals,
    pinned: Vec<PinnedRecord>,
    /// What facts that are no lines take, about.
    bytes_of_others: usize,
}

/// Customer and subscription of a line: numbers.
type Party = (u32, u32);

impl ColumnsBuilder {
    /// Takes in what a record says of the partner, if anything.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where 32 bits do not count the lines.
    pub fn add(&mut self, position: Position, envelope: Envelope, classes: &mut LineClasses) -> Result<(), LinesError> {
        if matches!(envelope.payload, Payload::Reversal(_)) {
            self.reversals.add(position, &envelope);
            self.bytes_of_others += OTHER_BYTES;
        } else if let Some(pinned) = PinnedRecord::of(position, &envelope) {
            self.bytes_of_others += OTHER_BYTES + pinned.rows.len();
            self.pinned.push(pinned);
        } else if let Some(fact) = Fact::of(envelope, position)
            && !self.add_line(&fact, classes)?
        {
            self.bytes_of_others += OTHER_BYTES;
            self.others.push(fact);
        }
        Ok(())
    }

    /// Takes in a fact that is a line; false where it is none.
    fn add_line(&mut self, fact: &Fact, classes: &mut LineClasses) -> Result<bool, LinesError> {
        match &fact.kind {
            FactKind::Line(line) => {
                let class = classes.number_of_line(line)?;
                let party = (self.customers.of(&line.customer_id)?, self.subscriptions.of(&line.subscription_id)?);
                self.add_credit(line)?;
                self.add_row(fact, class, party, line.amount.nanos())?;
            }
            FactKind::Moneyless => {
                let class = classes.number_of(&LineClass::Moneyless)?;
                self.add_row(fact, class, (0, 0), 0)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn add_credit(&mut self, line: &Line) -> Result<(), LinesError> {
        if let Some(credited) = &line.credits {
            let Rows { hot, cold } = &mut self.rows;
            hot.credits.push(Credit { row: count(hot.len())?, target: None });
            cold.credited_ids.push(credited)?;
        }
        Ok(())
    }

    fn add_row(&mut self, fact: &Fact, class: u32, party: Party, nanos: i128) -> Result<(), LinesError> {
        let source = self.sources.of(fact.id.source.as_str())?;
        let Rows { hot, cold } = &mut self.rows;
        let row = count(hot.len())?;
        let narrow = i64::try_from(nanos).unwrap_or(AMOUNT_IS_WIDE);
        if narrow == AMOUNT_IS_WIDE {
            hot.amounts_wide.push((row, nanos));
        }
        if fact.seq != 0 {
            hot.seqs.push((row, fact.seq));
        }
        hot.on_days.push(fact.effective_on.num_days_from_ce());
        hot.classes.push(class);
        hot.customers.push(party.0);
        hot.amounts.push(narrow);
        cold.subscriptions.push(party.1);
        cold.positions.push(fact.position.number());
        cold.sources.push(source);
        cold.event_ids.push(&fact.id.event_id)
    }

    /// Takes in other columns of the same partner, up to a position. `class_numbers` has the number here of each class
    /// there.
    ///
    /// # Errors
    /// [`LinesError`].
    pub fn append(
        &mut self,
        columns: PartnerColumns,
        class_numbers: &[u32],
        until: Position,
    ) -> Result<(), LinesError> {
        let PartnerColumns { lines, reversed: _, others, reversals, pinned } = columns;
        self.append_lines(&lines, class_numbers, until)?;
        self.reversals.absorb(reversals.until(until));
        self.bytes_of_others += (others.len() + pinned.len()) * OTHER_BYTES;
        self.others.extend(others.into_iter().filter(|fact| fact.position <= until));
        self.pinned.extend(pinned.into_iter().filter(|record| record.position <= until));
        Ok(())
    }

    fn append_lines(&mut self, lines: &Lines, class_numbers: &[u32], until: Position) -> Result<(), LinesError> {
        let cold = lines.cold()?;
        let mut credits = lines.credits.iter().enumerate().peekable();
        let [customers, subscriptions, sources] = [
            self.customers.of_all(&cold.customer_ids)?,
            self.subscriptions.of_all(&cold.subscription_ids)?,
            self.sources.of_all(&cold.source_ids)?,
        ];
        let to = &mut self.rows;
        let number = |numbers: &[u32], at: u32| numbers.get(at as usize).copied();
        for row in 0..lines.len() {
            let credit = credits.next_if(|(_, credit)| credit.row as usize == row);
            if cold.positions[row] > until.number() {
                continue;
            }
            let row_new = count(to.hot.len())?;
            if let Some((at, _)) = credit {
                to.hot.credits.push(Credit { row: row_new, target: None });
                to.cold.credited_ids.push_of(&cold.credited_ids, at)?;
            }
            if lines.amounts[row] == AMOUNT_IS_WIDE {
                to.hot.amounts_wide.push((row_new, lines.nanos(row)));
            }
            if !lines.seqs.is_empty() && lines.seq(row) != 0 {
                to.hot.seqs.push((row_new, lines.seq(row)));
            }
            let missing = LinesError::Damaged { what: "a row names what is not there" };
            to.hot.on_days.push(lines.on_days[row]);
            to.hot.classes.push(number(class_numbers, lines.classes[row]).ok_or(missing.clone())?);
            // A moneyless row names no customer, and none need be there.
            to.hot.customers.push(number(&customers, lines.customers[row]).unwrap_or(0));
            to.hot.amounts.push(lines.amounts[row]);
            to.cold.subscriptions.push(number(&subscriptions, cold.subscriptions[row]).unwrap_or(0));
            to.cold.positions.push(cold.positions[row]);
            to.cold.sources.push(number(&sources, cold.sources[row]).ok_or(missing)?);
            to.cold.event_ids.push_of(&cold.event_ids, row)?;
        }
        Ok(())
    }

    /// Whether nothing was taken in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.hot.is_empty() && self.others.is_empty() && self.pinned.is_empty() && self.reversals.is_empty()
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = self.customers.bytes() + self.subscriptions.bytes() + self.sources.bytes();
        self.rows.hot.len() * ROW_BYTES + self.rows.cold.event_ids.bytes() + texts + self.bytes_of_others
    }

    /// The columns of everything taken in: the same whatever the order was in which it came.
    ///
    /// # Errors
    /// [`LinesError`].
    pub fn finish(mut self, classes: &LineClasses) -> Result<PartnerColumns, LinesError> {
        let rows = self.rows_taken().found(classes)?;
        let mut reversals = self.reversals;
        let targets: Vec<_> = reversals.targets().cloned().collect();
        let found = rows.rows_of_events(targets.iter().map(|target| (&target.source, &target.event_id)))?;
        let mut reversed = Vec::new();
        for (target, row) in targets.iter().zip(found) {
            if let Some(row) = row {
                reversals.note_known(target, Known::Fact(Month::of(rows.hot.on(row as usize))));
                reversed.push(row);
            }
        }
        reversed.sort_unstable();
        let (mut others, mut pinned) = (self.others, self.pinned);
        others.sort_by(|one, two| one.order().cmp(&two.order()));
        others.iter().for_each(|fact| reversals.note_known(&fact.id, Known::Fact(fact.month())));
        pinned.sort_by_key(|record| record.position);
        pinned.iter().for_each(|record| reversals.note_known(&record.id, Known::Closing));
        Ok(PartnerColumns { lines: rows.into_lines(), reversed, others, reversals, pinned })
    }
}

impl ColumnsBuilder {
    fn rows_taken(&mut self) -> Rows {
        let mut rows = std::mem::take(&mut self.rows);
        rows.cold.customer_ids = std::mem::take(&mut self.customers).into_texts();
        rows.cold.subscription_ids = std::mem::take(&mut self.subscriptions).into_texts();
        rows.cold.source_ids = std::mem::take(&mut self.sources).into_texts();
        rows
    }
}

impl Lines {
    /// The lines among facts, in the order of facts. What is no line is passed over.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where 32 bits do not count them.
    pub fn of<'a>(facts: impl Iterator<Item = &'a Fact>, classes: &mut LineClasses) -> Result<Self, LinesError> {
        let mut builder = ColumnsBuilder::default();
        for fact in facts {
            builder.add_line(fact, classes)?;
        }
        Ok(builder.rows_taken().found(classes)?.into_lines())
    }
}

impl Rows {
    /// The rows in order, with what they say of each other.
    fn found(self, classes: &LineClasses) -> Result<Self, LinesError> {
        let mut rows = self.ordered(classes)?;
        rows.find_targets(classes)?;
        rows.find_twins(classes)?;
        Ok(rows)
    }

    fn into_lines(self) -> Lines {
        Lines { cold: Cold::here(self.cold), ..self.hot }
    }
}

/// What a row takes in memory without its event's id.
const ROW_BYTES: usize = 4 * size_of::<u32>() + size_of::<i32>() + 2 * size_of::<u64>();
/// What a fact that is no line takes in memory, about.
const OTHER_BYTES: usize = 300;
