//! A partner's facts as they were known at a position.

use crate::currencies::CurrencyUses;
use crate::fact::Fact;
use crate::history::{FactSource, PinnedRecord, Reversals};
use daybook_event::{EventRef, Month, Position};
use std::borrow::Cow;

/// The facts up to a position, less those that were reversed up to it.
pub(crate) struct Until<'a, S> {
    all: &'a S,
    position: Position,
    reversals: Reversals,
}

impl<'a, S: FactSource> Until<'a, S> {
    pub(crate) fn new(all: &'a S, position: Position) -> Self {
        Self { all, position, reversals: all.reversals().until(position) }
    }
}

impl<S: FactSource> FactSource for Until<'_, S> {
    type Error = S::Error;

    fn month(&self, month: Month) -> Result<Cow<'_, [Fact]>, S::Error> {
        let facts = self.all.month(month)?;
        // Most months are known whole: they are not copied.
        if facts.iter().all(|fact| fact.position <= self.position) {
            return Ok(facts);
        }
        Ok(facts.iter().filter(|fact| fact.position <= self.position).cloned().collect())
    }

    fn find_before(&self, id: &EventRef, month: Month) -> Result<Option<Fact>, S::Error> {
        Ok(self.all.find_before(id, month)?.filter(|fact| fact.position <= self.position))
    }

    fn reversals(&self) -> &Reversals {
        &self.reversals
    }

    fn first_month(&self) -> Option<Month> {
        self.all.first_month()
    }

    fn months_recorded_after(&self, after: Position, to: Month) -> Vec<Month> {
        self.all.months_recorded_after(after, to)
    }

    fn currencies(&self) -> Cow<'_, CurrencyUses> {
        self.all.currencies()
    }

    fn pinned(&self, month: Month, after: Position, before: Position) -> Result<Cow<'_, [PinnedRecord]>, S::Error> {
        self.all.pinned(month, after, before)
    }
}
