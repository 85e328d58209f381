//! What would be if something were otherwise: folded again from the partner's facts, with others beside or instead.

use super::Case;
use daybook_event::{EventId, EventRef, Month, NaiveDate, Position, SourceId};
use daybook_views::{
    Bucket, Fact, FactKind, FactSource, FxTable, PartnerHistory, PartnerRows, PartnerState, fold_partner, step,
};

/// The same partner with other facts, rates or through date.
pub(super) struct Otherwise<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) through: NaiveDate,
    pub(super) fx: FxTable,
    pub(super) history: PartnerHistory,
}

impl<'a> Otherwise<'a> {
    /// Facts with the id of a known one take its place.
    pub(super) fn new(case: &'a Case<'a>, further: &[Fact]) -> Self {
        let history = case.histories.partner(&case.partner_id).unwrap();
        let stays = |fact: &&Fact| !further.iter().any(|other| other.id == fact.id);
        let facts: Vec<Fact> = history.facts().iter().filter(stays).chain(further).cloned().collect();
        let history = PartnerHistory::new(facts, history.reversals().clone());
        let fx = case.histories.of_no_partner().fx_counting(case.book, case.through);
        Self { case, through: case.through, fx, history }
    }

    pub(super) fn rows(&self) -> PartnerRows {
        fold_partner(self.case.book, &self.fx, &self.case.partner_id, &self.history, self.through)
    }

    /// The bucket of a line.
    pub(super) fn bucket(&self, event: &str) -> Option<Bucket> {
        let fact = self.history.facts().iter().find(|fact| fact.id.to_string() == event)?;
        let mut state = PartnerState::before(self.history.first_month()?);
        loop {
            let month = state.next_month;
            if month > fact.month() || month > Month::of(self.through) {
                return None;
            }
            let (book, fx, id) = (self.case.book, &self.fx, &self.case.partner_id);
            let lines = step(book, fx, id, &self.history, &mut state, self.through).unwrap();
            if month == fact.month() {
                let Ok(facts) = self.history.month(month);
                return lines.into_iter().find(|line| facts[line.fact].id == fact.id).map(|line| line.bucket);
            }
        }
    }
}

/// A fact that nobody published, after every other of its date.
pub(super) fn fact(number: usize, on: NaiveDate, kind: FactKind) -> Fact {
    let event_id = EventId::parse(&format!("what-if-{number}")).unwrap();
    let id = EventRef { source: SourceId::parse("what-if").unwrap(), event_id };
    Fact { id, effective_on: on, seq: u32::MAX, position: Position::new(1_000_000), kind }
}
