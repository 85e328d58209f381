//! A partner's facts for the fold, read from the derived file month by month.

use crate::ProjectError;
use crate::find::{fact_read, facts_find};
use crate::partner::PartnerMeta;
use daybook_event::{EventRef, Month, PartnerId};
use daybook_store::DerivedRead;
use daybook_views::{Fact, FactSource, Reversals};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// The facts of one partner during one refold. Only the months that are asked for are read.
pub(crate) struct DerivedFacts<'a, R> {
    read: &'a R,
    partner_id: &'a PartnerId,
    meta: &'a PartnerMeta,
    looked_up: RefCell<BTreeMap<EventRef, LookedUp>>,
}

/// What a search for a fact of an earlier month came to.
struct LookedUp {
    fact: Option<Fact>,
    /// All months before this one were searched.
    before: Month,
}

impl<'a, R: DerivedRead> DerivedFacts<'a, R> {
    pub(crate) fn new(read: &'a R, partner_id: &'a PartnerId, meta: &'a PartnerMeta) -> Self {
        Self { read, partner_id, meta, looked_up: RefCell::default() }
    }

    /// Looks up every line that the month's credits lead to in earlier months, in one go per link of their chains: one
    /// search for a month's credits instead of one for each.
    fn look_ahead(&self, facts: &[Fact], month: Month) -> Result<(), ProjectError> {
        let own: BTreeSet<&EventRef> = match facts.iter().any(|fact| credited(fact).is_some()) {
            true => facts.iter().map(|fact| &fact.id).collect(),
            false => return Ok(()),
        };
        let mut wanted: BTreeSet<EventRef> = facts.iter().filter_map(credited).collect();
        loop {
            wanted.retain(|id| !own.contains(id) && self.is_unknown_before(id, month));
            if wanted.is_empty() {
                return Ok(());
            }
            wanted = self.look_up(wanted, month)?;
        }
    }

    fn is_unknown_before(&self, id: &EventRef, month: Month) -> bool {
        self.looked_up.borrow().get(id).is_none_or(|known| known.fact.is_none() && known.before < month)
    }

    /// Searches the months before this one that were not searched for them yet. Returns what the facts found credit.
    fn look_up(&self, wanted: BTreeSet<EventRef>, month: Month) -> Result<BTreeSet<EventRef>, ProjectError> {
        let mut looked_up = self.looked_up.borrow_mut();
        let first = self.meta.facts.first().unwrap_or(month);
        let searched = |id: &EventRef| looked_up.get(id).map_or(first, |known| known.before);
        let from = wanted.iter().map(searched).min().unwrap_or(first);
        let mut missing = wanted;
        let asked = missing.clone();
        let found = facts_find(self.read, self.partner_id.as_str(), &self.meta.facts, &(from..month), &mut missing)?;
        for id in asked {
            looked_up.insert(id, LookedUp { fact: None, before: month });
        }
        let mut credited_by_found = BTreeSet::new();
        for fact in found {
            credited_by_found.extend(credited(&fact));
            looked_up.insert(fact.id.clone(), LookedUp { fact: Some(fact), before: month });
        }
        Ok(credited_by_found)
    }
}

impl<R: DerivedRead> FactSource for DerivedFacts<'_, R> {
    type Error = ProjectError;

    fn month(&self, month: Month) -> Result<Cow<'_, [Fact]>, ProjectError> {
        let mut facts = Vec::new();
        self.meta.facts.visit(self.read, self.partner_id.as_str(), month, |entry| {
            facts.extend(fact_read(entry)?);
            Ok(ControlFlow::Continue(()))
        })?;
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        self.look_ahead(&facts, month)?;
        Ok(Cow::Owned(facts))
    }

    fn find_before(&self, id: &EventRef, month: Month) -> Result<Option<Fact>, ProjectError> {
        if self.is_unknown_before(id, month) {
            self.look_up(BTreeSet::from([id.clone()]), month)?;
        }
        let looked_up = self.looked_up.borrow();
        let fact = looked_up.get(id).and_then(|known| known.fact.as_ref());
        Ok(fact.filter(|fact| fact.month() < month).cloned())
    }

    fn reversals(&self) -> &Reversals {
        &self.meta.reversals
    }
}

/// The event that a line credits.
fn credited(fact: &Fact) -> Option<EventRef> {
    let event_id = fact.line()?.credits.clone()?;
    Some(EventRef { source: fact.id.source.clone(), event_id })
}
