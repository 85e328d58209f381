//! A partner's facts for the fold, read from the derived file month by month.

use crate::ProjectError;
use crate::find::{fact_read, facts_find};
use crate::partner::{PartnerMeta, pinned_owner};
use daybook_event::{EventRef, Month, PartnerId, Position};
use daybook_store::DerivedRead;
use daybook_views::{CurrencyUses, Fact, FactSource, PinnedRecord, Reversals};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// So many facts of the folded months may be held in memory after they were read for their credits. Those of further
/// months are read again when they are folded.
const FACTS_HELD_MAX: usize = 50_000;

/// The facts of one partner during one refold. Only the months that are folded are read, and, once, those before them
/// that credits lead to.
pub(crate) struct DerivedFacts<'a, R> {
    read: &'a R,
    partner_id: &'a PartnerId,
    meta: &'a PartnerMeta,
    /// The first month that is folded.
    from: Month,
    /// What the credits of the folded months name.
    credited: BTreeSet<EventRef>,
    /// Folded months that were read already.
    held: BTreeMap<Month, Vec<Fact>>,
    /// Credited facts, as far as they were come by: those of earlier months at the start, those of folded months as
    /// each is folded.
    found: RefCell<BTreeMap<EventRef, Fact>>,
}

impl<'a, R: DerivedRead> DerivedFacts<'a, R> {
    /// Prepares a refold of the months from one to another. It reads them all for their credits first, so that the
    /// earlier months are searched once for all of these: searching for each month's credits apart would read a long
    /// history once per month.
    pub(crate) fn new(
        read: &'a R,
        partner_id: &'a PartnerId,
        meta: &'a PartnerMeta,
        from: Month,
        to: Month,
    ) -> Result<Self, ProjectError> {
        let (credited, held) = (BTreeSet::new(), BTreeMap::new());
        let mut facts = Self { read, partner_id, meta, from, credited, held, found: RefCell::default() };
        let mut held_count = 0;
        let mut unheld = Vec::new();
        for month in meta.facts.newest_first().filter(|month| (from..=to).contains(month)) {
            if held_count < FACTS_HELD_MAX {
                let of_month = facts.read_month(month)?;
                held_count += of_month.len();
                facts.credited.extend(of_month.iter().filter_map(credited_by));
                facts.held.insert(month, of_month);
            } else {
                let mut credited = BTreeSet::new();
                facts.visit(month, |fact| credited.extend(credited_by(&fact)))?;
                facts.credited.extend(credited);
                unheld.push(month);
            }
        }
        let wanted = facts.credited_before(&unheld)?;
        facts.search_before(wanted)?;
        Ok(facts)
    }

    fn visit(&self, month: Month, mut take: impl FnMut(Fact)) -> Result<(), ProjectError> {
        self.meta.facts.visit(self.read, self.partner_id.as_str(), month, |entry| {
            fact_read(entry)?.into_iter().for_each(&mut take);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The facts of a month, in order.
    fn read_month(&self, month: Month) -> Result<Vec<Fact>, ProjectError> {
        let mut facts = Vec::new();
        self.visit(month, |fact| facts.push(fact))?;
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(facts)
    }

    /// What is credited and in none of the folded months: nearly every credit is of the same month as its line, and
    /// looking for that one before would read the whole history in vain.
    fn credited_before(&self, unheld: &[Month]) -> Result<BTreeSet<EventRef>, ProjectError> {
        let mut wanted = self.credited.clone();
        for fact in self.held.values().flatten() {
            wanted.remove(&fact.id);
        }
        for month in unheld {
            if wanted.is_empty() {
                break;
            }
            self.meta.facts.visit(self.read, self.partner_id.as_str(), *month, |entry| {
                if let Some(id) = daybook_proto::peek_id(entry.envelope) {
                    wanted.remove(&id);
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(wanted)
    }

    /// Searches the months before the folded ones, and again for what the facts found credit, link by link. A credit's
    /// target is never dated after it, so no link leads back into the folded months.
    fn search_before(&self, mut wanted: BTreeSet<EventRef>) -> Result<(), ProjectError> {
        let mut found = self.found.borrow_mut();
        let first = self.meta.facts.first().unwrap_or(self.from);
        while first < self.from && !wanted.is_empty() {
            let within = first..self.from;
            let partner = self.partner_id.as_str();
            let facts = facts_find(self.read, partner, &self.meta.facts, &within, &mut wanted)?;
            let next: BTreeSet<EventRef> = facts.iter().filter_map(credited_by).collect();
            found.extend(facts.into_iter().map(|fact| (fact.id.clone(), fact)));
            wanted = next.into_iter().filter(|id| !found.contains_key(id)).collect();
        }
        Ok(())
    }
}

impl<R: DerivedRead> FactSource for DerivedFacts<'_, R> {
    type Error = ProjectError;

    fn month(&self, month: Month) -> Result<Cow<'_, [Fact]>, ProjectError> {
        let facts = match self.held.get(&month) {
            Some(facts) => Cow::Borrowed(facts.as_slice()),
            None => Cow::Owned(self.read_month(month)?),
        };
        if !self.credited.is_empty() {
            let mut found = self.found.borrow_mut();
            for fact in facts.iter().filter(|fact| self.credited.contains(&fact.id)) {
                found.insert(fact.id.clone(), fact.clone());
            }
        }
        Ok(facts)
    }

    fn find_before(&self, id: &EventRef, month: Month) -> Result<Option<Fact>, ProjectError> {
        Ok(self.found.borrow().get(id).filter(|fact| fact.month() < month).cloned())
    }

    fn reversals(&self) -> &Reversals {
        &self.meta.reversals
    }

    fn first_month(&self) -> Option<Month> {
        self.meta.facts.first()
    }

    fn months_recorded_after(&self, after: Position, to: Month) -> Vec<Month> {
        self.meta.facts.recorded_after(after, to)
    }

    fn currencies(&self) -> Cow<'_, CurrencyUses> {
        Cow::Borrowed(&self.meta.currencies)
    }

    fn pinned(&self, month: Month, after: Position, before: Position) -> Result<Cow<'_, [PinnedRecord]>, ProjectError> {
        let mut found = Vec::new();
        self.meta.pinned.visit(self.read, &pinned_owner(self.partner_id), month, |entry| {
            let position = entry.position;
            if after < position && position < before {
                let decoded = daybook_proto::decode(entry.envelope);
                let envelope = decoded.map_err(|fault| ProjectError::Undecodable { position, fault })?;
                found.extend(PinnedRecord::of(position, &envelope));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Cow::Owned(found))
    }
}

/// The event that a line credits.
fn credited_by(fact: &Fact) -> Option<EventRef> {
    let event_id = fact.line()?.credits.clone()?;
    Some(EventRef { source: fact.id.source.clone(), event_id })
}
