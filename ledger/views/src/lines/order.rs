//! Columns brought into the order of facts.

use super::numbers::renumbered;
use super::{ColdLines, Credit, EventIds, LineClasses, Lines, LinesError, count};
use std::cmp::Ordering;
use std::mem::take;

/// Rows while they are made: both sorts of columns at hand, in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) hot: Lines,
    pub(super) cold: ColdLines,
}

impl Rows {
    /// The same rows in the order of facts, texts numbered in the order in which rows name them. Targets of credits and twins
    /// are not known then.
    pub(super) fn ordered(mut self, classes: &LineClasses) -> Result<Self, LinesError> {
        count(self.hot.len())?;
        let order = self.order();
        if !order.iter().enumerate().all(|(to, from)| to == *from as usize) {
            self.permute(&order)?;
        }
        let Self { mut hot, mut cold } = self;
        let billed: Vec<bool> = classes.all().iter().map(|class| class.billed().is_some()).collect();
        let numbers = &hot.classes;
        let is_billed = |row: usize| billed.get(numbers[row] as usize).copied().unwrap_or(false);
        cold.customer_ids = renumbered(take(&mut cold.customer_ids), &mut hot.customers, is_billed)?;
        cold.subscription_ids = renumbered(take(&mut cold.subscription_ids), &mut cold.subscriptions, is_billed)?;
        cold.source_ids = renumbered(take(&mut cold.source_ids), &mut cold.sources, |_| true)?;
        hot.customer_count = count(cold.customer_ids.len())?;
        Ok(Self { hot, cold })
    }

    /// The rows in the order of facts.
    fn order(&self) -> Vec<u32> {
        let day = |row: u32| self.hot.on_days[row as usize];
        let mut order: Vec<u32> = (0..u32::try_from(self.hot.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|row| day(*row));
        let ranks = self.source_ranks();
        let within_day = |one: &u32, two: &u32| self.compare(&ranks, *one as usize, *two as usize);
        for rows in order.chunk_by_mut(|one, two| day(*one) == day(*two)) {
            rows.sort_unstable_by(within_day);
        }
        order
    }

    fn compare(&self, ranks: &[u32], one: usize, two: usize) -> Ordering {
        let seqs = if self.hot.seqs.is_empty() { Ordering::Equal } else { self.hot.seq(one).cmp(&self.hot.seq(two)) };
        let rank = |row: usize| ranks.get(self.cold.sources[row] as usize);
        seqs.then_with(|| rank(one).cmp(&rank(two))).then_with(|| self.cold.event_ids.compare(one, two))
    }

    /// Where each source stands among them all, bytewise.
    fn source_ranks(&self) -> Vec<u32> {
        let of = |number: u32| self.cold.source_ids.get(number);
        let all = 0..u32::try_from(self.cold.source_ids.len()).unwrap_or(u32::MAX);
        all.clone()
            .map(|one| u32::try_from(all.clone().filter(|two| of(*two) < of(one)).count()).unwrap_or(u32::MAX))
            .collect()
    }

    fn permute(&mut self, order: &[u32]) -> Result<(), LinesError> {
        let mut rows_new = vec![0_u32; order.len()];
        for (to, from) in order.iter().enumerate() {
            rows_new[*from as usize] = count(to)?;
        }
        let Self { hot, cold } = self;
        gather(&mut hot.on_days, order);
        gather(&mut hot.classes, order);
        gather(&mut hot.customers, order);
        gather(&mut hot.amounts, order);
        gather(&mut cold.positions, order);
        gather(&mut cold.subscriptions, order);
        gather(&mut cold.sources, order);
        cold.event_ids = cold.event_ids.gathered(order.iter().map(|row| *row as usize))?;
        hot.amounts_wide.iter_mut().for_each(|(row, _)| *row = rows_new[*row as usize]);
        hot.amounts_wide.sort_unstable_by_key(|(row, _)| *row);
        hot.seqs.iter_mut().for_each(|(row, _)| *row = rows_new[*row as usize]);
        hot.seqs.sort_unstable_by_key(|(row, _)| *row);
        let mut credits: Vec<(u32, usize)> =
            hot.credits.iter().enumerate().map(|(at, credit)| (rows_new[credit.row as usize], at)).collect();
        credits.sort_unstable();
        cold.credited_ids = cold.credited_ids.gathered(credits.iter().map(|(_, at)| *at))?;
        hot.credits = credits.into_iter().map(|(row, _)| Credit { row, target: None }).collect();
        Ok(())
    }
}

fn gather<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
    *column = order.iter().map(|row| column[*row as usize]).collect();
}

impl EventIds {
    /// How the texts of two rows compare.
    fn compare(&self, one: usize, two: usize) -> Ordering {
        match self.packed_pair(one, two) {
            Some((one, two)) => one.cmp(&two),
            None => self.text(one).cmp(&self.text(two)),
        }
    }
}
