//! Why the fold decided as it did: for explanations, which ask after the fact.
//!
//! Nothing here decides anything. Each reason is what the fold's own code measured, on the same state, so an explanation
//! cannot drift from the figure that it explains.

mod claims;
mod gates;
mod levers;

pub use crate::claims::{Against, Check};
pub use claims::{LotSums, StepReason, claim_steps, claim_steps_closed};
pub use gates::{Alternative, GateReason, Requirement, Wants};
pub use levers::{LeverFit, NewCustomerFit, lever_fits};

use crate::fold::{FoldError, advance};
use crate::fx::FxTable;
use crate::history::{FactSource, PartnerHistory};
use crate::standing::is_assessment;
use crate::state::{PartnerState, Status};
use chrono::{Days, NaiveDate};
use daybook_event::{Month, Overflow, PartnerId};
use daybook_rules::model::{RuleBook, RuleSet};

/// A partner at the end of a date: facts dated later do not count yet.
#[derive(Debug, Clone)]
pub struct PartnerOn<'a> {
    pub(crate) book: &'a RuleBook,
    pub(crate) state: PartnerState,
    pub(crate) on: NaiveDate,
}

impl<'a> PartnerOn<'a> {
    /// Folds the partner up to the date. `fx` are the rates that count on the through date of the figures explained.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn fold(
        book: &'a RuleBook,
        fx: &FxTable,
        partner_id: &PartnerId,
        history: &PartnerHistory,
        on: NaiveDate,
    ) -> Result<Self, Overflow> {
        let state = PartnerState::before(history.first_month().unwrap_or(Month::of(on)));
        Self::fold_on(book, fx, partner_id, history, state, on)
    }

    /// Folds on from a state at the end of a month before the date's.
    ///
    /// # Errors
    /// As for [`Self::fold`].
    pub fn fold_on(
        book: &'a RuleBook,
        fx: &FxTable,
        partner_id: &PartnerId,
        history: &PartnerHistory,
        mut state: PartnerState,
        on: NaiveDate,
    ) -> Result<Self, Overflow> {
        while state.next_month <= Month::of(on) {
            advance(book, fx, partner_id, history, &mut state, on).map_err(overflow::<PartnerHistory>)?;
        }
        Ok(Self { book, state, on })
    }

    /// A partner in a state that is folded already.
    #[must_use]
    pub fn at(book: &'a RuleBook, state: PartnerState, on: NaiveDate) -> Self {
        Self { book, state, on }
    }

    /// The state alone.
    #[must_use]
    pub fn into_state(self) -> PartnerState {
        self.state
    }

    /// The date.
    #[must_use]
    pub fn on(&self) -> NaiveDate {
        self.on
    }

    /// The terms of the date.
    #[must_use]
    pub fn rule_set(&self) -> &'a RuleSet {
        self.book.set_on_or_first(self.on)
    }

    /// `not_invited`, `invited`, `enrolled` or `offboarded`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.state.standing.status {
            Status::NotInvited => "not_invited",
            Status::Invited => "invited",
            Status::Enrolled => "enrolled",
            Status::Offboarded => "offboarded",
        }
    }

    /// The date of the last offboarding.
    #[must_use]
    pub fn offboarded_on(&self) -> Option<NaiveDate> {
        self.state.standing.offboarded_on
    }
}

fn overflow<S: FactSource<Error = std::convert::Infallible>>(error: FoldError<S::Error>) -> Overflow {
    match error {
        FoldError::Overflow(overflow) => overflow,
        FoldError::Facts(never) => match never {},
    }
}

/// The dates from the first to the last, both included, on which standing is assessed.
#[must_use]
pub fn assessments(book: &RuleBook, first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
    let mut found = Vec::new();
    let mut day = first;
    while day <= last {
        if book.index_on(day).is_some_and(|at| is_assessment(book, at, day)) {
            found.push(day);
        }
        day = day + Days::new(1);
    }
    found
}

/// The first assessment after the date; none within the two years that follow.
#[must_use]
pub fn next_assessment(book: &RuleBook, after: NaiveDate) -> Option<NaiveDate> {
    let is_one = |day: &NaiveDate| book.index_on(*day).is_some_and(|at| is_assessment(book, at, *day));
    (1..=731).map(|days| after + Days::new(days)).find(is_one)
}
