//! Columns from facts in memory.

use super::cold::Cold;
use super::{AMOUNT_IS_WIDE, ColdLines, Credit, LineClass, LineClasses, Lines, LinesError, Texts, count};
use crate::fact::{Fact, FactKind, Line, LineKind};
use chrono::Datelike;
use daybook_event::{Amount, Currency, EventRef};
use std::collections::{BTreeMap, HashMap};

/// Numbers of texts, in the order in which they first appear.
#[derive(Default)]
struct Numbers<'a>(HashMap<&'a str, u32>);

impl<'a> Numbers<'a> {
    fn of(&mut self, text: &'a str, texts: &mut Texts) -> Result<u32, LinesError> {
        if let Some(&number) = self.0.get(text) {
            return Ok(number);
        }
        let number = texts.push(text)?;
        self.0.insert(text, number);
        Ok(number)
    }
}

/// What is remembered while lines are taken in.
#[derive(Default)]
struct Gathering<'a> {
    lines: Lines,
    cold: ColdLines,
    customers: Numbers<'a>,
    subscriptions: Numbers<'a>,
    sources: Numbers<'a>,
}

/// What two bills of the same money have in common: source, subscription, date, amount, currency.
type BillKey = (u32, u32, i32, Amount, Currency);

impl Lines {
    /// The lines among facts that stand in order. What is no line is passed over.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where 32 bits do not count them.
    pub fn of<'a>(
        facts: impl Iterator<Item = &'a Fact> + Clone,
        classes: &mut LineClasses,
    ) -> Result<Self, LinesError> {
        let mut gathering = Gathering::default();
        for fact in facts.clone() {
            match &fact.kind {
                FactKind::Line(line) => gathering.take_line(fact, line, classes)?,
                FactKind::Moneyless => {
                    let class = classes.number_of(&LineClass::Moneyless)?;
                    gathering.take(fact, class, (0, 0), 0)?;
                }
                _ => {}
            }
        }
        let (mut lines, cold) = (gathering.lines, gathering.cold);
        lines.customer_count = count(cold.customer_ids.len())?;
        lines.find_targets(facts.clone())?;
        lines.find_twins(&cold, facts)?;
        lines.cold = Cold::here(cold);
        Ok(lines)
    }

    /// Finds the rows that credits name.
    fn find_targets<'a>(&mut self, facts: impl Iterator<Item = &'a Fact> + Clone) -> Result<(), LinesError> {
        if self.credits.is_empty() {
            return Ok(());
        }
        let credited = |fact: &Fact| {
            let event_id = fact.line()?.credits.clone()?;
            Some(EventRef { source: fact.id.source.clone(), event_id })
        };
        let mut rows: BTreeMap<EventRef, Option<u32>> =
            facts.clone().filter_map(credited).map(|target| (target, None)).collect();
        for (row, fact) in rows_of(facts.clone()) {
            if let Some(found) = rows.get_mut(&fact.id).filter(|_| fact.line().is_some()) {
                *found = Some(count(row)?);
            }
        }
        let targets = facts.filter_map(credited).map(|target| rows.get(&target).copied().flatten());
        self.credits.iter_mut().zip(targets).for_each(|(credit, target)| credit.target = target);
        Ok(())
    }

    /// Finds the rows that bill the same money as one of the other kind.
    fn find_twins<'a>(
        &mut self,
        cold: &ColdLines,
        facts: impl Iterator<Item = &'a Fact> + Clone,
    ) -> Result<(), LinesError> {
        let of_kind = |kind: LineKind| {
            let lines = rows_of(facts.clone()).filter_map(|(row, fact)| fact.line().map(|line| (row, line)));
            lines.filter(move |(_, line)| line.kind == kind)
        };
        let mut changes: BTreeMap<BillKey, Vec<u32>> = BTreeMap::new();
        for (row, line) in of_kind(LineKind::Change).filter(|(_, line)| !line.subscription_id.is_empty()) {
            changes.entry(self.bill_key(cold, row, line)).or_default().push(count(row)?);
        }
        if changes.is_empty() {
            return Ok(());
        }
        for (row, line) in of_kind(LineKind::Sale) {
            if let Some(rows) = changes.get_mut(&self.bill_key(cold, row, line)) {
                self.twins.append(rows);
                self.twins.push(count(row)?);
            }
        }
        self.twins.sort_unstable();
        Ok(())
    }

    fn bill_key(&self, cold: &ColdLines, row: usize, line: &Line) -> BillKey {
        (cold.sources[row], cold.subscriptions[row], self.on_days[row], line.amount, line.currency)
    }
}

/// The facts that are rows, each with its row.
fn rows_of<'a>(facts: impl Iterator<Item = &'a Fact>) -> impl Iterator<Item = (usize, &'a Fact)> {
    facts.filter(|fact| matches!(fact.kind, FactKind::Line(_) | FactKind::Moneyless)).enumerate()
}

impl<'a> Gathering<'a> {
    fn take_line(&mut self, fact: &'a Fact, line: &'a Line, classes: &mut LineClasses) -> Result<(), LinesError> {
        let class = classes.number_of_line(line)?;
        let customer = self.customers.of(&line.customer_id, &mut self.cold.customer_ids)?;
        let subscription = self.subscriptions.of(&line.subscription_id, &mut self.cold.subscription_ids)?;
        let row = count(self.lines.len())?;
        if let Some(credited) = &line.credits {
            self.lines.credits.push(Credit { row, target: None });
            self.cold.credited_ids.push(credited)?;
        }
        self.take(fact, class, (customer, subscription), line.amount.nanos())
    }

    fn take(
        &mut self,
        fact: &'a Fact,
        class: u32,
        (customer, subscription): (u32, u32),
        nanos: i128,
    ) -> Result<(), LinesError> {
        let source = self.sources.of(fact.id.source.as_str(), &mut self.cold.source_ids)?;
        let (lines, cold) = (&mut self.lines, &mut self.cold);
        let row = count(lines.len())?;
        let narrow = i64::try_from(nanos).unwrap_or(AMOUNT_IS_WIDE);
        if narrow == AMOUNT_IS_WIDE {
            lines.amounts_wide.push((row, nanos));
        }
        if fact.seq != 0 {
            lines.seqs.push((row, fact.seq));
        }
        lines.on_days.push(fact.effective_on.num_days_from_ce());
        lines.classes.push(class);
        lines.customers.push(customer);
        cold.subscriptions.push(subscription);
        lines.amounts.push(narrow);
        cold.positions.push(fact.position.number());
        cold.sources.push(source);
        cold.event_ids.push(&fact.id.event_id)
    }
}
