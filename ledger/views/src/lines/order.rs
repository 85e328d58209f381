//! Columns brought into the order of facts.

use super::numbers::renumbered;
use super::{Credit, EventIds, LineClasses, Lines, LinesError, count};
use std::cmp::Ordering;

impl Lines {
    /// The same rows in the order of facts, texts numbered in the order in which rows name them. Targets of credits and twins
    /// are not known then.
    pub(super) fn ordered(mut self, classes: &LineClasses) -> Result<Self, LinesError> {
        count(self.len())?;
        let order = self.order();
        if !order.iter().enumerate().all(|(to, from)| to == *from as usize) {
            self.permute(&order)?;
        }
        let billed: Vec<bool> = classes.all().iter().map(|class| class.billed().is_some()).collect();
        let numbers = std::mem::take(&mut self.classes);
        let is_billed = |row: usize| billed.get(numbers[row] as usize).copied().unwrap_or(false);
        self.customer_ids = renumbered(std::mem::take(&mut self.customer_ids), &mut self.customers, is_billed)?;
        let subscription_ids = std::mem::take(&mut self.subscription_ids);
        self.subscription_ids = renumbered(subscription_ids, &mut self.subscriptions, is_billed)?;
        self.source_ids = renumbered(std::mem::take(&mut self.source_ids), &mut self.sources, |_| true)?;
        self.classes = numbers;
        Ok(self)
    }

    /// The rows in the order of facts.
    fn order(&self) -> Vec<u32> {
        let day = |row: u32| self.on_days[row as usize];
        let mut order: Vec<u32> = (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|row| day(*row));
        let ranks = self.source_ranks();
        let within_day = |one: &u32, two: &u32| self.compare(&ranks, *one as usize, *two as usize);
        for rows in order.chunk_by_mut(|one, two| day(*one) == day(*two)) {
            rows.sort_unstable_by(within_day);
        }
        order
    }

    fn compare(&self, ranks: &[u32], one: usize, two: usize) -> Ordering {
        let seqs = if self.seqs.is_empty() { Ordering::Equal } else { self.seq(one).cmp(&self.seq(two)) };
        let rank = |row: usize| ranks.get(self.sources[row] as usize);
        seqs.then_with(|| rank(one).cmp(&rank(two))).then_with(|| self.event_ids.compare(one, two))
    }

    /// Where each source stands among them all, bytewise.
    fn source_ranks(&self) -> Vec<u32> {
        let of = |number: u32| self.source_ids.get(number);
        let all = 0..u32::try_from(self.source_ids.len()).unwrap_or(u32::MAX);
        all.clone()
            .map(|one| u32::try_from(all.clone().filter(|two| of(*two) < of(one)).count()).unwrap_or(u32::MAX))
            .collect()
    }

    fn permute(&mut self, order: &[u32]) -> Result<(), LinesError> {
        let mut rows_new = vec![0_u32; order.len()];
        for (to, from) in order.iter().enumerate() {
            rows_new[*from as usize] = count(to)?;
        }
        gather(&mut self.on_days, order);
        gather(&mut self.classes, order);
        gather(&mut self.customers, order);
        gather(&mut self.amounts, order);
        gather(&mut self.positions, order);
        gather(&mut self.subscriptions, order);
        gather(&mut self.sources, order);
        self.event_ids = self.event_ids.gathered(order.iter().map(|row| *row as usize))?;
        self.amounts_wide.iter_mut().for_each(|(row, _)| *row = rows_new[*row as usize]);
        self.amounts_wide.sort_unstable_by_key(|(row, _)| *row);
        self.seqs.iter_mut().for_each(|(row, _)| *row = rows_new[*row as usize]);
        self.seqs.sort_unstable_by_key(|(row, _)| *row);
        let mut credits: Vec<(u32, usize)> =
            self.credits.iter().enumerate().map(|(at, credit)| (rows_new[credit.row as usize], at)).collect();
        credits.sort_unstable();
        self.credited_ids = self.credited_ids.gathered(credits.iter().map(|(_, at)| *at))?;
        self.credits = credits.into_iter().map(|(row, _)| Credit { row, target: None }).collect();
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
