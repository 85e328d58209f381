//! Rows by event, and what rows say of each other.

use super::event_ids::packed;
use super::order::Rows;
use super::{BilledClass, LineClasses, LinesError, count};
use crate::fact::LineKind;
use daybook_event::{Currency, EventId, SourceId};
use std::collections::BTreeMap;

/// An event among a partner's rows: the number of its source, and its id in the form in which columns keep it.
type PackedKey = (u32, u8, u128);

/// Events that are looked for, each with what is to be known of it.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    packed: BTreeMap<PackedKey, Vec<usize>>,
    texts: BTreeMap<(u32, String), Vec<usize>>,
}

impl Rows {
    /// The number of a source, if a row is of it.
    fn source_number(&self, source: &SourceId) -> Option<u32> {
        (0..u32::try_from(self.cold.source_ids.len()).ok()?)
            .find(|number| self.cold.source_ids.get(*number) == source.as_str())
    }

    /// The row of each of these events, where a row is of it.
    pub(super) fn rows_of_events<'a>(
        &self,
        events: impl Iterator<Item = (&'a SourceId, &'a EventId)>,
    ) -> Result<Vec<Option<u32>>, LinesError> {
        let mut wanted = Wanted::default();
        let mut rows = Vec::new();
        for (at, (source, event_id)) in events.enumerate() {
            rows.push(None);
            if let Some(source) = self.source_number(source) {
                wanted.add(source, event_id.as_str(), at);
            }
        }
        self.find_wanted(&wanted, |at, row| rows[at] = Some(row))?;
        Ok(rows)
    }

    /// Finds the rows that credits name: those of a revenue line of the same source.
    pub(super) fn find_targets(&mut self, classes: &LineClasses) -> Result<(), LinesError> {
        let mut wanted = Wanted::default();
        for (at, credit) in self.hot.credits.iter().enumerate() {
            wanted.add(self.cold.sources[credit.row as usize], &self.cold.credited_ids.text(at), at);
        }
        let mut targets = vec![None; self.hot.credits.len()];
        self.find_wanted(&wanted, |at, row| targets[at] = Some(row))?;
        let is_billed =
            |row: &u32| classes.get(self.hot.classes[*row as usize]).is_some_and(|class| class.billed().is_some());
        for (credit, target) in self.hot.credits.iter_mut().zip(targets) {
            credit.target = target.filter(is_billed);
        }
        Ok(())
    }

    fn find_wanted(&self, wanted: &Wanted, mut found: impl FnMut(usize, u32)) -> Result<(), LinesError> {
        if wanted.packed.is_empty() && wanted.texts.is_empty() {
            return Ok(());
        }
        for row in 0..self.hot.len() {
            let source = self.cold.sources[row];
            let hits = match self.cold.event_ids.packed_at(row) {
                Some((form, number)) => wanted.packed.get(&(source, form, number)),
                None if wanted.texts.is_empty() => None,
                None => wanted.texts.get(&(source, self.cold.event_ids.text(row).into_owned())),
            };
            for at in hits.into_iter().flatten() {
                found(*at, count(row)?);
            }
        }
        Ok(())
    }

    /// Finds the rows that bill the same money as one of the other kind.
    pub(super) fn find_twins(&mut self, classes: &LineClasses) -> Result<(), LinesError> {
        let class_of = |row: usize| classes.get(self.hot.classes[row]).and_then(|class| class.billed());
        let key_of = |row: usize, class: &BilledClass| -> BillKey {
            (
                self.cold.sources[row],
                self.cold.subscriptions[row],
                self.hot.on_days[row],
                self.hot.nanos(row),
                class.currency,
            )
        };
        let mut twins = Vec::new();
        let mut changes: BTreeMap<BillKey, Vec<u32>> = BTreeMap::new();
        for row in 0..self.hot.len() {
            let Some(class) = class_of(row).filter(|class| class.kind == LineKind::Change) else { continue };
            if !self.cold.subscription_ids.get(self.cold.subscriptions[row]).is_empty() {
                changes.entry(key_of(row, class)).or_default().push(count(row)?);
            }
        }
        if !changes.is_empty() {
            for row in 0..self.hot.len() {
                let Some(class) = class_of(row).filter(|class| class.kind == LineKind::Sale) else { continue };
                if let Some(rows) = changes.get_mut(&key_of(row, class)) {
                    twins.append(rows);
                    twins.push(count(row)?);
                }
            }
        }
        twins.sort_unstable();
        self.hot.twins = twins;
        Ok(())
    }
}

/// What two bills of the same money have in common: source, subscription, date, amount, currency.
type BillKey = (u32, u32, i32, i128, Currency);

impl Wanted {
    fn add(&mut self, source: u32, event_id: &str, at: usize) {
        match packed(event_id) {
            Some((form, number)) => self.packed.entry((source, form, number)).or_default().push(at),
            None => self.texts.entry((source, event_id.to_owned())).or_default().push(at),
        }
    }
}
