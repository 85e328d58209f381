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
        let mut facts = Self { read, partner_id, meta, from, credited: BTreeSet::new(), found: RefCell::default() };
        let mut credits = BTreeSet::new();
        for month in meta.facts.newest_first().filter(|month| (from..=to).contains(month)) {
            facts.visit(month, |fact| credits.extend(credited(&fact)))?;
        }
        facts.search_before(credits.clone())?;
        facts.credited = credits;
        Ok(facts)
    }

    fn visit(&self, month: Month, mut take: impl FnMut(Fact)) -> Result<(), ProjectError> {
        self.meta.facts.visit(self.read, self.partner_id.as_str(), month, |entry| {
            fact_read(entry)?.into_iter().for_each(&mut take);
            Ok(ControlFlow::Continue(()))
        })
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
            let next: BTreeSet<EventRef> = facts.iter().filter_map(credited).collect();
            found.extend(facts.into_iter().map(|fact| (fact.id.clone(), fact)));
            wanted = next.into_iter().filter(|id| !found.contains_key(id)).collect();
        }
        Ok(())
    }
}

impl<R: DerivedRead> FactSource for DerivedFacts<'_, R> {
    type Error = ProjectError;

    fn month(&self, month: Month) -> Result<Cow<'_, [Fact]>, ProjectError> {
        let mut facts = Vec::new();
        self.visit(month, |fact| facts.push(fact))?;
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut found = self.found.borrow_mut();
        for fact in facts.iter().filter(|fact| self.credited.contains(&fact.id)) {
            found.insert(fact.id.clone(), fact.clone());
        }
        Ok(Cow::Owned(facts))
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
fn credited(fact: &Fact) -> Option<EventRef> {
    let event_id = fact.line()?.credits.clone()?;
    Some(EventRef { source: fact.id.source.clone(), event_id })
}
