//! Whom an explanation is about, and what would be if something were otherwise.

use super::{ExplainError, Explainer};
use daybook_event::{EventId, EventRef, Month, NaiveDate, Overflow, PartnerId, Position, SourceId};
use daybook_rules::model::RuleBook;
use daybook_views::reasons::PartnerOn;
use daybook_views::{
    Bucket, ClosedMonths, Fact, FactKind, FactSource, FoldError, FxTable, PartnerHistory, PartnerRows, PartnerState,
    PricedLine, fold_partner, fold_partner_closed, step,
};
use std::cell::OnceCell;

/// A partner under a book on a through date.
pub(super) struct Subject<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) fx: FxTable,
    pub(super) partner_id: &'a PartnerId,
    pub(super) history: &'a PartnerHistory,
    pub(super) through: NaiveDate,
    /// What is closed; none: everything is explained as if nothing were.
    pub(super) closed: Option<&'a ClosedMonths<'a>>,
    /// Folded when first asked for.
    rows: OnceCell<PartnerRows>,
}

/// A month folded with its lines kept.
pub(super) struct FoldedMonth {
    pub(super) facts: Vec<Fact>,
    pub(super) lines: Vec<PricedLine>,
    pub(super) state: PartnerState,
}

impl<'a> Subject<'a> {
    pub(super) fn new(explainer: &'a Explainer<'a>, partner_id: &'a PartnerId) -> Result<Self, ExplainError> {
        let Explainer { histories, book, through, closed } = explainer;
        let history = histories.partner(partner_id).ok_or_else(|| ExplainError::NoPartner(partner_id.to_string()))?;
        let fx = histories.of_no_partner().fx_counting(book, *through);
        Ok(Self { book, fx, partner_id, history, through: *through, closed: closed.as_ref(), rows: OnceCell::new() })
    }

    /// Every row of the partner.
    pub(super) fn rows(&self) -> PartnerRows {
        self.rows.get_or_init(|| self.rows_of(self.history)).clone()
    }

    /// Every row of the partner as if nothing were closed.
    pub(super) fn rows_if_open(&self) -> PartnerRows {
        fold_partner(self.book, &self.fx, self.partner_id, self.history, self.through)
    }

    /// Every row that another history of the partner would give.
    pub(super) fn rows_of(&self, history: &PartnerHistory) -> PartnerRows {
        match self.closed {
            Some(closed) => fold_partner_closed(closed, self.partner_id, history),
            None => fold_partner(self.book, &self.fx, self.partner_id, history, self.through),
        }
    }

    /// The same partner at a later through date. What was closed by then is not known, so it is as if nothing were.
    pub(super) fn later(&self, through: NaiveDate) -> Self {
        let closed = self.closed.filter(|_| through == self.through);
        let Self { book, partner_id, history, .. } = *self;
        Self { book, fx: self.fx.clone(), partner_id, history, through, closed, rows: OnceCell::new() }
    }

    /// The partner at the end of a date.
    pub(super) fn on(&self, date: NaiveDate) -> Result<PartnerOn<'a>, Overflow> {
        PartnerOn::fold(self.book, &self.fx, self.partner_id, self.history, date)
    }

    /// A month with its lines; none where the fold does not reach it.
    pub(super) fn month(&self, month: Month) -> Result<Option<FoldedMonth>, Overflow> {
        self.month_of(self.history, month)
    }

    /// A month of another history of the partner.
    pub(super) fn month_of(&self, history: &PartnerHistory, month: Month) -> Result<Option<FoldedMonth>, Overflow> {
        let mut state = PartnerState::before(history.first_month().unwrap_or(month));
        let mut lines = Vec::new();
        while state.next_month <= month.min(Month::of(self.through)) {
            let stepped = step(self.book, &self.fx, self.partner_id, history, &mut state, self.through);
            lines = stepped.map_err(|error| match error {
                FoldError::Overflow(overflow) => overflow,
                FoldError::Facts(never) => match never {},
            })?;
        }
        if state.next_month != month.next() {
            return Ok(None);
        }
        let Ok(facts) = history.month(month);
        Ok(Some(FoldedMonth { facts: facts.into_owned(), lines, state }))
    }

    /// The bucket of a line in another history of the partner; none where it is not there.
    pub(super) fn bucket_of(
        &self,
        history: &PartnerHistory,
        month: Month,
        id: &EventRef,
    ) -> Result<Option<Bucket>, Overflow> {
        let Some(folded) = self.month_of(history, month)? else { return Ok(None) };
        let line = folded.lines.into_iter().find(|line| folded.facts[line.fact].id == *id);
        Ok(line.map(|line| line.bucket))
    }

    /// The partner's history with further facts. One that has the id of a known fact takes its place.
    pub(super) fn with(&self, further: &[Fact]) -> PartnerHistory {
        self.history.supposing(further)
    }

    /// The fact of an event that counts by the through date.
    pub(super) fn fact(&self, id: &EventRef) -> Option<&'a Fact> {
        self.history.facts().iter().find(|fact| fact.id == *id)
    }

    /// Whether the fact counts: dated up to the through date, and not reversed.
    pub(super) fn counts(&self, fact: &Fact) -> bool {
        fact.effective_on <= self.through && !self.history.reversals().names(&fact.id)
    }

    /// A fact that is not so, for asking what would be if it were. It comes after every other of its date.
    pub(super) fn supposed(&self, number: usize, on: NaiveDate, kind: FactKind) -> Option<Fact> {
        let source = SourceId::parse("supposed").ok()?;
        let event_id = EventId::parse(&format!("supposed-{number}")).ok()?;
        let position = Position::new(self.history.last_position().number() + 1);
        Some(Fact { id: EventRef { source, event_id }, effective_on: on, seq: u32::MAX, position, kind })
    }
}
